//! Writes at a steady rate, and when the writer's socket was told of each.
//!
//! The rate is kept whether or not answers come in time, as long as a connection is free: a server that falls behind is not
//! spared. One thread sends, receives and listens; it looks at the clock when it has read.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use serde_json::Value;

use super::listeners::Listeners;
use super::writer::Writer;
use crate::bench::load::Person;
use crate::bench::table::{Figure, micros, percentile};
use crate::workspace::Outcome;

/// Connections that write, each with one request on its way.
const WRITERS: usize = 64;
/// For whatever must come: a guard against a hang, and no measure.
const PATIENCE: Duration = Duration::from_secs(30);
/// Events that are taken at once.
const EVENTS: usize = 256;
/// A writer is known by its number above this, a socket by its own.
const FIRST_WRITER: usize = 1 << 32;

/// Who writes, by which connections.
pub(super) struct Pushes<'a> {
    people: &'a [Person],
    host: &'a str,
    interval: Duration,
    writers: Vec<Writer>,
    /// Writes that were ever sent: no two are alike.
    turns: usize,
}

/// A write, as it went.
#[derive(Clone, Copy)]
struct Course {
    sent: Instant,
    answered: Option<Instant>,
    told: Option<Instant>,
}

/// A round that is under way.
struct Round {
    first: usize,
    courses: Vec<Course>,
    /// The writes of each person that their socket has not been told of yet.
    awaited: Vec<VecDeque<usize>>,
    answered: usize,
    told: usize,
    folded: usize,
}

/// What came of a round.
pub(super) struct Seen {
    courses: Vec<Course>,
    took: Duration,
    /// Frames in which more than one write was told.
    folded: usize,
    /// The server's processor time.
    pub(super) cpu: Duration,
}

impl<'a> Pushes<'a> {
    /// So many a second, by these people in turn; each listens in the place that they have here.
    ///
    /// # Errors
    ///
    /// The server takes no connection.
    pub(super) fn new(
        authority: &str,
        host: &'a str,
        people: &'a [Person],
        per_second: usize,
    ) -> Outcome<Self> {
        let writers = (0..WRITERS).map(|_| Writer::connect(authority)).collect::<Outcome<_>>()?;
        #[expect(clippy::cast_precision_loss, reason = "a rate, far below 2^53")]
        let interval = Duration::from_secs_f64(1.0 / per_second as f64);
        Ok(Self { people, host, interval, writers, turns: 0 })
    }

    /// Sends so many writes, and waits until all are answered and told.
    ///
    /// # Errors
    ///
    /// A write that is not answered 200; a change that is never told.
    pub(super) fn run(&mut self, listeners: &mut Listeners, count: usize) -> Outcome<Seen> {
        for (number, writer) in self.writers.iter().enumerate() {
            let data = EventData::new_u64((FIRST_WRITER + number) as u64);
            match epoll::add(listeners.epoll(), writer.stream(), data, EventFlags::IN) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // In turn: a connection that is never used is closed before long.
        let mut free: VecDeque<usize> = (0..self.writers.len()).collect();
        let mut round = Round::new(self.turns, count, self.people.len());
        let mut events = Vec::with_capacity(EVENTS);
        let start = Instant::now();
        let mut progress = start;
        while round.told < count || round.answered < count {
            let mut due = self.due(start, &round);
            while round.courses.len() < count
                && due <= Instant::now()
                && let Some(number) = free.pop_front()
            {
                self.send(number, &mut round)?;
                due = self.due(start, &round);
            }
            let is_waiting = round.courses.len() == count || free.is_empty();
            let patience = if is_waiting { PATIENCE } else { due.saturating_duration_since(Instant::now()) };
            listeners.wait(patience, &mut events)?;
            if !events.is_empty() {
                progress = Instant::now();
            } else if progress.elapsed() >= PATIENCE {
                return Err("a write was not answered, or a change not told".into());
            }
            for event in events.drain(..) {
                let data = event.data;
                let place = usize::try_from(data.u64())?;
                if let Some(number) = place.checked_sub(FIRST_WRITER) {
                    if let Some(turn) = self.writers[number].receive()? {
                        round.answered(turn);
                        free.push_back(number);
                    }
                } else {
                    listeners.hear(place, |message| round.hear(place, &message))?;
                }
            }
        }
        let Round { courses, folded, .. } = round;
        Ok(Seen { courses, took: start.elapsed(), folded, cpu: Duration::ZERO })
    }

    fn due(&self, start: Instant, round: &Round) -> Instant {
        start + self.interval.mul_f64(f64::from(u32::try_from(round.courses.len()).unwrap_or(u32::MAX)))
    }

    fn send(&mut self, number: usize, round: &mut Round) -> Outcome {
        let turn = self.turns;
        let place = turn % self.people.len();
        let request = self.people[place].merge(self.host, turn);
        round.sent(place, turn);
        self.writers[number].send(&request, turn)?;
        self.turns += 1;
        Ok(())
    }
}

impl Round {
    fn new(first: usize, count: usize, people: usize) -> Self {
        Self {
            first,
            courses: Vec::with_capacity(count),
            awaited: vec![VecDeque::new(); people],
            answered: 0,
            told: 0,
            folded: 0,
        }
    }

