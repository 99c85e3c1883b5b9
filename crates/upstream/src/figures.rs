//! What is counted of the requests to one other server: how they ended, how long they took, and over how many connections.
//!
//! A request costs two additions, and two more for a kept connection, each into a place that no other core writes to: no lock,
//! and after the first of its kind no allocation. A label is the server's role, a template or an outcome of a fixed list: never
//! anything that somebody sent.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use crate::outcome::{OUTCOMES, Outcome};

/// Upper bounds of the buckets of durations, in microseconds: a safe next door takes tenths of a millisecond, one far away tens
/// of them. One more bucket has no bound.
pub const DURATION_BOUNDS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
    30_000_000,
];

/// Cores that count apart from each other; of more than these, some share.
const SHARDS: usize = 16;

static NEXT_SHARD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The shard that this thread counts into.
    static SHARD: usize = NEXT_SHARD.fetch_add(1, Relaxed) % SHARDS;
}

/// Counts of one other server, since the process began.
#[derive(Debug)]
pub struct Figures {
    upstream: &'static str,
    keeps_connections: bool,
    routes: Vec<Route>,
    shards: Vec<Shard>,
}

#[derive(Debug)]
struct Route {
    method: Box<str>,
    template: Box<str>,
}

/// What some cores have counted; on lines of the cache that no other shard is on.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    times: Vec<OfRoute>,
    opened: AtomicU64,
    closed: AtomicU64,
    /// Below 0 where another core has kept what this one took.
    kept: AtomicI64,
    retries: AtomicU64,
    dropped: AtomicU64,
}

/// By outcome, and made when there is something to count: most of what may happen never does.
type OfRoute = [OnceLock<Box<Times>>; OUTCOMES.len()];

#[derive(Debug, Default)]
#[repr(align(128))]
struct Times {
    counts: [AtomicU64; DURATION_BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

/// Requests of one kind, which ended in one way.
#[derive(Debug, PartialEq, Eq)]
pub struct Requests<'f> {
    /// The method.
    pub method: &'f str,
    /// The template of the path.
    pub route: &'f str,
    /// The class of the status, or why there was none: one of the [`OUTCOMES`].
    pub outcome: &'static str,
    /// How many took how long, by the [`DURATION_BOUNDS_US`], each in one bucket alone.
    pub durations: [u64; DURATION_BOUNDS_US.len() + 1],
    /// What all of them took, in microseconds.
    pub sum_us: u64,
}

impl Figures {
    /// Of the server of this role, for requests of these methods and templates, over connections that are kept.
    #[must_use]
    pub fn new<'r>(upstream: &'static str, routes: impl IntoIterator<Item = (&'r str, &'r str)>) -> Self {
        let routes = routes.into_iter();
        let routes: Vec<_> = routes
            .map(|(method, template)| Route { method: method.into(), template: template.into() })
            .collect();
        let times = || std::iter::repeat_with(OfRoute::default).take(routes.len()).collect();
        let shard = || Shard { times: times(), ..Shard::default() };
        let shards = std::iter::repeat_with(shard).take(SHARDS).collect();
        Self { upstream, keeps_connections: true, routes, shards }
    }

    /// The same for requests that each have a connection of their own, which is not counted.
    #[must_use]
    pub fn of_single_requests(self) -> Self {
        Self { keeps_connections: false, ..self }
    }

    /// Whether connections are kept, and counted.
    #[must_use]
    pub fn keeps_connections(&self) -> bool {
        self.keeps_connections
    }

    /// Begins to time a request. `route`: its place among those that were given.
    pub(crate) fn begin(&self, route: usize) -> Timing<'_> {
        Timing { figures: self, route, began: Instant::now(), outcome: Outcome::GivenUp }
    }

    pub(crate) fn retried(&self) {
        if let Some(shard) = self.shard() {
            shard.retries.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn dropped(&self, members: usize) {
        if let Some(shard) = self.shard().filter(|_| members > 0) {
            shard.dropped.fetch_add(members as u64, Relaxed);
        }
    }

    fn ended(&self, route: usize, outcome: Outcome, duration: Duration) {
        let Some(of_route) = self.shard().and_then(|shard| shard.times.get(route)) else { return };
        let Some(times) = of_route.get(outcome.place()) else { return };
        let times = times.get_or_init(Box::default);
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = DURATION_BOUNDS_US.partition_point(|bound| *bound < us);
        if let Some(count) = times.counts.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        times.sum_us.fetch_add(us, Relaxed);
    }

    /// This thread's; connections that end with their thread end when it may have none any more.
    fn shard(&self) -> Option<&Shard> {
        self.shards.get(SHARD.try_with(|shard| *shard).unwrap_or(0))
    }

    /// The server's role.
    #[must_use]
    pub fn upstream(&self) -> &'static str {
        self.upstream
    }

    /// Every kind of request that there was, with every way in which it ended.
    pub fn requests(&self) -> impl Iterator<Item = Requests<'_>> {
        let kinds = self.routes.iter().enumerate().flat_map(|(number, route)| {
            OUTCOMES.iter().enumerate().map(move |(place, outcome)| (number, route, place, *outcome))
        });
        kinds.filter_map(|(number, route, place, outcome)| {
            let mut durations = [0; DURATION_BOUNDS_US.len() + 1];
            let mut sum_us = 0;
            for times in self.shards.iter().filter_map(|shard| shard.times.get(number)?.get(place)?.get()) {
                sum_us += times.sum_us.load(Relaxed);
                for (sum, count) in durations.iter_mut().zip(&times.counts) {
                    *sum += count.load(Relaxed);
                }
            }
            let (method, route) = (&*route.method, &*route.template);
            let requests = Requests { method, route, outcome, durations, sum_us };
            requests.durations.iter().any(|count| *count > 0).then_some(requests)
        })
    }

    /// Connections that were opened.
    #[must_use]
    pub fn connections_opened(&self) -> u64 {
        self.sum(|shard| &shard.opened)
    }

    /// Connections that are open.
    #[must_use]
    pub fn connections(&self) -> u64 {
        // What was closed is read first, or one could be closed that was never opened.
        let closed = self.sum(|shard| &shard.closed);
        self.connections_opened().saturating_sub(closed)
    }

    /// Of those, the ones that are kept and not in use. One that the other side has closed is among them for a second more at most.
    #[must_use]
    pub fn connections_kept(&self) -> u64 {
        let kept: i64 = self.shards.iter().map(|shard| shard.kept.load(Relaxed)).sum();
        u64::try_from(kept).unwrap_or(0)
    }

    /// Requests that were tried a second time, whether or not anything of them had been sent.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.sum(|shard| &shard.retries)
    }

    /// Members that the server should not have told, and that were told to nobody.
    #[must_use]
    pub fn dropped_members(&self) -> u64 {
        self.sum(|shard| &shard.dropped)
    }

    fn sum(&self, of: impl Fn(&Shard) -> &AtomicU64) -> u64 {
        self.shards.iter().map(|shard| of(shard).load(Relaxed)).sum()
    }
}

