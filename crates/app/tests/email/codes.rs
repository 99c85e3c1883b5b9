//! What a code is good for, for whom, for how long and how often.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_executor::block_on;
use futures_util::future::join_all;
use strongroom_app::{ConfirmationError, Confirmed};
use strongroom_domain::{Key, Patch, Precondition, Value, WriteOnlyKey};
use strongroom_ports::{Caller, Upstream, UpstreamError};
use strongroom_testkit::sample;

use super::doubles::{ADDRESS, House, parsed, wrong};

const WORTHLESS: Result<(), ConfirmationError> = Err(ConfirmationError::WorthlessCode);

#[test]
fn a_code_comes_by_mail_and_what_is_sent_back_with_it_is_in_the_record() {
    block_on(async {
        let house = House::new();
        let code = house.code(ADDRESS).await;
        assert_eq!(house.mailer.sent()[0].to, ADDRESS);
        assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        let address = parsed(ADDRESS);
        let key = Key::parse("marketing.email").unwrap();
        let sent =
            Confirmed { address: &address, code: &code, key, news: Some(true), notifications: Some(false) };
        house.email.confirm(&house.jane, sent).await.unwrap();
        let view =
            format!(r#"{{"marketing.email":"{ADDRESS}","optin.news":true,"optin.notifications":false}}"#);
        assert_eq!(house.view().await, Some(view));
    });
}

#[test]
fn consents_that_are_not_sent_stay_as_they_are() {
    block_on(async {
        let house = House::new();
        let mut patch = Patch::new();
        patch.set("optin.news", Value::Bool(false)).unwrap();
        house.safe.merge(&house.jane, &patch, &Precondition::default()).await.unwrap();
        let code = house.code(ADDRESS).await;
        house.confirm(ADDRESS, &code).await.unwrap();
        let view = format!(r#"{{"marketing.email":"{ADDRESS}","optin.news":false}}"#);
        assert_eq!(house.view().await, Some(view));
    });
}

#[test]
fn an_address_can_be_kept_write_only() {
    block_on(async {
        let house = House::new();
        let (code, address) = (house.code(ADDRESS).await, parsed(ADDRESS));
        let key = Key::parse("private.email").unwrap();
        let sent = Confirmed { address: &address, code: &code, key, news: None, notifications: None };
        house.email.confirm(&house.jane, sent).await.unwrap();
        assert_eq!(house.view().await.as_deref(), Some("{}"));
        let export = house.safe.export(&house.jane).await.unwrap().unwrap();
        let names: Vec<_> = export.write_only.iter().map(WriteOnlyKey::as_str).collect();
        assert_eq!(names, ["private.email"]);
    });
}

#[test]
fn address_and_consent_never_share_a_key_and_the_code_stays_good() {
    block_on(async {
        let house = House::new();
        let (code, address) = (house.code(ADDRESS).await, parsed(ADDRESS));
        let key = Key::parse("optin.news").unwrap();
        let sent = Confirmed { address: &address, code: &code, key, news: Some(true), notifications: None };
        assert_eq!(house.email.confirm(&house.jane, sent).await, Err(ConfirmationError::OneKeyForTwo));
        assert_eq!(house.confirm(ADDRESS, &code).await, Ok(()));
    });
}

#[test]
fn a_code_is_good_once() {
    block_on(async {
        let house = House::new();
        let code = house.code(ADDRESS).await;
        let all = join_all((0..4).map(|_| house.confirm(ADDRESS, &code))).await;
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1, "{all:?}");
        assert_eq!(house.confirm(ADDRESS, &code).await, WORTHLESS);
    });
}

#[test]
fn the_fifth_try_may_be_right_and_the_sixth_may_not() {
    for (wrong_tries, expected) in [(4, Ok(())), (5, WORTHLESS)] {
        block_on(async {
            let house = House::new();
            let code = house.code(ADDRESS).await;
            for _ in 0..wrong_tries {
                assert_eq!(house.confirm(ADDRESS, &wrong(&code)).await, WORTHLESS);
            }
            assert_eq!(house.confirm(ADDRESS, &code).await, expected, "{wrong_tries}");
            assert_eq!(house.view().await.is_some(), expected.is_ok());
        });
    }
}

#[test]
fn a_code_is_good_for_a_quarter_of_an_hour() {
    for (age, expected) in [(Duration::from_secs(899), Ok(())), (Duration::from_mins(15), WORTHLESS)] {
        block_on(async {
            let house = House::new();
            let code = house.code(ADDRESS).await;
            house.clock.advance(age);
            assert_eq!(house.confirm(ADDRESS, &code).await, expected, "{age:?}");
        });
    }
}

#[test]
fn a_code_is_good_for_its_person_in_its_tenant_and_its_address_to_the_letter() {
    block_on(async {
        let house = House::new();
        let code = house.code(ADDRESS).await;
        let somebody_else = Caller { person: sample::person(sample::OTHER_USER_ID), ..house.jane.clone() };
        let elsewhere = Caller { tenant: sample::tenant(sample::OTHER_TENANT), ..house.jane.clone() };
        for (caller, address) in [
            (&somebody_else, ADDRESS),
            (&elsewhere, ADDRESS),
            (&house.jane, "john@foo.domain"),
            (&house.jane, "jane.doe@foo.domain"),
            (&house.jane, "Jane.Doe@FOO.domain"),
        ] {
            assert_eq!(house.confirm_as(caller, address, &code).await, WORTHLESS, "{address}");
        }
        assert_eq!(house.confirm(ADDRESS, &code).await, Ok(()));
    });
}

#[test]
fn a_new_code_takes_the_place_of_the_old_one() {
    block_on(async {
        let house = House::new();
        let old = house.code(ADDRESS).await;
        let new = house.code(ADDRESS).await;
        assert_ne!(old, new);
        assert_eq!(house.confirm(ADDRESS, &old).await, WORTHLESS);
        assert_eq!(house.confirm(ADDRESS, &new).await, Ok(()));
    });
}

#[test]
fn whatever_is_sent_for_a_code_is_a_try() {
    block_on(async {
        let house = House::new();
        let code = house.code(ADDRESS).await;
        for no_code in ["", "x", &format!("{code} "), &code[1..], &"1".repeat(9000)] {
            assert_eq!(house.confirm(ADDRESS, no_code).await, WORTHLESS);
        }
        assert_eq!(house.confirm(ADDRESS, &code).await, WORTHLESS);
    });
}

#[test]
fn codes_differ_and_keep_their_zeros() {
    block_on(async {
        let house = House::new();
        let mut codes = BTreeSet::new();
        for number in 0..60 {
            house.clock.advance(Duration::from_mins(21));
            codes.insert(house.code(&format!("jane{number}@foo.domain")).await);
        }
        assert_eq!(codes.len(), 60);
        assert!(codes.iter().any(|code| code.starts_with('0')), "{codes:?}");
        assert!(codes.iter().any(|code| code.starts_with('9')), "{codes:?}");
    });
}

#[test]
fn a_code_is_used_even_where_the_safe_then_refuses() {
    block_on(async {
        let house = House::new();
        let mut patch = Patch::new();
        for number in 0..256 {
            patch.set(&format!("k{number}"), Value::Bool(true)).unwrap();
        }
        house.safe.merge(&house.jane, &patch, &Precondition::default()).await.unwrap();
        let code = house.code(ADDRESS).await;
        let refused = house.confirm(ADDRESS, &code).await;
        assert!(matches!(refused, Err(ConfirmationError::Safe(UpstreamError::Limit(_)))), "{refused:?}");
        assert_eq!(house.confirm(ADDRESS, &code).await, WORTHLESS);
    });
}

#[test]
fn a_store_that_fails_is_unavailable_and_nothing_is_written() {
    block_on(async {
        let house = House::new();
        let code = house.code(ADDRESS).await;
        house.store.is_troubled.store(true, Ordering::SeqCst);
        let unavailable = Err(ConfirmationError::Unavailable);
        assert_eq!(house.email.validate(&house.jane, "Demo", &parsed(ADDRESS)).await, unavailable);
        assert_eq!(house.confirm(ADDRESS, &code).await, unavailable);
        assert_eq!(house.view().await, None);
    });
}
