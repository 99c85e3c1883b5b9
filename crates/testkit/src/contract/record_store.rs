//! What every [`RecordStore`] must do, one caller at a time.

use bytes::Bytes;
use strongroom_domain::{Generation, Revision};
use strongroom_ports::{Commit, Event, EventBody, RecordId, RecordStore, SealedRecord, StoreError};

use super::{draft, granted, present};
use crate::sample;

/// Runs every rule of [`RecordStore`] that one caller can see. The outbox must keep at least ten events of a record.
///
/// # Panics
///
/// At the first rule that the store breaks.
pub async fn record_store(store: &dyn RecordStore) {
    assert!(store.is_writable(), "a store that works is writable");
    what_was_never_written_reads_as_none(store).await;
    the_next_load_sees_what_was_committed(store).await;
    boxes_come_back_byte_for_byte(store).await;
    no_private_box_keeps_the_one_there_is(store).await;
    another_state_than_expected_is_stale_and_changes_nothing(store).await;
    an_expected_record_that_is_none_is_stale(store).await;
    records_do_not_touch_each_other(store).await;
    events_come_in_order_each_version_once(store).await;
    an_erased_record_reads_as_none(store).await;
    an_erasure_in_another_state_is_stale_and_changes_nothing(store).await;
    an_erasure_is_the_last_event_of_its_generation(store).await;
    an_erased_generation_takes_no_commit(store).await;
    a_recreated_record_shares_nothing_with_the_erased_one(store).await;
}

async fn what_was_never_written_reads_as_none(store: &dyn RecordStore) {
    let id = sample::record_id("never-written");
    assert_eq!(load(store, &id).await, None, "what was never written reads as none");
    let events = events(store, &id, sample::fresh_generation(), 0, 10).await;
    assert!(events.is_empty(), "what was never written has no events");
}

async fn the_next_load_sees_what_was_committed(store: &dyn RecordStore) {
    let id = sample::record_id("commit-load");
    let mut expected = None;
    let mut commit = draft::first(sample::fresh_generation());
    for _ in 0..3 {
        let outcome = draft::outcome(&commit, expected.as_ref());
        committed(store, &id, commit).await;
        assert_eq!(load(store, &id).await.as_ref(), Some(&outcome), "the next load sees what was committed");
        commit = draft::next(outcome.revision);
        expected = Some(outcome);
    }
}

async fn boxes_come_back_byte_for_byte(store: &dyn RecordStore) {
    let id = sample::record_id("bytes");
    let every_byte: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let commit = Commit {
        wrapped_key: Some(Bytes::from(every_byte[..300].to_vec())),
        public_box: Bytes::from(every_byte.clone()),
        private_box: Some(Bytes::from(every_byte)),
        ..draft::first(sample::fresh_generation())
    };
    let outcome = draft::outcome(&commit, None);
    committed(store, &id, commit).await;
    // Not `assert_eq!`: half a megabyte of bytes helps no reader.
    assert!(load(store, &id).await == Some(outcome), "keys and boxes of any bytes come back as they were");
}

async fn no_private_box_keeps_the_one_there_is(store: &dyn RecordStore) {
    let id = sample::record_id("private-box");
    let created = create(store, &id).await;
    assert_eq!(created.private_box, None, "a record has no private box before a write brings one");
    let private_box = Some(draft::box_of(created.revision.next(), "private"));
    let brought =
        follow(store, &id, Commit { private_box: private_box.clone(), ..draft::next(created.revision) })
            .await;
    assert_eq!(brought.private_box, private_box, "a private box is kept when a write brings one");
    let kept = follow(store, &id, draft::next(brought.revision)).await;
    assert_eq!(kept.private_box, private_box, "a write without a private box keeps the one there is");
    let other_box = Some(draft::box_of(kept.revision.next(), "other"));
    let other = Commit { private_box: other_box.clone(), ..draft::next(kept.revision) };
    assert_eq!(
        follow(store, &id, other).await.private_box,
        other_box,
        "a later private box replaces the first"
    );
}