/// A request under way. One that is dropped before it has ended was given up by whoever asked.
#[derive(Debug)]
#[must_use]
pub(crate) struct Timing<'f> {
    figures: &'f Figures,
    route: usize,
    began: Instant,
    outcome: Outcome,
}

impl Timing<'_> {
    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn end(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Timing<'_> {
    fn drop(&mut self) {
        self.figures.ended(self.route, self.outcome, self.began.elapsed());
    }
}

/// A connection, counted for as long as it is open.
#[derive(Debug)]
pub(crate) struct Counted {
    figures: Arc<Figures>,
    is_kept: bool,
}

impl Counted {
    pub(crate) fn open(figures: Arc<Figures>) -> Self {
        if let Some(shard) = figures.shard() {
            shard.opened.fetch_add(1, Relaxed);
        }
        Self { figures, is_kept: false }
    }

    /// Whether it is kept now, and not in use.
    pub(crate) fn set_kept(&mut self, is_kept: bool) {
        if self.is_kept != is_kept
            && let Some(shard) = self.figures.shard()
        {
            shard.kept.fetch_add(if is_kept { 1 } else { -1 }, Relaxed);
        }
        self.is_kept = is_kept;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.set_kept(false);
        if let Some(shard) = self.figures.shard() {
            shard.closed.fetch_add(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::failure::RequestFailure;

    fn figures() -> Figures {
        Figures::new("safe", [("GET", "/a/{id}"), ("POST", "/b")])
    }

    #[test]
    fn a_request_is_counted_by_its_route_by_how_it_ended_and_by_how_long_it_took() {
        let figures = figures();
        let no_content = Outcome::of(Ok(StatusCode::NO_CONTENT));
        let too_slow = Outcome::of(Err(RequestFailure::HeadTooSlow));
        figures.ended(0, no_content, Duration::from_micros(100));
        figures.ended(0, no_content, Duration::from_micros(101));
        figures.ended(0, too_slow, Duration::from_mins(1));
        figures.ended(1, no_content, Duration::ZERO);
        figures.ended(2, no_content, Duration::ZERO);
        let requests: Vec<_> = figures.requests().collect();
        let kinds = requests.iter().map(|it| (it.method, it.route, it.outcome, it.sum_us));
        assert_eq!(
            kinds.collect::<Vec<_>>(),
            [
                ("GET", "/a/{id}", "2xx", 201),
                ("GET", "/a/{id}", "head_timeout", 60_000_000),
                ("POST", "/b", "2xx", 0)
            ]
        );
        assert_eq!((requests[0].durations[0], requests[0].durations[1]), (1, 1));
        assert_eq!(requests[1].durations[DURATION_BOUNDS_US.len()], 1);
    }

    #[tokio::test]
    async fn a_request_that_nobody_waits_for_any_more_was_given_up() {
        let figures = figures();
        drop(figures.begin(1));
        figures.begin(1).end(Outcome::of(Ok(StatusCode::OK)));
        let outcomes: Vec<_> = figures.requests().map(|it| it.outcome).collect();
        assert_eq!(outcomes, ["2xx", "given_up"]);
    }

    #[test]
    fn a_connection_is_open_or_kept_until_it_is_dropped_on_whichever_core() {
        let figures = Arc::new(figures());
        let counts = || (figures.connections_opened(), figures.connections(), figures.connections_kept());
        let mut kept = Counted::open(figures.clone());
        let used = Counted::open(figures.clone());
        kept.set_kept(true);
        kept.set_kept(true);
        assert_eq!(counts(), (2, 2, 1));
        std::thread::spawn(|| drop((kept, used))).join().unwrap();
        assert_eq!(counts(), (2, 0, 0));
    }
}
