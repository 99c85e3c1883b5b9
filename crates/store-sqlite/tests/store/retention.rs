//! What the store forgets by itself, and in which order.

use std::time::Duration;

use crate::support::{database, directory, generation, occurs, options, raw_bytes, record, write, write_id};
use futures_executor::block_on;
use rusqlite::Connection;
use strongroom_ports::{NewSession, RecordStore, RefreshHash, SessionId, SessionStore, Timestamp};
use strongroom_store_sqlite::SqliteStore;

#[test]
fn the_newest_events_of_a_record_stay_and_older_ones_go_from_the_front() {
    let directory = directory();
    let store = SqliteStore::open(strongroom_store_sqlite::Options {
        events_per_record: 3,
        ..options(directory.path())
    })
    .unwrap();
    write(&store, &record(2), generation(2), 1);
    write(&store, &record(1), generation(1), 7);
    let versions = |id, generation, after, limit| -> Vec<u64> {
        let events = block_on(store.events(&record(id), generation, after, limit)).unwrap();
        events.iter().map(|event| event.revision.version).collect()
    };
    assert_eq!(versions(1, generation(1), 0, 100), [5, 6, 7]);
    assert_eq!(versions(1, generation(1), 5, 100), [6, 7]);
    assert_eq!(versions(1, generation(1), 0, 2), [5, 6]);
    assert_eq!(versions(1, generation(1), u64::MAX, 2), [0; 0]);
    assert_eq!(versions(2, generation(2), 0, 100), [1], "each record has its own");
    store.close();
    let dropped = format!("event of {}.4", generation(1));
    assert!(!occurs(dropped.as_bytes(), &raw_bytes(directory.path())), "their bytes go too");
}

#[test]
fn the_newest_erasures_of_all_records_stay() {
    let directory = directory();
    let store =
        SqliteStore::open(strongroom_store_sqlite::Options { erasures_kept: 2, ..options(directory.path()) })
            .unwrap();
    for number in 1..=4 {
        let revision = write(&store, &record(number), generation(number), 1);
        block_on(store.erase(&record(number), revision, write_id(revision))).unwrap();
    }
    let kept: Vec<_> = (1..=4)
        .filter(|number| {
            !block_on(store.events(&record(*number), generation(*number), 0, 1)).unwrap().is_empty()
        })
        .collect();
    assert_eq!(kept, [3, 4]);
}

#[test]
fn lapsed_sessions_go_with_later_writes_and_living_ones_stay() {
    let directory = directory();
    let store = SqliteStore::open(options(directory.path())).unwrap();
    let session = |number: u8, created_at: Timestamp| NewSession {
        id: SessionId::from_bytes([number; 16]),
        owner: record(1),
        refresh: RefreshHash::from_bytes([number; 32]),
        created_at,
        lapses_at: created_at.plus(Duration::from_secs(10)),
    };
    let start = Timestamp::from_secs(1_000);
    for number in 0..40 {
        block_on(SessionStore::open(&store, session(number, start))).unwrap();
    }
    let later = start.plus(Duration::from_secs(10));
    for number in 100..110 {
        block_on(SessionStore::open(&store, session(number, later))).unwrap();
    }
    for number in 100..110 {
        assert!(block_on(store.is_live(&SessionId::from_bytes([number; 16]), later)).unwrap());
    }
    store.close();
    let left: i64 = Connection::open(database(directory.path()))
        .unwrap()
        .query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 10);
}

#[test]
fn a_revoked_session_is_dead_after_a_restart() {
    let directory = directory();
    let (id, now) = (SessionId::from_bytes([1; 16]), Timestamp::from_secs(1_000));
    let session = NewSession {
        id,
        owner: record(1),
        refresh: RefreshHash::from_bytes([1; 32]),
        created_at: now,
        lapses_at: now.plus(Duration::from_secs(10)),
    };
    let store = SqliteStore::open(options(directory.path())).unwrap();
    block_on(SessionStore::open(&store, session)).unwrap();
    assert!(block_on(store.is_live(&id, now)).unwrap());
    block_on(store.revoke(&id)).unwrap();
    drop(store);
    let store = SqliteStore::open(options(directory.path())).unwrap();
    assert!(!block_on(store.is_live(&id, now)).unwrap());
}
