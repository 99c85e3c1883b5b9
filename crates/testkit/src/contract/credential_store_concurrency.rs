//! What every [`CredentialStore`] must do when many ask at once, from several handles.

use std::sync::Arc;

use bytes::Bytes;
use strongroom_ports::{
    Addition, CredentialStore, NewCredential, Pseudonym, RecordId, Removal, SessionStore, StoreError,
};

use super::credential_store::{MANY, add, begun_with, new_credential};
use super::race::{alone, race};
use super::{BlockOn, granted};
use crate::sample;

/// How many do the same thing at a time.
const RACERS: usize = 16;
/// Rounds of two that exclude each other.
const DUELS: usize = 20;

/// Runs every rule of [`CredentialStore`] that takes several callers to see: one thread for each, `handles` given out in turn.
/// The handles are of one store.
///
/// # Panics
///
/// At the first rule that the store breaks.
pub fn credential_store_concurrency(handles: &[Arc<dyn CredentialStore>], block_on: BlockOn) {
    assert!(!handles.is_empty(), "the suite needs a handle");
    one_name_is_added_once(handles, block_on);
    an_owner_is_full_whoever_adds(handles, block_on);
    one_edition_is_replaced_once(handles, block_on);
    of_the_two_last_passkeys_one_stays(handles, block_on);
}

/// Runs the rule of [`CredentialStore`] and [`SessionStore`] that takes a caller of each to see. Both are of one store.
///
/// # Panics
///
/// When a session outlives the passkey that it began with.
pub fn removal_against_sign_in(
    credentials: &Arc<dyn CredentialStore>,
    sessions: &Arc<dyn SessionStore>,
    block_on: BlockOn,
) {
    for _ in 0..DUELS {
        let (removed, kept) = two_of_one_owner(credentials, block_on);
        let session = begun_with(removed.owner, removed.name);
        let pair = Arc::new((Arc::clone(credentials), Arc::clone(sessions)));
        race(&[pair], block_on, 2, move |number, pair| async move {
            if number == 0 {
                granted("a removal is decided", pair.0.remove(&kept.owner, &removed.name).await);
            } else {
                let begun = pair.1.open(session).await;
                assert!(matches!(begun, Ok(_) | Err(StoreError::Stale)), "a sign-in is decided: {begun:?}");
            }
        });
        let sessions = Arc::clone(sessions);
        let lives = alone(block_on, async move {
            granted("a session can be looked up", sessions.is_live(&session.id, session.created_at).await)
        });
        assert!(!lives, "no session outlives the passkey it began with");
    }
}

fn one_name_is_added_once(handles: &[Arc<dyn CredentialStore>], block_on: BlockOn) {
    let name = sample::fresh_pseudonym();
    let answers = race(handles, block_on, RACERS, move |_, store| async move {
        granted("an addition is decided", store.add(NewCredential { name, ..new_credential() }, MANY).await)
    });
    let count = |addition| answers.iter().filter(|answer| **answer == addition).count();
    assert_eq!(
        (count(Addition::Added), count(Addition::Known)),
        (1, RACERS - 1),
        "one name is added exactly once"
    );
}

fn an_owner_is_full_whoever_adds(handles: &[Arc<dyn CredentialStore>], block_on: BlockOn) {
    const MOST: usize = 5;
    let owner = sample::record_id("full");
    let answers = race(handles, block_on, RACERS, move |_, store| async move {
        let new = NewCredential { owner, ..new_credential() };
        granted("an addition is decided", store.add(new, MOST).await)
    });
    let added = answers.iter().filter(|answer| **answer == Addition::Added).count();
    assert_eq!(added, MOST, "an owner has as many as there may be, however many add: {answers:?}");
}

fn one_edition_is_replaced_once(handles: &[Arc<dyn CredentialStore>], block_on: BlockOn) {
    let (_, kept) = two_of_one_owner(&handles[0], block_on);
    let answers = race(handles, block_on, RACERS, move |number, store| async move {
        store.replace(&kept.name, 0, Bytes::from(format!("box of {number}"))).await
    });
    let count = |answer| answers.iter().filter(|given| **given == answer).count();
    assert_eq!(
        (count(Ok(())), count(Err(StoreError::Stale))),
        (1, RACERS - 1),
        "one edition is replaced exactly once"
    );
}

fn of_the_two_last_passkeys_one_stays(handles: &[Arc<dyn CredentialStore>], block_on: BlockOn) {
    for _ in 0..DUELS {
        let (one, other) = two_of_one_owner(&handles[0], block_on);
        let answers = race(handles, block_on, 2, move |number, store| async move {
            let name = [one.name, other.name][number];
            granted("a removal is decided", store.remove(&one.owner, &name).await)
        });
        let last = answers.iter().filter(|answer| **answer == Removal::Last).count();
        assert_eq!(last, 1, "of the two last passkeys one stays: {answers:?}");
    }
}

/// Name and owner of a passkey.
#[derive(Debug, Clone, Copy)]
struct Named {
    name: Pseudonym,
    owner: RecordId,
}

fn two_of_one_owner(store: &Arc<dyn CredentialStore>, block_on: BlockOn) -> (Named, Named) {
    let store = Arc::clone(store);
    alone(block_on, async move {
        let first = add(&*store, new_credential()).await;
        let second = add(&*store, NewCredential { owner: first.owner, ..new_credential() }).await;
        let owner = first.owner;
        (Named { name: first.name, owner }, Named { name: second.name, owner })
    })
}
