//! What an operator does with a data directory: check it, back it up, restore it. All three block.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use strongroom_ports::StoreError;

use crate::connection;
use crate::directory::{self, Directory};
use crate::error::{OpenError, OperatorError, OperatorFailure, store_error};
use crate::schema;

/// Findings of the integrity check that a report holds: the first few tell what kind of damage it is.
const FINDINGS: usize = 20;

/// How long a copy waits for a lock, and how often: only the moments in which a log is recovered are locked.
const COPY_PAUSE: Duration = Duration::from_millis(50);
const COPY_TRIES: u32 = 100;

/// How long a restore waits for another process to leave the log of what it replaces.
const OLD_LOG_WAIT: Duration = Duration::from_secs(10);

/// What [`check`] found. Counts, never contents.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The version of the schema.
    pub schema_version: i64,
    /// `SQLite`'s findings, the first few; none in a sound database.
    pub findings: Vec<String>,
    /// The ids of the sealing and index keys it was written with.
    pub key_ids: Vec<String>,
    /// Records, those without a key included.
    pub records: u64,
    /// Records whose key is gone: they read as erased.
    pub records_without_key: u64,
    /// Events of writes, passkeys and mails that lack their sealed box: damage. A record cannot lack one.
    pub missing_boxes: u64,
    /// Events in the outbox.
    pub events: u64,
    /// Sessions, lapsed ones included that nothing has swept out yet.
    pub sessions: u64,
    /// Passkeys; none before schema 2, as of the next.
    pub passkeys: u64,
    /// Mails that wait to be sent, expired ones included that nothing has swept out yet.
    pub mails: u64,
}

impl Report {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.missing_boxes == 0
    }
}

/// Looks at the database of a directory, also while a server has it. Reads every page, and keeps erasures waiting
/// meanwhile as [`backup`] does.
///
/// # Errors
///
/// [`OperatorFailure`] when there is no database of ours, or it is too damaged to be looked at.
pub fn check(directory: &Path) -> Result<Report, OperatorFailure> {
    let looked_at = open(&directory::database_in(directory)).and_then(|database| report(&database));
    looked_at.map_err(OperatorError::about(directory))
}

/// Copies the database of a directory, as of one moment, into a new file of mode 0600; also while a server has it.
/// Returns after the copy is on disk. While it runs, the server answers erasures with
/// [`StoreError::Unknown`](strongroom_ports::StoreError::Unknown), and finishes them afterwards: what is being copied
/// cannot be destroyed.
///
/// # Errors
///
/// [`OperatorError::Exists`] when the file is there already; others as [`check`]. What was begun is removed again.
pub fn backup(directory: &Path, to: &Path) -> Result<(), OperatorFailure> {
    let source = open(&directory::database_in(directory)).map_err(OperatorError::about(directory))?;
    write_backup(&source, to).map_err(OperatorError::about(to))
}

fn write_backup(source: &Connection, to: &Path) -> Result<(), OperatorError> {
    directory::create(to).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => OperatorError::Exists,
        _ => OperatorError::File(error),
    })?;
    let copied = copy(source, to);
    if copied.is_err() {
        remove_copy(to)?;
    }
    copied
}

/// Removes a copy that is not whole, and what `SQLite` may have left beside it.
fn remove_copy(copied: &Path) -> Result<(), OperatorError> {
    directory::remove(copied)?;
    Ok(directory::remove(&directory::beside(copied, "-journal"))?)
}

/// Puts a backup in the place of a directory's database, which no server may have meanwhile. An existing database is
/// only replaced with `force`. The backup is copied and checked first; what is there stays until then.
///
/// What a backup brings back includes what has been erased since it was taken.
///
/// # Errors
///
/// [`OperatorError::Exists`] without `force`; [`OpenError::InUse`] while a server has the directory, and
/// [`OpenError::Busy`] while another process reads it;
/// [`OperatorError::Unsound`] for a damaged backup; others as [`check`].
pub fn restore(directory: &Path, from: &Path, force: bool) -> Result<(), OperatorFailure> {
    let source = open(from).map_err(OperatorError::about(from))?;
    if !report(&source).map_err(OperatorError::about(from))?.is_sound() {
        return Err(OperatorError::about(from)(OperatorError::Unsound));
    }
    replace(directory, &source, force).map_err(OperatorError::about(directory))
}

/// Copies a sound source beside a directory's database, and then into its place.
fn replace(directory: &Path, source: &Connection, force: bool) -> Result<(), OperatorError> {
    let directory = Directory::hold(directory)?;
    let database = directory.database();
    if !force && directory::is_filled(&database)? {
        return Err(OperatorError::Exists);
    }
    let copied = directory::beside(&database, ".restoring");
    remove_copy(&copied)?;
    directory::create(&copied)?;
    let sound = copy(source, &copied).and_then(|()| Ok(report(&open(&copied)?)?.is_sound()));
    if !matches!(sound, Ok(true)) {
        remove_copy(&copied)?;
    }
    if !sound? {
        return Err(OperatorError::Unsound);
    }
    empty_old_log(&database)?;
    // Beside the new database the old log would be played into it, and a crash before the rename must lose nothing.
    directory::remove(&directory::beside(&database, "-wal"))?;
    directory::remove(&directory::beside(&database, "-shm"))?;
    directory::sync_parent(&database)?;
    std::fs::rename(&copied, &database)?;
    directory::sync_parent(&database)?;
    Ok(())
}

