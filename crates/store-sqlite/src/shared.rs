//! What the callers' threads, the readers and the writer share: the cache, whether writes can succeed, and counters.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use strongroom_ports::RecordId;

use crate::cache::RecordCache;

/// Shared by all threads of a store.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) cache: RecordCache,
    pub(crate) counters: Counters,
    pub(crate) withheld: Withheld,
    writable: AtomicBool,
    #[cfg(test)]
    pub(crate) faults: crate::faults::Faults,
}

impl Shared {
    pub(crate) fn new(cache_bytes: usize) -> Self {
        Self {
            cache: RecordCache::new(cache_bytes),
            counters: Counters::default(),
            withheld: Withheld::default(),
            writable: AtomicBool::new(true),
            #[cfg(test)]
            faults: crate::faults::Faults::default(),
        }
    }

    /// Whether writes can succeed.
    pub(crate) fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Acquire)
    }

    /// From here on, no write succeeds until restart.
    pub(crate) fn stop_writes(&self) {
        self.writable.store(false, Ordering::Release);
    }
}

/// Records whose erasure is committed while its bytes may still be in the write-ahead log. They are neither there nor
/// gone: nothing is told of them.
#[derive(Debug, Default)]
pub(crate) struct Withheld {
    any: AtomicBool,
    ids: Mutex<HashSet<RecordId>>,
}

impl Withheld {
    pub(crate) fn add(&self, ids: impl Iterator<Item = RecordId>) {
        let mut withheld = self.lock();
        withheld.extend(ids);
        self.any.store(!withheld.is_empty(), Ordering::Release);
    }

    pub(crate) fn release_all(&self) {
        let mut withheld = self.lock();
        withheld.clear();
        self.any.store(false, Ordering::Release);
    }

    pub(crate) fn contains(&self, id: &RecordId) -> bool {
        self.any.load(Ordering::Acquire) && self.lock().contains(id)
    }

    pub(crate) fn len(&self) -> usize {
        if self.any.load(Ordering::Acquire) { self.lock().len() } else { 0 }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<RecordId>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a store has done since it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Writes that were acknowledged.
    pub writes: u64,
    /// Transactions that were committed. With `synchronous=FULL`, each is one sync of the write-ahead log; one more for
    /// the head of a log that has just been emptied.
    pub syncs: u64,
    /// Times the write-ahead log was emptied into the database.
    pub checkpoints: u64,
    /// Loads that were answered from memory.
    pub cache_hits: u64,
    /// Loads that went to the database.
    pub cache_misses: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) writes: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
    pub(crate) cache_hits: AtomicU64,
    pub(crate) cache_misses: AtomicU64,
}

impl Counters {
    pub(crate) fn count(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Stats {
        Stats {
            writes: self.writes.load(Ordering::Relaxed),
            syncs: self.syncs.load(Ordering::Relaxed),
            checkpoints: self.checkpoints.load(Ordering::Relaxed),
            cache_hits: self.cache_hits.load(Ordering::Relaxed),
            cache_misses: self.cache_misses.load(Ordering::Relaxed),
        }
    }
}
