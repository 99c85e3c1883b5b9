//! What the callers' threads, the readers and the writer share: the cache, whether writes can succeed, what is withheld.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use strongroom_ports::RecordId;

use crate::cache::RecordCache;
use crate::stats::{Counters, Stats};

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
            counters: Counters::new(),
            withheld: Withheld::default(),
            writable: AtomicBool::new(true),
            #[cfg(test)]
            faults: crate::faults::Faults::default(),
        }
    }

    /// What there is to count, now.
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            cache_bytes: self.cache.bytes(),
            erasures_withheld: self.withheld.len() as u64,
            ..self.counters.read()
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

    /// Withholds none any more, and names those that were.
    pub(crate) fn release_all(&self) -> HashSet<RecordId> {
        let mut withheld = self.lock();
        self.any.store(false, Ordering::Release);
        std::mem::take(&mut *withheld)
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