/// Moves what the log of a database still holds into it, so that the database is whole without its log. One that is too
/// damaged for that is given up by whoever replaces it.
fn empty_old_log(database: &Path) -> Result<(), OperatorError> {
    if !directory::is_filled(database)? || !database.try_exists()? {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match Connection::open_with_flags(database, flags)
        .and_then(|connection| connection::empty_log(&connection, OLD_LOG_WAIT))
    {
        Ok(true) => Ok(()),
        Ok(false) => Err(OpenError::Busy.into()),
        Err(error) if store_error(&error) == StoreError::Damaged => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens a database of ours, to read.
pub(crate) fn open(database: &Path) -> Result<Connection, OperatorError> {
    if !directory::is_filled(database)? {
        return Err(OperatorError::Missing);
    }
    let connection = connection::reader(database)?;
    match schema::inspect(&connection)? {
        0 => Err(OperatorError::Missing),
        _ => Ok(connection),
    }
}

/// Copies a whole database into an empty file, which needs no log of its own, and syncs it.
fn copy(source: &Connection, to: &Path) -> Result<(), OperatorError> {
    let mut target =
        Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    copy_pages(source, &mut target)?;
    // The copy says that it has a write-ahead log, as its source does.
    if !connection::is_journal_mode_set(&target, "delete")? {
        return Err(OperatorError::Unfinished);
    }
    target.close().map_err(|(_, error)| error)?;
    File::open(to)?.sync_all()?;
    Ok(directory::sync_parent(to)?)
}

fn copy_pages(source: &Connection, target: &mut Connection) -> Result<(), OperatorError> {
    let copy = Backup::new(source, target)?;
    for _ in 0..COPY_TRIES {
        // All pages in one step: in several, every write between two of them would start the copy afresh.
        match copy.step(-1)? {
            StepResult::Done => return Ok(()),
            _ => std::thread::sleep(COPY_PAUSE),
        }
    }
    Err(OpenError::Busy.into())
}

fn report(connection: &Connection) -> Result<Report, OperatorError> {
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
    let texts = |sql: &str| -> rusqlite::Result<Vec<String>> {
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    };
    let mut findings = texts(&format!("PRAGMA integrity_check({FINDINGS})"))?;
    findings.retain(|finding| finding != "ok");
    let schema_version = schema::inspect(connection)?;
    // A backup of an earlier release is checked before it is restored, and brought forward by the next start.
    let has_accounts = schema_version >= schema::WITH_ACCOUNTS;
    let count_of_accounts = |sql: &str| if has_accounts { count(sql) } else { Ok(0) };
    Ok(Report {
        schema_version,
        findings,
        key_ids: texts("SELECT CAST(id AS TEXT) FROM key_checks ORDER BY id")?,
        records: count("SELECT count(*) FROM records")?,
        records_without_key: count(
            "SELECT count(*) FROM records r WHERE NOT EXISTS
             (SELECT 1 FROM keys k WHERE k.slot = r.key_slot AND k.generation = r.generation
              AND k.body <> zeroblob(length(k.body)))",
        )?,
        missing_boxes: count("SELECT count(*) FROM events WHERE kind = 1 AND body IS NULL")?
            + count_of_accounts(
                "SELECT count(*) FROM (SELECT name AS box FROM credentials UNION ALL SELECT id FROM mails)
                 WHERE box NOT IN (SELECT box FROM box_slots WHERE part = x'00')",
            )?,
        events: count("SELECT count(*) FROM events")?,
        sessions: count("SELECT count(*) FROM sessions")?,
        passkeys: count_of_accounts("SELECT count(*) FROM credentials")?,
        mails: count_of_accounts("SELECT count(*) FROM mails")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A restore that ends between the removal of the old log and the rename leaves exactly this.
    #[test]
    fn a_database_whose_log_was_emptied_is_whole_without_it() {
        let directory = tempfile::tempdir().unwrap();
        let (living, crashed) = (directory.path().join("living"), directory.path().join("crashed"));
        let connection = Connection::open(&living).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)")
            .unwrap();
        std::fs::copy(&living, &crashed).unwrap();
        std::fs::copy(directory::beside(&living, "-wal"), directory::beside(&crashed, "-wal")).unwrap();
        empty_old_log(&crashed).unwrap();
        for suffix in ["-wal", "-shm"] {
            directory::remove(&directory::beside(&crashed, suffix)).unwrap();
        }
        let rows: i64 = Connection::open(&crashed)
            .unwrap()
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1);
    }
}
