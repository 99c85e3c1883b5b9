//! What operators can count of the surface: answers, times, refusals, connections.
//!
//! A request costs three additions here, each into a place that no other core writes to. A label is a route's template, a verb as
//! the operator has written it, a method or a reason of a fixed list, or a status: never anything that a stranger chose.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};

use crate::histogram::{Histogram, Reading};
use crate::parking::Warm;
use crate::places::Places;
use crate::refusal::Refusals;
use crate::routes;
use crate::verbs::Verbs;

/// Methods that are counted by name; any other is `other`.
pub(crate) const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "other"];
/// The template of what has no route.
pub(crate) const NO_ROUTE: &str = "-";
/// The first status, and how many there could be (RFC 9110, section 15).
const FIRST_STATUS: u16 = 100;
/// How many statuses have one first digit, which is their class.
const OF_CLASS: usize = 100;
/// The classes.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

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
    templates: Vec<Box<str>>,
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

/// What some cores have counted: one for each route, and the last for what has none.
type Shard = Vec<OfRoute>;

/// By class. Like what is in it, made when there is something to count: there may be hundreds of verbs, and most of what could
/// be answered never is.
type OfRoute = [OnceLock<Box<OfClass>>; CLASSES.len()];

#[derive(Debug, Default)]
struct OfClass {
    /// By method, then by status.
    answers: [OnceLock<Box<[AtomicU64]>>; METHODS.len()],
    durations: Histogram,
}

/// Requests that were answered 429, by whose rate was passed.
#[derive(Debug, Default)]
pub(crate) struct OverRate {
    pub(crate) address: AtomicU64,
    pub(crate) person: AtomicU64,
}

/// A number of answers of one kind, for whoever lists them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answers<'m> {
    pub(crate) route: &'m str,
    pub(crate) method: &'static str,
    pub(crate) status: u16,
    pub(crate) count: u64,
}

impl Metrics {
    /// For the routes of the table, and these verbs.
    pub(crate) fn new(places: Arc<Places>, verbs: &Verbs) -> Self {
        let templates = routes::templates(verbs);
        let shard = || std::iter::repeat_with(OfRoute::default).take(templates.len() + 1).collect();
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
            templates,
        }
    }

    /// The template at a place.
    pub(crate) fn template(&self, route: Option<usize>) -> &str {
        route.and_then(|route| self.templates.get(route)).map_or(NO_ROUTE, |template| &**template)
    }

    /// Has a core's warm connections counted.
    pub(crate) fn watch(&self, warm: Arc<Warm>) {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner).push(warm);
    }

    /// Connections of all cores that are warm.
    pub(crate) fn warm_connections(&self) -> usize {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|warm| warm.count()).sum()
    }

    /// Notes an answer. `route`: its place among the templates, `None` where none was found; `method`: `None` where the head was not
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
        let (class, place) = place(status);
        let Some(of_class) = of_route.get(class) else { return };
        let of_class = of_class.get_or_init(Box::default);
        if let Some(answers) = of_class.answers.get(method_number(method)) {
            let counts = || std::iter::repeat_with(AtomicU64::default).take(OF_CLASS).collect();
            if let Some(count) = answers.get_or_init(counts).get(place) {
                count.fetch_add(1, Relaxed);
            }
        }
        of_class.durations.observe(duration);
    }

    /// Every kind of answer that there was.
    pub(crate) fn answers(&self) -> impl Iterator<Item = Answers<'_>> {
        self.classes().flat_map(|(route, class, counted)| {
            (0..METHODS.len() * OF_CLASS).filter_map(move |place| {
                let (method, place) = (place / OF_CLASS, place % OF_CLASS);
                let in_place = |of_class: &&OfClass| {
                    Some(of_class.answers.get(method)?.get()?.get(place)?.load(Relaxed))
                };
                let count = counted.iter().filter_map(in_place).sum();
                let status = FIRST_STATUS + u16::try_from(class * OF_CLASS + place).ok()?;
                let method = METHODS.get(method)?;
                (count > 0).then_some(Answers { route, method, status, count })
            })
        })
    }

    /// The durations of every route, by the class of the answer, as far as there were any.
    pub(crate) fn durations(&self) -> impl Iterator<Item = (&str, &'static str, Reading)> {
        self.classes().filter_map(|(route, class, counted)| {
            let reading = Histogram::read_all(counted.iter().map(|of_class| &of_class.durations));
            Some((route, *CLASSES.get(class)?, reading))
        })
    }

    /// Every route and class, with what was counted of it, if anything.
    fn classes(&self) -> impl Iterator<Item = (&str, usize, Vec<&OfClass>)> {
        let routes = self.templates.iter().map(|template| &**template).chain([NO_ROUTE]).enumerate();
        let classes =
            routes.flat_map(|(number, route)| (0..CLASSES.len()).map(move |class| (number, route, class)));
        classes.filter_map(|(number, route, class)| {
            let counted: Vec<_> = self
                .shards
                .iter()
                .filter_map(|shard| shard.get(number)?.get(class)?.get())
                .map(|it| &**it)
                .collect();
            (!counted.is_empty()).then_some((route, class, counted))
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

/// A status as its class and its place there; those beyond what RFC 9110 knows share the last.
fn place(status: StatusCode) -> (usize, usize) {
    let number = usize::from(status.as_u16() - FIRST_STATUS).min(CLASSES.len() * OF_CLASS - 1);
    (number / OF_CLASS, number % OF_CLASS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_counted_under_its_route_its_method_and_its_status_alone() {
        let metrics = Metrics::new(Arc::new(Places::new(1, 1)), &Verbs::default());
        let brew = Method::from_bytes(b"BREW").unwrap();
        metrics.answered(Some(0), Some(&Method::POST), StatusCode::OK, Duration::ZERO);
        metrics.answered(Some(0), Some(&Method::POST), StatusCode::OK, Duration::ZERO);
        metrics.answered(None, Some(&brew), StatusCode::METHOD_NOT_ALLOWED, Duration::ZERO);
        let first = &*routes::templates(&Verbs::default())[0];
        let answers: Vec<_> = metrics.answers().collect();
        assert_eq!(
            answers,
            [
                Answers { route: first, method: "POST", status: 200, count: 2 },
                Answers { route: NO_ROUTE, method: "other", status: 405, count: 1 },
            ]
        );
        let durations = metrics.durations().map(|(route, class, durations)| (route, class, durations.count));
        assert_eq!(durations.collect::<Vec<_>>(), [(first, "2xx", 2), (NO_ROUTE, "4xx", 1)]);
    }

    #[test]
    fn an_answer_to_a_verb_is_counted_under_the_verb_as_it_is_written() {
        let verbs = Verbs::parse(["GET wallet/{id}"]).unwrap();
        let metrics = Metrics::new(Arc::new(Places::new(1, 1)), &verbs);
        metrics.answered(
            Some(routes::templates(&Verbs::default()).len()),
            Some(&Method::GET),
            StatusCode::OK,
            Duration::ZERO,
        );
        let counted: Vec<_> = metrics.answers().map(|answers| answers.route).collect();
        assert_eq!(counted, ["/{v}/ibexsafe/wallet/{id}"]);
    }

    #[test]
    fn every_status_has_a_place_of_its_own() {
        let mut places: Vec<_> =
            (100..600).map(|status| place(StatusCode::from_u16(status).unwrap())).collect();
        places.dedup();
        assert_eq!((places.len(), places.last()), (500, Some(&(CLASSES.len() - 1, OF_CLASS - 1))));
    }
}
