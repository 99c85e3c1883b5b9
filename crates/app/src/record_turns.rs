//! One writer at a time for each record, so that a person's many writers queue up instead of spinning on `Stale`.
//!
//! Memory is bounded by construction: a fixed number of turns, shared by hash. Two people who share one wait for each
//! other now and then, which costs a moment and is never wrong.

use async_lock::{Mutex, MutexGuard};
use strongroom_ports::RecordId;

/// Enough that a few hundred concurrent writers seldom meet; 4096 mutexes take about 100 KB.
const TURNS: usize = 4096;

/// The turns of all records.
#[derive(Debug)]
pub(crate) struct RecordTurns(Box<[Mutex<()>]>);

impl RecordTurns {
    pub(crate) fn new() -> Self {
        Self((0..TURNS).map(|_| Mutex::new(())).collect())
    }

    /// Waits for this record's turn, which lasts until the guard is dropped.
    pub(crate) async fn take(&self, id: &RecordId) -> MutexGuard<'_, ()> {
        let [high, low, ..] = *id.as_bytes();
        self.0[usize::from(u16::from_be_bytes([high, low])) % TURNS].lock().await
    }
}
