//! What an operator does with a data directory: check it, back it up, restore it. All three block.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::connection;
use crate::directory::{self, Directory};
use crate::error::{OpenError, OperatorError};
use crate::schema;

/// Findings of the integrity check that a report holds: the first few tell what kind of damage it is.
const FINDINGS: usize = 20;

/// How long a copy waits for a lock, and how often: only the moments in which a log is recovered are locked.
const COPY_PAUSE: Duration = Duration::from_millis(50);
const COPY_TRIES: u32 = 100;

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
    /// Records or events that lack a sealed box: damage.
    pub missing_boxes: u64,
    /// Events in the outbox.
    pub events: u64,
    /// Sessions, lapsed ones included that nothing has swept out yet.
    pub sessions: u64,
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
/// [`OperatorError`] when there is no database of ours, or it is too damaged to be looked at.
pub fn check(directory: &Path) -> Result<Report, OperatorError> {
    report(&open(&directory::database_in(directory))?)
}

/// Copies the database of a directory, as of one moment, into a new file of mode 0600; also while a server has it.
/// Returns after the copy is on disk. While it runs, the server answers erasures with
/// [`StoreError::Unknown`](strongroom_ports::StoreError::Unknown), and finishes them afterwards: what is being copied
/// cannot be destroyed.
///
/// # Errors
///
/// [`OperatorError::Exists`] when the file is there already; others as [`check`]. What was begun is removed again.
pub fn backup(directory: &Path, to: &Path) -> Result<(), OperatorError> {
    let source = open(&directory::database_in(directory))?;
    directory::create(to).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => OperatorError::Exists,
        _ => OperatorError::File(error),
    })?;
    let copied = copy(&source, to);
    if copied.is_err() {
        directory::remove(to)?;
    }
    copied
}

/// Puts a backup in the place of a directory's database, which no server may have meanwhile. An existing database is
/// only replaced with `force`. The backup is copied and checked first; what is there stays until then.
///
/// What a backup brings back includes what has been erased since it was taken.
///
/// # Errors
///
/// [`OperatorError::Exists`] without `force`; [`OpenError::InUse`] while a server has the directory;
/// [`OperatorError::Unsound`] for a damaged backup; others as [`check`].
pub fn restore(directory: &Path, from: &Path, force: bool) -> Result<(), OperatorError> {
    let source = open(from)?;
    let directory = Directory::hold(directory)?;
    let database = directory.database();
    if !force && directory::is_filled(&database)? {
        return Err(OperatorError::Exists);
    }
    let copied = directory::beside(&database, ".restoring");
    directory::remove(&copied)?;
    directory::create(&copied)?;
    let sound = copy(&source, &copied).and_then(|()| Ok(report(&open(&copied)?)?.is_sound()));
    if !matches!(sound, Ok(true)) {
        directory::remove(&copied)?;
    }
    if !sound? {
        return Err(OperatorError::Unsound);
    }
    // The old log first: beside the new database it would be played into it.
    directory::remove(&directory::beside(&database, "-wal"))?;
    directory::remove(&directory::beside(&database, "-shm"))?;
    directory::sync_parent(&database)?;
    std::fs::rename(&copied, &database)?;
    directory::sync_parent(&database)?;
    Ok(())
}

/// Opens a database of ours, to read.
fn open(database: &Path) -> Result<Connection, OperatorError> {
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
    target.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0))?;
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
    Ok(Report {
        schema_version: schema::inspect(connection)?,
        findings,
        key_ids: texts("SELECT CAST(id AS TEXT) FROM key_checks ORDER BY id")?,
        records: count("SELECT count(*) FROM records")?,
        records_without_key: count(
            "SELECT count(*) FROM records r WHERE NOT EXISTS
             (SELECT 1 FROM keys k WHERE k.slot = r.key_slot AND k.generation = r.generation
              AND substr(k.body, 1, 4) <> x'00000000')",
        )?,
        missing_boxes: count(
            "SELECT count(*) FROM
             (SELECT generation, public_slot AS slot FROM records
              UNION ALL SELECT generation, private_slot FROM records WHERE private_slot IS NOT NULL
              UNION ALL SELECT generation, slot FROM events WHERE kind = 1) needed
             WHERE NOT EXISTS (SELECT 1 FROM boxes b WHERE b.slot = needed.slot AND b.generation = needed.generation)",
        )?,
        events: count("SELECT count(*) FROM events")?,
        sessions: count("SELECT count(*) FROM sessions")?,
    })
}
