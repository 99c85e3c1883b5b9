//! The store itself: opening, the two queues, and the ports on top of them.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, ffi};
use strongroom_domain::{Generation, Revision};
use strongroom_ports::{Commit, Event, RecordId, RecordStore, SealedRecord, StoreError, WriteId};
use tokio::sync::oneshot;

use crate::answer::Answer;
use crate::cache::LookUp;
use crate::connection;
use crate::directory::{self, Directory};
use crate::error::OpenError;
use crate::job::{Job, Write};
use crate::key_checks;
use crate::options::Options;
use crate::outbox::Retention;
use crate::reader::{self, Query, READERS, Reply};
use crate::schema;
use crate::shared::Shared;
use crate::stats::{Counters, Stats};
use crate::writer::Writer;

/// How long opening waits for another process to leave the log: as long as an operator would before asking why.
const OPENING_WAIT: Duration = Duration::from_secs(10);

/// Sealed records, keys, outbox, and what belongs to accounts, in a directory of this process. Clones are handles to the same store; the
/// last one closes it.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    queues: RwLock<Option<Queues>>,
    /// Another process may have the directory from then on: what is in memory tells nothing any more.
    is_closed: AtomicBool,
    threads: Mutex<Threads>,
}

/// Gone when the store closes, upon which the threads finish what is queued and end.
struct Queues {
    writes: SyncSender<Job>,
    reads: SyncSender<Query>,
}

/// What ends in this order: readers, so that none is in the way of the last checkpoint; the writer; the lock.
struct Threads {
    readers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
    directory: Option<Directory>,
}

impl SqliteStore {
    /// Opens the store of a directory, and makes it when there is none. Blocks: meant for the start of a process.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. A second process, another database, a newer schema and a wrong keyring are refused before anything
    /// is written.
    #[expect(clippy::needless_pass_by_value, reason = "a caller has no more use for them")]
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let directory = Directory::hold(&options.directory)?;
        let database = directory.database();
        let found = if directory::is_filled(&database).map_err(OpenError::Directory)? {
            connection::roll_back_journal(&database)?;
            if directory::is_cut_off(&database).map_err(OpenError::Directory)? {
                return Err(OpenError::Damaged { code: ffi::SQLITE_NOTADB });
            }
            let connection = connection::reader(&database)?;
            let found = schema::inspect(&connection)?;
            if found > 0 {
                key_checks::compare(&connection, &options.key_checks)?;
            }
            found
        } else {
            directory::remove(&database)
                .and_then(|()| directory::create(&database))
                .map_err(OpenError::Directory)?;
            0
        };
        let mut writer = connection::writer(&database)?;
        schema::migrate(&mut writer, found)?;
        key_checks::add(&mut writer, &options.key_checks)?;
        // An erasure may have been interrupted between its commit and this.
        if !connection::empty_log(&writer, OPENING_WAIT)? {
            return Err(OpenError::Busy);
        }
        // `SQLite` takes a failed sync of the directory for done; the name of the log must outlive a crash as the log does.
        directory::sync_parent(&database).map_err(OpenError::Directory)?;
        let readers =
            (0..READERS).map(|_| connection::reader(&database)).collect::<rusqlite::Result<Vec<_>>>()?;
        Self::start(directory, writer, readers, &options).map_err(OpenError::Directory)
    }

    fn start(
        directory: Directory,
        writer: Connection,
        readers: Vec<Connection>,
        options: &Options,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(options.cache_bytes));
        let (write_queue, jobs) = sync_channel(options.queue_len);
        let (read_queue, queries) = sync_channel(options.queue_len);
        let log = directory::beside(&directory.database(), "-wal");
        let writer =
            Writer::new(writer, log, Retention::of(options), options.bell.clone(), Arc::clone(&shared));
        let mut threads = Threads { readers: Vec::new(), writer: None, directory: Some(directory) };
        threads.writer =
            Some(Builder::new().name("store-writer".to_owned()).spawn(move || writer.run(&jobs))?);
        let queries: Arc<Mutex<Receiver<Query>>> = Arc::new(Mutex::new(queries));
        for connection in readers {
            let (queries, shared) = (Arc::clone(&queries), Arc::clone(&shared));
            let thread = Builder::new().name("store-reader".to_owned());
            threads.readers.push(thread.spawn(move || reader::run(&connection, &queries, &shared))?);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                shared,
                queues: RwLock::new(Some(Queues { writes: write_queue, reads: read_queue })),
                is_closed: AtomicBool::new(false),
                threads: Mutex::new(threads),
            }),
        })
    }

    /// Finishes what is queued, empties the write-ahead log and gives the directory back; every handle is
    /// [`StoreError::Unavailable`] from then on. Blocks. Dropping the last handle does the same.
    pub fn close(&self) {
        self.inner.close();
    }

    /// What the store has done since it opened, and what waits.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.shared.stats()
    }

    #[cfg(test)]
    pub(crate) fn faults(&self) -> &crate::faults::Faults {
        &self.inner.shared.faults
    }

    pub(crate) async fn write(&self, write: Write) -> Result<Answer, StoreError> {
        if !self.inner.shared.is_writable() {
            return Err(StoreError::Unavailable);
        }
        let (reply, answer) = oneshot::channel();
        let waiting = &self.inner.shared.counters.writes_waiting;
        self.inner.send(waiting, |queues| queues.writes.try_send(Job { write, reply }).map_err(is_full))?;
        answer.await.unwrap_or(Err(StoreError::Unknown))
    }

    pub(crate) async fn read<T>(&self, query: impl FnOnce(Reply<T>) -> Query) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let waiting = &self.inner.shared.counters.reads_waiting;
        self.inner.send(waiting, |queues| queues.reads.try_send(query(reply)).map_err(is_full))?;
        answer.await.unwrap_or(Err(StoreError::Unavailable))
    }

    pub(crate) fn check_readable(&self, id: &RecordId) -> Result<(), StoreError> {
        if self.inner.is_closed.load(Ordering::Acquire) || self.inner.shared.withheld.contains(id) {
            return Err(StoreError::Unavailable);
        }
        Ok(())
    }
}

