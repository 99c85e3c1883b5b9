//! The bells of those who follow a record: whoever changes it rings, and each follower hears of it in its own time.
//!
//! Counts nothing and keeps nothing but that there was a ring, and when: a slow follower costs no memory. There is an entry
//! for a record only while somebody listens to it.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use strongroom_ports::{ChangeBell, RecordId};

/// All doorbells of a process. Share it by `Arc`.
#[derive(Default)]
pub struct Doorbells {
    doors: Mutex<HashMap<RecordId, Vec<Arc<Door>>>>,
}

impl Doorbells {
    /// Bells that nobody listens to.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens to a record from now on.
    #[must_use]
    pub fn listen(self: &Arc<Self>, id: &RecordId) -> Listening {
        let door = Arc::new(Door::default());
        locked(&self.doors).entry(*id).or_default().push(door.clone());
        Listening { doorbells: self.clone(), id: *id, door }
    }

    /// Sends everybody away who listens to a record now: its account is closed.
    pub fn send_away(&self, id: &RecordId) {
        self.ring_each(id, true);
    }

    fn ring_each(&self, id: &RecordId, is_last: bool) {
        let mut woken = Vec::new();
        if let Some(doors) = locked(&self.doors).get(id) {
            let now = Instant::now();
            woken.extend(doors.iter().filter_map(|door| door.ring(now, is_last)));
        }
        // Not under the lock: what a waker does is not ours to know.
        woken.into_iter().for_each(Waker::wake);
    }
}

impl ChangeBell for Doorbells {
    fn ring(&self, id: &RecordId) {
        self.ring_each(id, false);
    }
}

impl fmt::Debug for Doorbells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doorbells").field("records", &locked(&self.doors).len()).finish()
    }
}

/// Somebody who listens to a record, until it is dropped.
pub struct Listening {
    doorbells: Arc<Doorbells>,
    id: RecordId,
    door: Arc<Door>,
}

impl Listening {
    /// Waits until there was a ring since the last one that this has returned, or since listening began; several are one.
    ///
    /// Whoever stops waiting loses no ring.
    pub async fn rung(&mut self) -> Rung {
        poll_fn(|context| self.door.poll_rung(context)).await
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut all = locked(&self.doorbells.doors);
        if let Some(doors) = all.get_mut(&self.id) {
            doors.retain(|door| !Arc::ptr_eq(door, &self.door));
            if doors.is_empty() {
                all.remove(&self.id);
            }
        }
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listening").field("person", &self.id).finish_non_exhaustive()
    }
}

/// That there were rings.
#[derive(Debug, Clone, Copy)]
pub struct Rung {
    first_at: Instant,
    is_last: bool,
}

impl Rung {
    /// How long ago the first of them was.
    #[must_use]
    pub fn since(&self) -> Duration {
        self.first_at.elapsed()
    }

    /// Whether whoever listens is sent away.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.is_last
    }
}

/// The bell of one listener.
#[derive(Default)]
struct Door(Mutex<Rings>);

#[derive(Default)]
struct Rings {
    /// Of those that nobody has heard.
    first_at: Option<Instant>,
    is_last: bool,
    listener: Option<Waker>,
}

impl Door {
    /// Notes a ring, and gives whoever is to be woken.
    fn ring(&self, now: Instant, is_last: bool) -> Option<Waker> {
        let mut rings = locked(&self.0);
        rings.first_at.get_or_insert(now);
        rings.is_last |= is_last;
        rings.listener.take()
    }

    fn poll_rung(&self, context: &Context<'_>) -> Poll<Rung> {
        let mut rings = locked(&self.0);
        if let Some(first_at) = rings.first_at.take() {
            return Poll::Ready(Rung { first_at, is_last: rings.is_last });
        }
        let before = match &mut rings.listener {
            Some(listener) if listener.will_wake(context.waker()) => None,
            listener => listener.replace(context.waker().clone()),
        };
        drop(rings);
        drop(before);
        Poll::Pending
    }
}

