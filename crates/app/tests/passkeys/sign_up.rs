//! A passkey that is new: whose it becomes.

use futures_executor::block_on;
use futures_util::future::join_all;
use strongroom_app::{KeyNames, MAX_PASSKEYS, PasskeyError};
use strongroom_ports::{MAX_NAME_CHARACTERS, PasskeyNames};
use strongroom_testkit::sample;

use crate::doubles::{House, SIGN_UPS_PER_HOUR, challenge, claims, credential_id, principal, shown};

#[test]
fn a_passkey_makes_a_new_person_whose_session_began_with_it() {
    block_on(async {
        let house = House::new();
        let (one, other) = (house.sign_up("one").await, house.sign_up("other").await);
        assert_eq!(claims(&one.signed_in).credential, Some(credential_id("one")));
        assert!(house.is_live(&one.signed_in).await);
        assert_eq!(one.signed_in.caller.tenant, sample::tenant(sample::TENANT));
        assert_eq!(one.signed_in.caller.person.as_str().len(), 36, "an id that nobody chose");
        assert_ne!(one.signed_in.caller, other.signed_in.caller);
    });
}

#[test]
fn a_passkey_that_is_registered_makes_no_second_account_and_joins_none() {
    block_on(async {
        let house = House::new();
        house.sign_up("one").await;
        let john = house.sign_up("other").await;
        assert_eq!(house.sign_up_at(sample::TENANT, "one").await.unwrap_err(), PasskeyError::Known);
        assert_eq!(house.add(&john.signed_in, "one").await.unwrap_err(), PasskeyError::Known);
        assert_eq!(house.add(&john.signed_in, "other").await.unwrap_err(), PasskeyError::Known);
        assert_eq!(house.passkeys.list(&principal(&john.signed_in)).await.unwrap().len(), 1);
    });
}

#[test]
fn a_passkey_that_was_added_belongs_to_whom_it_was_added_to() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("one").await.signed_in;
        let second = house.add(&jane, "second").await.unwrap().signed_in;
        assert_eq!(second.caller, jane.caller);
        assert_eq!(claims(&second).credential, Some(credential_id("second")));
        assert_eq!(house.sign_in("second", 0).await.unwrap().signed_in.caller, jane.caller);
    });
}

#[test]
fn a_session_that_has_ended_adds_no_passkey_to_an_account_that_is_closed() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("one").await.signed_in;
        house.accounts.close(&jane.caller).await.unwrap();
        assert_eq!(house.add(&jane, "late").await.unwrap_err(), PasskeyError::SessionEnded);
        assert_eq!(house.sign_in("late", 0).await.unwrap_err(), PasskeyError::Refused);
    });
}

#[test]
fn an_account_has_room_for_so_many_passkeys_however_many_come_at_once() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("0").await.signed_in;
        let ids: Vec<_> = (1..=MAX_PASSKEYS).map(|number| number.to_string()).collect();
        let added = join_all(ids.iter().map(|id| house.add(&jane, id))).await;
        let refused: Vec<_> = added.into_iter().filter_map(Result::err).collect();
        assert_eq!(refused, [PasskeyError::TooMany]);
        assert_eq!(house.passkeys.list(&principal(&jane)).await.unwrap().len(), MAX_PASSKEYS);
    });
}

#[test]
fn what_does_not_answer_a_challenge_of_this_tenant_for_a_new_passkey_registers_nothing() {
    block_on(async {
        let house = House::new();
        let tenant = sample::tenant(sample::TENANT);
        let other = sample::tenant(sample::OTHER_TENANT);
        let offer =
            || challenge(&house.passkeys.offer_registration(&tenant, PasskeyNames::default()).unwrap());
        let spent = offer();
        house.passkeys.sign_up(&tenant, &shown(&spent, "one", 0), KeyNames::default()).await.unwrap();
        let for_sign_in = challenge(&house.passkeys.offer_sign_in(&tenant).unwrap());
        for (tenant, credential, error) in [
            (&tenant, shown(&spent, "two", 0), PasskeyError::Refused),
            (&tenant, shown(&for_sign_in, "two", 0), PasskeyError::Refused),
            (&tenant, shown("made-up", "two", 0), PasskeyError::Refused),
            (&other, shown(&offer(), "two", 0), PasskeyError::Refused),
            (&tenant, b"nothing".to_vec(), PasskeyError::Malformed),
        ] {
            let answer = house.passkeys.sign_up(tenant, &credential, KeyNames::default()).await;
            assert_eq!(answer.unwrap_err(), error);
        }
        assert_eq!(house.sign_in("two", 0).await.unwrap_err(), PasskeyError::Refused);
    });
}

#[test]
fn the_names_sent_with_a_passkey_stand_before_those_its_registration_began_with_and_are_cut() {
    block_on(async {
        let house = House::new();
        let tenant = sample::tenant(sample::TENANT);
        let begun = PasskeyNames {
            key_name: Some("begun".to_owned()),
            key_display_name: Some(" begun for people\n ".to_owned()),
            ..PasskeyNames::default()
        };
        let offered = challenge(&house.passkeys.offer_registration(&tenant, begun).unwrap());
        let sent = KeyNames { key_name: Some("ä".repeat(MAX_NAME_CHARACTERS + 1)), key_display_name: None };
        let made = house.passkeys.sign_up(&tenant, &shown(&offered, "one", 0), sent).await.unwrap();
        let expected = KeyNames {
            key_name: Some("ä".repeat(MAX_NAME_CHARACTERS)),
            key_display_name: Some("begun for people".to_owned()),
        };
        assert_eq!(made.names, expected);
        assert_eq!(house.sign_in("one", 0).await.unwrap().names, expected);
        let blank = KeyNames { key_name: Some(" ".to_owned()), key_display_name: None };
        let offered =
            challenge(&house.passkeys.offer_registration(&tenant, PasskeyNames::default()).unwrap());
        let unnamed = house.passkeys.sign_up(&tenant, &shown(&offered, "two", 0), blank).await.unwrap();
        assert_eq!(unnamed.names, KeyNames::default());
    });
}

#[test]
fn new_accounts_are_counted_by_the_hour_and_passkeys_that_are_added_are_not() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("0").await.signed_in;
        for number in 1..SIGN_UPS_PER_HOUR {
            house.sign_up(&number.to_string()).await;
        }
        let one_more = house.sign_up_at(sample::TENANT, "more").await;
        assert_eq!(one_more.unwrap_err(), PasskeyError::TooManyAccounts { retry_after_s: 3600 });
        assert!(house.add(&jane, "added").await.is_ok());
        assert!(house.sign_in("0", 0).await.is_ok());
        house.clock.advance(std::time::Duration::from_hours(1));
        assert!(house.sign_up_at(sample::TENANT, "more").await.is_ok());
    });
}

#[test]
fn what_is_no_passkey_takes_nobody_s_place_among_the_hours_accounts() {
    block_on(async {
        let house = House::new();
        for _ in 0..SIGN_UPS_PER_HOUR {
            let forged = shown("forged", "forged", 0);
            let tenant = sample::tenant(sample::TENANT);
            assert!(house.passkeys.sign_up(&tenant, &forged, KeyNames::default()).await.is_err());
        }
        assert!(house.sign_up_at(sample::TENANT, "jane's").await.is_ok());
    });
}
