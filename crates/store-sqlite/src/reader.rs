//! A few threads that read the database for those whom the cache does not answer.
//!
//! Each query is one statement, and so one snapshot, and short: a reader must never keep the log from being emptied.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};
use strongroom_domain::Generation;
use strongroom_ports::{
    Event, EventBody, Pseudonym, RecordId, SealedRecord, SessionEntry, SessionId, StoreError,
    StoredCredential, Timestamp, WriteId,
};
use tokio::sync::oneshot;

use crate::cache::{Known, Ticket};
use crate::connection;
use crate::credentials;
use crate::error::{code, may_pass};
use crate::key_slots;
use crate::rows::revision;
use crate::shared::Shared;
use crate::stats::Counters;

/// Reader threads: one may be held up by the disk while the other serves what is in its memory.
pub(crate) const READERS: usize = 2;

/// A query and whoever waits for it.
#[derive(Debug)]
pub(crate) enum Query {
    Load {
        id: RecordId,
        ticket: Option<Ticket>,
        reply: Reply<Known>,
    },
    Events {
        id: RecordId,
        generation: Generation,
        after_version: u64,
        limit: usize,
        reply: Reply<Vec<Event>>,
    },
    SessionIsLive {
        id: SessionId,
        now: Timestamp,
        reply: Reply<bool>,
    },
    Credential {
        name: Pseudonym,
        reply: Reply<Option<StoredCredential>>,
    },
    Credentials {
        owner: RecordId,
        reply: Reply<Vec<StoredCredential>>,
    },
    Sessions {
        owner: RecordId,
        now: Timestamp,
        most: usize,
        reply: Reply<Vec<SessionEntry>>,
    },
}

pub(crate) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// Why a read gave nothing.
pub(crate) enum Failure {
    Sqlite(rusqlite::Error),
    /// A row contradicts itself.
    Contradiction,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Failure {
    fn told(self, connection: &Connection) -> StoreError {
        match self {
            Self::Sqlite(error) => {
                tracing::error!(code = code(&error), "a read failed");
                connection::told(connection, &error)
            }
            Self::Contradiction => {
                tracing::error!("a stored row lacks its box");
                StoreError::Damaged
            }
        }
    }
}

/// Answers queries until all senders are gone and the queue is empty.
pub(crate) fn run(connection: &Connection, queries: &Mutex<Receiver<Query>>, shared: &Arc<Shared>) {
    loop {
        // The lock is held while waiting: the others wait for it instead of for the queue.
        let query = queries.lock().unwrap_or_else(PoisonError::into_inner).recv();
        if query.is_ok() {
            Counters::discount(&shared.counters.reads_waiting, 1);
        }
        #[cfg(test)]
        shared.faults.readers.pass();
        // Whoever has gone away meanwhile needs no answer, and costs no read.
        match query {
            Ok(Query::Load { id, ticket, reply }) if !reply.is_closed() => {
                let found = twice(connection, || load(connection, &id).map_err(Failure::from));
                if let (Ok(known), Some(ticket)) = (&found, ticket) {
                    shared.cache.fill(&id, ticket, known.clone());
                }
                let _ = reply.send(found);
            }
            Ok(Query::Events { id, generation, after_version, limit, reply }) if !reply.is_closed() => {
                let found = twice(connection, || events(connection, &id, generation, after_version, limit));
                let _ = reply.send(found);
            }
            Ok(Query::SessionIsLive { id, now, reply }) if !reply.is_closed() => {
                let _ = reply.send(twice(connection, || session_is_live(connection, &id, now)));
            }
            Ok(Query::Credential { name, reply }) if !reply.is_closed() => {
                let _ = reply.send(twice(connection, || credentials::by_name(connection, &name)));
            }
            Ok(Query::Credentials { owner, reply }) if !reply.is_closed() => {
                let _ = reply.send(twice(connection, || credentials::of_owner(connection, &owner)));
            }
            Ok(Query::Sessions { owner, now, most, reply }) if !reply.is_closed() => {
                let _ = reply.send(twice(connection, || sessions(connection, &owner, now, most)));
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// Reads, and once more when the disk did not give back what it holds: that may pass. What is still damaged then is damage.
fn twice<T>(connection: &Connection, read: impl Fn() -> Result<T, Failure>) -> Result<T, StoreError> {
    let found = match read() {
        Err(Failure::Sqlite(error)) if may_pass(&error) => {
            tracing::warn!(code = code(&error), "a read is tried once more");
            read()
        }
        other => other,
    };
    found.map_err(|failure| failure.told(connection))
}

fn load(connection: &Connection, id: &RecordId) -> rusqlite::Result<Known> {
    let found = connection
        .prepare_cached(
            "SELECT r.generation, r.version, k.body, r.public_box, r.private_box
             FROM records r JOIN keys k ON k.slot = r.key_slot AND k.generation = r.generation
             WHERE r.id = ?1",
        )?
        .query_row([id.as_bytes()], |row| {
            let Some(wrapped_key) = key_slots::read(row.get(2)?) else { return Ok(None) };
            Ok(Some(SealedRecord {
                revision: revision(row, 0)?,
                wrapped_key,
                public_box: Bytes::from(row.get::<_, Vec<u8>>(3)?),
                private_box: row.get::<_, Option<Vec<u8>>>(4)?.map(Bytes::from),
            }))
        })
        .optional()?;
    Ok(found.flatten())
}

fn events(
    connection: &Connection,
    id: &RecordId,
    generation: Generation,
    after_version: u64,
    limit: usize,
) -> Result<Vec<Event>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT generation, version, write_id, kind, body FROM events
         WHERE id = ?1 AND generation = ?2 AND version > ?3
         ORDER BY version LIMIT ?4",
    )?;
    let mut rows = statement.query((
        id.as_bytes(),
        generation.to_bytes(),
        i64::try_from(after_version).unwrap_or(i64::MAX),
        i64::try_from(limit).unwrap_or(i64::MAX),
    ))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let body: Option<Vec<u8>> = row.get(4)?;
        events.push(Event {
            revision: revision(row, 0)?,
            write_id: WriteId::from_bytes(row.get(2)?),
            body: match row.get(3)? {
                1_i64 => EventBody::Written(body.map(Bytes::from).ok_or(Failure::Contradiction)?),
                2 => EventBody::Erased,
                _ => return Err(Failure::Contradiction),
            },
        });
    }
    Ok(events)
}

fn session_is_live(connection: &Connection, id: &SessionId, now: Timestamp) -> Result<bool, Failure> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM sessions WHERE id = ?1 AND revoked = 0 AND lapses_at > ?2")?
        .query_row((id.as_bytes(), now.millis()), |_| Ok(()))
        .optional()?
        .is_some())
}

