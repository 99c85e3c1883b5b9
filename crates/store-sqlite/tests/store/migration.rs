//! A database of an earlier release: opened as it is, brought forward, checked and restored.

use std::path::Path;

use crate::support::{database, directory, generation, load, open, passkey, pseudonym, record};
use futures_executor::block_on;
use rusqlite::Connection;
use strongroom_domain::Revision;
use strongroom_ports::{
    Addition, CredentialStore, NewSession, RefreshHash, Rotation, SessionEntry, SessionId, SessionStore,
    Timestamp,
};
use strongroom_store_sqlite::{WrappedBy, backup, check, figures, restore};

const SESSION: SessionId = SessionId::from_bytes([5; 16]);
const REFRESH: RefreshHash = RefreshHash::from_bytes([6; 32]);

/// What the first release left behind: a record with its key, a session, one that has ended.
fn first_release(directory: &Path) {
    let connection = Connection::open(database(directory)).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    connection.execute_batch(include_str!("../../src/migrations/0001_initial.sql")).unwrap();
    connection.execute_batch("PRAGMA application_id = 0x5374726f; PRAGMA user_version = 1").unwrap();
    let mut key = vec![0, 3, 1, 2, 3];
    key.resize(320, 0);
    connection.execute("INSERT INTO keys VALUES (1, ?1, ?2)", (generation(1).to_bytes(), key)).unwrap();
    connection
        .execute(
            "INSERT INTO records VALUES (?1, ?2, 1, 1, 1, 5, x'01', NULL)",
            (record(1).as_bytes(), generation(1).to_bytes()),
        )
        .unwrap();
    connection.execute("INSERT INTO key_checks VALUES (?1, ?2)", ("k1".as_bytes(), [1_u8; 32])).unwrap();
    for (id, revoked) in [(SESSION, 0), (SessionId::from_bytes([9; 16]), 1)] {
        connection
            .execute(
                "INSERT INTO sessions VALUES (?1, ?2, ?3, 1000, 2000, ?4)",
                (id.as_bytes(), record(1).as_bytes(), REFRESH.as_bytes(), revoked),
            )
            .unwrap();
    }
}

#[test]
fn a_database_of_the_first_release_keeps_its_sessions_and_takes_passkeys() {
    let directory = directory();
    first_release(directory.path());
    let store = open(directory.path());
    let now = Timestamp::from_millis(1500);
    assert_eq!(load(&store, &record(1)).unwrap().revision, Revision::first(generation(1)));
    assert_eq!(block_on(store.is_live(&SESSION, now)), Ok(true));
    let kept = SessionEntry {
        id: SESSION,
        credential: None,
        created_at: Timestamp::from_millis(1000),
        refreshed_at: None,
        lapses_at: Timestamp::from_millis(2000),
    };
    assert_eq!(block_on(store.list(&record(1), now, 9)), Ok(vec![kept]));
    let next = RefreshHash::from_bytes([7; 32]);
    let rotated = block_on(store.rotate(&SESSION, REFRESH, next, now, Timestamp::from_millis(3000)));
    assert_eq!(rotated, Ok(Rotation::Rotated));
    assert_eq!(block_on(store.add(passkey(1, record(1), b"sealed"), 9)), Ok(Addition::Added));
    let session = NewSession {
        id: SessionId::from_bytes([8; 16]),
        owner: record(1),
        credential: Some(pseudonym(1)),
        refresh: next,
        created_at: now,
        lapses_at: Timestamp::from_millis(3000),
    };
    assert_eq!(block_on(SessionStore::open(&store, session)), Ok(Vec::new()));
    assert_eq!(check(directory.path()).unwrap().schema_version, 2);
}

#[test]
fn a_database_of_the_first_release_is_checked_counted_and_restored_as_it_is() {
    const WRAPPED_BY: WrappedBy = WrappedBy { key: |_| Some("k1".to_owned()), note: |_| None };
    let (old, new) = (directory(), directory());
    first_release(old.path());
    let report = check(old.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.schema_version, report.sessions, report.passkeys), (1, 2, 0));
    let figures = figures(old.path(), Timestamp::from_millis(0), WRAPPED_BY).unwrap();
    assert_eq!((figures.schema_version, figures.sessions, figures.accounts.passkeys), (1, 2, 0));
    assert_eq!((figures.keys[0].wraps, figures.wrapped_by_none), (1, 0));

    let file = old.path().join("backup");
    backup(old.path(), &file).unwrap();
    restore(new.path(), &file, false).unwrap();
    let live = block_on(open(new.path()).is_live(&SESSION, Timestamp::from_millis(1500)));
    assert_eq!(live, Ok(true), "the next start brings it forward");
}
