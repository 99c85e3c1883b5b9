//! What the store forgets by itself, and in which order.

use std::path::Path;
use std::time::Duration;

use crate::support::{
    commit, database, directory, generation, occurs, options, raw_bytes, record, write, write_id,
};
use bytes::Bytes;
use futures_executor::block_on;
use futures_util::future::join_all;
use rusqlite::Connection;
use strongroom_domain::Revision;
use strongroom_ports::{
    Commit, MAX_LIVE_SESSIONS, NewSession, RecordId, RecordStore, RefreshHash, Rotation, SessionId,
    SessionStore, Timestamp,
};
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
fn the_newest_bytes_of_a_record_s_events_stay_and_the_newest_event_always() {
    let directory = directory();
    let store = SqliteStore::open(strongroom_store_sqlite::Options {
        event_bytes_per_record: 1000,
        ..options(directory.path())
    })
    .unwrap();
    let mut revision = Revision::first(generation(1));
    for (bytes, kept) in
        [(400, 1..=1), (400, 1..=2), (200, 1..=3), (1, 2..=4), (900, 4..=5), (5000, 6..=6), (1000, 7..=7)]
    {
        let event = Bytes::from(vec![7; bytes]);
        block_on(store.commit(&record(1), Commit { event, ..commit(revision) })).unwrap();
        let events = block_on(store.events(&record(1), generation(1), 0, 100)).unwrap();
        let versions: Vec<u64> = events.iter().map(|event| event.revision.version).collect();
        assert_eq!(versions, kept.collect::<Vec<_>>(), "after {revision}");
        revision = revision.next();
    }
}

/// Writes many versions of one record, of all sizes, a chain of them in one group; and tells the size of the database.
fn pages_after(store: &SqliteStore, directory: &Path, versions: std::ops::RangeInclusive<u64>) -> i64 {
    let versions: Vec<u64> = versions.collect();
    for chain in versions.chunks(200) {
        let writes = chain.iter().map(|version| {
            let bytes =
                |least, step| Bytes::from(vec![7; least + usize::try_from(version * step % 7919).unwrap()]);
            let revision = Revision { version: *version, ..Revision::first(generation(1)) };
            let commit = Commit {
                public_box: bytes(300, 4099),
                private_box: version.is_multiple_of(3).then(|| bytes(300, 2053)),
                event: bytes(40, 1031),
                ..commit(revision)
            };
            store.commit(&LONE, commit)
        });
        let written = block_on(join_all(writes));
        assert!(written.iter().all(Result::is_ok), "{written:?}");
    }
    pages(directory)
}

const LONE: RecordId = RecordId::from_bytes([9; 32]);

fn pages(directory: &Path) -> i64 {
    let connection = Connection::open(database(directory)).unwrap();
    connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap()
}

#[test]
fn one_person_who_writes_for_ever_does_not_make_the_database_grow() {
    let directory = directory();
    let store = SqliteStore::open(strongroom_store_sqlite::Options {
        event_bytes_per_record: 256 * 1024,
        ..options(directory.path())
    })
    .unwrap();
    let early = pages_after(&store, directory.path(), 1..=400);
    let late = pages_after(&store, directory.path(), 401..=4000);
    assert!(late <= early + early / 4, "{early} pages, then {late}");
    // Of 4 KiB; an event fills the half of a page at the least.
    assert!(late <= 2 * 64 + 32, "{late} pages");
}

