//! How the database is opened: the pragmas, for one writer and for any number of readers.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, OpenFlags, Result, ffi};
use strongroom_ports::StoreError;

use crate::directory;
use crate::error::store_error;

/// Statements kept prepared; more than the store has.
const STATEMENTS: usize = 128;

/// Pages held by one connection, in KiB: the cache of sealed records is in front of it.
const PAGE_CACHE_KIB: i64 = 4 * 1024;

/// How long a reader waits for a lock: only while the log is being restarted or recovered, which takes milliseconds.
const READER_WAIT: Duration = Duration::from_secs(5);

/// How long a transaction waits for the lock of writers, which nobody else has but an operator with a shell: as long as
/// callers may be kept waiting for his sake.
const WRITER_WAIT: Duration = Duration::from_secs(1);

/// The one connection that writes.
///
/// A log that outlives a crash of the machine (`synchronous=FULL`), deleted bytes overwritten, no trust in what a
/// tampered schema could call, and no checkpoint but those the writer asks for: `SQLite` does not report a sync that
/// fails in one of its own.
pub(crate) fn writer(database: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(WRITER_WAIT)?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    if !is_journal_mode_set(&connection, "wal")? {
        // A file system without shared memory, such as a network share: no erasure could be kept there.
        return Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CANTOPEN), None));
    }
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |row| row.get::<_, i64>(0))?;
    common(&connection)?;
    Ok(connection)
}

/// Undoes what a first start that was interrupted has left half done, before the database had its log: a reader may not.
pub(crate) fn roll_back_journal(database: &Path) -> Result<()> {
    if !directory::beside(database, "-journal").exists() {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// A connection that cannot write.
pub(crate) fn reader(database: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(READER_WAIT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "query_only", "ON")?;
    common(&connection)?;
    Ok(connection)
}

/// What a caller does about an error that changed nothing. Damage is damage unless the disk gives nothing back at all, which
/// `SQLite` tells by the same code: that may pass.
pub(crate) fn told(connection: &Connection, error: &Error) -> StoreError {
    match store_error(error) {
        StoreError::Damaged if !connection.path().map(Path::new).is_some_and(directory::can_be_read) => {
            StoreError::Unavailable
        }
        other => other,
    }
}

/// Sets how the database keeps its journal. `false` when it kept the mode it had.
///
/// `SQLite` answers with the new mode, and only then commits the page that says so: a failure of that is told by the step
/// after the answer, which must be taken.
pub(crate) fn is_journal_mode_set(connection: &Connection, mode: &str) -> Result<bool> {
    let mut statement = connection.prepare(&format!("PRAGMA journal_mode = {mode}"))?;
    let answers: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
    Ok(answers == [mode])
}

fn common(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // One plan a statement, whatever is bound to it: else one that might have a better plan for other values is prepared anew
    // at every use, which is half of what a merge costs.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)
}

/// Begins a transaction that writes.
pub(crate) fn begin(connection: &Connection) -> Result<()> {
    connection.busy_timeout(WRITER_WAIT)?;
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
}

/// Moves the write-ahead log into the database and cuts it to nothing. `false` when another process still reads from it
/// after `wait`.
pub(crate) fn empty_log(connection: &Connection, wait: Duration) -> Result<bool> {
    connection.busy_timeout(wait)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(row.get::<_, i64>(0)? == 0))
}
