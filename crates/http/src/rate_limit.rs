//! How often somebody may ask, in memory that is the same whether ten ask or ten million.
//!
//! The generic cell rate algorithm (ITU-T I.371): for each client one number, the time at which it would have asked if it had
//! kept to its rate. The numbers stand in a table of fixed size; of eight that share a place, the one that says least is
//! given up for a newcomer. To forget a client is to admit it: a flood of addresses makes the limit laxer. It makes it
//! stricter for the few who are taken for another, one in some thousand (ADR 0009).

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use strongroom_ports::Caller;
use tokio::time::Instant;

/// Clients that share a place in the table: a cache line of them.
const WAYS: usize = 8;
/// Places; eight times as many clients are remembered, in a mebibyte.
const PLACES: usize = 16 * 1024;
/// What may come at once, having been saved up: a second's worth.
const BURST_US: u64 = 1_000_000;
/// Bits of an entry that hold its time, in microseconds since the process began: nine years.
const TIME_BITS: u32 = 48;
const TIME_MASK: u64 = (1 << TIME_BITS) - 1;
/// How often two cores may be in each other's way before the request is let through.
const TRIES: usize = 16;

/// How often each person may ask, by whatever way.
#[derive(Debug)]
pub(crate) struct PersonRate {
    limit: Option<RateLimit>,
    began: Instant,
}

impl PersonRate {
    /// So many a second of each; 0 is no limit.
    pub(crate) fn new(requests_per_s: u32) -> Self {
        Self { limit: RateLimit::of_each(requests_per_s), began: Instant::now() }
    }

    /// Whether one more is within the rate; if so, it is counted.
    pub(crate) fn admits(&self, caller: &Caller, now: Instant) -> bool {
        let limit = self.limit.as_ref();
        limit.is_none_or(|limit| limit.admits(caller, now.saturating_duration_since(self.began)))
    }
}

/// A limit for everybody, each for themselves.
pub(crate) struct RateLimit {
    interval_us: u64,
    /// Who, in sixteen bits, and when, in the rest; 0 is nobody.
    entries: Box<[AtomicU64]>,
    /// Seeded by the process, so that nobody can choose whom to share a place with.
    hasher: RandomState,
}

impl RateLimit {
    /// For each client as many a second. `None`: no limit, for 0.
    pub(crate) fn of_each(requests_per_s: u32) -> Option<Self> {
        Self::new(requests_per_s, PLACES)
    }

    /// For all together.
    pub(crate) fn of_all(requests_per_s: u32) -> Option<Self> {
        Self::new(requests_per_s, 1)
    }

    fn new(requests_per_s: u32, places: usize) -> Option<Self> {
        let interval_us = 1_000_000_u64.checked_div(requests_per_s.into())?.max(1);
        let entries = std::iter::repeat_with(AtomicU64::default).take(places * WAYS).collect();
        Some(Self { interval_us, entries, hasher: RandomState::new() })
    }

    /// Whether one more request is within the rate; if so, it is counted. `now`: since some moment, the same for all calls.
    pub(crate) fn admits(&self, who: &impl Hash, now: Duration) -> bool {
        let now_us = u64::try_from(now.as_micros()).unwrap_or(u64::MAX) & TIME_MASK;
        let hash = self.hasher.hash_one(who);
        let tag = (hash >> TIME_BITS).max(1);
        let places = self.entries.len() / WAYS;
        let place = usize::try_from(hash & TIME_MASK).unwrap_or_default() % places * WAYS;
        let ways = self.entries.get(place..place + WAYS).unwrap_or_default();
        for _ in 0..TRIES {
            let Some((entry, found)) = find(ways, tag) else { return true };
            let expected_us = if found >> TIME_BITS == tag { found & TIME_MASK } else { 0 };
            let next_us = expected_us.max(now_us) + self.interval_us;
            if next_us > now_us + BURST_US.max(self.interval_us) {
                return false;
            }
            let next = (tag << TIME_BITS) | (next_us & TIME_MASK);
            if entry.compare_exchange_weak(found, next, Relaxed, Relaxed).is_ok() {
                return true;
            }
        }
        true
    }
}

