//! What operators can count of the surface: answers, times, refusals, connections.
//!
//! A request costs three additions here, each into a place that no other core writes to. A label is a route's template, a method or
//! a reason of a fixed list, or a status: never anything that a stranger chose.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};

use crate::histogram::{Histogram, Reading};
use crate::parking::Warm;
use crate::places::Places;
use crate::refusal::Refusals;
use crate::routes;

/// Methods that are counted by name; any other is `other`.
pub(crate) const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "other"];
/// The template of what has no route.
pub(crate) const NO_ROUTE: &str = "-";
/// The first status, and how many there could be (RFC 9110, section 15).
const FIRST_STATUS: u16 = 100;
const STATUSES: usize = 500;

/// Cores that count apart from each other; of more than these, some share.
const SHARDS: usize = 16;

static NEXT_SHARD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The shard that this thread counts into.
    static SHARD: usize = NEXT_SHARD.fetch_add(1, Relaxed) % SHARDS;
}

/// The counts of a process, since it began.
#[derive(Debug)]
pub(crate) struct Metrics {
    shards: Vec<Shard>,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) over_rate: OverRate,
    pub(crate) panics: AtomicU64,
    pub(crate) lines_left_out: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) open: AtomicUsize,
    pub(crate) places: Arc<Places>,
    /// Of each core.
    warm: Mutex<Vec<Arc<Warm>>>,
}

/// What some cores have counted: one for each route, and the last for what has none. Made when there is something to count.
type Shard = Vec<OnceLock<OfRoute>>;

#[derive(Debug)]
struct OfRoute {
    answers: Vec<AtomicU64>,
    durations: Histogram,
}

impl Default for OfRoute {
    fn default() -> Self {
        Self {
            answers: std::iter::repeat_with(AtomicU64::default).take(METHODS.len() * STATUSES).collect(),
            durations: Histogram::default(),
        }
    }
}

/// Requests that were answered 429, by whose rate was passed.
#[derive(Debug, Default)]
pub(crate) struct OverRate {
    pub(crate) address: AtomicU64,
    pub(crate) person: AtomicU64,
}

/// A number of answers of one kind, for whoever lists them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answers {
    pub(crate) route: &'static str,
    pub(crate) method: &'static str,
    pub(crate) status: u16,
    pub(crate) count: u64,
}

impl Metrics {
    pub(crate) fn new(places: Arc<Places>) -> Self {
        let shard = || std::iter::repeat_with(OnceLock::new).take(routes::templates().len() + 1).collect();
        Self {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            refusals: Arc::default(),
            over_rate: OverRate::default(),
            panics: AtomicU64::new(0),
            lines_left_out: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            places,
            warm: Mutex::default(),
        }
    }

    /// Has a core's warm connections counted.
    pub(crate) fn watch(&self, warm: Arc<Warm>) {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner).push(warm);
    }

    /// Connections of all cores that are warm.
    pub(crate) fn warm_connections(&self) -> usize {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|warm| warm.count()).sum()
    }

    /// Notes an answer. `route`: its place in the table, `None` where none was found; `method`: `None` where the head was not
    /// read so far.
    pub(crate) fn answered(
        &self,
        route: Option<usize>,
        method: Option<&Method>,
        status: StatusCode,
        duration: Duration,
    ) {
        let Some(shard) = self.shards.get(SHARD.with(|shard| *shard)) else { return };
        let Some(of_route) = shard.get(route.unwrap_or(shard.len() - 1)) else { return };
        let of_route = of_route.get_or_init(OfRoute::default);
        if let Some(count) = of_route.answers.get(place(method_number(method), status)) {
            count.fetch_add(1, Relaxed);
        }
        of_route.durations.observe(duration);
    }

    /// Every kind of answer that there was.
    pub(crate) fn answers(&self) -> impl Iterator<Item = Answers> {
        self.routes().flat_map(|(route, counted)| {
            (0..METHODS.len() * STATUSES).filter_map(move |place| {
                let in_place =
                    |of_route: &&OfRoute| of_route.answers.get(place).map(|count| count.load(Relaxed));
                let count = counted.iter().filter_map(in_place).sum();
                let status = FIRST_STATUS + u16::try_from(place % STATUSES).ok()?;
                let method = METHODS.get(place / STATUSES)?;
                (count > 0).then_some(Answers { route, method, status, count })
            })
        })
    }

    /// The durations of every route.
    pub(crate) fn durations(&self) -> impl Iterator<Item = (&'static str, Reading)> {
        self.routes().map(|(route, counted)| {
            (route, Histogram::read_all(counted.iter().map(|of_route| &of_route.durations)))
        })
    }

    /// Every route, with what was counted of it.
    fn routes(&self) -> impl Iterator<Item = (&'static str, Vec<&OfRoute>)> {
        routes::templates().chain([NO_ROUTE]).enumerate().map(|(number, route)| {
            let counted = self.shards.iter().filter_map(|shard| shard.get(number)?.get()).collect();
            (route, counted)
        })
    }
}

/// A method as a label: a stranger may send any word, and neither logs nor metrics must grow a name for each.
pub(crate) fn method_label(method: Option<&Method>) -> &'static str {
    METHODS[method_number(method)]
}

fn method_number(method: Option<&Method>) -> usize {
    let other = METHODS.len() - 1;
    let is_it = |name: &&str| method.is_some_and(|method| **name == *method.as_str());
    METHODS[..other].iter().position(is_it).unwrap_or(other)
}

fn place(method: usize, status: StatusCode) -> usize {
    method * STATUSES + usize::from(status.as_u16() - FIRST_STATUS).min(STATUSES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_counted_under_its_route_its_method_and_its_status_alone() {
        let metrics = Metrics::new(Arc::new(Places::new(1, 1)));
        let brew = Method::from_bytes(b"BREW").unwrap();
        metrics.answered(Some(0), Some(&Method::POST), StatusCode::OK, Duration::ZERO);
        metrics.answered(Some(0), Some(&Method::POST), StatusCode::OK, Duration::ZERO);
        metrics.answered(None, Some(&brew), StatusCode::METHOD_NOT_ALLOWED, Duration::ZERO);
        let first = routes::templates().next().unwrap();
        let answers: Vec<_> = metrics.answers().collect();
        assert_eq!(
            answers,
            [
                Answers { route: first, method: "POST", status: 200, count: 2 },
                Answers { route: NO_ROUTE, method: "other", status: 405, count: 1 },
            ]
        );
        let counts: Vec<u64> = metrics.durations().map(|(_, durations)| durations.count).collect();
        assert_eq!((counts.first(), counts.last(), counts.iter().sum::<u64>()), (Some(&2), Some(&1), 3));
    }

    #[test]
    fn every_status_has_a_place_of_its_own() {
        let mut places: Vec<usize> = (0..METHODS.len())
            .flat_map(|method| {
                (100..600).map(move |status| place(method, StatusCode::from_u16(status).unwrap()))
            })
            .collect();
        let count = places.len();
        places.dedup();
        assert_eq!((places.len(), places.last()), (count, Some(&(METHODS.len() * STATUSES - 1))));
    }
}
