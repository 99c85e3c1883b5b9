//! What an erasure destroys: every byte of the wrapped key, in every file, before it is answered.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::support::{
    commit, database, directory, generation, load, occurs, open, options, raw_bytes, record, write, write_id,
};
use bytes::Bytes;
use futures_executor::block_on;
use futures_util::future::join_all;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use rusqlite::Connection;
use strongroom_domain::{Generation, Revision};
use strongroom_ports::{Commit, EventBody, RecordId, RecordStore, StoreError};
use strongroom_store_sqlite::SqliteStore;

#[test]
fn an_erased_record_s_key_is_in_no_file_when_the_erasure_is_answered() {
    let directory = directory();
    let store = open(directory.path());
    let newest = write(&store, &record(1), generation(1), 5);
    write(&store, &record(2), generation(2), 1);
    let of_each_version = |kind: &str| {
        let lives = format!("{kind} of {}", generation(1));
        move || occurs(lives.as_bytes(), &raw_bytes(directory.path()))
    };
    let key = of_each_version("key");
    assert!(key(), "the test would find it");
    block_on(store.erase(&record(1), newest, write_id(newest.next()))).unwrap();
    assert!(!key());
    assert_eq!(load(&store, &record(1)), None);
}

/// Of a few rows that never changed pages, `secure_delete` leaves nothing. Of others it may; they do not open any more.
#[test]
fn boxes_and_events_of_every_version_go_with_it() {
    let directory = directory();
    let store = open(directory.path());
    let newest = write(&store, &record(1), generation(1), 5);
    let remains = || occurs(generation(1).to_string().as_bytes(), &raw_bytes(directory.path()));
    assert!(remains());
    block_on(store.erase(&record(1), newest, write_id(newest.next()))).unwrap();
    assert!(!remains(), "neither in a box, nor in an event");
    let events = block_on(store.events(&record(1), generation(1), 0, 10)).unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].revision, events[0].body.clone()), (newest.next(), EventBody::Erased));
    assert_eq!(events[0].write_id, write_id(newest.next()));
}

/// `secure_delete` alone leaves copies of rows that moved between pages. A long history of records of all sizes makes
/// the database balance its trees in every way it knows.
#[test]
fn no_run_of_bytes_of_an_erased_record_s_key_survives_a_long_history() {
    const ROUNDS: usize = 25;
    const CREATED_PER_ROUND: u64 = 24;
    let directory = directory();
    let store = open(directory.path());
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut living: Vec<(RecordId, Revision)> = Vec::new();
    let mut keys: HashMap<Generation, Bytes> = HashMap::new();
    let mut erased: Vec<Bytes> = Vec::new();
    let mut next = 0_u64;
    for _ in 0..ROUNDS {
        let mut writes: Vec<(RecordId, Commit)> = Vec::new();
        for _ in 0..CREATED_PER_ROUND {
            next += 1;
            let made = random_commit(&mut random, Revision::first(generation(next)));
            living.push((record(next), made.revision));
            writes.push((record(next), made));
        }
        for place in (0..living.len() - usize::try_from(CREATED_PER_ROUND).unwrap()).step_by(7) {
            let (id, revision) = &mut living[place];
            *revision = revision.next();
            writes.push((*id, random_commit(&mut random, *revision)));
        }
        for (_, commit) in &writes {
            keys.extend(commit.wrapped_key.clone().map(|key| (commit.revision.generation, key)));
        }
        let written = block_on(join_all(writes.iter().map(|(id, commit)| store.commit(id, commit.clone()))));
        assert!(written.iter().all(Result::is_ok), "{written:?}");
        let gone: Vec<_> = (0..CREATED_PER_ROUND * 4 / 5)
            .map(|_| {
                let place = usize::try_from(random.next_u64()).unwrap() % living.len();
                living.swap_remove(place)
            })
            .collect();
        let answers = block_on(join_all(
            gone.iter().map(|(id, revision)| store.erase(id, *revision, write_id(*revision))),
        ));
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        erased.extend(gone.iter().map(|(_, revision)| keys.remove(&revision.generation).unwrap()));
    }
    let raw = raw_bytes(directory.path());
    let left: HashSet<u64> = runs(&raw).collect();
    for (_, revision) in &living {
        assert!(runs(&keys[&revision.generation]).all(|run| left.contains(&run)), "the test would find it");
    }
    for key in &erased {
        assert!(!runs(key).any(|run| left.contains(&run)), "of {} erased keys", erased.len());
    }
}

