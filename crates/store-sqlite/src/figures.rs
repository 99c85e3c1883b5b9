//! What an operator wants to know of a store: how many, how large, which keys. Counts and sizes, never whose.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use strongroom_ports::Timestamp;

use crate::directory;
use crate::error::{OperatorError, OperatorFailure};
use crate::{key_slots, operator};

/// The figures of a store. Each is of a moment of its own, so that a server that writes meanwhile is not held up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// The version of the schema.
    pub schema_version: i64,
    /// The keys that the database was written with, by id.
    pub keys: Vec<KeyFigure>,
    /// Wrapped keys whose form tells of none of these.
    pub wrapped_by_none: u64,
    /// Records.
    pub records: u64,
    /// Slots for wrapped keys, those that wait for their next key.
    pub free_key_slots: u64,
    /// Events in the outbox, erasures included.
    pub events: u64,
    /// Erasures among them.
    pub erasures: u64,
    /// Sessions, ended and lapsed ones included that nothing has swept out yet.
    pub sessions: u64,
    /// Those that were ended: signed out, or replayed.
    pub sessions_revoked: u64,
    /// Those past their time.
    pub sessions_lapsed: u64,
    /// When the oldest session began.
    pub oldest_session: Option<Timestamp>,
    /// When the last session lapses.
    pub last_lapse: Option<Timestamp>,
    /// The database file.
    pub database_bytes: u64,
    /// The write-ahead log.
    pub log_bytes: u64,
    /// Bytes in a page of the database.
    pub page_bytes: u64,
    /// Pages of the database.
    pub pages: u64,
    /// Pages that hold nothing: room that is used again before the file grows.
    pub free_pages: u64,
    /// Sealed public boxes, of all records together.
    pub public_box_bytes: u64,
    /// Sealed private boxes.
    pub private_box_bytes: u64,
    /// Sealed events.
    pub event_bytes: u64,
    /// Both boxes of the largest record.
    pub largest_record_bytes: u64,
}

/// A key that the database was written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFigure {
    /// Its id, as the keyring's check has it.
    pub id: String,
    /// Wrapped keys that name it.
    pub wraps: u64,
}

/// The figures of a directory's store, also while a server has it. Reads every row's head and every wrapped key, none of
/// the boxes. `wrapped_by` tells, of a wrapped key, the id of the check of the key that wrapped it: the form of wrapped
/// keys is the sealer's.
///
/// # Errors
///
/// [`OperatorFailure`] when there is no database of ours, or it is too damaged to be counted.
pub fn figures(
    directory: &Path,
    now: Timestamp,
    wrapped_by: impl Fn(&[u8]) -> Option<String>,
) -> Result<Figures, OperatorFailure> {
    let database = directory::database_in(directory);
    let counted =
        operator::open(&database).and_then(|connection| count(&connection, &database, now, wrapped_by));
    counted.map_err(OperatorError::about(directory))
}

fn count(
    connection: &Connection,
    database: &Path,
    now: Timestamp,
    wrapped_by: impl Fn(&[u8]) -> Option<String>,
) -> Result<Figures, OperatorError> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
    let time = |sql: &str| -> rusqlite::Result<Option<Timestamp>> {
        Ok(connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))?.map(Timestamp::from_millis))
    };
    let (keys, wrapped_by_none, free_key_slots) = key_figures(connection, wrapped_by)?;
    Ok(Figures {
        schema_version: crate::schema::inspect(connection)?,
        keys,
        wrapped_by_none,
        records: number("SELECT count(*) FROM records")?,
        free_key_slots,
        events: number("SELECT count(*) FROM events")?,
        erasures: number("SELECT count(*) FROM events WHERE kind = 2")?,
        sessions: number("SELECT count(*) FROM sessions")?,
        sessions_revoked: number("SELECT count(*) FROM sessions WHERE revoked <> 0")?,
        sessions_lapsed: number(&format!(
            "SELECT count(*) FROM sessions WHERE lapses_at <= {}",
            now.millis()
        ))?,
        oldest_session: time("SELECT min(created_at) FROM sessions")?,
        last_lapse: time("SELECT max(lapses_at) FROM sessions")?,
        database_bytes: directory::bytes(database)?,
        log_bytes: directory::bytes(&directory::beside(database, "-wal"))?,
        page_bytes: number("PRAGMA page_size")?,
        pages: number("PRAGMA page_count")?,
        free_pages: number("PRAGMA freelist_count")?,
        public_box_bytes: number("SELECT coalesce(sum(length(public_box)), 0) FROM records")?,
        private_box_bytes: number("SELECT coalesce(sum(length(private_box)), 0) FROM records")?,
        event_bytes: number("SELECT coalesce(sum(length(body)), 0) FROM events")?,
        largest_record_bytes: number(
            "SELECT coalesce(max(length(public_box) + coalesce(length(private_box), 0)), 0) FROM records",
        )?,
    })
}

/// The keys and what they wrap, the wrapped keys that none of them has wrapped, and the slots that have none.
fn key_figures(
    connection: &Connection,
    wrapped_by: impl Fn(&[u8]) -> Option<String>,
) -> rusqlite::Result<(Vec<KeyFigure>, u64, u64)> {
    let mut wraps: BTreeMap<String, u64> = connection
        .prepare("SELECT CAST(id AS TEXT) FROM key_checks")?
        .query_map([], |row| Ok((row.get(0)?, 0)))?
        .collect::<rusqlite::Result<_>>()?;
    let (mut by_none, mut free) = (0, 0);
    let mut statement = connection.prepare("SELECT body FROM keys")?;
    let mut slots = statement.query([])?;
    while let Some(slot) = slots.next()? {
        match key_slots::read(slot.get(0)?) {
            None => free += 1,
            Some(key) => *wrapped_by(&key).and_then(|id| wraps.get_mut(&id)).unwrap_or(&mut by_none) += 1,
        }
    }
    Ok((wraps.into_iter().map(|(id, wraps)| KeyFigure { id, wraps }).collect(), by_none, free))
}
