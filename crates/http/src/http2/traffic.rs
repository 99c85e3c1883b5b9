//! What one HTTP/2 connection is doing: how many requests it has in hand, whether it waits to write, and how much it sends
//! that is no request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::deadlines::Phase;
use crate::wire::Wire;

/// Requests of a connection at a time: what RFC 9113, section 6.5.2, asks for at least.
pub(super) const STREAMS: u32 = 100;
/// Bytes that may come without a request, or a body that is read, being among them: some ten thousand pings, or several
/// heads at their largest.
const CREDIT_BYTES: usize = 256 * 1024;
/// What a request gives back of it: a large head, and the frames around it.
const CREDIT_OF_REQUEST_BYTES: usize = 32 * 1024;
/// What a byte of a body gives back: data may come in frames of a few bytes.
const CREDIT_OF_BODY: usize = 16;

/// Shared by the connection's two sides and its requests. They live on one thread; relaxed atomics suffice.
#[derive(Debug)]
pub(super) struct Traffic {
    wire: Arc<Wire>,
    in_hand: AtomicUsize,
    credit: AtomicUsize,
    has_asked: AtomicBool,
    is_sent_away: AtomicBool,
    is_leaving: AtomicBool,
    is_flooded: AtomicBool,
    /// The request that has been taken and whose task has not been made.
    begun: Mutex<Option<Arc<Wire>>>,
}

impl Traffic {
    pub(super) fn new(wire: Arc<Wire>) -> Self {
        Self {
            wire,
            in_hand: AtomicUsize::new(0),
            credit: AtomicUsize::new(CREDIT_BYTES),
            has_asked: AtomicBool::new(false),
            is_sent_away: AtomicBool::new(false),
            is_leaving: AtomicBool::new(false),
            is_flooded: AtomicBool::new(false),
            begun: Mutex::new(None),
        }
    }

    /// A request, for as long as what is returned lives. More than may be can be in hand only where the client has given up
    /// streams to begin others; a page that is left does so, and twice as many are a flood.
    pub(super) fn begin(self: &Arc<Self>, stream: Arc<Wire>) -> InHand {
        self.give_credit(CREDIT_OF_REQUEST_BYTES);
        self.has_asked.store(true, Relaxed);
        let before = self.in_hand.fetch_add(1, Relaxed);
        if before >= usize::try_from(2 * STREAMS).unwrap_or(usize::MAX) {
            self.is_flooded.store(true, Relaxed);
        }
        if self.wire.phase() != Phase::Write {
            self.wire.enter(Phase::Busy);
        }
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
        InHand(self.clone())
    }

    /// The stream whose request was taken last, once.
    pub(super) fn take_begun(&self) -> Option<Arc<Wire>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Notes bytes that came, of whatever they are.
    pub(super) fn note_read(&self, bytes: usize) {
        let left = self.credit.load(Relaxed).checked_sub(bytes);
        self.credit.store(left.unwrap_or_default(), Relaxed);
        if left.is_none() {
            self.is_flooded.store(true, Relaxed);
        }
    }

    /// Notes bytes of a body that somebody reads.
    pub(super) fn note_body(&self, bytes: usize) {
        self.give_credit(bytes.saturating_mul(CREDIT_OF_BODY));
    }

    fn give_credit(&self, bytes: usize) {
        self.credit.store(self.credit.load(Relaxed).saturating_add(bytes).min(CREDIT_BYTES), Relaxed);
    }

    pub(super) fn is_flooded(&self) -> bool {
        self.is_flooded.load(Relaxed)
    }

    /// Has the connection end when its client can have read why.
    pub(super) fn send_away(&self) {
        self.is_sent_away.store(true, Relaxed);
    }

    pub(super) fn is_sent_away(&self) -> bool {
        self.is_sent_away.load(Relaxed)
    }

    /// From now on the connection is waited for no longer than it takes to say goodbye.
    pub(super) fn leave(&self) {
        self.is_leaving.store(true, Relaxed);
        self.settle();
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving.load(Relaxed)
    }

    /// Enters the phase that fits, when the connection waits for nothing else.
    pub(super) fn settle(&self) {
        self.wire.enter(if self.in_hand.load(Relaxed) > 0 {
            Phase::Busy
        } else if self.is_leaving() {
            Phase::Linger
        } else if self.has_asked.load(Relaxed) {
            Phase::Idle
        } else {
            Phase::FirstByte
        });
    }
}

/// A request in hand: being answered, or its answer being sent.
#[derive(Debug)]
pub(super) struct InHand(Arc<Traffic>);

impl Drop for InHand {
    fn drop(&mut self) {
        let traffic = &self.0;
        if traffic.in_hand.fetch_sub(1, Relaxed) == 1 && traffic.wire.phase() == Phase::Busy {
            traffic.settle();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic() -> Arc<Traffic> {
        Arc::new(Traffic::new(Arc::new(Wire::new(Arc::default()))))
    }

    #[test]
    fn a_connection_is_busy_while_a_request_is_in_hand_and_idle_behind_the_last() {
        let traffic = traffic();
        assert_eq!(traffic.wire.phase(), Phase::FirstByte);
        let stream = || Arc::new(Wire::new(Arc::default()));
        let (first, second) = (traffic.begin(stream()), traffic.begin(stream()));
        drop(first);
        assert_eq!(traffic.wire.phase(), Phase::Busy);
        drop(second);
        assert_eq!(traffic.wire.phase(), Phase::Idle);
        let last = traffic.begin(stream());
        traffic.leave();
        assert_eq!(traffic.wire.phase(), Phase::Busy);
        drop(last);
        assert_eq!(traffic.wire.phase(), Phase::Linger);
    }

    #[test]
    fn whoever_gives_up_streams_to_begin_more_floods() {
        let traffic = traffic();
        let begin = || traffic.begin(Arc::new(Wire::new(Arc::default())));
        let mut all: Vec<_> = (0..2 * STREAMS).map(|_| begin()).collect();
        assert!(!traffic.is_flooded());
        all.push(begin());
        assert!(traffic.is_flooded());
    }

    #[test]
    fn bytes_that_are_nothing_flood_and_requests_and_bodies_do_not() {
        let busy = traffic();
        for _ in 0..1000 {
            busy.note_read(16 * 1024);
            drop(busy.begin(Arc::new(Wire::new(Arc::default()))));
            busy.note_read(16 * 1024);
            busy.note_body(16 * 1024);
        }
        assert!(!busy.is_flooded());
        let idle = traffic();
        idle.note_read(CREDIT_BYTES);
        assert!(!idle.is_flooded());
        idle.note_read(1);
        assert!(idle.is_flooded());
    }
}