fn sessions(
    connection: &Connection,
    owner: &RecordId,
    now: Timestamp,
    most: usize,
) -> Result<Vec<SessionEntry>, Failure> {
    let found = connection
        .prepare_cached(
            "SELECT id, credential, created_at, refreshed_at, lapses_at FROM sessions
             WHERE owner = ?1 AND revoked = 0 AND lapses_at > ?2
             ORDER BY created_at DESC, id DESC LIMIT ?3",
        )?
        .query_map((owner.as_bytes(), now.millis(), i64::try_from(most).unwrap_or(i64::MAX)), |row| {
            Ok(SessionEntry {
                id: SessionId::from_bytes(row.get(0)?),
                credential: row.get::<_, Option<_>>(1)?.map(Pseudonym::from_bytes),
                created_at: Timestamp::from_millis(row.get(2)?),
                refreshed_at: row.get::<_, Option<_>>(3)?.map(Timestamp::from_millis),
                lapses_at: Timestamp::from_millis(row.get(4)?),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;
    use futures_util::FutureExt;
    use strongroom_ports::{RecordId, RecordStore, StoreError};

    use crate::{Options, SqliteStore};

    const KNOWN: RecordId = RecordId::from_bytes([1; 32]);
    const OTHER: RecordId = RecordId::from_bytes([2; 32]);

    #[test]
    fn a_slow_read_delays_nobody_but_its_caller() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(Options::new(directory.path(), Vec::new())).unwrap();
        assert_eq!(block_on(store.load(&KNOWN)), Ok(None));
        let held = store.faults().readers.hold();
        let mut slow = store.load(&OTHER);
        assert!((&mut slow).now_or_never().is_none(), "its thread is free meanwhile");
        assert_eq!(store.load(&KNOWN).now_or_never(), Some(Ok(None)), "from memory, at once");
        drop(held);
        assert_eq!(block_on(slow), Ok(None));
    }

    #[test]
    fn a_full_queue_of_reads_is_unavailable_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { queue_len: 1, ..Options::new(directory.path(), Vec::new()) };
        let store = SqliteStore::open(options).unwrap();
        let held = store.faults().readers.hold();
        let mut waiting: Vec<_> = Vec::new();
        // Each reader has one in hand, or is about to.
        let refused = (0..4).find_map(|_| {
            let mut read = store.load(&OTHER);
            let answer = (&mut read).now_or_never();
            waiting.push(read);
            answer
        });
        assert_eq!(refused, Some(Err(StoreError::Unavailable)));
        assert_eq!(store.stats().refused_by_full_queue, 1);
        drop(held);
        assert_eq!(block_on(waiting.swap_remove(0)), Ok(None));
    }
}
