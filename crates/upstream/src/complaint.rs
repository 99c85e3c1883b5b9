//! Says what is wrong with another server, and not once for each request: at the first failure, and then once a minute at most.
//!
//! How many there are, metrics tell.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use crate::failure::RequestFailure;

/// How long there is silence after a line.
const SILENCE: Duration = Duration::from_mins(1);

/// When something may be said again.
#[derive(Debug)]
pub(crate) struct Complaint {
    began: Instant,
    silent_until_ms: AtomicU64,
}

impl Complaint {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), silent_until_ms: AtomicU64::new(0) }
    }

    /// Tells the operator of a failure, if it is time.
    pub(crate) fn about(&self, upstream: &'static str, failure: RequestFailure) {
        if self.is_time(Instant::now()) {
            let why = failure.words();
            tracing::warn!(
                upstream,
                why,
                "a request to another server has failed; for a minute others are only counted"
            );
        }
    }

    fn is_time(&self, now: Instant) -> bool {
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let now_ms = ms(now.saturating_duration_since(self.began));
        let silent_until_ms = self.silent_until_ms.load(Relaxed);
        let next_ms = now_ms.saturating_add(ms(SILENCE));
        // Of those that fail at once on several cores, one speaks.
        now_ms >= silent_until_ms
            && self.silent_until_ms.compare_exchange(silent_until_ms, next_ms, Relaxed, Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_told_and_another_not_before_a_minute_has_passed() {
        let complaint = Complaint::new();
        let after = |s| complaint.is_time(complaint.began + Duration::from_secs(s));
        assert_eq!([0, 1, 59, 60, 61, 119, 200].map(after), [true, false, false, true, false, false, true]);
    }
}