/// The entry of this tag, or the one that says least: nobody's, or whose time is the longest past.
fn find(ways: &[AtomicU64], tag: u64) -> Option<(&AtomicU64, u64)> {
    let read = || ways.iter().map(|entry| (entry, entry.load(Relaxed)));
    read()
        .find(|(_, found)| found >> TIME_BITS == tag)
        .or_else(|| read().min_by_key(|(_, found)| found & TIME_MASK))
}

/// Printed by its rate: whom it knows is nobody's business.
impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit").field("interval_us", &self.interval_us).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    fn admitted(limit: &RateLimit, who: u32, now: Duration, asked: usize) -> usize {
        (0..asked).filter(|_| limit.admits(&who, now)).count()
    }

    #[test]
    fn a_second_s_worth_may_come_at_once_and_then_as_many_as_time_allows() {
        let limit = RateLimit::of_each(50).unwrap();
        assert_eq!(admitted(&limit, 1, START, 200), 50);
        assert_eq!(admitted(&limit, 1, START + Duration::from_millis(19), 9), 0);
        assert_eq!(admitted(&limit, 1, START + Duration::from_millis(100), 9), 5);
        assert_eq!(admitted(&limit, 1, START + Duration::from_hours(1), 200), 50, "no more is saved up");
    }

    #[test]
    fn one_who_keeps_to_the_rate_is_never_refused() {
        let limit = RateLimit::of_each(7).unwrap();
        for request in 0..1000_u32 {
            assert!(limit.admits(&1, START + Duration::from_secs(1) * request / 7), "{request}");
        }
    }

    #[test]
    fn one_a_second_is_one_a_second() {
        let limit = RateLimit::of_each(1).unwrap();
        assert_eq!(admitted(&limit, 1, START, 3), 1);
        assert_eq!(admitted(&limit, 1, START + Duration::from_secs(1), 3), 1);
    }

    #[test]
    fn everybody_has_a_rate_of_their_own() {
        let limit = RateLimit::of_each(2).unwrap();
        assert_eq!(admitted(&limit, 1, START, 9), 2);
        assert_eq!(admitted(&limit, 2, START, 9), 2);
    }

    #[test]
    fn a_clock_that_goes_back_takes_nothing_from_anybody_but_the_time_it_took() {
        let limit = RateLimit::of_each(10).unwrap();
        let earlier = START.saturating_sub(Duration::from_millis(100));
        assert_eq!(admitted(&limit, 1, START, 3), 3);
        assert_eq!(admitted(&limit, 1, earlier, 9), 6);
    }

    #[test]
    fn no_rate_is_no_limit() {
        assert!(RateLimit::of_each(0).is_none());
    }

    #[test]
    fn of_a_million_strangers_few_are_taken_for_another_in_a_mebibyte() {
        let limit = RateLimit::of_each(1).unwrap();
        assert_eq!(size_of_val(&*limit.entries), 1024 * 1024);
        let refused = (0..1_000_000_u32).filter(|who| !limit.admits(who, START)).count();
        // Two may have one tag in one place: eight chances in 65,536 where a place is full, as all are soon.
        assert!(refused < 1000, "{refused} were taken for somebody else");
    }

    #[test]
    fn all_together_have_one_rate() {
        let limit = RateLimit::of_all(10).unwrap();
        assert_eq!((0..99).filter(|_| limit.admits(&(), START)).count(), 10);
    }

    #[test]
    fn a_busy_client_is_remembered_while_idle_strangers_pass() {
        let limit = RateLimit::of_each(10).unwrap();
        assert_eq!(admitted(&limit, u32::MAX, START, 99), 10);
        for stranger in 0..100_000 {
            limit.admits(&stranger, START);
        }
        assert_eq!(admitted(&limit, u32::MAX, START, 99), 0);
    }
}
