//! What a gateway counts of the safe behind it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use strongroom_ports::UpstreamError;

/// Kinds of answers: by the hundred of their status, and two for none.
pub const ANSWER_KINDS: [&str; 7] = ["1xx", "2xx", "3xx", "4xx", "5xx", "failed", "too_slow"];

/// Upper bounds of the buckets of durations, in microseconds: a safe next door takes tenths of a millisecond, one far away tens
/// of them. One more bucket has no bound.
pub const DURATION_BOUNDS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
    30_000_000,
];

/// Counts since the process began.
#[derive(Debug, Default)]
pub struct SafeFigures {
    durations: [AtomicU64; DURATION_BOUNDS_US.len() + 1],
    duration_sum_us: AtomicU64,
    answers: [AtomicU64; ANSWER_KINDS.len()],
    connections: AtomicU64,
    retries: AtomicU64,
    dropped: AtomicU64,
}

impl SafeFigures {
    pub(crate) fn answered(&self, status: Result<u16, UpstreamError>, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = DURATION_BOUNDS_US.partition_point(|bound| *bound < us);
        if let Some(count) = self.durations.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        self.duration_sum_us.fetch_add(us, Relaxed);
        let kind = match status {
            Ok(status) => usize::from(status / 100).clamp(1, 5) - 1,
            Err(UpstreamError::TooSlow) => 6,
            Err(_) => 5,
        };
        if let Some(count) = self.answers.get(kind) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn dropped(&self, members: usize) {
        if members > 0 {
            self.dropped.fetch_add(members as u64, Relaxed);
        }
    }

    /// How often the safe answered in each of the [`ANSWER_KINDS`].
    pub fn answers(&self) -> impl Iterator<Item = (&'static str, u64)> {
        ANSWER_KINDS.into_iter().zip(self.answers.iter().map(|count| count.load(Relaxed)))
    }

    /// How many requests took how long, by the [`DURATION_BOUNDS_US`], and the sum in microseconds.
    #[must_use]
    pub fn durations(&self) -> ([u64; DURATION_BOUNDS_US.len() + 1], u64) {
        (self.durations.each_ref().map(|count| count.load(Relaxed)), self.duration_sum_us.load(Relaxed))
    }

    /// Connections that were opened, or tried to.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// Requests that were sent a second time.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.retries.load(Relaxed)
    }

    /// Members that the safe should not have told, and that were told to nobody.
    #[must_use]
    pub fn dropped_members(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_counted_by_its_class_and_by_how_long_it_took() {
        let figures = SafeFigures::default();
        figures.answered(Ok(204), Duration::from_micros(100));
        figures.answered(Ok(404), Duration::from_micros(101));
        figures.answered(Err(UpstreamError::TooSlow), Duration::from_mins(1));
        figures.answered(Err(UpstreamError::Failed), Duration::ZERO);
        let counted: Vec<_> = figures.answers().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [("2xx", 1), ("4xx", 1), ("failed", 1), ("too_slow", 1)]);
        let (durations, sum_us) = figures.durations();
        assert_eq!((durations[0], durations[1], durations[DURATION_BOUNDS_US.len()]), (2, 1, 1));
        assert_eq!(sum_us, 60_000_201);
    }
}
