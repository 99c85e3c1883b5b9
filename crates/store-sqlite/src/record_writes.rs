//! Records, as one write of a group changes them, inside the group's transaction.
//!
//! A write decides before it changes anything: once it has begun, nothing but the database can refuse it, and that undoes
//! the transaction. So none of them needs a savepoint.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Result};
use strongroom_domain::Revision;
use strongroom_ports::{Commit, RecordId, SealedRecord, StoreError, WriteId};

use crate::error::Refused;
use crate::key_slots;
use crate::outbox::{self, Head, Kept, Retention};
use crate::rows::{revision, stored};

/// What is stored of a record.
struct Row {
    revision: Revision,
    key_slot: i64,
    wrapped_key: Option<Bytes>,
    private_box: Option<Bytes>,
    events: Kept,
}

/// Replaces the expected state by the next, adds its event, and tells what the record is then.
pub(crate) fn commit(
    connection: &Connection,
    id: &RecordId,
    commit: &Commit,
    retention: Retention,
) -> Result<SealedRecord, Refused> {
    let head = Head {
        id,
        generation: commit.revision.generation,
        version: stored(commit.revision.version)?,
        write_id: &commit.write_id,
    };
    let row = find(connection, id, commit.private_box.is_none())?;
    let (wrapped_key, kept_box) = match (row, commit.expected) {
        (Some(Row { revision, wrapped_key: Some(wrapped_key), private_box, events, .. }), Some(expected))
            if revision == expected =>
        {
            replace(connection, head, commit, events, retention)?;
            (wrapped_key, private_box)
        }
        (None, None) => (create(connection, head, commit, None, retention)?, None),
        // Its key was destroyed: it reads as none, so it is none.
        (Some(keyless @ Row { wrapped_key: None, .. }), None) => {
            (create(connection, head, commit, Some(&keyless), retention)?, None)
        }
        _ => return Err(StoreError::Stale.into()),
    };
    Ok(SealedRecord {
        revision: commit.revision,
        wrapped_key,
        public_box: commit.public_box.clone(),
        private_box: commit.private_box.clone().or(kept_box),
    })
}

/// Erases a record in the expected state, and leaves an event that says so.
pub(crate) fn erase(
    connection: &Connection,
    id: &RecordId,
    expected: Revision,
    write_id: WriteId,
    retention: Retention,
) -> Result<(), Refused> {
    let version = stored(expected.next().version)?;
    let row = find(connection, id, false)?
        .filter(|row| row.wrapped_key.is_some() && row.revision == expected)
        .ok_or(StoreError::Stale)?;
    purge(connection, id, &row)?;
    let head = Head { id, generation: expected.generation, version, write_id: &write_id };
    Ok(outbox::add_erased(connection, head, retention)?)
}

fn find(connection: &Connection, id: &RecordId, with_private_box: bool) -> Result<Option<Row>> {
    connection
        .prepare_cached(
            "SELECT r.generation, r.version, r.key_slot, r.oldest_event, r.event_bytes, k.body,
                 CASE WHEN ?2 THEN r.private_box END
             FROM records r LEFT JOIN keys k ON k.slot = r.key_slot AND k.generation = r.generation
             WHERE r.id = ?1",
        )?
        .query_row((id.as_bytes(), with_private_box), |row| {
            Ok(Row {
                revision: revision(row, 0)?,
                key_slot: row.get(2)?,
                events: Kept { oldest: row.get(3)?, bytes: row.get(4)? },
                wrapped_key: row.get::<_, Option<Vec<u8>>>(5)?.and_then(key_slots::read),
                private_box: row.get::<_, Option<Vec<u8>>>(6)?.map(Bytes::from),
            })
        })
        .optional()
}

/// Makes a record, in the place of one that has lost its key.
fn create(
    connection: &Connection,
    head: Head<'_>,
    commit: &Commit,
    keyless: Option<&Row>,
    retention: Retention,
) -> Result<Bytes, Refused> {
    // The port's contract: a new generation comes with its key. Without it nothing could ever be opened.
    let wrapped_key = commit.wrapped_key.clone().ok_or(StoreError::Unavailable)?;
    let body = key_slots::fill(&wrapped_key).ok_or(StoreError::Unavailable)?;
    if let Some(row) = keyless {
        purge(connection, head.id, row)?;
    }
    let key_slot = key_slots::put(connection, head.generation, &body)?;
    let before = Kept::none_before(head.version);
    let events = outbox::add_written(connection, head, &commit.event, before, retention)?;
    connection
        .prepare_cached(
            "INSERT INTO records
                 (id, generation, version, key_slot, oldest_event, event_bytes, public_box, private_box)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            head.id.as_bytes(),
            head.generation.to_bytes(),
            head.version,
            key_slot,
            events.oldest,
            events.bytes,
            &*commit.public_box,
            commit.private_box.as_deref(),
        ))?;
    Ok(wrapped_key)
}

fn replace(
    connection: &Connection,
    head: Head<'_>,
    commit: &Commit,
    before: Kept,
    retention: Retention,
) -> Result<()> {
    let events = outbox::add_written(connection, head, &commit.event, before, retention)?;
    connection
        .prepare_cached(
            "UPDATE records SET version = ?2, oldest_event = ?3, event_bytes = ?4, public_box = ?5,
                 private_box = coalesce(?6, private_box)
             WHERE id = ?1",
        )?
        .execute((
            head.id.as_bytes(),
            head.version,
            events.oldest,
            events.bytes,
            &*commit.public_box,
            commit.private_box.as_deref(),
        ))?;
    Ok(())
}

/// Removes a record, its key and its written events.
fn purge(connection: &Connection, id: &RecordId, row: &Row) -> Result<()> {
    let generation = row.revision.generation;
    key_slots::clear(connection, row.key_slot, generation)?;
    connection.prepare_cached("DELETE FROM records WHERE id = ?1")?.execute([id.as_bytes()])?;
    outbox::drop_all_written(connection, id, generation)
}