async fn another_state_than_expected_is_stale_and_changes_nothing(store: &dyn RecordStore) {
    let id = sample::record_id("stale");
    let first = create(store, &id).await;
    let current = follow(store, &id, draft::next(first.revision)).await;
    let before = events(store, &id, current.revision.generation, 0, 10).await;
    let elsewhere = Revision { generation: sample::fresh_generation(), ..current.revision };
    for (why, commit) in [
        ("a version that is past", draft::next(first.revision)),
        ("a version that is not yet", draft::next(current.revision.next())),
        ("another generation", draft::next(elsewhere)),
        ("none, where there is one", draft::first(sample::fresh_generation())),
        ("none, in the same generation", draft::first(current.revision.generation)),
    ] {
        assert_eq!(
            store.commit(&id, commit).await,
            Err(StoreError::Stale),
            "a commit that expects {why} is stale"
        );
        assert_eq!(load(store, &id).await.as_ref(), Some(&current), "a stale commit ({why}) changes nothing");
        let after = events(store, &id, current.revision.generation, 0, 10).await;
        assert!(after == before, "a stale commit ({why}) leaves no event");
    }
}

async fn an_expected_record_that_is_none_is_stale(store: &dyn RecordStore) {
    let id = sample::record_id("expects-some");
    let revision = Revision::first(sample::fresh_generation());
    let refused = store.commit(&id, draft::next(revision)).await;
    assert_eq!(
        refused,
        Err(StoreError::Stale),
        "a commit that expects a record where there is none is stale"
    );
    assert_eq!(load(store, &id).await, None, "a stale commit creates nothing");
    assert!(
        events(store, &id, revision.generation, 0, 10).await.is_empty(),
        "a stale commit leaves no event"
    );
}

async fn records_do_not_touch_each_other(store: &dyn RecordStore) {
    let (id, neighbour) = (sample::record_id("neighbour"), sample::record_id("neighbour"));
    let kept = create(store, &neighbour).await;
    let record = create(store, &id).await;
    follow(store, &id, draft::next(record.revision)).await;
    let foreign = events(store, &neighbour, record.revision.generation, 0, 10).await;
    assert!(foreign.is_empty(), "the events of one record are not another's");
    granted("an erasure succeeds", store.erase(&id, record.revision.next(), sample::fresh_write_id()).await);
    assert_eq!(load(store, &neighbour).await, Some(kept), "a write or an erasure reaches one record only");
}

async fn events_come_in_order_each_version_once(store: &dyn RecordStore) {
    let id = sample::record_id("events");
    let mut commit = draft::first(sample::fresh_generation());
    let generation = commit.revision.generation;
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(Event {
            revision: commit.revision,
            write_id: commit.write_id,
            body: EventBody::Written(commit.event.clone()),
        });
        let revision = commit.revision;
        committed(store, &id, commit).await;
        commit = draft::next(revision);
    }
    let all = events(store, &id, generation, 0, 10).await;
    assert!(all == sent, "events come in version order, each once, with write id and body: {all:?}");
    for (after, limit, expected) in [
        (0, 2, &sent[..2]),
        (2, 2, &sent[2..4]),
        (3, 10, &sent[3..]),
        (5, 10, &sent[5..]),
        (0, 0, &sent[..0]),
    ] {
        let page = events(store, &id, generation, after, limit).await;
        assert!(page == expected, "after version {after}, at most {limit} events follow: {page:?}");
    }
    assert!(
        events(store, &id, generation, u64::MAX, 10).await.is_empty(),
        "no event follows the last version"
    );
    let foreign = events(store, &id, sample::fresh_generation(), 0, 10).await;
    assert!(foreign.is_empty(), "a generation that never was has no events");
}

async fn an_erased_record_reads_as_none(store: &dyn RecordStore) {
    let id = sample::record_id("erase");
    let revision = create(store, &id).await.revision;
    granted("an erasure succeeds", store.erase(&id, revision, sample::fresh_write_id()).await);
    assert_eq!(load(store, &id).await, None, "an erased record reads as none");
}

async fn an_erasure_in_another_state_is_stale_and_changes_nothing(store: &dyn RecordStore) {
    let id = sample::record_id("erase-stale");
    let nothing =
        store.erase(&id, Revision::first(sample::fresh_generation()), sample::fresh_write_id()).await;
    assert_eq!(nothing, Err(StoreError::Stale), "an erasure of nothing is stale");
    let first = create(store, &id).await;
    let current = follow(store, &id, draft::next(first.revision)).await;
    let elsewhere = Revision { generation: sample::fresh_generation(), ..current.revision };
    for (why, expected) in [
        ("a version that is past", first.revision),
        ("a version that is not yet", current.revision.next()),
        ("another generation", elsewhere),
    ] {
        let refused = store.erase(&id, expected, sample::fresh_write_id()).await;
        assert_eq!(refused, Err(StoreError::Stale), "an erasure that expects {why} is stale");
        assert_eq!(
            load(store, &id).await.as_ref(),
            Some(&current),
            "a stale erasure ({why}) changes nothing"
        );
    }
    let written = events(store, &id, current.revision.generation, 0, 10).await;
    assert_eq!(written.len(), 2, "a stale erasure leaves no event");
    granted("an erasure succeeds", store.erase(&id, current.revision, sample::fresh_write_id()).await);
    let again = store.erase(&id, current.revision, sample::fresh_write_id()).await;
    assert_eq!(again, Err(StoreError::Stale), "what is erased cannot be erased again");
}

