//! What opens, what is refused, and that a refusal writes nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{database, directory, generation, load, open, options, record, write};
use rusqlite::Connection;
use strongroom_ports::KeyCheck;
use strongroom_ports::{RecordStore, StoreError};
use strongroom_store_sqlite::{OpenError, Options, SqliteStore};

fn check(id: &str, byte: u8) -> KeyCheck {
    KeyCheck { id: id.to_owned(), value: [byte; 32] }
}

fn refusal(options: Options) -> OpenError {
    let database = database(&options.directory);
    let before = std::fs::read(&database).unwrap();
    let refusal = SqliteStore::open(options).unwrap_err();
    assert!(std::fs::read(&database).unwrap() == before, "nothing was written");
    refusal
}

fn edit(directory: &Path, sql: &str) {
    Connection::open(database(directory)).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn directory_and_files_are_made_for_the_owner_alone() {
    let parent = directory();
    let directory = parent.path().join("data");
    let store = open(&directory);
    write(&store, &record(1), generation(1), 1);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let files: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 4, "database, log, index of the log, lock: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn restart_keeps_what_was_acknowledged() {
    let directory = directory();
    let store = open(directory.path());
    let revision = write(&store, &record(1), generation(1), 3);
    let before = load(&store, &record(1));
    drop(store);
    let store = open(directory.path());
    assert_eq!(load(&store, &record(1)), before);
    assert_eq!(before.unwrap().revision, revision);
}

#[test]
fn one_store_at_a_time_has_a_directory() {
    let directory = directory();
    let store = open(directory.path());
    let second = store.clone();
    assert!(matches!(refusal(options(directory.path())), OpenError::InUse));
    drop(store);
    assert!(matches!(refusal(options(directory.path())), OpenError::InUse), "a handle is left");
    drop(second);
    open(directory.path());
}

#[test]
fn a_closed_store_is_unavailable_from_every_handle() {
    let directory = directory();
    let store = open(directory.path());
    let other = store.clone();
    write(&store, &record(1), generation(1), 1);
    store.close();
    for number in [1, 2] {
        assert_eq!(futures_executor::block_on(other.load(&record(number))), Err(StoreError::Unavailable));
    }
    assert!(!other.is_writable());
    open(directory.path());
}

#[test]
fn a_database_of_a_newer_release_is_refused() {
    let directory = directory();
    drop(open(directory.path()));
    edit(directory.path(), "PRAGMA user_version = 99");
    assert!(matches!(refusal(options(directory.path())), OpenError::Newer { found: 99, .. }));
}

#[test]
fn a_database_of_somebody_else_is_refused() {
    let directory = directory();
    edit(directory.path(), "CREATE TABLE theirs (x); PRAGMA user_version = 1");
    assert!(matches!(refusal(options(directory.path())), OpenError::Foreign));
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let directory = directory();
    std::fs::write(database(directory.path()), vec![7; 8192]).unwrap();
    assert!(matches!(refusal(options(directory.path())), OpenError::Damaged { .. }));
}

#[test]
fn a_file_that_was_made_and_never_filled_is_as_good_as_none() {
    let directory = directory();
    std::fs::write(database(directory.path()), []).unwrap();
    write(&open(directory.path()), &record(1), generation(1), 1);
}

#[test]
fn a_log_whose_database_is_gone_is_not_taken_for_nothing() {
    let directory = directory();
    std::fs::write(directory.path().join("strongroom.db-wal"), vec![7; 8192]).unwrap();
    assert!(matches!(SqliteStore::open(options(directory.path())), Err(OpenError::Sqlite { .. })));
}

/// A first start that is cut off before the database has its log leaves a journal, which a reader may not play back.
#[test]
fn a_first_start_that_was_cut_off_is_begun_again() {
    let (begun, cut_off) = (directory(), directory());
    let path = database(begun.path());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE half (x); DROP TABLE half; PRAGMA cache_size = 1; BEGIN;
             CREATE TABLE half (x); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
             INSERT INTO half SELECT zeroblob(4000) FROM n",
        )
        .unwrap();
    for name in ["strongroom.db", "strongroom.db-journal"] {
        std::fs::copy(begun.path().join(name), cut_off.path().join(name)).unwrap();
    }
    drop(connection);
    write(&open(cut_off.path()), &record(1), generation(1), 1);
}

#[test]
fn a_keyring_without_a_key_of_the_database_is_refused_by_the_key_s_id() {
    let directory = directory();
    drop(SqliteStore::open(Options::new(directory.path(), vec![check("old", 1), check("new", 2)])).unwrap());
    let error = refusal(Options::new(directory.path(), vec![check("new", 2)]));
    assert!(matches!(&error, OpenError::KeyMissing(id) if id == "old"), "{error}");
}

#[test]
fn a_keyring_with_another_key_under_the_same_id_is_refused() {
    let directory = directory();
    drop(SqliteStore::open(Options::new(directory.path(), vec![check("k", 1)])).unwrap());
    let error = refusal(Options::new(directory.path(), vec![check("k", 2)]));
    assert!(matches!(&error, OpenError::KeyDiffers(id) if id == "k"), "{error}");
}

#[test]
fn a_new_key_is_recorded_and_missed_from_then_on() {
    let directory = directory();
    drop(SqliteStore::open(Options::new(directory.path(), vec![check("a", 1)])).unwrap());
    drop(SqliteStore::open(Options::new(directory.path(), vec![check("b", 2), check("a", 1)])).unwrap());
    let error = refusal(Options::new(directory.path(), vec![check("a", 1)]));
    assert!(matches!(&error, OpenError::KeyMissing(id) if id == "b"), "{error}");
}

#[test]
fn nothing_of_a_key_check_but_its_id_is_printed() {
    assert_eq!(format!("{:?}", check("k", 211)), r#"KeyCheck { id: "k", .. }"#);
}
