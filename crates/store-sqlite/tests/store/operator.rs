//! What an operator does with a data directory, also while a server has it.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{commit, database, directory, generation, load, open, record, write, write_id};
use futures_executor::block_on;
use rusqlite::Connection;
use strongroom_domain::Revision;
use strongroom_ports::RecordStore;
use strongroom_store_sqlite::{OpenError, OperatorError, backup, check, restore};

#[test]
fn a_check_counts_and_finds_nothing_in_a_sound_database_that_is_served() {
    let directory = directory();
    let store = open(directory.path());
    write(&store, &record(1), generation(1), 3);
    let erased = write(&store, &record(2), generation(2), 1);
    block_on(store.erase(&record(2), erased, write_id(erased))).unwrap();
    let report = check(directory.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.records, report.events, report.records_without_key), (1, 4, 0));
    assert_eq!((report.schema_version, report.key_ids), (2, vec!["k1".to_owned()]));
}

#[test]
fn a_check_finds_records_without_key_and_events_without_body() {
    let directory = directory();
    write(&open(directory.path()), &record(1), generation(1), 1);
    let connection = Connection::open(database(directory.path())).unwrap();
    connection.execute_batch("DELETE FROM keys").unwrap();
    let report = check(directory.path()).unwrap();
    assert!(report.is_sound(), "a destroyed key is no damage");
    assert_eq!(report.records_without_key, 1);
    connection.execute_batch("UPDATE events SET body = NULL").unwrap();
    let report = check(directory.path()).unwrap();
    assert_eq!((report.is_sound(), report.missing_boxes), (false, 1));
}

#[test]
fn a_check_finds_damage() {
    let directory = directory();
    write(&open(directory.path()), &record(1), generation(1), 1);
    let connection = Connection::open(database(directory.path())).unwrap();
    connection
        .execute_batch("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'erasures'")
        .unwrap();
    drop(connection);
    assert!(!check(directory.path()).unwrap().is_sound());
}

#[test]
fn without_a_database_there_is_nothing_to_check_or_to_back_up() {
    let directory = directory();
    assert!(matches!(check(directory.path()).map_err(|failure| failure.cause), Err(OperatorError::Missing)));
    let copy = directory.path().join("copy");
    assert!(matches!(
        backup(directory.path(), &copy).map_err(|failure| failure.cause),
        Err(OperatorError::Missing)
    ));
    assert!(!copy.exists());
}

#[test]
fn a_backup_taken_while_writes_go_on_restores_to_what_was_acknowledged_before_it() {
    let (served, elsewhere) = (directory(), directory());
    let copy = elsewhere.path().join("copy");
    let store = open(served.path());
    let before = write(&store, &record(1), generation(1), 20);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut revision = before;
            while !is_done.load(Ordering::SeqCst) {
                revision = revision.next();
                block_on(store.commit(&record(1), commit(revision))).unwrap();
            }
        });
        backup(served.path(), &copy).unwrap();
        is_done.store(true, Ordering::SeqCst);
    });
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 1, "a backup is one file");

    let restored = elsewhere.path().join("data");
    restore(&restored, &copy, false).unwrap();
    let store = open(&restored);
    let record = load(&store, &record(1)).unwrap();
    assert!(record.revision.version >= before.version);
    assert_eq!(record.public_box, commit(record.revision).public_box);
    write(&store, &crate::support::record(2), generation(2), 1);
}

#[test]
fn a_backup_overwrites_nothing() {
    let directory = directory();
    let _store = open(directory.path());
    let copy = directory.path().join("copy");
    std::fs::write(&copy, "precious").unwrap();
    assert!(matches!(
        backup(directory.path(), &copy).map_err(|failure| failure.cause),
        Err(OperatorError::Exists)
    ));
    assert_eq!(std::fs::read(&copy).unwrap(), b"precious");
}

#[test]
fn a_database_is_replaced_by_force_only_and_wholly() {
    let (served, elsewhere) = (directory(), directory());
    let copy = elsewhere.path().join("copy");
    let store = open(served.path());
    let first = write(&store, &record(1), generation(1), 1);
    backup(served.path(), &copy).unwrap();
    write(&store, &record(2), generation(2), 1);
    assert!(matches!(
        restore(served.path(), &copy, true).map_err(|failure| failure.cause),
        Err(OperatorError::Store(OpenError::InUse))
    ));
    drop(store);
    assert!(matches!(
        restore(served.path(), &copy, false).map_err(|failure| failure.cause),
        Err(OperatorError::Exists)
    ));
    assert!(load(&open(served.path()), &record(2)).is_some(), "a refusal changes nothing");
    restore(served.path(), &copy, true).unwrap();
    let store = open(served.path());
    assert_eq!(load(&store, &record(2)), None);
    assert_eq!(load(&store, &record(1)).unwrap().revision, first);
}

#[test]
fn a_damaged_database_and_its_log_are_replaced_by_force() {
    let (served, elsewhere) = (directory(), directory());
    let copy = elsewhere.path().join("copy");
    let store = open(served.path());
    let first = write(&store, &record(1), generation(1), 1);
    backup(served.path(), &copy).unwrap();
    drop(store);
    std::fs::write(database(served.path()), vec![7; 8192]).unwrap();
    std::fs::write(served.path().join("strongroom.db-wal"), vec![7; 8192]).unwrap();
    restore(served.path(), &copy, true).unwrap();
    assert_eq!(load(&open(served.path()), &record(1)).unwrap().revision, first);
}

#[test]
fn what_is_no_sound_backup_replaces_nothing() {
    let (served, elsewhere) = (directory(), directory());
    write(&open(served.path()), &record(1), generation(1), 1);
    let text = elsewhere.path().join("text");
    std::fs::write(&text, vec![b'x'; 9000]).unwrap();
    assert!(matches!(
        restore(served.path(), &text, true).map_err(|failure| failure.cause),
        Err(OperatorError::Store(OpenError::Damaged { .. }))
    ));
    let foreign = elsewhere.path().join("foreign");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(
        restore(served.path(), &foreign, true).map_err(|failure| failure.cause),
        Err(OperatorError::Store(OpenError::Foreign))
    ));
    let unsound = elsewhere.path().join("unsound");
    backup(served.path(), &unsound).unwrap();
    Connection::open(&unsound).unwrap().execute_batch("UPDATE events SET body = NULL").unwrap();
    assert!(matches!(
        restore(served.path(), &unsound, true).map_err(|failure| failure.cause),
        Err(OperatorError::Unsound)
    ));
    let store = open(served.path());
    assert_eq!(load(&store, &record(1)).unwrap().revision, Revision::first(generation(1)));
    assert_eq!(
        std::fs::read_dir(served.path())
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().contains("restoring") })
            .count(),
        0,
        "no half of it is left"
    );
}
