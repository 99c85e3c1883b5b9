//! The one thread that writes: group commit.
//!
//! What waits goes into one transaction; one sync, then all are answered. It must never answer before the sync, nor sync
//! again after one that failed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, Result};
use strongroom_ports::{ChangeBell, RecordId, Rotation, StoreError};

use crate::answer::Answer;
use crate::cache::Known;
use crate::connection;
use crate::error::{Refused, code, is_failed_sync, is_surely_undone, may_pass};
use crate::in_flux::InFlux;
use crate::job::{Job, Write};
use crate::outbox::Retention;
use crate::record_writes;
use crate::session_writes;
use crate::shared::Shared;
use crate::stats::Counters;

mod log;
#[cfg(test)]
mod tests;

/// Writes in one transaction: enough that the sync costs each of them little, few enough that the first does not wait
/// for long.
const GROUP_WRITES: usize = 256;

/// The writer's own state.
#[derive(Debug)]
pub(crate) struct Writer {
    connection: Connection,
    retention: Retention,
    bell: Option<Arc<dyn ChangeBell>>,
    shared: Arc<Shared>,
    log: log::Log,
}

/// What each caller of a group is told.
type Answers = Vec<Result<Answer, StoreError>>;

/// What a write changes, once it is committed.
#[derive(Debug)]
enum Change {
    Nothing,
    /// What no cache knows.
    Rows,
    /// A record, and what it is then.
    Record(RecordId, Known),
}

impl Writer {
    pub(crate) fn new(
        connection: Connection,
        log: PathBuf,
        retention: Retention,
        bell: Option<Arc<dyn ChangeBell>>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { connection, retention, bell, shared, log: log::Log::new(log) }
    }