/// Nothing that can panic happens under these locks.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use futures_util::FutureExt;

    use super::*;

    const HOME: RecordId = RecordId::from_bytes([1; 32]);
    const NEXT_DOOR: RecordId = RecordId::from_bytes([2; 32]);

    fn has_rung(listening: &mut Listening) -> bool {
        listening.rung().now_or_never().is_some()
    }

    #[test]
    fn several_rings_are_one_and_each_listener_hears_them_once() {
        let doorbells = Arc::new(Doorbells::new());
        let (mut one, mut other) = (doorbells.listen(&HOME), doorbells.listen(&HOME));
        assert!(!has_rung(&mut one));
        doorbells.ring(&HOME);
        doorbells.ring(&HOME);
        assert!(has_rung(&mut one));
        assert!(!has_rung(&mut one));
        assert!(has_rung(&mut other));
    }

    #[test]
    fn whoever_listens_is_sent_away_once_for_all_and_whoever_comes_later_is_not() {
        let doorbells = Arc::new(Doorbells::new());
        let (mut one, mut other) = (doorbells.listen(&HOME), doorbells.listen(&NEXT_DOOR));
        doorbells.ring(&HOME);
        doorbells.send_away(&HOME);
        doorbells.ring(&HOME);
        assert!(one.rung().now_or_never().unwrap().is_last());
        assert!(!has_rung(&mut other));
        let mut later = doorbells.listen(&HOME);
        doorbells.ring(&HOME);
        assert!(!later.rung().now_or_never().unwrap().is_last());
        assert!(one.rung().now_or_never().unwrap().is_last());
    }

    #[test]
    fn a_ring_is_heard_at_its_own_door_only() {
        let doorbells = Arc::new(Doorbells::new());
        let mut listening = doorbells.listen(&HOME);
        doorbells.ring(&NEXT_DOOR);
        assert!(!has_rung(&mut listening));
    }

    #[test]
    fn a_ring_before_listening_is_not_heard() {
        let doorbells = Arc::new(Doorbells::new());
        doorbells.ring(&HOME);
        assert!(!has_rung(&mut doorbells.listen(&HOME)));
    }

    #[test]
    fn whoever_stops_waiting_loses_no_ring() {
        let doorbells = Arc::new(Doorbells::new());
        let mut listening = doorbells.listen(&HOME);
        {
            let mut given_up = Box::pin(listening.rung());
            assert!((&mut given_up).now_or_never().is_none());
            doorbells.ring(&HOME);
        }
        assert!(has_rung(&mut listening));
    }

    #[test]
    fn a_ring_from_another_thread_ends_the_wait() {
        let doorbells = Arc::new(Doorbells::new());
        let mut listening = doorbells.listen(&HOME);
        let ringer = doorbells.clone();
        let thread = thread::spawn(move || ringer.ring(&HOME));
        futures_executor::block_on(listening.rung());
        thread.join().unwrap();
    }

    #[test]
    fn the_first_of_the_rings_counts() {
        let doorbells = Arc::new(Doorbells::new());
        let mut listening = doorbells.listen(&HOME);
        doorbells.ring(&HOME);
        let after_first = Instant::now();
        doorbells.ring(&HOME);
        let rung = listening.rung().now_or_never().unwrap();
        assert!(rung.first_at <= after_first);
    }

    #[test]
    fn an_entry_lasts_as_long_as_somebody_listens() {
        let doorbells = Arc::new(Doorbells::new());
        let (one, other) = (doorbells.listen(&HOME), doorbells.listen(&HOME));
        let neighbour = doorbells.listen(&NEXT_DOOR);
        assert_eq!(format!("{doorbells:?}"), "Doorbells { records: 2 }");
        drop(one);
        assert_eq!(format!("{doorbells:?}"), "Doorbells { records: 2 }");
        drop((other, neighbour));
        assert_eq!(format!("{doorbells:?}"), "Doorbells { records: 0 }");
    }
}
