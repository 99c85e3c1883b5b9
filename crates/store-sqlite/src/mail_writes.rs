//! Mails that are still to be sent, as one write of a group changes them.
//!
//! What is due is read by the writer, and not by a reader: whoever cannot put down that a mail was sent must not send it.

use bytes::{Bytes, BytesMut};
use rusqlite::{Connection, Result};
use strongroom_ports::{DueMail, NewConfirmation, RecordId, Timestamp};

use crate::box_slots::{self, BoxName, mail, of_mail};
use crate::confirmation_writes::FORGOTTEN_PER_WRITE;
use crate::error::Refused;

/// Keeps the mail of a confirmation. It is due at once.
pub(crate) fn add(connection: &Connection, new: &NewConfirmation) -> Result<(), Refused> {
    let name = of_mail(&new.mail);
    connection
        .prepare_cached(
            "INSERT INTO mails (id, owner, attempts, due_at, expires_at) VALUES (?1, ?2, 0, ?3, ?4)",
        )?
        .execute((name, new.owner.as_bytes(), new.created_at.millis(), new.expires_at.millis()))?;
    box_slots::put(connection, &name, &new.sealed_mail)
}

/// How many wait, but for one.
pub(crate) fn waiting(connection: &Connection, now: Timestamp, but_for: Option<&BoxName>) -> Result<u32> {
    connection
        .prepare_cached("SELECT count(*) FROM mails WHERE expires_at > ?1 AND id IS NOT ?2")?
        .query_row((now.millis(), but_for), |row| row.get(0))
}

/// The mails that are due, the longest due first. One whose box is damaged comes with an empty one: it is for the outbox to count and
/// to drop, and holds up no other.
pub(crate) fn due(connection: &Connection, now: Timestamp, limit: usize) -> Result<Vec<DueMail>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, owner, attempts FROM mails WHERE due_at <= ?1 AND expires_at > ?1
         ORDER BY due_at, seq LIMIT ?2",
    )?;
    let mut rows = statement.query((now.millis(), i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        let name: BoxName = row.get(0)?;
        due.push(DueMail {
            id: mail(&name),
            owner: RecordId::from_bytes(row.get(1)?),
            sealed: sealed(connection, &name)?.unwrap_or_default(),
            attempts: row.get(2)?,
        });
    }
    Ok(due)
}

/// Forgets a mail. `false` when there is none.
pub(crate) fn forget(connection: &Connection, name: &BoxName) -> Result<bool> {
    let forgotten = connection.prepare_cached("DELETE FROM mails WHERE id = ?1")?.execute([name])?;
    if forgotten > 0 {
        box_slots::clear(connection, name)?;
    }
    Ok(forgotten > 0)
}

/// Forgets a few mails that are no longer worth sending. `false` when there is none.
pub(crate) fn forget_expired(connection: &Connection, now: Timestamp) -> Result<bool> {
    let expired = names(
        connection,
        "SELECT id FROM mails WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2",
        (now.millis(), FORGOTTEN_PER_WRITE),
    )?;
    forget_all(connection, &expired)
}

/// Forgets the mails of an owner. `false` when there is none.
pub(crate) fn forget_owner(connection: &Connection, owner: &RecordId) -> Result<bool> {
    let of_owner = names(connection, "SELECT id FROM mails WHERE owner = ?1", [owner.as_bytes()])?;
    forget_all(connection, &of_owner)
}

/// Counts an attempt that failed. `false` when there is no such mail.
pub(crate) fn put_off(connection: &Connection, name: &BoxName, until: Timestamp) -> Result<bool> {
    let put_off = connection
        .prepare_cached("UPDATE mails SET attempts = attempts + 1, due_at = ?2 WHERE id = ?1")?
        .execute((name, until.millis()))?;
    Ok(put_off > 0)
}

fn forget_all(connection: &Connection, mails: &[BoxName]) -> Result<bool> {
    for name in mails {
        forget(connection, name)?;
    }
    Ok(!mails.is_empty())
}

fn names(connection: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<BoxName>> {
    connection.prepare_cached(sql)?.query_map(parameters, |row| row.get(0))?.collect()
}

/// The box of a mail; `None` where it is damaged.
fn sealed(connection: &Connection, name: &BoxName) -> Result<Option<Bytes>> {
    let mut statement =
        connection.prepare_cached("SELECT body FROM box_slots WHERE box = ?1 ORDER BY part")?;
    let mut rows = statement.query([name])?;
    let mut sealed = BytesMut::new();
    while let Some(row) = rows.next()? {
        let body: Vec<u8> = row.get(0)?;
        let Some(part) = box_slots::part(&body) else { return Ok(None) };
        sealed.extend_from_slice(part);
    }
    Ok(Some(sealed.freeze()))
}
