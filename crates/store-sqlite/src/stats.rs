//! What a store counts of its own work: cheap to count, by many threads at once, and free of whose work it was.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of [`Stats::sync_times`], in microseconds: from a disk that keeps its promise in a cache of its own to one
/// that is in trouble.
pub const SYNC_TIME_BOUNDS_US: &[u64] =
    &[100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000];

/// Upper bounds of [`Stats::group_sizes`], in writes: a group has at most 256.
pub const GROUP_SIZE_BOUNDS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// Buckets of a distribution: the longer list of bounds, and one beyond.
const BUCKETS: usize = SYNC_TIME_BOUNDS_US.len() + 1;

/// What a store has done since it opened, and how much of it waits at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Writes that were acknowledged.
    pub writes: u64,
    /// Transactions that were committed. With `synchronous=FULL`, each is one sync of the write-ahead log; one more for
    /// the head of a log that has just been emptied.
    pub syncs: u64,
    /// How long each of these commits took, its sync included, in microseconds.
    pub sync_times: Distribution,
    /// Acknowledged writes in each of these commits.
    pub group_sizes: Distribution,
    /// Times the write-ahead log was emptied into the database.
    pub checkpoints: u64,
    /// Loads that were answered from memory.
    pub cache_hits: u64,
    /// Loads that went to the database.
    pub cache_misses: u64,
    /// Bytes that the cache holds now.
    pub cache_bytes: u64,
    /// Writes that wait for the writer now, those it has in hand not included.
    pub writes_waiting: u64,
    /// Reads that wait for a reader now.
    pub reads_waiting: u64,
    /// Reads and writes that were refused since their queue was full.
    pub refused_by_full_queue: u64,
    /// Erasures that are committed and not yet out of the log: nothing is told of their records until they are.
    pub erasures_withheld: u64,
}

/// Numbers, counted by their size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Distribution {
    /// Upper bounds of the buckets, rising, each included in its bucket.
    pub bounds: &'static [u64],
    counts: [u64; BUCKETS],
    /// All of them, added up.
    pub sum: u64,
}

impl Distribution {
    /// How many fell into each bucket and into none before it; the last of them is beyond all bounds.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        self.counts.get(..=self.bounds.len()).unwrap_or(&self.counts)
    }
}

/// Counts by size, while they are counted.
#[derive(Debug)]
struct Histogram {
    bounds: &'static [u64],
    counts: [AtomicU64; BUCKETS],
    sum: AtomicU64,
}

impl Histogram {
    fn new(bounds: &'static [u64]) -> Self {
        Self { bounds, counts: Default::default(), sum: AtomicU64::new(0) }
    }

    fn observe(&self, value: u64) {
        if let Some(count) = self.counts.get(self.bounds.partition_point(|bound| *bound < value)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    fn read(&self) -> Distribution {
        Distribution {
            bounds: self.bounds,
            counts: self.counts.each_ref().map(|count| count.load(Ordering::Relaxed)),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// The counts of a store, shared by its threads.
#[derive(Debug)]
pub(crate) struct Counters {
    writes: AtomicU64,
    sync_times: Histogram,
    group_sizes: Histogram,
    syncs: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
    pub(crate) cache_hits: AtomicU64,
    pub(crate) cache_misses: AtomicU64,
    pub(crate) writes_waiting: AtomicU64,
    pub(crate) reads_waiting: AtomicU64,
    pub(crate) refused_by_full_queue: AtomicU64,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            writes: AtomicU64::new(0),
            sync_times: Histogram::new(SYNC_TIME_BOUNDS_US),
            group_sizes: Histogram::new(GROUP_SIZE_BOUNDS),
            syncs: AtomicU64::new(0),
            checkpoints: AtomicU64::new(0),
            cache_hits: AtomicU64::new(0),
            cache_misses: AtomicU64::new(0),
            writes_waiting: AtomicU64::new(0),
            reads_waiting: AtomicU64::new(0),
            refused_by_full_queue: AtomicU64::new(0),
        }
    }

    pub(crate) fn count(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn discount(counter: &AtomicU64, by: u64) {
        counter.fetch_sub(by, Ordering::Relaxed);
    }

    /// A commit of this many writes has succeeded.
    pub(crate) fn committed(&self, writes: u64, took: Duration) {
        Self::count(&self.syncs, 1);
        Self::count(&self.writes, writes);
        self.group_sizes.observe(writes);
        self.sync_times.observe(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// What these counters tell; the rest is zero.
    pub(crate) fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            writes: read(&self.writes),
            syncs: read(&self.syncs),
            sync_times: self.sync_times.read(),
            group_sizes: self.group_sizes.read(),
            checkpoints: read(&self.checkpoints),
            cache_hits: read(&self.cache_hits),
            cache_misses: read(&self.cache_misses),
            writes_waiting: read(&self.writes_waiting),
            reads_waiting: read(&self.reads_waiting),
            refused_by_full_queue: read(&self.refused_by_full_queue),
            ..Stats::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_falls_into_the_first_bucket_that_holds_it_and_none_is_lost() {
        let counters = Counters::new();
        for writes in [1, 2, 3, 256, 257] {
            counters.committed(writes, Duration::from_micros(writes * 100));
        }
        let Stats { group_sizes, sync_times, .. } = counters.read();
        assert_eq!(group_sizes.counts(), [1, 1, 1, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(sync_times.counts(), [1, 1, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!((group_sizes.sum, sync_times.sum), (519, 51_900));
    }
}
