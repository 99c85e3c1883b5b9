//! The one thread that writes: group commit.
//!
//! What waits goes into one transaction, each write under a savepoint of its own; one sync, then all are answered. It
//! must never answer before the sync, nor sync again after one that failed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, Result};
use strongroom_ports::{RecordId, Rotation, StoreError};

use crate::cache::Known;
use crate::error::{Refused, code, is_failed_sync, is_surely_undone, store_error};
use crate::job::{Answer, Job, Write};
use crate::record_writes::{self, Retention};
use crate::session_writes;
use crate::shared::{Counters, Shared};

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
    shared: Arc<Shared>,
    log: log::Log,
}

/// What a write did, before the commit.
#[derive(Debug, Clone, Copy)]
struct Applied {
    answer: Answer,
    changed: bool,
}

/// What became of each write of a group, before the commit.
type Outcomes = Vec<Result<Applied, StoreError>>;

/// What each caller of a group is told.
type Answers = Vec<Result<Answer, StoreError>>;

/// Records of a group, and what the cache knew of each.
type States = HashMap<RecordId, Option<Known>>;

impl Writer {
    pub(crate) fn new(
        connection: Connection,
        log: PathBuf,
        retention: Retention,
        shared: Arc<Shared>,
    ) -> Self {
        Self { connection, retention, shared, log: log::Log::new(log) }
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
        Some(std::iter::once(first).chain(jobs.try_iter()).take(GROUP_WRITES).collect())
    }

    fn write(&mut self, group: Vec<Job>) {
        let (writes, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|job| (job.write, job.reply)).unzip();
        let answers = if self.shared.is_writable() {
            self.transact(&writes)
        } else {
            vec![Err(StoreError::Unavailable); writes.len()]
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            // Whoever has gone away meanwhile needs no answer.
            let _ = reply.send(answer);
        }
    }

    /// One transaction, and what it answers.
    fn transact(&mut self, writes: &[Write]) -> Answers {
        let applied = self.apply_all(writes).and_then(|outcomes| {
            let changes: Vec<&Write> = writes
                .iter()
                .zip(&outcomes)
                .filter(|(_, outcome)| is_change(**outcome))
                .map(|(write, _)| write)
                .collect();
            if changes.is_empty() {
                self.connection.execute_batch("ROLLBACK")?;
            }
            Ok((outcomes, changes))
        });
        match applied {
            Err(error) => {
                self.undo(&error);
                vec![Err(store_error(&error)); writes.len()]
            }
            Ok((outcomes, changes)) if changes.is_empty() => answers(outcomes),
            Ok((outcomes, changes)) => {
                let before = self.take_from_cache(&changes);
                match self.commit() {
                    Ok(()) => self.after_commit(writes, outcomes, &changes, before),
                    Err(error) => self.after_failed_commit(&error, outcomes, before),
                }
            }
        }
    }

    /// Applies every write under a savepoint. An error is the whole group's: the transaction is lost.
    fn apply_all(&self, writes: &[Write]) -> Result<Outcomes> {
        #[cfg(test)]
        self.shared.faults.before_group(&self.connection)?;
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        writes.iter().map(|write| self.apply(write)).collect()
    }

    fn apply(&self, write: &Write) -> Result<Result<Applied, StoreError>> {
        self.step("SAVEPOINT write")?;
        match self.change(write) {
            Ok(applied) => {
                self.step("RELEASE write")?;
                Ok(Ok(applied))
            }
            Err(Refused::Sqlite(error)) if is_failed_sync(&error) || self.connection.is_autocommit() => {
                Err(error)
            }
            Err(refused) => {
                self.step("ROLLBACK TO write")?;
                self.step("RELEASE write")?;
                Ok(Err(match refused {
                    Refused::Store(error) => error,
                    Refused::Sqlite(error) => {
                        tracing::warn!(code = code(&error), "a write was refused by the database");
                        store_error(&error)
                    }
                }))
            }
        }
    }

