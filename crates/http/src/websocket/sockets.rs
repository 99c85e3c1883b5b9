//! The sockets of a process: how many there are, of whom, and what is counted of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use strongroom_ports::RecordId;

use super::close::Close;
use super::limits::WebSocketLimits;
use crate::crowd::{Crowd, OneOfCrowd};
use crate::histogram::{Histogram, Reading};
use crate::rate_limit::PersonRate;

/// All sockets, over all cores. What is counted here is counted by all of them in one place: each push has read the store.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) limits: WebSocketLimits,
    /// How often a person may ask, by requests and messages together.
    pub(crate) rate: Arc<PersonRate>,
    open: AtomicUsize,
    people: Arc<Crowd<RecordId>>,
    pushed: AtomicU64,
    coalesced: AtomicU64,
    resyncs: AtomicU64,
    lag: Histogram,
    closed: [AtomicU64; Close::ALL.len()],
}

/// A socket that counts as open while this lives.
#[derive(Debug)]
pub(crate) struct OneSocket(Arc<Sockets>);

impl Sockets {
    pub(crate) fn new(limits: WebSocketLimits, rate: Arc<PersonRate>) -> Self {
        Self {
            limits,
            rate,
            open: AtomicUsize::new(0),
            people: Arc::new(Crowd::new(limits.sockets_per_person)),
            pushed: AtomicU64::new(0),
            coalesced: AtomicU64::new(0),
            resyncs: AtomicU64::new(0),
            lag: Histogram::default(),
            closed: Default::default(),
        }
    }

    /// One more, unless there are as many as may be.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<OneSocket> {
        let before = self.open.fetch_add(1, Relaxed);
        let one = OneSocket(self.clone());
        (before < self.limits.sockets).then_some(one)
    }

    /// One more of this person, unless there are as many as may be.
    pub(crate) fn enter_as(&self, person: RecordId) -> Option<OneOfCrowd<RecordId>> {
        self.people.enter(person)
    }

    /// How many there are.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Notes a change that was told, so long after it was known that there was any.
    pub(crate) fn pushed(&self, lag: Duration) {
        self.pushed.fetch_add(1, Relaxed);
        self.lag.observe(lag);
    }

    /// Notes several changes that were told as one, to whoever was slow.
    pub(crate) fn coalesced(&self) {
        self.coalesced.fetch_add(1, Relaxed);
    }

    /// Notes a record that was told anew, since its changes could not be.
    pub(crate) fn resynced(&self) {
        self.resyncs.fetch_add(1, Relaxed);
    }

    /// Changes that were told.
    pub(crate) fn pushed_so_far(&self) -> u64 {
        self.pushed.load(Relaxed)
    }

    /// Times that several were told as one.
    pub(crate) fn coalesced_so_far(&self) -> u64 {
        self.coalesced.load(Relaxed)
    }

    /// Records that were told anew.
    pub(crate) fn resyncs_so_far(&self) -> u64 {
        self.resyncs.load(Relaxed)
    }

    /// How late changes were told.
    pub(crate) fn lag(&self) -> Reading {
        Histogram::read_all([&self.lag].into_iter())
    }

    /// Notes that the server closes a socket.
    pub(crate) fn closed(&self, close: Close) {
        let place = Close::ALL.iter().position(|one| *one == close);
        if let Some(count) = place.and_then(|place| self.closed.get(place)) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Sockets that the server has closed, by why.
    pub(crate) fn all_closed(&self) -> impl Iterator<Item = (Close, u64)> {
        Close::ALL.into_iter().zip(self.closed.iter().map(|count| count.load(Relaxed)))
    }
}

impl Drop for OneSocket {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_may_be_and_room_again_when_one_has_gone() {
        let limits = WebSocketLimits { sockets: 2, ..WebSocketLimits::default() };
        let sockets = Arc::new(Sockets::new(limits, Arc::new(PersonRate::new(0))));
        let (first, _second) = (sockets.enter().unwrap(), sockets.enter().unwrap());
        assert!(sockets.enter().is_none());
        assert_eq!(sockets.open(), 2);
        drop(first);
        assert!(sockets.enter().is_some());
    }
}