    fn sent(&mut self, place: usize, turn: usize) {
        self.courses.push(Course { sent: Instant::now(), answered: None, told: None });
        self.awaited[place].push_back(turn);
    }

    fn answered(&mut self, turn: usize) {
        self.courses[turn - self.first].answered = Some(Instant::now());
        self.answered += 1;
    }

    /// An update tells the write that it names, and all before it that it was folded from.
    fn hear(&mut self, place: usize, message: &Value) {
        let now = Instant::now();
        let Some(turn) = message["data"]["changed"]["turn"].as_u64() else { return };
        self.folded += usize::from(message["data"].get("from").is_some());
        while let Some(first) = self.awaited[place].pop_front_if(|awaited| *awaited as u64 <= turn) {
            self.courses[first - self.first].told = Some(now);
            self.told += 1;
        }
    }
}

impl Course {
    /// Microseconds from the request to its answer.
    fn answer(&self) -> Option<f64> {
        Some(signed_micros(self.sent, self.answered?))
    }

    /// Microseconds from the request to the frame that tells it.
    fn push(&self) -> Option<f64> {
        Some(signed_micros(self.sent, self.told?))
    }

    /// Microseconds from the answer to the frame; negative when the frame was first.
    fn push_behind_the_answer(&self) -> Option<f64> {
        Some(signed_micros(self.answered?, self.told?))
    }
}

impl Seen {
    fn percentile(&self, of: fn(&Course) -> Option<f64>, percent: usize) -> f64 {
        let mut micros: Vec<f64> = self.courses.iter().filter_map(of).collect();
        micros.sort_by(f64::total_cmp);
        percentile(&micros, percent)
    }
}

/// How the rounds went.
pub(super) fn figures(rounds: &[Seen]) -> Vec<Figure> {
    let each = |of: &dyn Fn(&Seen) -> f64| rounds.iter().map(of).collect::<Vec<_>>();
    let at = |of: fn(&Course) -> Option<f64>, percent| each(&|seen| seen.percentile(of, percent));
    let writes = |seen: &Seen| count(seen.courses.len());
    vec![
        micros("a write, from request to answer, p50", at(Course::answer, 50)),
        micros("a write, from request to answer, p99", at(Course::answer, 99)),
        micros("its push, from request to frame, p50", at(Course::push, 50)),
        micros("its push, from request to frame, p99", at(Course::push, 99)),
        micros("its push, from answer to frame, p50", at(Course::push_behind_the_answer, 50)),
        micros("its push, from answer to frame, p99", at(Course::push_behind_the_answer, 99)),
        Figure::new("pushes a second", "", each(&|seen| writes(seen) / seen.took.as_secs_f64())),
        Figure::new("frames that told more than one write", "", each(&|seen| count(seen.folded))),
        micros("CPU per write with its push", each(&|seen| seen.cpu.as_secs_f64() * 1e6 / writes(seen))),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "a count of writes, far below 2^53")]
fn count(of: usize) -> f64 {
    of as f64
}

/// Negative when the second was before the first.
fn signed_micros(from: Instant, to: Instant) -> f64 {
    let ahead = from.saturating_duration_since(to).as_secs_f64();
    (to.saturating_duration_since(from).as_secs_f64() - ahead) * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(turn: u64) -> Value {
        serde_json::json!({"type": "user_data_update", "data": {"changed": {"turn": turn}, "removed": []}})
    }

    #[test]
    fn a_folded_update_tells_every_write_of_its_person_up_to_the_one_that_it_names() {
        let mut round = Round::new(10, 4, 2);
        for (place, turn) in [(0, 10), (1, 11), (0, 12), (1, 13)] {
            round.sent(place, turn);
        }
        round.hear(0, &update(12));
        let told: Vec<_> = round.courses.iter().map(|course| course.told.is_some()).collect();
        assert_eq!((told, round.told), (vec![true, false, true, false], 2));
    }

    #[test]
    fn what_is_no_update_tells_nothing() {
        let mut round = Round::new(0, 1, 1);
        round.sent(0, 0);
        round.hear(0, &serde_json::json!({"type": "pong", "data": {}}));
        assert_eq!(round.told, 0);
    }

    #[test]
    fn a_push_before_its_answer_has_a_negative_time() {
        let early = Instant::now();
        let late = early + Duration::from_micros(5);
        let rounded =
            [signed_micros(early, late), signed_micros(late, early)].map(|micros| format!("{micros:.1}"));
        assert_eq!(rounded, ["5.0", "-5.0"]);
    }
}