impl Inner {
    /// Queues without waiting: a full queue and a closed store are unavailable at once. `send` says whether it was full.
    fn send(
        &self,
        waiting: &AtomicU64,
        send: impl FnOnce(&Queues) -> Result<(), bool>,
    ) -> Result<(), StoreError> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        let queues = queues.as_ref().ok_or(StoreError::Unavailable)?;
        // Before it is taken out again.
        Counters::count(waiting, 1);
        send(queues).map_err(|is_full| {
            Counters::discount(waiting, 1);
            Counters::count(&self.shared.counters.refused_by_full_queue, u64::from(is_full));
            StoreError::Unavailable
        })
    }

    fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        drop(self.queues.write().unwrap_or_else(PoisonError::into_inner).take());
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let Threads { readers, writer, directory } = &mut *threads;
        for thread in readers.drain(..).chain(writer.take()) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store has panicked");
            }
        }
        drop(directory.take());
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what was not sent ends here")]
fn is_full<T>(refused: TrySendError<T>) -> bool {
    matches!(refused, TrySendError::Full(_))
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

#[async_trait]
impl RecordStore for SqliteStore {
    async fn load(&self, id: &RecordId) -> Result<Option<SealedRecord>, StoreError> {
        self.check_readable(id)?;
        let counters = &self.inner.shared.counters;
        match self.inner.shared.cache.look_up(id) {
            LookUp::Hit(known) => {
                Counters::count(&counters.cache_hits, 1);
                Ok(known)
            }
            LookUp::Miss(ticket) => {
                Counters::count(&counters.cache_misses, 1);
                self.read(|reply| Query::Load { id: *id, ticket, reply }).await
            }
        }
    }

    async fn commit(&self, id: &RecordId, commit: Commit) -> Result<(), StoreError> {
        self.write(Write::Commit(*id, Box::new(commit))).await.map(drop)
    }

    async fn erase(&self, id: &RecordId, expected: Revision, write_id: WriteId) -> Result<(), StoreError> {
        self.write(Write::Erase(*id, expected, write_id)).await.map(drop)
    }

    async fn events(
        &self,
        id: &RecordId,
        generation: Generation,
        after_version: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.check_readable(id)?;
        self.read(|reply| Query::Events { id: *id, generation, after_version, limit, reply }).await
    }

    fn is_writable(&self) -> bool {
        self.inner.shared.is_writable()
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("writable", &self.is_writable()).finish_non_exhaustive()
    }
}
