//! What every [`CredentialStore`] must do.

use std::time::Duration;

use bytes::Bytes;
use strongroom_ports::{
    Addition, CredentialStore, NewCredential, NewSession, Pseudonym, RecordId, Removal, SessionStore,
    StoreError, StoredCredential,
};

use super::granted;
use crate::sample;

/// More passkeys than a rule of this suite adds.
pub(super) const MANY: usize = 50;

/// Runs every rule of [`CredentialStore`] that one caller can see. Both are of one store.
///
/// # Panics
///
/// At the first rule that the store breaks.
pub async fn credential_store(store: &dyn CredentialStore, sessions: &dyn SessionStore) {
    a_passkey_is_found_as_it_was_added(store).await;
    a_name_that_is_known_changes_nothing(store).await;
    an_owner_has_no_more_than_the_most(store).await;
    the_passkeys_of_an_owner_come_the_oldest_first(store).await;
    each_edition_of_a_box_is_replaced_once(store).await;
    an_owner_removes_own_passkeys_and_never_the_last(store).await;
    a_removed_passkey_ends_its_sessions_and_begins_no_more(store, sessions).await;
    a_removed_name_can_be_added_again(store).await;
}

async fn a_passkey_is_found_as_it_was_added(store: &dyn CredentialStore) {
    let unknown = sample::fresh_pseudonym();
    assert_eq!(store.find(&unknown).await, Ok(None), "a passkey that was never added is not found");
    for length in [1, 100, 1000, 3000, 20_000] {
        let sealed: Vec<u8> = (0..=255).cycle().take(length).collect();
        let new = NewCredential { sealed: sealed.into(), ..new_credential() };
        assert_eq!(store.add(new.clone(), MANY).await, Ok(Addition::Added), "a new passkey is added");
        let found = granted("a passkey can be looked for", store.find(&new.name).await);
        assert_eq!(found, Some(kept(&new)), "a passkey is found as it was added, whatever its length");
    }
}

async fn a_name_that_is_known_changes_nothing(store: &dyn CredentialStore) {
    let first = add(store, new_credential()).await;
    for owner in [first.owner, sample::record_id("other")] {
        let again = NewCredential { name: first.name, owner, ..new_credential() };
        assert_eq!(store.add(again, MANY).await, Ok(Addition::Known), "a name is somebody's once");
    }
    assert_eq!(store.find(&first.name).await, Ok(Some(kept(&first))), "a known name changes nothing");
}

async fn an_owner_has_no_more_than_the_most(store: &dyn CredentialStore) {
    let first = add(store, new_credential()).await;
    let second = add(store, NewCredential { owner: first.owner, ..new_credential() }).await;
    let third = NewCredential { owner: first.owner, ..new_credential() };
    assert_eq!(store.add(third.clone(), 2).await, Ok(Addition::Full), "an owner has no more than the most");
    assert_eq!(store.find(&third.name).await, Ok(None), "what did not fit is not kept");
    assert_eq!(store.add(second, 2).await, Ok(Addition::Known), "a known name is known to a full owner too");
    assert_eq!(store.add(new_credential(), 2).await, Ok(Addition::Added), "another owner has room");
    assert_eq!(store.add(third, 3).await, Ok(Addition::Added), "with room there is no other obstacle");
}

async fn the_passkeys_of_an_owner_come_the_oldest_first(store: &dyn CredentialStore) {
    let owner = sample::record_id("ordered");
    assert_eq!(store.of_owner(&owner).await, Ok(Vec::new()), "who has no passkey has none listed");
    let mut made = Vec::new();
    for minutes in [2, 0, 1] {
        let created_at = sample::now().plus(Duration::from_mins(minutes));
        let sealed = Bytes::from(vec![7; 1500]);
        made.push(add(store, NewCredential { owner, created_at, sealed, ..new_credential() }).await);
    }
    add(store, new_credential()).await;
    let expected = [kept(&made[1]), kept(&made[2]), kept(&made[0])];
    let listed = granted("passkeys can be listed", store.of_owner(&owner).await);
    assert_eq!(listed, expected, "an owner's passkeys come the oldest first, and nobody else's");
}

async fn each_edition_of_a_box_is_replaced_once(store: &dyn CredentialStore) {
    let first = add(store, new_credential()).await;
    for (edition, length) in [(0, 5000), (1, 3), (2, 2000)] {
        let sealed = Bytes::from(vec![9; length]);
        let replaced = store.replace(&first.name, edition, sealed.clone()).await;
        assert_eq!(replaced, Ok(()), "the box of the present edition is replaced");
        let expected = StoredCredential { edition: edition + 1, sealed, ..kept(&first) };
        assert_eq!(
            store.find(&first.name).await,
            Ok(Some(expected.clone())),
            "each replacement is an edition"
        );
        for stale in [edition, edition + 2, u64::MAX] {
            let late = store.replace(&first.name, stale, Bytes::from_static(b"late")).await;
            assert_eq!(late, Err(StoreError::Stale), "another edition than the present is stale");
        }
        assert_eq!(store.find(&first.name).await, Ok(Some(expected)), "what is stale changes nothing");
    }
    let gone = store.replace(&sample::fresh_pseudonym(), 0, Bytes::new()).await;
    assert_eq!(gone, Err(StoreError::Stale), "a passkey that is not there is stale");
}

