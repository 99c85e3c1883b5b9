//! What requests take of the process while they are in hand: a place each, memory for bodies that are on their way, and for
//! answers of a remote safe that are.
//!
//! Whoever waits for a client holds no place: else a few clients that send nothing would take them all. What has come of a
//! body is counted by its bytes instead, so that only those who send can fill the room for bodies, and nobody's read needs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;

use crate::problem::Problem;

/// An answer of so small a part of one place's room is never refused: four KiB by the defaults, as a usual record is.
const SMALL_PART: usize = 16;

/// The places, and the room.
#[derive(Debug)]
pub(crate) struct Places {
    taken: AtomicUsize,
    most: usize,
    /// The room that one place stands for.
    share_bytes: usize,
    body_bytes: AtomicUsize,
    most_body_bytes: usize,
    answer_bytes: AtomicUsize,
    errands: AtomicUsize,
}

impl Places {
    /// `requests` at a time, and room for as many bodies of `body_bytes` on their way; as much again for answers.
    pub(crate) fn new(requests: usize, body_bytes: usize) -> Self {
        let most_body_bytes = requests.saturating_mul(body_bytes);
        Self {
            taken: AtomicUsize::new(0),
            most: requests,
            share_bytes: body_bytes,
            body_bytes: AtomicUsize::new(0),
            most_body_bytes,
            answer_bytes: AtomicUsize::new(0),
            errands: AtomicUsize::new(0),
        }
    }

    /// Requests that have a place.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Relaxed)
    }

    /// Bytes of bodies that have come in part.
    pub(crate) fn body_bytes(&self) -> usize {
        self.body_bytes.load(Relaxed)
    }

    /// A place, or none: shedding early beats queueing late.
    pub(crate) fn enter(&self) -> Result<Place<'_>, Problem> {
        let before = self.taken.fetch_add(1, Relaxed);
        let place = Place(self);
        if before < self.most { Ok(place) } else { Err(Problem::Overloaded) }
    }

    /// Waits for something of the client's without the place that the request has; afterwards there may be none.
    pub(crate) async fn without_place<T>(
        &self,
        wait: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        self.taken.fetch_sub(1, Relaxed);
        // Comes back however the wait ends: the place is given back by whoever has it.
        let back = Back(self);
        let waited = wait.await;
        drop(back);
        if self.taken() > self.most { waited.and(Err(Problem::Overloaded)) } else { waited }
    }

    /// Counts an answer whose length is somebody else's word, until it is written or its client is gone: whoever reads slowly
    /// has no place any more, and must not hold all the memory there is. Without room it is not answered; one that is alone has room, however long.
    pub(crate) fn hold<T>(self: &Arc<Self>, answer: T) -> Result<Bytes, Problem>
    where
        T: AsRef<[u8]> + Send + 'static,
    {
        let room = self.answer_room(answer.as_ref().len())?;
        Ok(Bytes::from_owner(Held { answer, _room: room }))
    }

    /// Takes room for the answer to what cannot be undone, before it is asked of another server: afterwards a refusal would be
    /// a lie, and whoever believes it does the same again.
    pub(crate) fn room_for_answer(self: &Arc<Self>) -> Result<AnswerRoom, Problem> {
        self.answer_room(self.share_bytes)
    }

    fn answer_room(self: &Arc<Self>, bytes: usize) -> Result<AnswerRoom, Problem> {
        let before = self.answer_bytes.fetch_add(bytes, Relaxed);
        let room = AnswerRoom { bytes, places: self.clone() };
        // Long answers of others that nobody reads must not cost anybody a short one.
        let is_small = bytes <= self.share_bytes / SMALL_PART;
        if is_small || before.saturating_add(bytes) <= self.most_body_bytes || before == 0 {
            Ok(room)
        } else {
            Err(Problem::Overloaded)
        }
    }

    /// Room for what is done to its end though nobody may wait for it any more: as many as there are places, beside those that
    /// have one, so that a disk that hangs does not heap them up.
    pub(crate) fn errand(self: &Arc<Self>) -> Result<Errand, Problem> {
        let before = self.errands.fetch_add(1, Relaxed);
        let errand = Errand(self.clone());
        if before < self.most.saturating_mul(2) { Ok(errand) } else { Err(Problem::Overloaded) }
    }

    /// Room for a body, none of which has come.
    pub(crate) fn body(&self) -> BodyRoom<'_> {
        BodyRoom { places: self, bytes: 0 }
    }
}

/// A place, given back however the request ends.
#[derive(Debug)]
pub(crate) struct Place<'p>(&'p Places);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Relaxed);
    }
}

/// Something that is done to its end, counted until it is.
#[derive(Debug)]
pub(crate) struct Errand(Arc<Places>);

impl Drop for Errand {
    fn drop(&mut self) {
        self.0.errands.fetch_sub(1, Relaxed);
    }
}

struct Back<'p>(&'p Places);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_add(1, Relaxed);
    }
}

/// The room that one body takes while it is on its way.
#[derive(Debug)]
pub(crate) struct BodyRoom<'p> {
    places: &'p Places,
    bytes: usize,
}

