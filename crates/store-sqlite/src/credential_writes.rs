//! Passkeys, as one write of a group changes them. The decision comes first, as for records.

use rusqlite::{Connection, OptionalExtension, Result};
use strongroom_ports::{Addition, NewCredential, Pseudonym, RecordId, Removal, SessionId, StoreError};

use crate::box_slots::{self, of_credential};
use crate::confirmation_writes;
use crate::error::Refused;
use crate::session_writes;

/// Keeps a passkey, unless somebody has it, its owner has `most`, or the session that adds it has ended.
pub(crate) fn add(connection: &Connection, new: &NewCredential, most: usize) -> Result<Addition, Refused> {
    box_slots::check(&new.sealed)?;
    if owner_of(connection, &new.name)?.is_some() {
        return Ok(Addition::Known);
    }
    if count(connection, &new.owner)? >= most {
        return Ok(Addition::Full);
    }
    if let Some(session) = &new.session
        && !session_writes::is_live_of(connection, &new.owner, session, new.created_at)?
    {
        return Ok(Addition::Ended);
    }
    connection
        .prepare_cached("INSERT INTO credentials (name, owner, edition, created_at) VALUES (?1, ?2, 0, ?3)")?
        .execute((new.name.as_bytes(), new.owner.as_bytes(), new.created_at.millis()))?;
    box_slots::put(connection, &of_credential(&new.name), &new.sealed)?;
    Ok(Addition::Added)
}

/// Puts another box in the place of that of an edition.
pub(crate) fn replace(
    connection: &Connection,
    name: &Pseudonym,
    edition: u64,
    sealed: &[u8],
) -> Result<(), Refused> {
    box_slots::check(sealed)?;
    let edition = i64::try_from(edition).map_err(|_| StoreError::Stale)?;
    let replaced = connection
        .prepare_cached("UPDATE credentials SET edition = edition + 1 WHERE name = ?1 AND edition = ?2")?
        .execute((name.as_bytes(), edition))?;
    if replaced == 0 {
        return Err(StoreError::Stale.into());
    }
    box_slots::clear(connection, &of_credential(name))?;
    box_slots::put(connection, &of_credential(name), sealed)
}

/// Removes a passkey of an owner who has another, and ends its sessions.
pub(crate) fn remove(connection: &Connection, owner: &RecordId, name: &Pseudonym) -> Result<Removal> {
    if owner_of(connection, name)? != Some(*owner) {
        return Ok(Removal::Absent);
    }
    if count(connection, owner)? == 1 {
        return Ok(Removal::Last);
    }
    forget(connection, name)?;
    Ok(Removal::Removed { ended: session_writes::end_of_credential(connection, owner, name)? })
}

/// Removes all that belongs to an owner's account. Gives the sessions that ended; `None` when there was nothing.
pub(crate) fn close_account(connection: &Connection, owner: &RecordId) -> Result<Option<Vec<SessionId>>> {
    let names: Vec<Pseudonym> = connection
        .prepare_cached("SELECT name FROM credentials WHERE owner = ?1")?
        .query_map([owner.as_bytes()], |row| row.get(0).map(Pseudonym::from_bytes))?
        .collect::<Result<_>>()?;
    for name in &names {
        forget(connection, name)?;
    }
    let had_confirmations = confirmation_writes::forget_owner(connection, owner)?;
    let (ended, had_sessions) = session_writes::remove_all(connection, owner)?;
    Ok((!names.is_empty() || had_confirmations || had_sessions).then_some(ended))
}

fn forget(connection: &Connection, name: &Pseudonym) -> Result<()> {
    box_slots::clear(connection, &of_credential(name))?;
    connection.prepare_cached("DELETE FROM credentials WHERE name = ?1")?.execute([name.as_bytes()])?;
    Ok(())
}

fn owner_of(connection: &Connection, name: &Pseudonym) -> Result<Option<RecordId>> {
    connection
        .prepare_cached("SELECT owner FROM credentials WHERE name = ?1")?
        .query_row([name.as_bytes()], |row| row.get(0).map(RecordId::from_bytes))
        .optional()
}

fn count(connection: &Connection, owner: &RecordId) -> Result<usize> {
    connection
        .prepare_cached("SELECT count(*) FROM credentials WHERE owner = ?1")?
        .query_row([owner.as_bytes()], |row| {
            row.get(0).map(|count: i64| usize::try_from(count).unwrap_or(usize::MAX))
        })
}
