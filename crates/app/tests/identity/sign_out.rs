//! Ending a session.

use futures_executor::block_on;
use strongroom_app::IdentityError;
use strongroom_ports::{Principal, SessionId, Timestamp};
use strongroom_testkit::sample;

use crate::doubles::{House, session_of};

fn principal(session: Option<SessionId>) -> Principal {
    let expires_at = Timestamp::from_millis(i64::MAX);
    Principal { caller: sample::caller(), session, credential: None, expires_at }
}

#[test]
fn a_sign_out_ends_the_tokens_session_and_no_other() {
    block_on(async {
        let house = House::new();
        let (one, other) = (house.sign_in().await, house.sign_in().await);
        house.identity.sign_out(&principal(Some(session_of(&one)))).await.unwrap();
        assert!(!house.is_live(session_of(&one)).await);
        assert_eq!(house.authenticator.forgotten(), [session_of(&one)]);
        assert_eq!(house.refresh(&one).await.unwrap_err(), IdentityError::Refused);
        assert!(house.refresh(&other).await.is_ok());
    });
}

#[test]
fn a_token_without_a_session_has_none_to_end() {
    let answer = block_on(House::new().identity.sign_out(&principal(None)));
    assert_eq!(answer, Err(IdentityError::NoSession));
}

#[test]
fn a_second_sign_out_succeeds() {
    block_on(async {
        let house = House::new();
        let ended = principal(Some(session_of(&house.sign_in().await)));
        house.identity.sign_out(&ended).await.unwrap();
        assert_eq!(house.identity.sign_out(&ended).await, Ok(()));
    });
}