impl BodyRoom<'_> {
    /// Takes room for bytes that came.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Problem> {
        let before = self.places.body_bytes.fetch_add(bytes, Relaxed);
        self.bytes = self.bytes.saturating_add(bytes);
        if before.saturating_add(bytes) <= self.places.most_body_bytes {
            Ok(())
        } else {
            Err(Problem::Overloaded)
        }
    }
}

impl Drop for BodyRoom<'_> {
    fn drop(&mut self) {
        self.places.body_bytes.fetch_sub(self.bytes, Relaxed);
    }
}

/// Room for one answer, given back however it ends.
#[derive(Debug)]
pub(crate) struct AnswerRoom {
    bytes: usize,
    places: Arc<Places>,
}

impl AnswerRoom {
    /// The answer, which counts by its own length from now on. It is never refused: one that is longer than was thought takes the
    /// room of those that come later, and no more are longer than there are requests in hand.
    pub(crate) fn hold<T>(mut self, answer: T) -> Bytes
    where
        T: AsRef<[u8]> + Send + 'static,
    {
        let bytes = answer.as_ref().len();
        self.places.answer_bytes.fetch_add(bytes, Relaxed);
        self.places.answer_bytes.fetch_sub(self.bytes, Relaxed);
        self.bytes = bytes;
        Bytes::from_owner(Held { answer, _room: self })
    }
}

impl Drop for AnswerRoom {
    fn drop(&mut self) {
        self.places.answer_bytes.fetch_sub(self.bytes, Relaxed);
    }
}

/// An answer on its way, with its room.
struct Held<T> {
    answer: T,
    _room: AnswerRoom,
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for Held<T> {
    fn as_ref(&self) -> &[u8] {
        self.answer.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_short_answer_has_room_however_much_others_hold() {
        let places = Arc::new(Places::new(1, 16));
        let _long = places.hold(vec![b'a'; 100]).unwrap();
        assert_eq!(places.hold(vec![b'b'; 2]), Err(Problem::Overloaded));
        assert!(places.hold(vec![b'b'; 1]).is_ok());
    }

    #[test]
    fn a_place_is_given_back_and_one_too_many_takes_none() {
        let places = Places::new(1, 10);
        let first = places.enter().unwrap();
        assert_eq!(places.enter().map(drop), Err(Problem::Overloaded));
        assert_eq!(places.taken(), 1);
        drop(first);
        assert!(places.enter().is_ok());
    }

    #[test]
    fn who_waits_for_a_client_leaves_its_place_to_others_and_may_find_it_taken() {
        let places = Places::new(1, 10);
        let _waiting = places.enter().unwrap();
        let mut wait = Box::pin(places.without_place(pending::<Result<(), Problem>>()));
        assert!((&mut wait).now_or_never().is_none());
        let other = places.enter().unwrap();
        drop(wait);
        let late = places.without_place(ready(Ok(()))).now_or_never();
        assert_eq!(late, Some(Err(Problem::Overloaded)), "somebody has it");
        drop(other);
        assert_eq!(places.without_place(ready(Ok(1))).now_or_never(), Some(Ok(1)));
        assert_eq!(places.taken(), 1);
    }

    #[test]
    fn bodies_on_their_way_have_as_much_room_as_there_are_places() {
        let places = Places::new(2, 10);
        let (mut one, mut other) = (places.body(), places.body());
        assert_eq!(one.take(15), Ok(()));
        assert_eq!(other.take(5), Ok(()));
        assert_eq!(other.take(1), Err(Problem::Overloaded));
        drop(other);
        assert_eq!(places.body_bytes(), 15);
        assert_eq!(one.take(5), Ok(()));
    }

    #[test]
    fn an_answer_takes_room_until_the_last_of_it_is_written() {
        let places = Arc::new(Places::new(2, 10));
        let mut answer = places.hold(vec![b'a'; 15]).unwrap();
        assert_eq!(places.hold(vec![b'b'; 6]), Err(Problem::Overloaded));
        assert_eq!(places.hold(vec![b'b'; 5]).map(|it| it.len()), Ok(5));
        let written = answer.split_to(14);
        drop(written);
        assert_eq!(places.hold(vec![b'b'; 6]), Err(Problem::Overloaded), "a piece of it is not written");
        drop(answer);
        assert!(places.hold(vec![b'b'; 21]).is_ok(), "one that is alone");
    }

    #[test]
    fn room_that_was_taken_beforehand_holds_an_answer_of_any_length_and_counts_what_it_is() {
        let places = Arc::new(Places::new(2, 10));
        let (short, long) = (places.room_for_answer().unwrap(), places.room_for_answer().unwrap());
        assert_eq!(places.room_for_answer().map(drop), Err(Problem::Overloaded));
        let short = short.hold(vec![b'a'; 1]);
        assert_eq!(places.hold(vec![b'b'; 10]), Err(Problem::Overloaded));
        assert_eq!(places.hold(vec![b'b'; 9]).map(|it| it.len()), Ok(9), "what it did not need");
        let long = long.hold(vec![b'c'; 30]);
        assert_eq!(places.hold(vec![b'b'; 1]), Err(Problem::Overloaded), "what it took beyond");
        drop((short, long));
        let room = places.room_for_answer().unwrap();
        drop(room);
        assert_eq!(places.answer_bytes.load(Relaxed), 0);
    }
}
