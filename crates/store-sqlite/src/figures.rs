//! What an operator wants to know of a store: how many, how large, which keys. Counts and sizes, never whose.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use strongroom_ports::Timestamp;

use crate::directory;
use crate::error::{OperatorError, OperatorFailure};
use crate::{box_slots, key_slots, operator, schema};

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
    /// What is kept of accounts besides.
    pub accounts: AccountFigures,
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
    /// Wrapped keys that name it: of records, passkeys and mails.
    pub wraps: u64,
}

/// Passkeys, codes and mails; all zero before schema 2, which has the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AccountFigures {
    /// Passkeys.
    pub passkeys: u64,
    /// Codes that wait to be said back, expired ones included that nothing has swept out yet.
    pub codes: u64,
    /// Mails that wait to be sent, expired ones included.
    pub mails: u64,
    /// Those among them whose sending has failed before.
    pub mails_put_off: u64,
    /// Slots for the sealed boxes of passkeys and mails, those that wait for their next included.
    pub box_slots: u64,
    /// Those that wait.
    pub free_box_slots: u64,
}

/// Tells, of sealed bytes, the id of the check of the key that wrapped theirs. Their form is the sealer's, and the application's.
#[derive(Debug, Clone, Copy)]
pub struct WrappedBy {
    /// Of a wrapped key.
    pub key: fn(&[u8]) -> Option<String>,
    /// Of the sealed box of a passkey or a mail; its beginning is enough.
    pub note: fn(&[u8]) -> Option<String>,
}

/// The figures of a directory's store, also while a server has it. Reads every row's head and every wrapped key, none of
/// the boxes but the beginning of those that have their wrapped key beside them.
///
/// # Errors
///
/// [`OperatorFailure`] when there is no database of ours, or it is too damaged to be counted.
pub fn figures(directory: &Path, now: Timestamp, wrapped_by: WrappedBy) -> Result<Figures, OperatorFailure> {
    let database = directory::database_in(directory);
    let counted =
        operator::open(&database).and_then(|connection| count(&connection, &database, now, wrapped_by));
    counted.map_err(OperatorError::about(directory))
}

fn count(
    connection: &Connection,
    database: &Path,
    now: Timestamp,
    wrapped_by: WrappedBy,
) -> Result<Figures, OperatorError> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
    let time = |sql: &str| -> rusqlite::Result<Option<Timestamp>> {
        Ok(connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))?.map(Timestamp::from_millis))
    };
    let schema_version = schema::inspect(connection)?;
    let has_accounts = schema_version >= schema::WITH_ACCOUNTS;
    let (keys, wrapped_by_none, free_key_slots) = key_figures(connection, has_accounts, wrapped_by)?;
    Ok(Figures {
        schema_version,
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
        accounts: if has_accounts { account_figures(connection)? } else { AccountFigures::default() },
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

fn account_figures(connection: &Connection) -> rusqlite::Result<AccountFigures> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
    Ok(AccountFigures {
        passkeys: number("SELECT count(*) FROM credentials")?,
        codes: number("SELECT count(*) FROM confirmations")?,
        mails: number("SELECT count(*) FROM mails")?,
        mails_put_off: number("SELECT count(*) FROM mails WHERE attempts > 0")?,
        box_slots: number("SELECT count(*) FROM box_slots")?,
        free_box_slots: number("SELECT count(*) FROM box_slots WHERE box = zeroblob(32)")?,
    })
}

/// The keys and what they wrap, the wrapped keys that none of them has wrapped, and the slots that have none.
fn key_figures(
    connection: &Connection,
    has_accounts: bool,
    wrapped_by: WrappedBy,
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
            Some(key) => {
                *(wrapped_by.key)(&key).and_then(|id| wraps.get_mut(&id)).unwrap_or(&mut by_none) += 1;
            }
        }
    }
    if has_accounts {
        let mut statement =
            connection.prepare("SELECT body FROM box_slots WHERE box <> zeroblob(32) AND part = x'00'")?;
        let mut firsts = statement.query([])?;
        while let Some(first) = firsts.next()? {
            let body: Vec<u8> = first.get(0)?;
            let id = box_slots::part(&body).and_then(wrapped_by.note);
            *id.and_then(|id| wraps.get_mut(&id)).unwrap_or(&mut by_none) += 1;
        }
    }
    Ok((wraps.into_iter().map(|(id, wraps)| KeyFigure { id, wraps }).collect(), by_none, free))
}
