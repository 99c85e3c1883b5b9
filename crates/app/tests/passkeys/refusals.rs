//! What is answered when a store refuses, or gives back something else than was kept: nobody gets a token.

use std::sync::Arc;

use futures_executor::block_on;
use strongroom_app::PasskeyError;
use strongroom_ports::{
    Addition, CredentialStore as _, MockCredentialStore, MockSessionStore, Pseudonym, RecordId, Sealer as _,
    StoreError, StoredCredential,
};
use strongroom_testkit::fake::{InMemoryAccountStore, InMemoryUpstream, TransparentSealer};
use strongroom_testkit::sample;

use crate::doubles::{House, credential_id, principal};

fn house(credentials: MockCredentialStore, sessions: MockSessionStore) -> House {
    let (store, safe) = (Arc::new(InMemoryAccountStore::new()), Arc::new(InMemoryUpstream::new()));
    House::over(store, Arc::new(sessions), Arc::new(credentials), safe.clone(), safe)
}

/// Sessions that must not begin.
fn no_session() -> MockSessionStore {
    let mut sessions = MockSessionStore::new();
    sessions.expect_open().never();
    sessions
}

/// A store with the passkey of a person who signed up, changed.
async fn with_changed(change: impl Fn(&mut StoredCredential)) -> MockCredentialStore {
    let honest = House::new();
    let jane = honest.sign_up("jane's").await.signed_in;
    let owner = TransparentSealer::new().record_id(&jane.caller);
    let mut kept = honest.store.of_owner(&owner).await.unwrap().remove(0);
    change(&mut kept);
    let mut credentials = MockCredentialStore::new();
    credentials.expect_find().returning(move |_| Ok(Some(kept.clone())));
    credentials
}

#[test]
fn while_passkeys_cannot_be_kept_or_found_nobody_gets_tokens() {
    block_on(async {
        for (error, answer) in [
            (StoreError::Unavailable, PasskeyError::Unavailable),
            (StoreError::Unknown, PasskeyError::Unavailable),
            (StoreError::Damaged, PasskeyError::Damaged),
        ] {
            let mut credentials = MockCredentialStore::new();
            credentials.expect_add().returning(move |_, _| Err(error));
            credentials.expect_find().returning(move |_| Err(error));
            let house = house(credentials, no_session());
            assert_eq!(house.sign_up_at(sample::TENANT, "one").await.unwrap_err(), answer);
            assert_eq!(house.sign_in("one", 0).await.unwrap_err(), answer);
        }
    });
}

#[test]
fn a_passkey_that_does_not_open_is_left_out_of_the_list_and_the_others_are_in_it() {
    block_on(async {
        let honest = House::new();
        let jane = honest.sign_up("first").await.signed_in;
        honest.add(&jane, "second").await.unwrap();
        let mut kept =
            honest.store.of_owner(&TransparentSealer::new().record_id(&jane.caller)).await.unwrap();
        let first = &mut kept[0].sealed;
        first.truncate(first.len() - 1);
        let mut credentials = MockCredentialStore::new();
        credentials.expect_of_owner().returning(move |_| Ok(kept.clone()));
        let seen = house(credentials, no_session()).passkeys.list(&principal(&jane)).await.unwrap();
        assert_eq!(seen.into_iter().map(|passkey| passkey.id).collect::<Vec<_>>(), [credential_id("second")]);
    });
}

#[test]
fn a_passkey_that_is_removed_before_its_session_begins_begins_none() {
    block_on(async {
        let mut credentials = MockCredentialStore::new();
        credentials.expect_add().returning(|_, _| Ok(Addition::Added));
        let mut sessions = MockSessionStore::new();
        sessions.expect_open().returning(|_| Err(StoreError::Stale));
        let answer = house(credentials, sessions).sign_up_at(sample::TENANT, "one").await;
        assert_eq!(answer.unwrap_err(), PasskeyError::Refused);
    });
}

#[test]
fn of_two_that_show_one_counter_the_second_to_be_kept_is_refused() {
    block_on(async {
        let mut credentials = with_changed(|_| {}).await;
        credentials.expect_replace().times(1).returning(|_, edition, _| {
            assert_eq!(edition, 0);
            Err(StoreError::Stale)
        });
        let answer = house(credentials, no_session()).sign_in("jane's", 1).await;
        assert_eq!(answer.unwrap_err(), PasskeyError::Refused);
    });
}

#[test]
fn a_passkey_that_a_store_has_moved_changed_or_renamed_signs_nobody_in() {
    block_on(async {
        let moved = |kept: &mut StoredCredential| kept.owner = RecordId::from_bytes([7; 32]);
        let renamed = |kept: &mut StoredCredential| kept.name = Pseudonym::from_bytes([7; 32]);
        let rolled_back = |kept: &mut StoredCredential| kept.edition = 1;
        let cut = |kept: &mut StoredCredential| {
            kept.sealed.truncate(kept.sealed.len() - 1);
        };
        let changes: [&dyn Fn(&mut StoredCredential); 4] = [&moved, &renamed, &rolled_back, &cut];
        for (number, change) in changes.into_iter().enumerate() {
            let credentials = with_changed(change).await;
            let answer = house(credentials, no_session()).sign_in("jane's", 0).await;
            assert_eq!(answer.unwrap_err(), PasskeyError::Refused, "{number}");
        }
    });
}
