//! Codes that wait to be said back, and what was asked for, as one write of a group changes them. What has expired goes a few rows at
//! a time, with the writes of others.

use rusqlite::{Connection, OptionalExtension, Result};
use strongroom_ports::{MailQuota, NewConfirmation, Pseudonym, RecordId, Timestamp};

use crate::box_slots::{self, BoxName, of_mail};
use crate::error::Refused;
use crate::mail_writes;

/// Rows of a kind that one write takes along once they have expired: more than one, so that they do not heap up.
pub(crate) const FORGOTTEN_PER_WRITE: i64 = 16;

/// Keeps a code with its mail, in the place of an earlier code of the same owner and address. `false` when a quota is used up: then
/// the mail has been put into a box and destroyed at once, so that there is as much to commit, and to wait for, as otherwise. How long
/// an answer takes must not tell that others have had mails sent to an address.
pub(crate) fn request(
    connection: &Connection,
    new: &NewConfirmation,
    quota: MailQuota,
) -> Result<bool, Refused> {
    box_slots::check(&new.sealed_mail)?;
    let window_ms = i64::try_from(quota.window.as_millis()).unwrap_or(i64::MAX);
    let since = new.created_at.millis().saturating_sub(window_ms);
    let replaced = mail_of(connection, &new.owner, &new.address)?;
    let has_room = requests(connection, "owner", new.owner.as_bytes(), since)? < quota.per_owner
        && requests(connection, "address", new.address.as_bytes(), since)? < quota.per_address
        && mail_writes::waiting(connection, new.created_at, replaced.as_ref())? < quota.waiting;
    forget_old(connection, new.created_at, since)?;
    mail_writes::forget_expired(connection, new.created_at)?;
    if !has_room {
        mail_writes::add(connection, new)?;
        mail_writes::forget(connection, &of_mail(&new.mail))?;
        return Ok(false);
    }
    if let Some(mail) = &replaced {
        mail_writes::forget(connection, mail)?;
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO confirmations (owner, address, code, mail, tries, expires_at)
             VALUES (?1, ?2, ?3, ?4, 0, ?5)",
        )?
        .execute((
            new.owner.as_bytes(),
            new.address.as_bytes(),
            new.code.as_bytes(),
            of_mail(&new.mail),
            new.expires_at.millis(),
        ))?;
    connection
        .prepare_cached(
            "INSERT INTO confirmation_requests (owner, address, requested_at) VALUES (?1, ?2, ?3)",
        )?
        .execute((new.owner.as_bytes(), new.address.as_bytes(), new.created_at.millis()))?;
    mail_writes::add(connection, new)?;
    Ok(true)
}

/// Spends one try, and gives the hash to compare with.
pub(crate) fn take_try(
    connection: &Connection,
    owner: &RecordId,
    address: &Pseudonym,
    most: u32,
    now: Timestamp,
) -> Result<Option<Pseudonym>> {
    connection
        .prepare_cached(
            "UPDATE confirmations SET tries = tries + 1
             WHERE owner = ?1 AND address = ?2 AND tries < ?3 AND expires_at > ?4 RETURNING code",
        )?
        .query_row((owner.as_bytes(), address.as_bytes(), most, now.millis()), |row| {
            row.get(0).map(Pseudonym::from_bytes)
        })
        .optional()
}

/// Uses up a code. `false` when it is not, or no longer, the code of this owner and address.
pub(crate) fn use_up(
    connection: &Connection,
    owner: &RecordId,
    address: &Pseudonym,
    code: &Pseudonym,
) -> Result<bool> {
    let mail: Option<BoxName> = connection
        .prepare_cached(
            "DELETE FROM confirmations WHERE owner = ?1 AND address = ?2 AND code = ?3 RETURNING mail",
        )?
        .query_row((owner.as_bytes(), address.as_bytes(), code.as_bytes()), |row| row.get(0))
        .optional()?;
    if let Some(mail) = &mail {
        mail_writes::forget(connection, mail)?;
    }
    Ok(mail.is_some())
}

/// Forgets what belongs to an owner; `false` when there was nothing. That an address was mailed to goes on to count, for nobody.
pub(crate) fn forget_owner(connection: &Connection, owner: &RecordId) -> Result<bool> {
    let mails = mail_writes::forget_owner(connection, owner)?;
    let codes = connection
        .prepare_cached("DELETE FROM confirmations WHERE owner = ?1")?
        .execute([owner.as_bytes()])?;
    let requests = connection
        .prepare_cached("UPDATE confirmation_requests SET owner = zeroblob(length(owner)) WHERE owner = ?1")?
        .execute([owner.as_bytes()])?;
    Ok(mails || codes > 0 || requests > 0)
}

fn mail_of(connection: &Connection, owner: &RecordId, address: &Pseudonym) -> Result<Option<BoxName>> {
    connection
        .prepare_cached("SELECT mail FROM confirmations WHERE owner = ?1 AND address = ?2")?
        .query_row((owner.as_bytes(), address.as_bytes()), |row| row.get(0))
        .optional()
}

/// How often was asked since then; `whose` is one of two columns.
fn requests(connection: &Connection, whose: &'static str, is: &[u8; 32], since: i64) -> Result<u32> {
    connection
        .prepare_cached(&format!(
            "SELECT count(*) FROM confirmation_requests WHERE {whose} = ?1 AND requested_at > ?2"
        ))?
        .query_row((is, since), |row| row.get(0))
}

/// Codes that are worth nothing any more, and requests that the quota does not look back upon.
fn forget_old(connection: &Connection, now: Timestamp, since: i64) -> Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM confirmations WHERE (owner, address) IN
             (SELECT owner, address FROM confirmations WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute((now.millis(), FORGOTTEN_PER_WRITE))?;
    connection
        .prepare_cached(
            "DELETE FROM confirmation_requests WHERE seq IN
             (SELECT seq FROM confirmation_requests WHERE requested_at <= ?1 ORDER BY requested_at LIMIT ?2)",
        )?
        .execute((since, FORGOTTEN_PER_WRITE))?;
    Ok(())
}
