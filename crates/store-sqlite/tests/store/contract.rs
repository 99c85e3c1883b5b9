//! The suites of the ports, and what several threads and handles may never see.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::{commit, directory, generation, load, open, options, record, write};
use futures_executor::block_on;
use strongroom_domain::Revision;
use strongroom_ports::{ConfirmationStore, CredentialStore, RecordStore, SessionStore};
use strongroom_testkit::contract;
use strongroom_testkit::fake::RecordingBell;

fn run(future: Pin<Box<dyn Future<Output = ()> + Send>>) {
    block_on(future);
}

#[test]
fn it_does_what_a_record_store_must() {
    let directory = directory();
    block_on(contract::record_store(&open(directory.path())));
}

#[test]
fn it_does_what_a_record_store_must_without_a_cache() {
    let directory = directory();
    let mut options = options(directory.path());
    options.cache_bytes = 0;
    block_on(contract::record_store(&strongroom_store_sqlite::SqliteStore::open(options).unwrap()));
}

#[test]
fn it_rings_as_a_record_store_must() {
    let (directory, bell) = (directory(), Arc::new(RecordingBell::new()));
    let mut options = options(directory.path());
    options.bell = Some(bell.clone());
    let store = strongroom_store_sqlite::SqliteStore::open(options).unwrap();
    block_on(contract::change_bell(&store, &bell));
}

#[test]
fn it_does_so_from_many_threads_and_two_handles() {
    let directory = directory();
    let store = open(directory.path());
    let handles: [Arc<dyn RecordStore>; 2] = [Arc::new(store.clone()), Arc::new(store)];
    contract::record_store_concurrency(&handles, run);
}

#[test]
fn it_does_what_a_session_store_must() {
    let directory = directory();
    block_on(contract::session_store(&open(directory.path())));
}

#[test]
fn a_refresh_token_rotates_once_from_many_threads_and_two_handles() {
    let directory = directory();
    let store = open(directory.path());
    let handles: [Arc<dyn SessionStore>; 2] = [Arc::new(store.clone()), Arc::new(store)];
    contract::session_store_concurrency(&handles, run);
}

#[test]
fn no_reader_ever_sees_an_older_state_than_was_acknowledged_or_seen_before() {
    const VERSIONS: u64 = 60;
    let directory = directory();
    let mut options = options(directory.path());
    // So small that records are evicted all the time, and hits and misses mix.
    options.cache_bytes = 32 * 2048;
    let store = strongroom_store_sqlite::SqliteStore::open(options).unwrap();
    let acknowledged: Vec<AtomicU64> = (0..4).map(|_| AtomicU64::new(0)).collect();
    std::thread::scope(|scope| {
        for (number, newest) in (0..).zip(&acknowledged) {
            let (writer, id) = (store.clone(), record(number));
            scope.spawn(move || {
                let mut revision = Revision::first(generation(number));
                for _ in 0..VERSIONS {
                    block_on(writer.commit(&id, commit(revision))).unwrap();
                    newest.store(revision.version, Ordering::SeqCst);
                    revision = revision.next();
                }
            });
            for _ in 0..2 {
                let reader = store.clone();
                scope.spawn(move || {
                    let mut seen = 0;
                    while seen < VERSIONS {
                        let at_least = seen.max(newest.load(Ordering::SeqCst));
                        let version = load(&reader, &id).map_or(0, |record| record.revision.version);
                        assert!(version >= at_least, "{version} after {at_least}");
                        seen = version;
                    }
                });
            }
        }
    });
    let stats = store.stats();
    assert!(stats.cache_hits > 0 && stats.cache_misses > 0, "both ways were taken: {stats:?}");
}

#[test]
fn a_second_load_is_answered_from_memory() {
    let directory = directory();
    let store = open(directory.path());
    write(&store, &record(1), generation(1), 1);
    store.close();
    let store = open(directory.path());
    for _ in 0..3 {
        load(&store, &record(1));
        load(&store, &record(2));
    }
    assert_eq!((store.stats().cache_misses, store.stats().cache_hits), (2, 4));
}

#[test]
fn it_does_what_a_store_of_passkeys_must() {
    let directory = directory();
    let store = open(directory.path());
    block_on(contract::credential_store(&store, &store));
}

#[test]
fn it_keeps_passkeys_apart_from_many_threads_and_two_handles() {
    let directory = directory();
    let store = open(directory.path());
    let handles: [Arc<dyn CredentialStore>; 2] = [Arc::new(store.clone()), Arc::new(store.clone())];
    contract::credential_store_concurrency(&handles, run);
    let sessions: Arc<dyn SessionStore> = Arc::new(store);
    contract::removal_against_sign_in(&handles[0], &sessions, run);
}

#[test]
fn it_does_what_a_store_of_confirmations_must() {
    let directory = directory();
    block_on(contract::confirmation_store(&open(directory.path())));
}

#[test]
fn a_code_is_counted_and_used_up_from_many_threads_and_two_handles() {
    let directory = directory();
    let store = open(directory.path());
    let handles: [Arc<dyn ConfirmationStore>; 2] = [Arc::new(store.clone()), Arc::new(store)];
    contract::confirmation_store_concurrency(&handles, run);
}

#[test]
fn closing_an_account_leaves_nothing_of_it() {
    let directory = directory();
    let store = open(directory.path());
    block_on(contract::account_closing(&store, &store, &store));
}