    /// Works until all senders are gone and the queue is empty.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        while let Some(group) = self.next_group(jobs) {
            let is_idle = group.is_empty();
            if !is_idle {
                self.write(group);
            }
            self.tend_log(is_idle);
        }
        self.close_log();
    }

    /// Waits for a job and takes along what else is waiting. Empty when nothing came while an erasure is owed.
    fn next_group(&self, jobs: &Receiver<Job>) -> Option<Vec<Job>> {
        let first = if self.shared.withheld.len() > 0 {
            match jobs.recv_timeout(log::OWED_RETRY) {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => return Some(Vec::new()),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        } else {
            jobs.recv().ok()?
        };
        #[cfg(test)]
        self.shared.faults.writer.pass();
        let group: Vec<_> = std::iter::once(first).chain(jobs.try_iter()).take(GROUP_WRITES).collect();
        Counters::discount(&self.shared.counters.writes_waiting, group.len() as u64);
        Some(group)
    }

    fn write(&mut self, group: Vec<Job>) {
        let (writes, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|job| (job.write, job.reply)).unzip();
        let answers = self.transact(&writes);
        for (reply, answer) in replies.into_iter().zip(answers) {
            // Whoever has gone away meanwhile needs no answer.
            let _ = reply.send(answer);
        }
    }

    /// All of them in one transaction, and what it answers. When the database refuses one, each has a transaction of its
    /// own, so that it fails alone; and a lone one has another when the disk could not be read.
    fn transact(&mut self, writes: &[Write]) -> Answers {
        match self.try_transact(writes) {
            Ok(answers) => answers,
            Err(error) if writes.len() == 1 && !may_pass(&error) => {
                vec![Err(connection::told(&self.connection, &error))]
            }
            Err(_) => writes.chunks(1).flat_map(|alone| self.transact_last(alone)).collect(),
        }
    }

    fn transact_last(&mut self, writes: &[Write]) -> Answers {
        match self.try_transact(writes) {
            Ok(answers) => answers,
            Err(error) => vec![Err(connection::told(&self.connection, &error)); writes.len()],
        }
    }

    /// An error is the database's, before anything was committed: all is undone.
    fn try_transact(&mut self, writes: &[Write]) -> Result<Answers> {
        if !self.shared.is_writable() {
            return Ok(vec![Err(StoreError::Unavailable); writes.len()]);
        }
        match self.apply_all(writes) {
            Ok((answers, changes)) => Ok(self.finish(writes, answers, changes)),
            Err(error) => {
                self.undo(&error);
                Err(error)
            }
        }
    }

    /// Begins a transaction and applies every write. An error is the database's: the transaction is lost.
    fn apply_all(&self, writes: &[Write]) -> Result<(Answers, Vec<Change>)> {
        #[cfg(test)]
        self.shared.faults.before_group(&self.connection)?;
        connection::begin(&self.connection)?;
        writes
            .iter()
            .map(|write| match self.apply(write) {
                Ok((answer, change)) => Ok((Ok(answer), change)),
                Err(Refused::Store(error)) => Ok((Err(error), Change::Nothing)),
                Err(Refused::Sqlite(error)) => Err(error),
            })
            .collect()
    }

    /// One write. A decision against it comes before it has changed anything.
    fn apply(&self, write: &Write) -> Result<(Answer, Change), Refused> {
        let connection = &self.connection;
        let rows = |changed| if changed { Change::Rows } else { Change::Nothing };
        match write {
            Write::Commit(id, commit) => {
                let record = record_writes::commit(connection, id, commit, self.retention)?;
                Ok((Answer::Done, Change::Record(*id, Some(record))))
            }
            write if write.erased().is_some() && self.shared.withheld.len() >= log::OWED_ERASURES => {
                Err(StoreError::Unavailable.into())
            }
            Write::Erase(id, expected, write_id) => {
                record_writes::erase(connection, id, *expected, *write_id, self.retention)?;
                Ok((Answer::Done, Change::Record(*id, None)))
            }
            Write::OpenSession(new) => {
                let ended = session_writes::open(connection, new)?;
                Ok((Answer::Ended(ended), Change::Rows))
            }
            Write::Rotate { id, presented, next, now, lapses_at } => {
                let rotation = session_writes::rotate(connection, id, presented, next, *now, *lapses_at)?;
                Ok((Answer::Rotation(rotation), rows(rotation != Rotation::Dead)))
            }
            Write::RevokeSession(id) => Ok((Answer::Done, rows(session_writes::revoke(connection, id)?))),
            Write::Account(write) => {
                let (answer, has_changed) = write.apply(connection)?;
                Ok((answer, rows(has_changed)))
            }
            Write::RevokeSessionOf { owner, id, now } => {
                let is_ended = session_writes::revoke_of(connection, owner, id, *now)?;
                Ok((Answer::Decided(is_ended), rows(is_ended)))
            }
        }
    }

    /// Ends the transaction: commits it, unless it has changed nothing.
    fn finish(&mut self, writes: &[Write], answers: Answers, changes: Vec<Change>) -> Answers {
        let has_changed: Vec<bool> =
            changes.iter().map(|change| !matches!(change, Change::Nothing)).collect();
        let effective = has_changed.iter().filter(|changed| **changed).count();
        if effective == 0 {
            self.roll_back();
            return self.withhold(writes, answers);
        }
        let shared = Arc::clone(&self.shared);
        let in_flux = InFlux::new(
            &shared.cache,
            changes.into_iter().filter_map(|change| match change {
                Change::Record(id, known) => Some((id, known)),
                Change::Nothing | Change::Rows => None,
            }),
        );
        let began = Instant::now();
        match self.commit() {
            Ok(()) => {
                in_flux.committed();
                shared.counters.committed(effective as u64, began.elapsed());
                self.after_commit(writes, answers, &has_changed)
            }
            Err(error) => self.after_failed_commit(&error, writes, &has_changed),
        }
    }

    /// The one place where writes become durable.
    fn commit(&self) -> Result<()> {
        #[cfg(test)]
        return self.shared.faults.commit(&self.connection);
        #[cfg(not(test))]
        self.connection.prepare_cached("COMMIT")?.execute([]).map(drop)
    }

    /// An erasure is answered as done when the key is in no file any more, and the closing of an account when its boxes are not.
    fn after_commit(&mut self, writes: &[Write], answers: Answers, has_changed: &[bool]) -> Answers {
        let erased: Vec<RecordId> = changed(writes, has_changed).filter_map(Write::erased).copied().collect();
        self.destroy_erased(&erased);
        self.ring_for(writes, has_changed);
        self.withhold(writes, answers)
    }

    /// Rings for each record that has changed, or may have. Whoever is withheld is rung for when that ends.
    fn ring_for(&self, writes: &[Write], has_changed: &[bool]) {
        let records = changed(writes, has_changed).filter_map(Write::record);
        self.ring(records.filter(|id| !self.shared.withheld.contains(id)));
    }

    fn ring<'a>(&self, changed: impl IntoIterator<Item = &'a RecordId>) {
        if let Some(bell) = &self.bell {
            changed.into_iter().for_each(|id| bell.ring(id));
        }
    }

    /// Nobody hears that what is owed is done, not even who asks again.
    fn withhold(&self, writes: &[Write], mut answers: Answers) -> Answers {
        for (write, answer) in writes.iter().zip(&mut answers) {
            if answer.is_ok() && write.erased().is_some_and(|id| self.shared.withheld.contains(id)) {
                *answer = Err(StoreError::Unknown);
            }
        }
        answers
    }

    fn after_failed_commit(&self, error: &Error, writes: &[Write], has_changed: &[bool]) -> Answers {
        let is_undone = is_surely_undone(error);
        if !is_undone {
            self.stop_writes(error);
        }
        self.undo(error);
        if !is_undone {
            // It may be durable, and whoever asks may be told so.
            self.ring_for(writes, has_changed);
        }
        let lost = if is_undone { StoreError::Unavailable } else { StoreError::Unknown };
        // What changed nothing may have been decided by a neighbour that is undone now: it is not answered either.
        has_changed.iter().map(|changed| Err(if *changed { lost } else { StoreError::Unavailable })).collect()
    }

    /// Leaves no transaction behind, whatever the error was.
    fn undo(&self, error: &Error) {
        tracing::error!(code = code(error), "a group of writes was not committed");
        if is_failed_sync(error) {
            self.stop_writes(error);
        }
        self.roll_back();
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            self.stop_writes(&error);
        }
    }

    /// Read-only until restart. Closing the database must not sync either.
    fn stop_writes(&self, error: &Error) {
        tracing::error!(
            code = code(error),
            "the store is read-only until restart: what is on disk is not known"
        );
        self.shared.stop_writes();
        if let Err(error) = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
            tracing::error!(code = code(&error), "closing the store may sync once more");
        }
    }
}

/// However the thread ends, nobody takes the store for writable afterwards.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.stop_writes();
    }
}

/// Those of the writes that have changed something.
fn changed<'w>(writes: &'w [Write], has_changed: &'w [bool]) -> impl Iterator<Item = &'w Write> {
    writes.iter().zip(has_changed).filter(|(_, changed)| **changed).map(|(write, _)| write)
}