async fn an_owner_removes_own_passkeys_and_never_the_last(store: &dyn CredentialStore) {
    let first = add(store, new_credential()).await;
    let second = add(store, NewCredential { owner: first.owner, ..new_credential() }).await;
    let other = add(store, new_credential()).await;
    for absent in [sample::fresh_pseudonym(), other.name] {
        let removal = store.remove(&first.owner, &absent).await;
        assert_eq!(removal, Ok(Removal::Absent), "only an owner's own passkey can be removed");
    }
    let removal = store.remove(&first.owner, &first.name).await;
    assert_eq!(removal, Ok(Removal::Removed { ended: Vec::new() }), "one of two passkeys can be removed");
    assert_eq!(store.find(&first.name).await, Ok(None), "a removed passkey is gone");
    assert_eq!(
        store.remove(&first.owner, &first.name).await,
        Ok(Removal::Absent),
        "a passkey is removed once"
    );
    assert_eq!(store.remove(&first.owner, &second.name).await, Ok(Removal::Last), "the last passkey stays");
    assert_eq!(store.of_owner(&first.owner).await, Ok(vec![kept(&second)]), "and is kept");
    assert_eq!(store.find(&other.name).await, Ok(Some(kept(&other))), "another's passkey is kept");
}

async fn a_removed_passkey_ends_its_sessions_and_begins_no_more(
    store: &dyn CredentialStore,
    sessions: &dyn SessionStore,
) {
    let removed = add(store, new_credential()).await;
    let kept = add(store, NewCredential { owner: removed.owner, ..new_credential() }).await;
    let (one, two, revoked) = (
        begun_with(removed.owner, removed.name),
        begun_with(removed.owner, removed.name),
        begun_with(removed.owner, removed.name),
    );
    let without = NewSession { credential: None, ..begun_with(kept.owner, kept.name) };
    let stay = [begun_with(kept.owner, kept.name), without];
    for session in [one, two, revoked].into_iter().chain(stay) {
        assert_eq!(sessions.open(session).await, Ok(Vec::new()), "a passkey that is kept begins a session");
    }
    let foreign = NewSession { owner: sample::record_id("other"), ..begun_with(kept.owner, kept.name) };
    assert_eq!(
        sessions.open(foreign).await,
        Err(StoreError::Stale),
        "a passkey begins its owner's sessions only"
    );
    granted("a session can be revoked", sessions.revoke(&revoked.id).await);
    let listed = granted("sessions can be listed", sessions.list(&kept.owner, sample::now(), MANY).await);
    let of_removed = listed.iter().filter(|entry| entry.credential == Some(removed.name)).count();
    assert_eq!(of_removed, 2, "a session tells the passkey it began with");

    let removal = granted("a removal is decided", store.remove(&removed.owner, &removed.name).await);
    let Removal::Removed { mut ended } = removal else { panic!("one of two passkeys can be removed") };
    ended.sort_unstable();
    let mut expected = vec![one.id, two.id];
    expected.sort_unstable();
    assert_eq!(ended, expected, "a removal names the sessions that ended, and no others");
    for session in [one, two] {
        assert_eq!(
            sessions.is_live(&session.id, sample::now()).await,
            Ok(false),
            "a removal ends the sessions"
        );
    }
    for session in stay {
        let lives = sessions.is_live(&session.id, sample::now()).await;
        assert_eq!(lives, Ok(true), "a removal ends no other passkey's session");
    }
    let late = sessions.open(begun_with(removed.owner, removed.name)).await;
    assert_eq!(late, Err(StoreError::Stale), "a removed passkey begins nothing");
}

async fn a_removed_name_can_be_added_again(store: &dyn CredentialStore) {
    let first = add(store, new_credential()).await;
    add(store, NewCredential { owner: first.owner, ..new_credential() }).await;
    granted("a removal is decided", store.remove(&first.owner, &first.name).await);
    let again = NewCredential { name: first.name, sealed: Bytes::from_static(b"anew"), ..new_credential() };
    assert_eq!(store.add(again.clone(), MANY).await, Ok(Addition::Added), "a removed name is free");
    assert_eq!(store.find(&first.name).await, Ok(Some(kept(&again))), "and begins anew");
}

/// A passkey of its own owner.
pub(super) fn new_credential() -> NewCredential {
    NewCredential {
        name: sample::fresh_pseudonym(),
        owner: sample::record_id("passkey"),
        sealed: Bytes::from_static(b"sealed passkey"),
        created_at: sample::now(),
        session: None,
    }
}

pub(super) async fn add(store: &dyn CredentialStore, new: NewCredential) -> NewCredential {
    assert_eq!(store.add(new.clone(), MANY).await, Ok(Addition::Added), "a new passkey is added");
    new
}

fn kept(new: &NewCredential) -> StoredCredential {
    let NewCredential { name, owner, sealed, created_at, .. } = new.clone();
    StoredCredential { name, owner, edition: 0, sealed, created_at }
}

/// A session of an owner that begins with a passkey.
pub(super) fn begun_with(owner: RecordId, name: Pseudonym) -> NewSession {
    NewSession {
        id: sample::fresh_session_id(),
        owner,
        credential: Some(name),
        refresh: sample::fresh_refresh_hash(),
        created_at: sample::now(),
        lapses_at: sample::now().plus(Duration::from_hours(24)),
    }
}
