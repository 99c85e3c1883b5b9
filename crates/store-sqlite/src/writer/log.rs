//! The write-ahead log, as the writer tends it: emptied when it has grown, when the store closes, and before an erasure
//! is answered, because old pages of it hold what was erased.
//!
//! An erasure that another process is in the way of is *owed*: committed, its record withheld, and tried again.

use std::path::PathBuf;
use std::time::Duration;

use strongroom_ports::RecordId;

use super::Writer;
use crate::connection::empty_log;
use crate::error::{code, is_surely_undone};
use crate::stats::Counters;

/// The log is emptied past this size; a smaller one would sync the database more often, a larger one slows reads and
/// restart.
const LOG_BYTES: u64 = 8 * 1024 * 1024;

/// How long an erasure waits for readers to leave the log. Our own leave within microseconds; a backup may not.
const ERASURE_WAIT: Duration = Duration::from_millis(500);

/// How often an owed erasure is tried again when nothing else happens, and after how many groups otherwise.
pub(super) const OWED_RETRY: Duration = Duration::from_millis(100);
const OWED_RETRY_GROUPS: u32 = 16;

/// Erasures that may be owed: 2 MiB of ids. More only come up during a backup of hours; they are refused then.
pub(super) const OWED_ERASURES: usize = 65_536;

/// How long the last checkpoint waits for readers; what it leaves in the log, the next start finds.
const CLOSING_WAIT: Duration = Duration::from_secs(1);

/// What the writer knows of its log.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    /// The size at which it is to be emptied next; further on when a reader was in the way.
    due_at_bytes: u64,
    groups_since_try: u32,
}

impl Log {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, due_at_bytes: LOG_BYTES, groups_since_try: 0 }
    }
}

impl Writer {
    /// After each group, its callers answered; or when there was none for a while.
    pub(super) fn tend_log(&mut self, is_idle: bool) {
        self.log.groups_since_try += 1;
        let is_owed =
            self.shared.withheld.len() > 0 && (is_idle || self.log.groups_since_try >= OWED_RETRY_GROUPS);
        let bytes = self.log.path.metadata().map_or(0, |metadata| metadata.len());
        if (is_owed || bytes >= self.log.due_at_bytes) && !self.empty_log(Duration::ZERO) {
            self.log.due_at_bytes = bytes.saturating_add(LOG_BYTES);
        }
    }

    /// Before the store closes.
    pub(super) fn close_log(&mut self) {
        self.empty_log(CLOSING_WAIT);
    }

    /// Sees to it that the keys of what was erased are in no file. When that is not so, the records are withheld until it is.
    pub(super) fn destroy_erased(&mut self, erased: &[RecordId]) {
        if erased.is_empty() {
            return;
        }
        // Waited for once, not by every erasure of a long backup.
        let wait = if self.shared.withheld.len() > 0 { Duration::ZERO } else { ERASURE_WAIT };
        if !self.empty_log(wait) {
            self.shared.withheld.add(erased.iter().copied());
        }
    }

    /// Empties the log into the database, and with it whatever erasures were owed.
    fn empty_log(&mut self, wait: Duration) -> bool {
        if !self.shared.is_writable() {
            return false;
        }
        self.log.groups_since_try = 0;
        match empty_log(&self.connection, wait) {
            Ok(true) => {
                Counters::count(&self.shared.counters.checkpoints, 1);
                self.log.due_at_bytes = LOG_BYTES;
                self.ring(&self.shared.withheld.release_all());
                true
            }
            Ok(false) => false,
            Err(error) if is_surely_undone(&error) => {
                tracing::warn!(code = code(&error), "the write-ahead log could not be emptied");
                false
            }
            Err(error) => {
                self.stop_writes(&error);
                false
            }
        }
    }
}