async fn an_erasure_is_the_last_event_of_its_generation(store: &dyn RecordStore) {
    let id = sample::record_id("erase-event");
    let first = create(store, &id).await;
    let last = follow(store, &id, draft::next(first.revision)).await.revision;
    let write_id = sample::fresh_write_id();
    granted("an erasure succeeds", store.erase(&id, last, write_id).await);
    let erased = Event { revision: last.next(), write_id, body: EventBody::Erased };
    let after = events(store, &id, last.generation, last.version, 10).await;
    assert!(after == [erased], "an erasure leaves one event under the next version: {after:?}");
    let all = events(store, &id, last.generation, 0, 10).await;
    assert_contiguous(&all, last.next());
}

async fn an_erased_generation_takes_no_commit(store: &dyn RecordStore) {
    let id = sample::record_id("erased-commit");
    let revision = create(store, &id).await.revision;
    granted("an erasure succeeds", store.erase(&id, revision, sample::fresh_write_id()).await);
    for expected in [revision, revision.next()] {
        let refused = store.commit(&id, draft::next(expected)).await;
        assert_eq!(refused, Err(StoreError::Stale), "a commit upon an erased record is stale");
        assert_eq!(load(store, &id).await, None, "a commit upon an erased record does not bring it back");
    }
}

async fn a_recreated_record_shares_nothing_with_the_erased_one(store: &dyn RecordStore) {
    let id = sample::record_id("recreate");
    let private_box = Some(Bytes::from_static(b"the private box of the first life"));
    let old = draft::first(sample::fresh_generation());
    let old_revision = old.revision;
    committed(store, &id, Commit { private_box, ..old }).await;
    granted("an erasure succeeds", store.erase(&id, old_revision, sample::fresh_write_id()).await);
    let new = draft::first(sample::fresh_generation());
    let outcome = draft::outcome(&new, None);
    committed(store, &id, new).await;
    assert_eq!(load(store, &id).await.as_ref(), Some(&outcome), "a recreated record is new in every part");
    let events_of_new = events(store, &id, outcome.revision.generation, 0, 10).await;
    assert_eq!(events_of_new.len(), 1, "a new generation has events of its own only");
    let events_of_old = events(store, &id, old_revision.generation, 0, 10).await;
    assert_contiguous(&events_of_old, old_revision.next());
    let late_write = store.commit(&id, draft::next(old_revision)).await;
    assert_eq!(late_write, Err(StoreError::Stale), "a commit upon the erased generation is stale");
    let late_erasure = store.erase(&id, old_revision, sample::fresh_write_id()).await;
    assert_eq!(late_erasure, Err(StoreError::Stale), "an erasure of the erased generation is stale");
    assert_eq!(load(store, &id).await, Some(outcome), "latecomers change nothing of the new generation");
}

/// Events may be missing from the front, never from the middle, and end with an erasure at `last`.
#[track_caller]
fn assert_contiguous(events: &[Event], last: Revision) {
    let end = present("an erasure leaves an event", events.last());
    assert_eq!(end.revision, last, "an erasure takes the version after the last");
    assert!(end.body == EventBody::Erased, "the last event of an erased generation is the erasure");
    for pair in events.windows(2) {
        assert_eq!(pair[1].revision, pair[0].revision.next(), "no event is missing from the middle");
    }
}

async fn load(store: &dyn RecordStore, id: &RecordId) -> Option<SealedRecord> {
    granted("a load succeeds", store.load(id).await)
}

async fn committed(store: &dyn RecordStore, id: &RecordId, commit: Commit) {
    granted("a commit upon the expected state succeeds", store.commit(id, commit).await);
}

async fn create(store: &dyn RecordStore, id: &RecordId) -> SealedRecord {
    follow(store, id, draft::first(sample::fresh_generation())).await
}

async fn follow(store: &dyn RecordStore, id: &RecordId, commit: Commit) -> SealedRecord {
    committed(store, id, commit).await;
    present("what was committed is there", load(store, id).await)
}

async fn events(
    store: &dyn RecordStore,
    id: &RecordId,
    generation: Generation,
    after_version: u64,
    limit: usize,
) -> Vec<Event> {
    granted("events can be read", store.events(id, generation, after_version, limit).await)
}
