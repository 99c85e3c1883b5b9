//! When every store rings its [`ChangeBell`](strongroom_ports::ChangeBell).

use strongroom_ports::{RecordId, RecordStore, StoreError};

use super::{draft, granted};
use crate::fake::RecordingBell;
use crate::sample;

/// Runs every rule of the bell that one caller can see, on a store that rings `bell`.
///
/// # Panics
///
/// At the first rule that the store breaks.
pub async fn change_bell(store: &dyn RecordStore, bell: &RecordingBell) {
    let (id, other) = (sample::record_id("rung-for"), sample::record_id("not-rung-for"));
    let first = draft::first(sample::fresh_generation());
    let created = first.revision;
    granted("a record can be made", store.commit(&id, first).await);
    assert!(has_rung(bell, &id), "a write rings before it is answered");

    let second = draft::next(created);
    granted("a record can be written", store.commit(&id, second.clone()).await);
    assert!(has_rung(bell, &id), "every write rings");

    let stale = Err(StoreError::Stale);
    assert_eq!(store.commit(&id, second).await, stale, "a write upon another state is stale");
    assert_eq!(store.erase(&id, created, sample::fresh_write_id()).await, stale, "so is an erasure");
    assert!(!has_rung(bell, &id), "what was refused does not ring");

    granted("a record can be erased", store.erase(&id, created.next(), sample::fresh_write_id()).await);
    assert!(has_rung(bell, &id), "an erasure rings before it is answered");

    granted(
        "another record can be made",
        store.commit(&other, draft::first(sample::fresh_generation())).await,
    );
    assert!(!has_rung(bell, &id), "a ring is for the record that has changed");
}

/// Since this was last asked; others may ring for theirs.
fn has_rung(bell: &RecordingBell, id: &RecordId) -> bool {
    bell.taken().contains(id)
}
