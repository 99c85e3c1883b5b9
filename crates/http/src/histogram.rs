//! A histogram of durations that many threads count into at once: fixed buckets, no lock, no allocation.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the buckets, in microseconds: a read from memory takes tens, a sync milliseconds, and whoever waits for a
/// slow client waits for seconds. The last bucket has no bound.
const BOUNDS_US: [u64; 16] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    5_000_000, 30_000_000,
];

/// Counts of durations, by size.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    counts: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

/// What a histogram held at a moment, in the shape that an encoder asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct Reading {
    /// Seconds, summed.
    pub(crate) sum_s: f64,
    pub(crate) count: u64,
    /// Each bucket's upper bound in seconds, and how many fell into it and not into one below.
    pub(crate) buckets: Vec<(f64, u64)>,
}

impl Histogram {
    pub(crate) fn observe(&self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| *bound < us);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        self.sum_us.fetch_add(us, Relaxed);
    }

    /// What several held together.
    pub(crate) fn read_all<'a>(all: impl Iterator<Item = &'a Self>) -> Reading {
        let mut counts = [0; BOUNDS_US.len() + 1];
        let mut sum_us = 0;
        for histogram in all {
            sum_us += histogram.sum_us.load(Relaxed);
            for (sum, count) in counts.iter_mut().zip(&histogram.counts) {
                *sum += count.load(Relaxed);
            }
        }
        let bounds = BOUNDS_US.iter().map(|us| seconds(*us)).chain([f64::INFINITY]);
        Reading { sum_s: seconds(sum_us), count: counts.iter().sum(), buckets: bounds.zip(counts).collect() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a sum of microseconds is exact for 285 years")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_bucket_that_holds_it_and_none_is_lost() {
        let histogram = Histogram::default();
        for us in [0, 50, 51, 30_000_000, 30_000_001, u64::MAX / 4] {
            histogram.observe(Duration::from_micros(us));
        }
        let reading = Histogram::read_all([&histogram, &Histogram::default()].into_iter());
        let filled: Vec<_> = reading.buckets.iter().filter(|(_, count)| *count > 0).copied().collect();
        assert_eq!(filled, [(0.00005, 2), (0.0001, 1), (30.0, 1), (f64::INFINITY, 2)]);
        assert_eq!(reading.count, 6);
    }
}
