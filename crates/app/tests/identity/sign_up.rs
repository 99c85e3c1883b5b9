//! Who gets an account without a passkey, and what it is.

use std::collections::HashSet;
use std::time::Duration;

use futures_executor::block_on;
use strongroom_app::{IdentityError, Tenant};
use strongroom_ports::MAX_LIVE_SESSIONS;
use strongroom_testkit::sample;

use crate::doubles::{House, PER_HOUR, open_tenant, session_of};

#[test]
fn a_tenant_that_demands_passkeys_gives_no_account_without_one() {
    let tenant = Tenant { sign_up_without_passkey: false, ..open_tenant() };
    let answer = block_on(House::new().identity.sign_up_without_passkey(&tenant, false));
    assert_eq!(answer.unwrap_err(), IdentityError::PasskeyRequired);
}

#[test]
fn a_page_of_another_site_gets_no_account() {
    let answer = block_on(House::new().identity.sign_up_without_passkey(&open_tenant(), true));
    assert_eq!(answer.unwrap_err(), IdentityError::CrossSite);
}

#[test]
fn an_hour_has_room_for_so_many_accounts_and_the_next_for_as_many_again() {
    let (house, tenant) = (House::new(), open_tenant());
    block_on(async {
        for _ in 0..PER_HOUR {
            house.identity.sign_up_without_passkey(&tenant, false).await.unwrap();
        }
        house.clock.advance(Duration::from_mins(50));
        let refused = house.identity.sign_up_without_passkey(&tenant, false).await;
        assert_eq!(refused.unwrap_err(), IdentityError::TooMany { retry_after_s: 600 });
        house.clock.advance(Duration::from_mins(10));
        assert!(house.identity.sign_up_without_passkey(&tenant, false).await.is_ok());
    });
}

#[test]
fn a_refused_sign_up_uses_up_nothing_of_the_hour() {
    let (house, tenant) = (House::new(), open_tenant());
    block_on(async {
        for _ in 0..PER_HOUR {
            house.identity.sign_up_without_passkey(&tenant, true).await.unwrap_err();
        }
        assert!(house.identity.sign_up_without_passkey(&tenant, false).await.is_ok());
    });
}

#[test]
fn each_account_is_a_new_person_of_the_tenant_named_by_a_version_four_uuid() {
    let (house, tenant) = (House::new(), open_tenant());
    let mut persons = HashSet::new();
    for _ in 0..PER_HOUR {
        let caller = block_on(house.identity.sign_up_without_passkey(&tenant, false)).unwrap().caller;
        assert_eq!(caller.tenant, tenant.id);
        let digits: Vec<char> = caller.person.as_str().chars().collect();
        for (place, digit) in digits.iter().enumerate() {
            let fits = match place {
                8 | 13 | 18 | 23 => *digit == '-',
                14 => *digit == '4',
                19 => matches!(digit, '8' | '9' | 'a' | 'b'),
                _ => matches!(digit, '0'..='9' | 'a'..='f'),
            };
            assert!(fits, "{digit} at {place}");
        }
        assert_eq!(digits.len(), 36);
        persons.insert(caller.person);
    }
    assert_eq!(persons.len(), usize::try_from(PER_HOUR).unwrap());
}

#[test]
fn a_sign_up_begins_a_session_of_its_own() {
    let (house, tenant) = (House::new(), open_tenant());
    block_on(async {
        let one = house.identity.sign_up_without_passkey(&tenant, false).await.unwrap();
        let other = house.identity.sign_up_without_passkey(&tenant, false).await.unwrap();
        assert!(house.is_live(session_of(&one)).await);
        assert_ne!(session_of(&one), session_of(&other));
    });
}

#[test]
fn two_sessions_of_one_person_are_two() {
    let house = House::new();
    block_on(async {
        let (one, other) = (house.sign_in().await, house.sign_in().await);
        assert_eq!((&one.caller, &other.caller), (&sample::caller(), &sample::caller()));
        assert_ne!(session_of(&one), session_of(&other));
    });
}

#[test]
fn one_session_too_many_ends_the_oldest_and_its_tokens_are_forgotten() {
    let house = House::new();
    block_on(async {
        let oldest = session_of(&house.sign_in().await);
        house.clock.advance(Duration::from_secs(1));
        for _ in 1..MAX_LIVE_SESSIONS {
            house.sign_in().await;
        }
        assert_eq!(house.authenticator.forgotten(), []);
        house.sign_in().await;
        assert!(!house.is_live(oldest).await);
        assert_eq!(house.authenticator.forgotten(), [oldest]);
    });
}
