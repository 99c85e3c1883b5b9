//! Records, their keys and their outbox, as one write of a group changes them. Every function runs inside the group's
//! transaction and a savepoint of its own: an error undoes what it has done.

use rusqlite::{Connection, OptionalExtension, Result};
use strongroom_domain::{Generation, Revision};
use strongroom_ports::{Commit, RecordId, StoreError, WriteId};

use crate::error::Refused;
use crate::rows::{revision, stored};
use crate::slots::{BOXES, KEYS};

/// How many events stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retention {
    pub(crate) events_per_record: u64,
    pub(crate) erasures: u64,
}

/// Where a record is.
struct Place {
    revision: Revision,
    key_slot: i64,
    public_slot: i64,
    private_slot: Option<i64>,
    has_key: bool,
}

/// Replaces the expected state by the next, and adds its event.
pub(crate) fn commit(
    connection: &Connection,
    id: &RecordId,
    commit: &Commit,
    retention: Retention,
) -> Result<(), Refused> {
    match (find(connection, id)?, commit.expected) {
        (Some(place), Some(expected)) if place.has_key && place.revision == expected => {
            replace(connection, id, &place, commit)?;
        }
        (None, None) => create(connection, id, commit)?,
        // Its key was destroyed: it reads as none, so it is none.
        (Some(keyless), None) if !keyless.has_key => {
            purge(connection, id, &keyless)?;
            create(connection, id, commit)?;
        }
        _ => return Err(StoreError::Stale.into()),
    }
    add_written(connection, id, commit)?;
    trim(connection, id, commit.revision, retention.events_per_record)?;
    Ok(())
}

/// Erases a record in the expected state, and leaves an event that says so.
pub(crate) fn erase(
    connection: &Connection,
    id: &RecordId,
    expected: Revision,
    write_id: WriteId,
    retention: Retention,
) -> Result<(), Refused> {
    let place = find(connection, id)?
        .filter(|place| place.has_key && place.revision == expected)
        .ok_or(StoreError::Stale)?;
    purge(connection, id, &place)?;
    connection
        .prepare_cached(
            "INSERT INTO events (id, generation, version, write_id, kind) VALUES (?1, ?2, ?3, ?4, 2)",
        )?
        .execute((
            id.as_bytes(),
            expected.generation.to_bytes(),
            stored(expected.next().version)?,
            write_id.as_bytes(),
        ))?;
    connection
        .prepare_cached(
            "DELETE FROM events WHERE kind = 2 AND seq <=
             (SELECT seq FROM events WHERE kind = 2 ORDER BY seq DESC LIMIT 1 OFFSET ?1)",
        )?
        .execute([stored(retention.erasures)?])?;
    Ok(())
}

fn find(connection: &Connection, id: &RecordId) -> Result<Option<Place>> {
    connection
        .prepare_cached(
            "SELECT r.generation, r.version, r.key_slot, r.public_slot, r.private_slot, k.slot IS NOT NULL
             FROM records r
             LEFT JOIN keys k ON k.slot = r.key_slot AND k.generation = r.generation
                 AND substr(k.body, 1, 4) <> x'00000000'
             WHERE r.id = ?1",
        )?
        .query_row([id.as_bytes()], |row| {
            Ok(Place {
                revision: revision(row, 0)?,
                key_slot: row.get(2)?,
                public_slot: row.get(3)?,
                private_slot: row.get(4)?,
                has_key: row.get(5)?,
            })
        })
        .optional()
}

fn create(connection: &Connection, id: &RecordId, commit: &Commit) -> Result<(), Refused> {
    // The port's contract: a new generation comes with its key. Without it nothing could ever be opened.
    let wrapped_key = commit.wrapped_key.as_ref().ok_or(StoreError::Unavailable)?;
    let generation = commit.revision.generation;
    let key_slot = KEYS.put(connection, generation, wrapped_key)?;
    let public_slot = BOXES.put(connection, generation, &commit.public_box)?;
    let private_slot =
        commit.private_box.as_ref().map(|sealed| BOXES.put(connection, generation, sealed)).transpose()?;
    connection
        .prepare_cached(
            "INSERT INTO records (id, generation, version, key_slot, public_slot, private_slot)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            id.as_bytes(),
            generation.to_bytes(),
            stored(commit.revision.version)?,
            key_slot,
            public_slot,
            private_slot,
        ))?;
    Ok(())
}

fn replace(connection: &Connection, id: &RecordId, place: &Place, commit: &Commit) -> Result<(), Refused> {
    let generation = place.revision.generation;
    let public_slot = BOXES.replace(connection, place.public_slot, generation, &commit.public_box)?;
    let private_slot = match (&commit.private_box, place.private_slot) {
        (None, kept) => kept,
        (Some(sealed), None) => Some(BOXES.put(connection, generation, sealed)?),
        (Some(sealed), Some(slot)) => Some(BOXES.replace(connection, slot, generation, sealed)?),
    };
    connection
        .prepare_cached("UPDATE records SET version = ?2, public_slot = ?3, private_slot = ?4 WHERE id = ?1")?
        .execute((id.as_bytes(), stored(commit.revision.version)?, public_slot, private_slot))?;
    Ok(())
}

/// Removes a record and everything that was sealed in its generation.
fn purge(connection: &Connection, id: &RecordId, place: &Place) -> Result<()> {
    let generation = place.revision.generation;
    connection.prepare_cached("DELETE FROM records WHERE id = ?1")?.execute([id.as_bytes()])?;
    KEYS.clear(connection, place.key_slot, generation)?;
    BOXES.clear(connection, place.public_slot, generation)?;
    if let Some(slot) = place.private_slot {
        BOXES.clear(connection, slot, generation)?;
    }
    drop_events(connection, id, generation, i64::MAX)
}

fn add_written(connection: &Connection, id: &RecordId, commit: &Commit) -> Result<(), Refused> {
    let generation = commit.revision.generation;
    let slot = BOXES.put(connection, generation, &commit.event)?;
    connection
        .prepare_cached(
            "INSERT INTO events (id, generation, version, write_id, kind, slot) VALUES (?1, ?2, ?3, ?4, 1, ?5)",
        )?
        .execute((
            id.as_bytes(),
            generation.to_bytes(),
            stored(commit.revision.version)?,
            commit.write_id.as_bytes(),
            slot,
        ))?;
    Ok(())
}

/// Drops the oldest events of a record beyond those that are kept.
fn trim(connection: &Connection, id: &RecordId, newest: Revision, kept: u64) -> Result<(), Refused> {
    match newest.version.checked_sub(kept) {
        None | Some(0) => Ok(()),
        Some(last_dropped) => Ok(drop_events(connection, id, newest.generation, stored(last_dropped)?)?),
    }
}

/// Drops the written events of a generation up to a version, and the bytes of their bodies.
fn drop_events(
    connection: &Connection,
    id: &RecordId,
    generation: Generation,
    last_version: i64,
) -> Result<()> {
    let slots: Vec<i64> = connection
        .prepare_cached(
            "DELETE FROM events WHERE id = ?1 AND generation = ?2 AND version <= ?3 AND kind = 1 RETURNING slot",
        )?
        .query_map((id.as_bytes(), generation.to_bytes(), last_version), |row| row.get(0))?
        .collect::<Result<_>>()?;
    slots.into_iter().try_for_each(|slot| BOXES.clear(connection, slot, generation))
}
