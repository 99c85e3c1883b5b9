//! Deadlines without timers: one look at every connection of a core, once a second.
//!
//! A wait ends between its time and a second more; no wait for a client arms, moves or drops a timer, but for the
//! whole time of a body that is not there at once (`body.rs`).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::deadlines::{Deadlines, Ticks};
use crate::wire::Wire;

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
    use crate::refusal::Refusal;

    #[test]
    fn a_connection_that_is_gone_is_forgotten_at_the_next_tick() {
        let sweeper = Sweeper::new(Deadlines { first_byte_s: 1, ..Deadlines::default() });
        let (kept, gone) = (sweeper.watch(), sweeper.watch());
        drop(gone);
        sweeper.sweep();
        assert_eq!(sweeper.wires.lock().unwrap().len(), 1);
        sweeper.sweep();
        assert_eq!(kept.expired(), Some(Refusal::FirstByteTooSlow));
    }
}
