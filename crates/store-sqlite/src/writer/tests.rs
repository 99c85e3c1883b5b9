//! Group commit and its failures, on the store's own threads, held and failed by [`Faults`](crate::faults::Faults).

use bytes::Bytes;
use futures_executor::block_on;
use futures_util::future::{FutureExt, join_all};
use rusqlite::Connection;
use strongroom_domain::{Generation, Revision};
use strongroom_ports::{
    Addition, Commit, CredentialStore, NewCredential, Pseudonym, RecordId, RecordStore, SessionId,
    SessionStore, StoreError, Timestamp, WriteId,
};
use tempfile::TempDir;

use crate::{Options, SqliteStore};

mod bell;

fn open(directory: &TempDir) -> SqliteStore {
    SqliteStore::open(Options::new(directory.path(), Vec::new())).unwrap()
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn id(number: u8) -> RecordId {
    RecordId::from_bytes([number; 32])
}

fn first(number: u8) -> Commit {
    Commit {
        expected: None,
        revision: Revision::first(Generation::from_bytes([number; 16])),
        wrapped_key: Some(Bytes::from_static(b"wrapped")),
        public_box: Bytes::from_static(b"public"),
        private_box: None,
        event: Bytes::from_static(b"event"),
        write_id: WriteId::from_bytes([number; 16]),
    }
}

fn next(number: u8, expected: Revision) -> Commit {
    Commit { expected: Some(expected), revision: expected.next(), wrapped_key: None, ..first(number) }
}

/// Has all these commits waiting before the writer takes the second of them, and gives their answers.
fn together(store: &SqliteStore, commits: &[(RecordId, Commit)]) -> Vec<Result<(), StoreError>> {
    let held = store.faults().writer.hold();
    let mut waiting: Vec<_> =
        commits.iter().map(|(id, commit)| store.commit(id, commit.clone()).boxed()).collect();
    for write in &mut waiting {
        assert!(write.now_or_never().is_none(), "queued, and not answered");
    }
    drop(held);
    block_on(join_all(waiting))
}

#[test]
fn one_sync_answers_sixty_four_writers() {
    const WRITERS: u8 = 64;
    let directory = directory();
    let store = open(&directory);
    let before = store.stats();
    let answers =
        together(&store, &(0..WRITERS).map(|number| (id(number), first(number))).collect::<Vec<_>>());
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let stats = store.stats();
    assert_eq!(stats.writes - before.writes, u64::from(WRITERS));
    let syncs = stats.syncs - before.syncs;
    assert!((1..u64::from(WRITERS) / 4).contains(&syncs), "{syncs} syncs");
}

#[test]
fn what_waits_for_the_writer_is_counted_until_it_is_taken() {
    let directory = directory();
    let store = open(&directory);
    let held = store.faults().writer.hold();
    let ids = [1, 2, 3].map(id);
    let mut waiting: Vec<_> =
        ids.iter().zip(1..).map(|(id, number)| store.commit(id, first(number)).boxed()).collect();
    for write in &mut waiting {
        assert!(write.now_or_never().is_none());
    }
    assert_eq!(store.stats().writes_waiting, 3);
    drop(held);
    assert!(block_on(join_all(waiting)).iter().all(Result::is_ok));
    assert_eq!(store.stats().writes_waiting, 0);
}

#[test]
fn one_caller_s_failure_does_not_fail_its_neighbours() {
    let directory = directory();
    let store = open(&directory);
    let stale = next(2, Revision::first(Generation::from_bytes([99; 16])));
    let keyless = Commit { wrapped_key: None, ..first(3) };
    let twice = first(4);
    let answers = together(
        &store,
        &[(id(1), first(1)), (id(2), stale), (id(3), keyless), (id(4), twice.clone()), (id(4), twice)],
    );
    assert_eq!(
        answers,
        [Ok(()), Err(StoreError::Stale), Err(StoreError::Unavailable), Ok(()), Err(StoreError::Stale)]
    );
    for (number, is_there) in [(1, true), (2, false), (3, false), (4, true)] {
        assert_eq!(block_on(store.load(&id(number))).unwrap().is_some(), is_there, "{number}");
    }
}

#[test]
fn a_refused_write_leaves_nothing_of_itself() {
    let directory = directory();
    let store = open(&directory);
    let created = first(1);
    block_on(store.commit(&id(1), created.clone())).unwrap();
    // The next event is there already: the database refuses the write after the decision for it.
    let generation = created.revision.generation;
    store.close();
    Connection::open(directory.path().join("strongroom.db"))
        .unwrap()
        .execute("UPDATE events SET version = 2", [])
        .unwrap();
    let store = open(&directory);
    let private_box = Some(Bytes::from_static(b"private"));
    let refused = Commit { private_box, ..next(1, created.revision) };
    assert_eq!(block_on(store.commit(&id(1), refused)), Err(StoreError::Unavailable));
    let record = block_on(store.load(&id(1))).unwrap().unwrap();
    assert_eq!((record.revision, record.private_box), (Revision::first(generation), None));
    assert!(store.is_writable());
}

#[test]
fn what_the_database_refuses_fails_alone_and_its_neighbours_are_written() {
    let directory = directory();
    let store = open(&directory);
    let created = first(1);
    block_on(store.commit(&id(1), created.clone())).unwrap();
    store.close();
    Connection::open(directory.path().join("strongroom.db"))
        .unwrap()
        .execute("UPDATE events SET version = 2", [])
        .unwrap();
    let store = open(&directory);
    let (before, chain) = (first(2), first(3));
    let answers = together(
        &store,
        &[
            (id(2), before),
            (id(3), chain.clone()),
            (id(1), next(1, created.revision)),
            (id(3), next(3, chain.revision)),
        ],
    );
    assert_eq!(answers, [Ok(()), Ok(()), Err(StoreError::Unavailable), Ok(())]);
    let version = |number| block_on(store.load(&id(number))).unwrap().unwrap().revision.version;
    assert_eq!([version(1), version(2), version(3)], [1, 1, 2]);
}

#[test]
fn a_write_to_a_record_that_nobody_has_read_leaves_it_in_memory() {
    let directory = directory();
    let store = open(&directory);
    let created = Commit { private_box: Some(Bytes::from_static(b"private")), ..first(1) };
    block_on(store.commit(&id(1), created.clone())).unwrap();
    store.close();
    let store = open(&directory);
    block_on(store.commit(&id(1), next(1, created.revision))).unwrap();
    let cached = block_on(store.load(&id(1))).unwrap().unwrap();
    assert_eq!((store.stats().cache_hits, store.stats().cache_misses), (1, 0));
    assert_eq!(
        (&cached.wrapped_key, &cached.private_box),
        (&Bytes::from_static(b"wrapped"), &created.private_box)
    );
    store.close();
    assert_eq!(block_on(open(&directory).load(&id(1))).unwrap(), Some(cached), "as it is on disk");
}

#[test]
fn a_key_that_fits_no_slot_is_refused() {
    let directory = directory();
    let store = open(&directory);
    let commit = Commit { wrapped_key: Some(Bytes::from(vec![7; 319])), ..first(1) };
    assert_eq!(block_on(store.commit(&id(1), commit)), Err(StoreError::Unavailable));
    assert_eq!(block_on(store.load(&id(1))).unwrap(), None);
}

#[test]
fn of_a_chain_in_one_group_each_write_sees_the_one_before() {
    let directory = directory();
    let store = open(&directory);
    let created = first(1);
    let private_box = Some(Bytes::from_static(b"private"));
    let second = Commit { private_box: private_box.clone(), ..next(1, created.revision) };
    let third = next(1, second.revision);
    let answers = together(&store, &[(id(1), created), (id(1), second), (id(1), third.clone())]);
    assert_eq!(answers, [Ok(()); 3]);
    let cached = block_on(store.load(&id(1))).unwrap().unwrap();
    assert_eq!((cached.revision, &cached.private_box), (third.revision, &private_box));
    assert_eq!(store.stats().cache_hits, 1, "the writer left it there");
    drop(store);
    assert_eq!(block_on(open(&directory).load(&id(1))).unwrap(), Some(cached), "as it is on disk");
}

#[test]
fn after_a_failed_sync_nobody_is_acknowledged_and_nothing_is_written_until_restart() {
    let directory = directory();
    let store = open(&directory);
    let created = first(1);
    block_on(store.commit(&id(1), created.clone())).unwrap();
    let syncs = store.stats().syncs;

    store.faults().fail_next_sync();
    let stale = next(3, Revision::first(Generation::from_bytes([99; 16])));
    let answers = together(&store, &[(id(1), next(1, created.revision)), (id(2), first(2)), (id(3), stale)]);
    assert_eq!(
        answers,
        [Err(StoreError::Unknown), Err(StoreError::Unknown), Err(StoreError::Unavailable)],
        "what changed nothing surely changed nothing"
    );
    assert!(!store.is_writable());
    assert_eq!(block_on(store.commit(&id(4), first(4))), Err(StoreError::Unavailable));
    assert_eq!(block_on(store.revoke(&SessionId::from_bytes([1; 16]))), Err(StoreError::Unavailable));
    assert_eq!(store.stats().syncs, syncs, "the sync is not tried again");
    assert_eq!(block_on(store.load(&id(1))).unwrap().unwrap().revision, created.revision, "reads go on");

    drop(store);
    let log = directory.path().join("strongroom.db-wal");
    assert!(log.metadata().unwrap().len() > 0, "closing does not sync either");
    let store = open(&directory);
    assert!(store.is_writable());
    block_on(store.commit(&id(4), first(4))).unwrap();
}

#[test]
fn jobs_that_waited_while_the_sync_failed_are_refused() {
    let directory = directory();
    let store = open(&directory);
    store.faults().fail_next_sync();
    // More than one group takes: the rest is a group of its own, after the failure.
    let commits: Vec<_> = (0..=u8::MAX).chain(0..10).map(|number| (id(number), first(number))).collect();
    let answers = together(&store, &commits);
    assert_eq!(answers[255], Err(StoreError::Unknown));
    assert_eq!(answers[256..], [Err(StoreError::Unavailable); 10]);
}

#[test]
fn a_full_disk_refuses_and_heals() {
    let directory = directory();
    let store = open(&directory);
    block_on(store.commit(&id(1), first(1))).unwrap();
    store.faults().bound_pages(Some(1));
    let large = Commit { public_box: Bytes::from(vec![7; 200_000]), ..first(2) };
    assert_eq!(block_on(store.commit(&id(2), large.clone())), Err(StoreError::Unavailable));
    assert!(store.is_writable(), "a full disk is no failed sync");
    assert_eq!(block_on(store.load(&id(2))).unwrap(), None);
    assert!(block_on(store.load(&id(1))).unwrap().is_some());

    store.faults().bound_pages(None);
    block_on(store.commit(&id(2), large)).unwrap();
}

#[test]
fn a_full_queue_is_unavailable_at_once() {
    let directory = directory();
    let options = Options { queue_len: 2, ..Options::new(directory.path(), Vec::new()) };
    let store = SqliteStore::open(options).unwrap();
    let held = store.faults().writer.hold();
    let mut waiting = Vec::new();
    // The writer has one in hand, or is about to.
    let refused = (0..4).find_map(|number| {
        let store = &store;
        let mut write = async move { (number, store.commit(&id(number), first(number)).await) }.boxed_local();
        let answered = (&mut write).now_or_never();
        if answered.is_none() {
            waiting.push(write);
        }
        answered.map(|(_, answer)| answer)
    });
    assert_eq!(refused, Some(Err(StoreError::Unavailable)));
    drop(held);
    for (number, answer) in block_on(join_all(waiting)) {
        assert_eq!(answer, Ok(()), "{number}");
    }
}

#[test]
fn closing_finishes_what_is_queued() {
    let directory = directory();
    let store = open(&directory);
    let held = store.faults().writer.hold();
    let record = id(1);
    let mut write = store.commit(&record, first(1)).boxed();
    assert!((&mut write).now_or_never().is_none());
    std::thread::scope(|scope| {
        let closing = scope.spawn(|| store.close());
        drop(held);
        closing.join().unwrap();
    });
    assert_eq!(block_on(write), Ok(()));
    assert!(block_on(open(&directory).load(&id(1))).unwrap().is_some());
}

#[test]
fn the_log_is_emptied_when_it_has_grown_and_when_the_store_closes() {
    let directory = directory();
    let log = directory.path().join("strongroom.db-wal");
    let store = open(&directory);
    let large = |number| Commit { public_box: Bytes::from(vec![7; 1 << 20]), ..first(number) };
    for number in 0..12 {
        block_on(store.commit(&id(number), large(number))).unwrap();
    }
    assert!(store.stats().checkpoints >= 1);
    assert!(log.metadata().unwrap().len() < 12 << 20);
    store.close();
    assert!(!log.exists());
}

#[test]
fn a_write_without_effect_costs_no_sync() {
    let directory = directory();
    let store = open(&directory);
    block_on(store.revoke(&SessionId::from_bytes([1; 16]))).unwrap();
    assert_eq!(store.stats().syncs, 0);
}

fn passkey(number: u8) -> NewCredential {
    NewCredential {
        name: Pseudonym::from_bytes([number; 32]),
        owner: id(number),
        sealed: Bytes::from_static(b"sealed"),
        created_at: Timestamp::from_secs(0),
        session: None,
    }
}

#[test]
fn a_passkey_that_the_database_refuses_half_way_leaves_nothing_and_its_neighbours_are_kept() {
    let directory = directory();
    let store = open(&directory);
    store.close();
    // The database refuses the second part of a box after the row and the first part.
    Connection::open(directory.path().join("strongroom.db"))
        .unwrap()
        .execute_batch(
            "CREATE TRIGGER refuses BEFORE INSERT ON box_slots WHEN NEW.part = x'01'
             BEGIN SELECT raise(ABORT, 'refused'); END",
        )
        .unwrap();
    let store = open(&directory);
    let held = store.faults().writer.hold();
    let long = NewCredential { sealed: Bytes::from(vec![7; 2000]), ..passkey(2) };
    let mut waiting = [passkey(1), long, passkey(3)].map(|new| store.add(new, 9));
    for write in &mut waiting {
        assert!(write.now_or_never().is_none(), "queued, and not answered");
    }
    drop(held);
    let answers = block_on(join_all(waiting));
    assert_eq!(answers, [Ok(Addition::Added), Err(StoreError::Unavailable), Ok(Addition::Added)]);
    let kept = [1, 2, 3].map(|number| {
        let name = Pseudonym::from_bytes([number; 32]);
        block_on(store.find(&name)).unwrap().is_some()
    });
    assert_eq!(kept, [true, false, true]);
}

#[test]
fn a_closing_whose_sync_failed_is_not_said_to_be_done_and_whoever_asks_again_hears_no_more() {
    let directory = directory();
    let store = open(&directory);
    block_on(store.add(passkey(1), 9)).unwrap();
    store.faults().fail_next_sync();
    assert_eq!(block_on(store.close_account(&id(1))), Err(StoreError::Unknown));
    assert_eq!(block_on(store.close_account(&id(1))), Err(StoreError::Unavailable));
    drop(store);
    let store = open(&directory);
    assert_eq!(block_on(store.of_owner(&id(1))).unwrap().len(), 1, "it was undone");
    assert_eq!(block_on(store.close_account(&id(1))), Ok(Vec::new()));
}

#[test]
fn an_account_that_is_closed_twice_in_one_group_is_owed_to_both_while_the_log_is_read() {
    let directory = directory();
    let store = open(&directory);
    block_on(store.add(passkey(1), 9)).unwrap();
    let reader = Connection::open(directory.path().join("strongroom.db")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT count(*) FROM credentials", [], |row| row.get::<_, i64>(0)).unwrap();
    let held = store.faults().writer.hold();
    let owner = id(1);
    let mut waiting = [store.close_account(&owner), store.close_account(&owner)];
    for write in &mut waiting {
        assert!(write.now_or_never().is_none(), "queued, and not answered");
    }
    drop(held);
    assert_eq!(block_on(join_all(waiting)), [Err(StoreError::Unknown), Err(StoreError::Unknown)]);
}
