//! A refresh token is good for one exchange. The second use at the same time is refused; the second use afterwards says
//! that somebody holds a copy, and ends the session.

use futures_executor::block_on;
use futures_util::future::{join, join_all};
use strongroom_app::IdentityError;
use strongroom_testkit::sample;

use crate::doubles::{House, session_of};

/// Parallel uses of one refresh token.
const USES: usize = 16;

#[test]
fn a_refresh_gives_the_same_person_a_new_pair_of_the_same_session() {
    block_on(async {
        let house = House::new();
        let first = house.sign_in().await;
        let second = house.refresh(&first).await.unwrap();
        assert_eq!(second.caller, sample::caller());
        assert_eq!(session_of(&second), session_of(&first));
        assert_ne!(second.tokens.access.as_str(), first.tokens.access.as_str());
        let third = house.refresh(&second).await.unwrap();
        assert_ne!(third.tokens.refresh.as_str(), second.tokens.refresh.as_str());
        assert_eq!(house.authenticator.forgotten(), []);
    });
}

#[test]
fn an_exchanged_token_that_comes_again_revokes_its_session_and_has_its_tokens_forgotten() {
    block_on(async {
        let house = House::new();
        let first = house.sign_in().await;
        let bystander = house.sign_in().await;
        let second = house.refresh(&first).await.unwrap();
        assert_eq!(house.refresh(&first).await.unwrap_err(), IdentityError::Refused);
        assert!(!house.is_live(session_of(&first)).await);
        assert_eq!(house.authenticator.forgotten(), [session_of(&first)]);
        assert_eq!(
            house.refresh(&second).await.unwrap_err(),
            IdentityError::Refused,
            "the thief's or the owner's"
        );
        assert!(house.is_live(session_of(&bystander)).await, "another session of the same person");
    });
}

#[test]
fn of_sixteen_uses_that_arrive_before_the_first_commits_one_wins_and_the_session_lives() {
    block_on(async {
        let house = House::new();
        let held = house.sign_in().await;
        house.sessions.shut();
        // The gate opens when all sixteen have been asked.
        let uses = join_all((0..USES).map(|_| house.refresh(&held)));
        let (answers, ()) = join(uses, async { house.sessions.open_gate() }).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, USES - 1));
        assert!(lost.into_iter().all(|answer| answer.unwrap_err() == IdentityError::Refused));
        assert!(house.is_live(session_of(&held)).await);
        assert_eq!(house.authenticator.forgotten(), []);
        for winner in won {
            assert!(house.refresh(&winner.unwrap()).await.is_ok(), "the winner's token is the valid one");
        }
    });
}

#[test]
fn a_use_that_arrives_after_the_commit_of_a_parallel_one_revokes() {
    block_on(async {
        let house = House::new();
        let held = house.sign_in().await;
        house.sessions.shut();
        let uses = join_all((0..USES).map(|_| house.refresh(&held)));
        join(uses, async { house.sessions.open_gate() }).await;
        assert_eq!(house.refresh(&held).await.unwrap_err(), IdentityError::Refused);
        assert!(!house.is_live(session_of(&held)).await);
        assert_eq!(house.authenticator.forgotten(), [session_of(&held)]);
    });
}

#[test]
fn an_exchanged_token_revokes_though_its_successors_exchange_is_under_way() {
    block_on(async {
        let house = House::new();
        let first = house.sign_in().await;
        let second = house.refresh(&first).await.unwrap();
        house.sessions.shut();
        let uses = join(house.refresh(&second), house.refresh(&first));
        let ((_, replay), ()) = join(uses, async { house.sessions.open_gate() }).await;
        assert_eq!(replay.unwrap_err(), IdentityError::Refused);
        assert!(!house.is_live(session_of(&first)).await);
        assert_eq!(house.authenticator.forgotten(), [session_of(&first)]);
    });
}

#[test]
fn an_exchange_that_is_given_up_leaves_the_token_to_be_used() {
    block_on(async {
        let house = House::new();
        let held = house.sign_in().await;
        house.sessions.shut();
        let mut given_up = Box::pin(house.refresh(&held));
        assert!(futures_util::poll!(given_up.as_mut()).is_pending());
        drop(given_up);
        house.sessions.open_gate();
        assert!(house.refresh(&held).await.is_ok());
    });
}

#[test]
fn refreshes_of_two_sessions_do_not_meet() {
    block_on(async {
        let house = House::new();
        let (one, other) = (house.sign_in().await, house.sign_in().await);
        house.sessions.shut();
        let uses = join(house.refresh(&one), house.refresh(&other));
        let (answers, ()) = join(uses, async { house.sessions.open_gate() }).await;
        assert!(answers.0.is_ok() && answers.1.is_ok());
    });
}

#[test]
fn an_access_token_is_no_refresh_token() {
    let house = House::new();
    let held = block_on(house.sign_in());
    assert!(house.identity.read_refresh(held.tokens.access.as_str()).is_err());
}