/// Every eight bytes that follow each other, as numbers: chance repeats none of them in a few megabytes.
fn runs(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.array_windows().map(|run| u64::from_be_bytes(*run))
}

fn random_commit(random: &mut TestRng, revision: Revision) -> Commit {
    let mut bytes = |least: u64, most: u64| {
        let length = usize::try_from(least + random.next_u64() % (most - least)).unwrap();
        let mut bytes = vec![0; length];
        random.fill_bytes(&mut bytes);
        Bytes::from(bytes)
    };
    let wrapped_key = bytes(80, 140);
    Commit {
        public_box: bytes(40, 6000),
        private_box: Some(bytes(40, 900)),
        event: bytes(40, 500),
        wrapped_key: (revision.version == 1).then_some(wrapped_key),
        ..commit(revision)
    }
}

#[test]
fn an_erased_record_can_begin_anew_and_shares_nothing() {
    let directory = directory();
    let store = open(directory.path());
    let newest = write(&store, &record(1), generation(1), 2);
    block_on(store.erase(&record(1), newest, write_id(newest.next()))).unwrap();
    write(&store, &record(1), generation(2), 1);
    assert_eq!(load(&store, &record(1)).unwrap().revision, Revision::first(generation(2)));
}

/// Another process that reads, as a backup does.
fn reading(directory: &Path) -> Connection {
    let connection = Connection::open(database(directory)).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    connection.query_row("SELECT count(*) FROM records", [], |row| row.get::<_, i64>(0)).unwrap();
    connection
}

#[test]
fn an_erasure_whose_bytes_are_still_being_read_is_not_answered_as_done() {
    let directory = directory();
    let store = open(directory.path());
    let newest = write(&store, &record(1), generation(1), 2);
    write(&store, &record(2), generation(2), 1);
    let backup = reading(directory.path());
    assert_eq!(block_on(store.erase(&record(1), newest, write_id(newest))), Err(StoreError::Unknown));
    assert_eq!(block_on(store.load(&record(1))), Err(StoreError::Unavailable), "neither there nor gone");
    assert!(block_on(store.events(&record(1), generation(1), 0, 9)).is_err());
    assert!(load(&store, &record(2)).is_some(), "others are not concerned");
    write(&store, &record(3), generation(3), 1);

    drop(backup);
    // The writer tries again by itself; a load says when it is done.
    while block_on(store.load(&record(1))).is_err() {
        std::thread::yield_now();
    }
    assert_eq!(load(&store, &record(1)), None);
    assert!(!occurs(generation(1).to_string().as_bytes(), &raw_bytes(directory.path())));
}

#[test]
fn an_erasure_that_a_crash_interrupted_is_finished_by_the_next_start() {
    let (living, crashed) = (directory(), directory());
    let store = open(living.path());
    let newest = write(&store, &record(1), generation(1), 2);
    let backup = reading(living.path());
    block_on(store.erase(&record(1), newest, write_id(newest))).unwrap_err();
    for file in ["strongroom.db", "strongroom.db-wal"] {
        std::fs::copy(living.path().join(file), crashed.path().join(file)).unwrap();
    }
    drop(backup);
    let remains = || occurs(generation(1).to_string().as_bytes(), &raw_bytes(crashed.path()));
    assert!(remains(), "the test would find it");
    let store = open(crashed.path());
    assert!(!remains());
    assert_eq!(load(&store, &record(1)), None);
}

#[test]
fn a_record_whose_key_was_destroyed_reads_as_none_and_can_begin_anew() {
    for destroy in ["DELETE FROM keys", "UPDATE keys SET body = zeroblob(length(body))"] {
        let directory = directory();
        let store = open(directory.path());
        let newest = write(&store, &record(1), generation(1), 1);
        drop(store);
        Connection::open(database(directory.path())).unwrap().execute_batch(destroy).unwrap();
        let store = SqliteStore::open(options(directory.path())).unwrap();
        assert_eq!(load(&store, &record(1)), None);
        assert_eq!(block_on(store.commit(&record(1), commit(newest.next()))), Err(StoreError::Stale));
        assert_eq!(block_on(store.erase(&record(1), newest, write_id(newest))), Err(StoreError::Stale));
        write(&store, &record(1), generation(2), 1);
        assert_eq!(load(&store, &record(1)).unwrap().revision.generation, generation(2));
    }
}