#[test]
fn a_record_that_is_made_and_erased_for_ever_does_not_make_the_database_grow() {
    let directory = directory();
    let store =
        SqliteStore::open(strongroom_store_sqlite::Options { erasures_kept: 8, ..options(directory.path()) })
            .unwrap();
    let mut sizes = Vec::new();
    for number in 1..=120_u8 {
        let revision = Revision::first(generation(u64::from(number)));
        let wrapped_key = Some(Bytes::from(vec![number; 2 * usize::from(number)]));
        block_on(store.commit(&record(1), Commit { wrapped_key, ..commit(revision) })).unwrap();
        block_on(store.erase(&record(1), revision, write_id(revision))).unwrap();
        sizes.push(pages(directory.path()));
    }
    assert_eq!(sizes[20], sizes[119]);
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

/// How long a lapsed session is kept.
const WEEK: Duration = Duration::from_hours(7 * 24);

/// One of ten seconds.
fn session(number: u8, created_at: Timestamp) -> NewSession {
    NewSession {
        id: SessionId::from_bytes([number; 16]),
        owner: record(1),
        credential: None,
        refresh: RefreshHash::from_bytes([number; 32]),
        created_at,
        lapses_at: created_at.plus(Duration::from_secs(10)),
    }
}

#[test]
fn sessions_a_week_past_their_lapse_go_with_later_writes_and_living_ones_stay() {
    let directory = directory();
    let store = SqliteStore::open(options(directory.path())).unwrap();
    let start = Timestamp::from_secs(1_000);
    for number in 0..40 {
        block_on(SessionStore::open(&store, session(number, start))).unwrap();
    }
    let later = start.plus(Duration::from_secs(10)).plus(WEEK);
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
fn a_session_that_was_past_its_lapse_by_a_clock_days_ahead_lives_when_the_clock_is_right() {
    let directory = directory();
    let store = SqliteStore::open(options(directory.path())).unwrap();
    let start = Timestamp::from_secs(1_000);
    let early = SessionId::from_bytes([1; 16]);
    block_on(SessionStore::open(&store, session(1, start))).unwrap();
    let ahead = start.plus(WEEK);
    // Each write would take it along.
    block_on(SessionStore::open(&store, session(2, ahead))).unwrap();
    let [valid, next] = [2, 3].map(|number| RefreshHash::from_bytes([number; 32]));
    let id = SessionId::from_bytes([2; 16]);
    let later = ahead.plus(Duration::from_secs(9));
    assert_eq!(block_on(store.rotate(&id, valid, next, later, later)), Ok(Rotation::Rotated));
    assert!(!block_on(store.is_live(&early, ahead)).unwrap(), "by that clock it has lapsed");
    assert!(block_on(store.is_live(&early, start)).unwrap());
}

#[test]
fn sessions_of_whoever_signs_in_again_and_again_do_not_heap_up_whether_or_not_they_sign_out() {
    for (signs_out, times) in [(false, 1000), (true, 100)] {
        let directory = directory();
        let store = SqliteStore::open(options(directory.path())).unwrap();
        let start = Timestamp::from_secs(1_000_000);
        let opened: Vec<SessionId> = (0..times)
            .map(|number| {
                let mut id = [0; 16];
                let number: u32 = number;
                id[..4].copy_from_slice(&number.to_be_bytes());
                let created_at = start.plus(Duration::from_secs(number.into()));
                let lapses_at = start.plus(Duration::from_secs(1_000_000));
                let session =
                    NewSession { id: SessionId::from_bytes(id), created_at, lapses_at, ..session(1, start) };
                block_on(SessionStore::open(&store, session)).unwrap();
                if signs_out {
                    block_on(store.revoke(&session.id)).unwrap();
                }
                session.id
            })
            .collect();
        let (now, hash) = (start.plus(Duration::from_secs(2000)), RefreshHash::from_bytes([1; 32]));
        let gone = &opened[0];
        assert!(!block_on(store.is_live(gone, now)).unwrap());
        assert_eq!(block_on(store.rotate(gone, hash, hash, now, now)), Ok(Rotation::Dead));
        store.close();
        let rows: i64 = Connection::open(database(directory.path()))
            .unwrap()
            .query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))
            .unwrap();
        assert_eq!(usize::try_from(rows), Ok(if signs_out { 1 } else { MAX_LIVE_SESSIONS }));
    }
}

#[test]
fn a_revoked_session_is_dead_after_a_restart() {
    let directory = directory();
    let (id, now) = (SessionId::from_bytes([1; 16]), Timestamp::from_secs(1_000));
    let store = SqliteStore::open(options(directory.path())).unwrap();
    block_on(SessionStore::open(&store, session(1, now))).unwrap();
    assert!(block_on(store.is_live(&id, now)).unwrap());
    block_on(store.revoke(&id)).unwrap();
    drop(store);
    let store = SqliteStore::open(options(directory.path())).unwrap();
    assert!(!block_on(store.is_live(&id, now)).unwrap());
}
