//! The outbox: one event for each write and each erasure, added in its transaction, and never more than is kept.
//!
//! Written events are bounded for each record, by number and by bytes; a record carries both in its row, so that nothing
//! is counted by reading. Erasures are bounded for all records together: the record is gone.

use rusqlite::{Connection, OptionalExtension, Result};
use strongroom_domain::Generation;
use strongroom_ports::{RecordId, WriteId};

use crate::options::Options;

/// How much stays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retention {
    events_per_record: i64,
    event_bytes_per_record: i64,
    erasures: i64,
}

impl Retention {
    pub(crate) fn of(options: &Options) -> Self {
        let limit = |limit: u64| i64::try_from(limit).unwrap_or(i64::MAX).max(1);
        Self {
            events_per_record: limit(options.events_per_record),
            event_bytes_per_record: limit(options.event_bytes_per_record),
            erasures: limit(options.erasures_kept),
        }
    }
}

/// The written events that are kept of a record: from the oldest version to the newest without a gap, and their bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) oldest: i64,
    pub(crate) bytes: i64,
}

impl Kept {
    /// Of a record whose first version is about to be written.
    pub(crate) fn none_before(version: i64) -> Self {
        Self { oldest: version, bytes: 0 }
    }
}

/// What an event tells, its body apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) id: &'a RecordId,
    pub(crate) generation: Generation,
    pub(crate) version: i64,
    pub(crate) write_id: &'a WriteId,
}

/// Adds the event of a write, and drops the oldest of its record beyond what is kept. The new one always stays: an
/// uncertain commit is settled by it.
pub(crate) fn add_written(
    connection: &Connection,
    head: Head<'_>,
    body: &[u8],
    before: Kept,
    retention: Retention,
) -> Result<Kept> {
    insert(connection, head, 1, Some(body))?;
    let Kept { mut oldest, mut bytes } = before;
    bytes = bytes.saturating_add(i64::try_from(body.len()).unwrap_or(i64::MAX));
    while oldest < head.version
        && (head.version - oldest >= retention.events_per_record || bytes > retention.event_bytes_per_record)
    {
        bytes -= drop_written(connection, head.id, head.generation, oldest)?;
        oldest += 1;
    }
    Ok(Kept { oldest, bytes })
}

/// Adds the event of an erasure, and drops the oldest erasures beyond those that are kept.
pub(crate) fn add_erased(connection: &Connection, head: Head<'_>, retention: Retention) -> Result<()> {
    insert(connection, head, 2, None)?;
    connection
        .prepare_cached(
            "DELETE FROM events WHERE kind = 2 AND seq <=
             (SELECT seq FROM events WHERE kind = 2 ORDER BY seq DESC LIMIT 1 OFFSET ?1)",
        )?
        .execute([retention.erasures])?;
    Ok(())
}

/// Drops all written events of a generation.
pub(crate) fn drop_all_written(connection: &Connection, id: &RecordId, generation: Generation) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM events WHERE id = ?1 AND generation = ?2 AND kind = 1")?
        .execute((id.as_bytes(), generation.to_bytes()))?;
    Ok(())
}

fn insert(connection: &Connection, head: Head<'_>, kind: i64, body: Option<&[u8]>) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO events (id, generation, version, write_id, kind, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            head.id.as_bytes(),
            head.generation.to_bytes(),
            head.version,
            head.write_id.as_bytes(),
            kind,
            body,
        ))?;
    Ok(())
}

/// Drops one event, and tells the bytes of its body; none when somebody has dropped it before.
fn drop_written(connection: &Connection, id: &RecordId, generation: Generation, version: i64) -> Result<i64> {
    let bytes: Option<i64> = connection
        .prepare_cached(
            "DELETE FROM events WHERE id = ?1 AND generation = ?2 AND version = ?3 AND kind = 1
             RETURNING coalesce(length(body), 0)",
        )?
        .query_row((id.as_bytes(), generation.to_bytes(), version), |row| row.get(0))
        .optional()?;
    Ok(bytes.unwrap_or(0))
}