    fn change(&self, write: &Write) -> Result<Applied, Refused> {
        let connection = &self.connection;
        let done = |changed| Applied { answer: Answer::Done, changed };
        match write {
            Write::Commit(id, commit) => {
                record_writes::commit(connection, id, commit, self.retention)?;
                Ok(done(true))
            }
            Write::Erase(..) if self.shared.withheld.len() >= log::OWED_ERASURES => {
                Err(StoreError::Unavailable.into())
            }
            Write::Erase(id, expected, write_id) => {
                record_writes::erase(connection, id, *expected, *write_id, self.retention)?;
                Ok(done(true))
            }
            Write::OpenSession(session) => {
                session_writes::open(connection, session)?;
                Ok(done(true))
            }
            Write::Rotate { id, presented, next, now, lapses_at } => {
                let rotation = session_writes::rotate(connection, id, presented, next, *now, *lapses_at)?;
                Ok(Applied { answer: Answer::Rotation(rotation), changed: rotation != Rotation::Dead })
            }
            Write::RevokeSession(id) => Ok(done(session_writes::revoke(connection, id)?)),
        }
    }

    fn step(&self, sql: &str) -> Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// The one place where writes become durable.
    fn commit(&self) -> Result<()> {
        #[cfg(test)]
        return self.shared.faults.commit(&self.connection);
        #[cfg(not(test))]
        self.connection.execute_batch("COMMIT")
    }

    fn after_commit(
        &mut self,
        writes: &[Write],
        outcomes: Outcomes,
        changes: &[&Write],
        before: States,
    ) -> Answers {
        Counters::count(&self.shared.counters.syncs, 1);
        Counters::count(&self.shared.counters.writes, changes.len() as u64);
        self.settle_cache(before, changes);
        let is_destroyed = self.destroy_erased(changes);
        let mut answers = answers(outcomes);
        for (write, answer) in writes.iter().zip(&mut answers) {
            if write.erased().is_some() && answer.is_ok() && !is_destroyed {
                *answer = Err(StoreError::Unknown);
            }
        }
        answers
    }

    fn after_failed_commit(&self, error: &Error, outcomes: Outcomes, before: States) -> Answers {
        let is_undone = is_surely_undone(error);
        if !is_undone {
            self.stop_writes(error);
        }
        self.undo(error);
        for (id, known) in before {
            self.shared.cache.settle(&id, known.filter(|_| is_undone));
        }
        let lost = if is_undone { StoreError::Unavailable } else { StoreError::Unknown };
        // What changed nothing may have been decided by a neighbour that is undone now: it is not answered either.
        outcomes
            .into_iter()
            .map(|outcome| Err(if is_change(outcome) { lost } else { StoreError::Unavailable }))
            .collect()
    }

    /// Leaves no transaction behind, whatever the error was.
    fn undo(&self, error: &Error) {
        tracing::error!(code = code(error), "a group of writes was not committed");
        if is_failed_sync(error) {
            self.stop_writes(error);
        }
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

    fn take_from_cache(&self, changes: &[&Write]) -> States {
        let mut before = States::new();
        for id in changes.iter().filter_map(|write| write.record()) {
            if let Entry::Vacant(entry) = before.entry(*id) {
                entry.insert(self.shared.cache.begin(id));
            }
        }
        before
    }

    fn settle_cache(&self, mut states: States, changes: &[&Write]) {
        for write in changes {
            if let Some(state) = write.record().and_then(|id| states.get_mut(id)) {
                *state = write.after(state.take());
            }
        }
        for (id, known) in states {
            self.shared.cache.settle(&id, known);
        }
    }
}

/// However the thread ends, nobody takes the store for writable afterwards.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.stop_writes();
    }
}

fn is_change(outcome: Result<Applied, StoreError>) -> bool {
    matches!(outcome, Ok(applied) if applied.changed)
}

fn answers(outcomes: Outcomes) -> Answers {
    outcomes.into_iter().map(|outcome| outcome.map(|applied| applied.answer)).collect()
}
