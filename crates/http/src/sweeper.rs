//! Deadlines without timers: a clock that ticks once a second on every core, and one look at every connection per tick.
//!
//! A wait ends between its time and a second more; no operation arms, moves or drops a timer.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::refusal::Refusal;
use crate::wire::{Phase, Wire};

/// A body's rate is judged from here on: the first seconds belong to slow starts.
const RATE_GRACE_S: u32 = 5;
/// How long a client may take to read its last answer and close.
const LINGER_S: u32 = 2;

/// How long each wait may be, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// For the first byte of a connection.
    pub first_byte_s: u32,
    /// For a head, from its first byte to its last.
    pub head_s: u32,
    /// Between requests.
    pub idle_s: u32,
    /// Bytes a second that a body must come with, on average, once it has had five seconds.
    pub body_bytes_per_s: u32,
    /// For the client to take any byte of an answer.
    pub write_stall_s: u32,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { first_byte_s: 10, head_s: 10, idle_s: 75, body_bytes_per_s: 256, write_stall_s: 20 }
    }
}

impl Deadlines {
    /// Why a wait of this many whole seconds must end, if it must.
    pub(crate) fn due(&self, phase: Phase, elapsed_s: u32, body_bytes: u64) -> Option<Refusal> {
        // Ticks counted so far may span a second less than they are: a wait is over when there is one more.
        let over = |limit_s: u32, refusal| (elapsed_s > limit_s).then_some(refusal);
        match phase {
            Phase::Busy => None,
            Phase::FirstByte => over(self.first_byte_s, Refusal::FirstByteTooSlow),
            Phase::Idle => over(self.idle_s, Refusal::Idle),
            Phase::Head => over(self.head_s, Refusal::HeadTooSlow),
            Phase::Body => {
                let least = u64::from(self.body_bytes_per_s) * u64::from(elapsed_s.saturating_sub(1));
                (elapsed_s > RATE_GRACE_S && body_bytes < least).then_some(Refusal::BodyTooSlow)
            }
            Phase::Write => over(self.write_stall_s, Refusal::WriteStalled),
            Phase::Linger => over(LINGER_S, Refusal::Idle),
        }
    }
}

/// Seconds of a core's clock, since it began.
#[derive(Debug, Default)]
pub(crate) struct Ticks(AtomicU32);

impl Ticks {
    pub(crate) fn now(&self) -> u32 {
        self.0.load(Relaxed)
    }

    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Every connection of a core, and its clock.
#[derive(Debug)]
pub(crate) struct Sweeper {
    ticks: Arc<Ticks>,
    deadlines: Deadlines,
    wires: Mutex<Vec<Arc<Wire>>>,
}

impl Sweeper {
    pub(crate) fn new(deadlines: Deadlines) -> Self {
        Self { ticks: Arc::default(), deadlines, wires: Mutex::default() }
    }

    /// A new connection. It is watched until the last other reference to it is gone.
    pub(crate) fn watch(&self) -> Arc<Wire> {
        let wire = Arc::new(Wire::new(self.ticks.clone()));
        self.wires.lock().unwrap_or_else(PoisonError::into_inner).push(wire.clone());
        wire
    }

    /// One tick: ends every wait that has been too long.
    pub(crate) fn sweep(&self) {
        self.ticks.advance();
        let mut wires = self.wires.lock().unwrap_or_else(PoisonError::into_inner);
        wires.retain(|wire| Arc::strong_count(wire) > 1);
        let room = wires.len() * 2;
        wires.shrink_to(room);
        for wire in wires.iter() {
            wire.end_if_due(&self.deadlines);
        }
    }

    /// Sweeps once a second, for as long as it is polled.
    pub(crate) async fn run(&self) {
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        // A core that was busy for long owes its clients time; it never takes it from them.
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            seconds.tick().await;
            self.sweep();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINES: Deadlines =
        Deadlines { first_byte_s: 1, head_s: 2, idle_s: 3, body_bytes_per_s: 100, write_stall_s: 4 };

    #[test]
    fn each_wait_has_its_own_time_and_our_own_work_has_none() {
        for (phase, last_s, refusal) in [
            (Phase::FirstByte, 1, Refusal::FirstByteTooSlow),
            (Phase::Head, 2, Refusal::HeadTooSlow),
            (Phase::Idle, 3, Refusal::Idle),
            (Phase::Write, 4, Refusal::WriteStalled),
            (Phase::Body, 5, Refusal::BodyTooSlow),
        ] {
            assert_eq!(DEADLINES.due(phase, last_s, 0), None, "{phase:?}");
            assert_eq!(DEADLINES.due(phase, last_s + 1, 0), Some(refusal), "{phase:?}");
        }
        assert_eq!(DEADLINES.due(Phase::Busy, u32::MAX, 0), None);
    }

    #[test]
    fn a_body_is_in_time_as_long_as_it_comes_at_the_least_rate() {
        assert_eq!(DEADLINES.due(Phase::Body, 11, 1000), None);
        assert_eq!(DEADLINES.due(Phase::Body, 11, 999), Some(Refusal::BodyTooSlow));
        assert_eq!(DEADLINES.due(Phase::Body, 60, 5900), None, "by average, not by its worst second");
    }

    #[test]
    fn a_connection_that_is_gone_is_forgotten_at_the_next_tick() {
        let sweeper = Sweeper::new(DEADLINES);
        let (kept, gone) = (sweeper.watch(), sweeper.watch());
        drop(gone);
        sweeper.sweep();
        assert_eq!(sweeper.wires.lock().unwrap().len(), 1);
        sweeper.sweep();
        assert_eq!(kept.expired(), Some(Refusal::FirstByteTooSlow));
    }
}
