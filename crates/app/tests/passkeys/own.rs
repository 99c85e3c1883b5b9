//! What people see of their own passkeys and sessions, and how they end them.

use futures_executor::block_on;
use strongroom_app::{IdentityError, PasskeyError};
use strongroom_testkit::sample;

use crate::doubles::{House, claims, credential_id, principal};

#[test]
fn people_see_their_own_passkeys_and_which_one_they_came_with() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("first").await.signed_in;
        house.clock.advance(std::time::Duration::from_secs(1));
        house.add(&jane, "second").await.unwrap();
        house.sign_up("john's").await;
        let seen = house.passkeys.list(&principal(&jane)).await.unwrap();
        let seen: Vec<_> = seen.into_iter().map(|passkey| (passkey.id, passkey.is_current)).collect();
        assert_eq!(seen, [(credential_id("first"), true), (credential_id("second"), false)]);
    });
}

#[test]
fn a_removed_passkey_signs_nobody_in_and_ends_the_sessions_that_began_with_it() {
    block_on(async {
        let house = House::new();
        let first = house.sign_up("first").await.signed_in;
        let second = house.add(&first, "second").await.unwrap().signed_in;
        house.passkeys.remove(&second.caller, &credential_id("first")).await.unwrap();
        assert_eq!(house.sign_in("first", 0).await.unwrap_err(), PasskeyError::Refused);
        assert!(!house.is_live(&first).await);
        assert!(house.is_live(&second).await);
        assert!(house.authenticator.forgot(&[&first]), "no remembered token of it is known");
    });
}

#[test]
fn the_last_passkey_one_that_is_not_there_and_that_of_another_are_not_removed() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("jane's").await.signed_in;
        let john = house.sign_up("john's").await.signed_in;
        house.add(&john, "second").await.unwrap();
        let remove = async |id| house.passkeys.remove(&jane.caller, &credential_id(id)).await;
        assert_eq!(remove("jane's").await, Err(PasskeyError::Last));
        assert_eq!(remove("nobody's").await, Err(PasskeyError::Absent));
        assert_eq!(remove("john's").await, Err(PasskeyError::Absent));
        assert!(house.sign_in("john's", 0).await.is_ok());
        assert!(house.authenticator.forgot(&[]));
    });
}

#[test]
fn people_see_their_own_live_sessions_and_which_one_they_are_in() {
    block_on(async {
        let house = House::new();
        let first = house.sign_up("jane's").await.signed_in;
        house.clock.advance(std::time::Duration::from_secs(1));
        let second = house.sign_in("jane's", 0).await.unwrap().signed_in;
        house.sign_up("john's").await;
        let seen = house.identity.own_sessions(&principal(&first)).await.unwrap();
        let ids: Vec<_> = seen.iter().map(|session| (session.id, session.is_current)).collect();
        assert_eq!(ids, [(claims(&second).session, false), (claims(&first).session, true)]);
        assert_eq!(seen[1].created_at, sample::now());
        assert!(seen.iter().all(|session| session.refreshed_at.is_none()));
        house.identity.refresh(claims(&first)).await.unwrap();
        let seen = house.identity.own_sessions(&principal(&first)).await.unwrap();
        assert!(seen[1].refreshed_at.is_some());
    });
}

#[test]
fn a_session_is_ended_by_its_owner_once_and_by_nobody_else() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("jane's").await.signed_in;
        let other = house.sign_in("jane's", 0).await.unwrap().signed_in;
        let john = house.sign_up("john's").await.signed_in;
        let end = async |by, session| house.identity.end_own_session(&principal(by), &session).await;
        let session = claims(&other).session;
        assert_eq!(end(&john, session).await, Err(IdentityError::UnknownSession));
        assert!(house.is_live(&other).await);
        assert_eq!(end(&jane, session).await, Ok(()));
        assert!(!house.is_live(&other).await);
        assert!(house.is_live(&jane).await);
        assert!(house.authenticator.forgot(&[&other]));
        assert_eq!(end(&jane, session).await, Err(IdentityError::UnknownSession));
    });
}
