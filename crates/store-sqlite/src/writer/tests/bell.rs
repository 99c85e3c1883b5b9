//! For whom the writer rings: for what is durable, and for nothing else.

use std::sync::{Arc, Mutex};

use strongroom_ports::ChangeBell;
use strongroom_testkit::fake::RecordingBell;

use super::*;

fn open_with(directory: &TempDir, bell: Arc<dyn ChangeBell>) -> SqliteStore {
    SqliteStore::open(Options { bell: Some(bell), ..Options::new(directory.path(), Vec::new()) }).unwrap()
}

fn ringing(directory: &TempDir) -> (SqliteStore, Arc<RecordingBell>) {
    let bell = Arc::new(RecordingBell::new());
    (open_with(directory, bell.clone()), bell)
}

#[test]
fn each_record_of_a_group_is_rung_for_and_a_refused_write_is_not() {
    let directory = directory();
    let (store, bell) = ringing(&directory);
    let stale = next(2, Revision::first(Generation::from_bytes([99; 16])));
    let answers = together(&store, &[(id(1), first(1)), (id(2), stale), (id(3), first(3))]);
    assert_eq!(answers, [Ok(()), Err(StoreError::Stale), Ok(())]);
    assert_eq!(bell.taken(), [id(1), id(3)]);
}

#[test]
fn an_erasure_rings_and_so_does_the_record_after_it() {
    let directory = directory();
    let (store, bell) = ringing(&directory);
    block_on(store.commit(&id(1), first(1))).unwrap();
    let revision = first(1).revision;
    block_on(store.erase(&id(1), revision, WriteId::from_bytes([9; 16]))).unwrap();
    assert_eq!(bell.taken(), [id(1), id(1)]);
    assert_eq!(block_on(store.erase(&id(1), revision, WriteId::from_bytes([9; 16]))), Err(StoreError::Stale));
    assert_eq!(bell.taken(), []);
    block_on(store.commit(&id(1), first(2))).unwrap();
    assert_eq!(bell.taken(), [id(1)]);
}

#[test]
fn a_write_whose_caller_has_gone_is_rung_for() {
    let directory = directory();
    let (store, bell) = ringing(&directory);
    let held = store.faults().writer.hold();
    let written = id(1);
    let mut gone = store.commit(&written, first(1)).boxed();
    assert!((&mut gone).now_or_never().is_none(), "queued, and not answered");
    drop(gone);
    drop(held);
    store.close();
    assert_eq!(bell.taken(), [id(1)]);
}

#[test]
fn what_may_be_durable_is_rung_for_and_what_was_refused_is_not() {
    let directory = directory();
    let (store, bell) = ringing(&directory);
    store.faults().fail_next_sync();
    assert_eq!(block_on(store.commit(&id(1), first(1))), Err(StoreError::Unknown));
    assert_eq!(bell.taken(), [id(1)], "whoever asks may find that it happened");
    assert_eq!(block_on(store.commit(&id(1), first(1))), Err(StoreError::Unavailable));
    assert_eq!(bell.taken(), []);
}

#[test]
fn sessions_and_passkeys_ring_for_nobody() {
    let directory = directory();
    let (store, bell) = ringing(&directory);
    block_on(store.add(passkey(1), 9)).unwrap();
    block_on(store.close_account(&id(1))).unwrap();
    assert_eq!(bell.taken(), []);
}

/// Asks the store what is there when it rings, as a listener would.
#[derive(Debug, Default)]
struct AskingBell {
    store: Mutex<Option<SqliteStore>>,
    found: Mutex<Vec<Option<u64>>>,
}

impl ChangeBell for AskingBell {
    fn ring(&self, id: &RecordId) {
        let store = self.store.lock().unwrap().clone().unwrap();
        let found = block_on(store.load(id)).unwrap().map(|record| record.revision.version);
        self.found.lock().unwrap().push(found);
    }
}

#[test]
fn whoever_is_rung_for_finds_what_has_changed() {
    let directory = directory();
    let bell = Arc::new(AskingBell::default());
    let store = open_with(&directory, bell.clone());
    *bell.store.lock().unwrap() = Some(store.clone());
    let created = first(1).revision;
    block_on(store.commit(&id(1), first(1))).unwrap();
    block_on(store.commit(&id(1), next(1, created))).unwrap();
    block_on(store.erase(&id(1), created.next(), WriteId::from_bytes([9; 16]))).unwrap();
    assert_eq!(*bell.found.lock().unwrap(), [Some(1), Some(2), None]);
    *bell.store.lock().unwrap() = None;
}

#[test]
fn an_erasure_that_is_owed_is_rung_for_when_it_is_done() {
    let directory = directory();
    let (store, bell) = ringing(&directory);
    block_on(store.commit(&id(1), first(1))).unwrap();
    let reader = Connection::open(directory.path().join("strongroom.db")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT count(*) FROM records", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(bell.taken(), [id(1)]);
    let (erased, write_id) = (first(1).revision, WriteId::from_bytes([9; 16]));
    assert_eq!(block_on(store.erase(&id(1), erased, write_id)), Err(StoreError::Unknown));
    assert_eq!(bell.taken(), [], "it is neither there nor gone");
    drop(reader);
    store.close();
    assert_eq!(bell.taken(), [id(1)]);
}
