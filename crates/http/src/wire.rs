//! What the two sides of one connection and the sweeper know of each other: a few numbers, no lock on the way of a request.
//!
//! The socket's side (`gate_io`) says what it waits for; the handler's side takes one verdict per head and says when a
//! chunked body has ended; the sweeper says when a wait has been too long.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

use crate::deadlines::{Deadlines, Phase, Ticks};
use crate::refusal::Refusal;

/// What of a request's body is still to come from the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Rest {
    Nothing,
    Bytes,
    Chunks,
}

impl Rest {
    /// Who is waited for then.
    pub(crate) fn phase(self) -> Phase {
        if self == Self::Nothing { Phase::Busy } else { Phase::Body }
    }
}

/// One connection's shared numbers. They belong to one thread; atomics make them shareable, and relaxed ones suffice.
#[derive(Debug)]
pub(crate) struct Wire {
    ticks: Arc<Ticks>,
    phase: AtomicU8,
    since: AtomicU32,
    /// Body bytes that came since the phase began.
    body_bytes: AtomicU64,
    rest: AtomicU8,
    verdict: AtomicU8,
    expired: AtomicU8,
    waker: Mutex<Option<Waker>>,
}

/// Numbers of a verdict: none, passed, and above them the refusals.
const NO_VERDICT: u8 = 0;
const PASSED: u8 = 1;
const FIRST_REFUSAL: u8 = 2;

impl Wire {
    pub(crate) fn new(ticks: Arc<Ticks>) -> Self {
        let since = AtomicU32::new(ticks.now());
        Self {
            ticks,
            phase: AtomicU8::new(Phase::FirstByte as u8),
            since,
            body_bytes: AtomicU64::new(0),
            rest: AtomicU8::new(Rest::Nothing as u8),
            verdict: AtomicU8::new(NO_VERDICT),
            expired: AtomicU8::new(NO_VERDICT),
            waker: Mutex::new(None),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        Phase::of_number(self.phase.load(Relaxed))
    }

    /// Enters a phase. Entering the one that it is in already changes nothing: a wait is one wait, however often polled.
    pub(crate) fn enter(&self, phase: Phase) {
        if self.phase.load(Relaxed) != phase as u8 {
            self.phase.store(phase as u8, Relaxed);
            self.since.store(self.ticks.now(), Relaxed);
            self.body_bytes.store(0, Relaxed);
            self.expired.store(NO_VERDICT, Relaxed);
        }
    }

    /// Begins the wait anew, if it is this one.
    pub(crate) fn restart(&self, phase: Phase) {
        if self.phase.load(Relaxed) == phase as u8 {
            self.since.store(self.ticks.now(), Relaxed);
            self.expired.store(NO_VERDICT, Relaxed);
        }
    }

    /// Notes bytes of a body that came.
    pub(crate) fn note_body_bytes(&self, count: usize) {
        self.body_bytes.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn rest(&self) -> Rest {
        match self.rest.load(Relaxed) {
            0 => Rest::Nothing,
            1 => Rest::Bytes,
            _ => Rest::Chunks,
        }
    }

    pub(crate) fn set_rest(&self, rest: Rest) {
        self.rest.store(rest as u8, Relaxed);
    }

    /// Leaves the verdict on the head that is handed over next.
    pub(crate) fn judge(&self, verdict: Result<(), Refusal>) {
        let number = verdict.map_or_else(|refusal| FIRST_REFUSAL + refusal.number(), |()| PASSED);
        self.verdict.store(number, Relaxed);
    }

    /// Takes the verdict on the head that came. Where there is none, the head came past the scan.
    pub(crate) fn take_verdict(&self) -> Result<(), Refusal> {
        let verdict = self.verdict.load(Relaxed);
        self.verdict.store(NO_VERDICT, Relaxed);
        match verdict {
            PASSED => Ok(()),
            NO_VERDICT => Err(Refusal::Unscanned),
            number => Err(Refusal::of_number(number - FIRST_REFUSAL).unwrap_or(Refusal::Unscanned)),
        }
    }

    /// Why the wait of this phase must end, if it must.
    pub(crate) fn expired(&self) -> Option<Refusal> {
        self.expired.load(Relaxed).checked_sub(FIRST_REFUSAL).and_then(Refusal::of_number)
    }

    /// Has the task woken that waits here when its time is up.
    pub(crate) fn wait(&self, context: &Context<'_>) {
        let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
    }

    /// Ends the wait when it has been too long.
    pub(crate) fn end_if_due(&self, deadlines: &Deadlines) {
        let elapsed_s = self.ticks.now().wrapping_sub(self.since.load(Relaxed));
        let due = deadlines.due(self.phase(), elapsed_s, self.body_bytes.load(Relaxed));
        if let Some(refusal) = due
            && self.expired.swap(FIRST_REFUSAL + refusal.number(), Relaxed) == NO_VERDICT
        {
            let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).clone();
            waker.inspect(Waker::wake_by_ref);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_for_one_head_and_none_is_a_refusal() {
        let wire = Wire::new(Arc::default());
        assert_eq!(wire.take_verdict(), Err(Refusal::Unscanned));
        wire.judge(Ok(()));
        assert_eq!(wire.take_verdict(), Ok(()));
        assert_eq!(wire.take_verdict(), Err(Refusal::Unscanned));
        for refusal in Refusal::ALL {
            wire.judge(Err(refusal));
            assert_eq!(wire.take_verdict(), Err(refusal));
        }
    }

    #[test]
    fn a_wait_counts_from_where_its_phase_began_however_often_it_is_entered() {
        let ticks = Arc::new(Ticks::default());
        let deadlines = Deadlines { head_s: 3, idle_s: 9, ..Deadlines::default() };
        let wire = Wire::new(ticks.clone());
        wire.enter(Phase::Head);
        for _ in 0..3 {
            ticks.advance();
            wire.enter(Phase::Head);
            wire.end_if_due(&deadlines);
            assert_eq!(wire.expired(), None);
        }
        ticks.advance();
        wire.end_if_due(&deadlines);
        assert_eq!(wire.expired(), Some(Refusal::HeadTooSlow));
        wire.restart(Phase::Body);
        assert_eq!(wire.expired(), Some(Refusal::HeadTooSlow), "it is no body that is waited for");
        wire.restart(Phase::Head);
        assert_eq!(wire.expired(), None, "the wait begins anew");
        wire.end_if_due(&deadlines);
        assert_eq!(wire.expired(), None);
        wire.enter(Phase::Idle);
        assert_eq!(wire.expired(), None, "another wait, another deadline");
        wire.end_if_due(&deadlines);
        assert_eq!(wire.expired(), None);
    }
}
