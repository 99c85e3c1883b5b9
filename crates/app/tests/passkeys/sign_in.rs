//! A passkey that is shown again: whom it signs in, and when it does not.

use futures_executor::block_on;
use futures_util::future::join_all;
use strongroom_app::PasskeyError;
use strongroom_testkit::sample;

use crate::doubles::{House, challenge, claims, credential_id, shown};

#[test]
fn a_passkey_signs_in_its_owner_in_a_session_of_its_own() {
    block_on(async {
        let house = House::new();
        let (jane, john) = (house.sign_up("jane's").await.signed_in, house.sign_up("john's").await.signed_in);
        let again = house.sign_in("jane's", 0).await.unwrap().signed_in;
        assert_eq!(again.caller, jane.caller);
        assert_ne!(claims(&again).session, claims(&jane).session);
        assert_eq!(claims(&again).credential, Some(credential_id("jane's")));
        assert_eq!(house.sign_in("john's", 0).await.unwrap().signed_in.caller, john.caller);
    });
}

#[test]
fn what_passkey_a_session_began_with_survives_a_refresh() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("jane's").await.signed_in;
        let next = house.identity.refresh(claims(&jane)).await.unwrap();
        assert_eq!(claims(&next).credential, Some(credential_id("jane's")));
    });
}

#[test]
fn an_unknown_passkey_a_spent_challenge_and_a_false_proof_are_one_refusal() {
    block_on(async {
        let house = House::new();
        let tenant = sample::tenant(sample::TENANT);
        house.sign_up("jane's").await;
        house.sign_in("jane's", 7).await.unwrap();
        assert_eq!(house.sign_in("nobody's", 0).await.unwrap_err(), PasskeyError::Refused);
        for counter in [7, 6, 0] {
            assert_eq!(
                house.sign_in("jane's", counter).await.unwrap_err(),
                PasskeyError::Refused,
                "{counter}"
            );
        }
        let spent = challenge(&house.passkeys.offer_sign_in(&tenant).unwrap());
        assert!(house.passkeys.sign_in(&tenant, &shown(&spent, "jane's", 8)).await.is_ok());
        let replay = house.passkeys.sign_in(&tenant, &shown(&spent, "jane's", 9)).await;
        assert_eq!(replay.unwrap_err(), PasskeyError::Refused);
        let malformed = house.passkeys.sign_in(&tenant, b"nothing").await;
        assert_eq!(malformed.unwrap_err(), PasskeyError::Malformed);
    });
}

#[test]
fn a_passkey_of_one_tenant_does_not_exist_in_another() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("one").await.signed_in;
        let answer = house.sign_in_at(sample::OTHER_TENANT, "one", 0).await;
        assert_eq!(answer.unwrap_err(), PasskeyError::Refused);
        let namesake = house.sign_up_at(sample::OTHER_TENANT, "one").await.unwrap().signed_in;
        assert_ne!(namesake.caller, jane.caller);
        assert_eq!(house.sign_in("one", 0).await.unwrap().signed_in.caller, jane.caller);
    });
}

#[test]
fn of_many_that_show_one_assertion_one_is_signed_in() {
    block_on(async {
        let house = House::new();
        let tenant = sample::tenant(sample::TENANT);
        house.sign_up("one").await;
        let assertion = shown(&challenge(&house.passkeys.offer_sign_in(&tenant).unwrap()), "one", 1);
        let answers = join_all((0..16).map(|_| house.passkeys.sign_in(&tenant, &assertion))).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    });
}
