//! The ceremonies that have begun and not ended: in memory, bounded, each for one answer.
//!
//! A ceremony is found by the text of its challenge and by nothing else, and finding it takes it out. It lapses after five
//! minutes by the clock that is handed in; a restart ends all of them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use strongroom_ports::{PasskeyNames, TenantId, Timestamp};

use crate::challenge::Challenge;
use crate::options::TIMEOUT;
use crate::user_handle::UserHandle;

/// How many may be open: more than two hundred beginning in each second, each for its five minutes. Some 400 bytes each, and
/// up to a kibibyte of names with a registration; when all places are taken the oldest ends.
pub const MAX_OPEN_CEREMONIES: usize = 65_536;

/// What is known of a ceremony besides its challenge.
#[derive(Debug)]
pub(crate) struct Ceremony {
    pub(crate) tenant: TenantId,
    pub(crate) act: Act,
}

/// What a ceremony is for.
#[derive(Debug)]
pub(crate) enum Act {
    Registration(Box<Registration>),
    SignIn,
}

/// What a registration was begun with.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) handle: UserHandle,
    pub(crate) names: PasskeyNames,
}

/// All that are open.
pub(crate) struct OpenCeremonies {
    most: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    by_challenge: HashMap<Challenge, Open>,
    /// The same, the oldest first.
    by_number: BTreeMap<u64, Challenge>,
    next_number: u64,
}

struct Open {
    number: u64,
    lapses_at: Timestamp,
    ceremony: Ceremony,
}

impl OpenCeremonies {
    /// None yet, and never more than `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, inner: Mutex::default() }
    }

    /// Remembers a ceremony that begins now.
    pub(crate) fn begin(&self, challenge: Challenge, ceremony: Ceremony, now: Timestamp) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.drop_lapsed(now);
        while inner.by_number.len() >= self.most && inner.drop_oldest() {}
        let number = inner.next_number;
        inner.next_number += 1;
        inner.by_number.insert(number, challenge);
        let open = Open { number, lapses_at: now.plus(TIMEOUT), ceremony };
        if let Some(before) = inner.by_challenge.insert(challenge, open) {
            inner.by_number.remove(&before.number);
        }
    }

    /// Takes a ceremony out by its challenge; `None` when there is none, it is spent, or it has lapsed.
    pub(crate) fn take(&self, challenge: &Challenge, now: Timestamp) -> Option<Ceremony> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let open = inner.by_challenge.remove(challenge)?;
        inner.by_number.remove(&open.number);
        (now < open.lapses_at).then_some(open.ceremony)
    }

    fn count(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).by_number.len()
    }
}

impl Inner {
    /// The oldest lapse first, unless the clock was set back: then they wait behind one that does not.
    fn drop_lapsed(&mut self, now: Timestamp) {
        while self.oldest_lapse().is_some_and(|lapses_at| lapses_at <= now) && self.drop_oldest() {}
    }

    fn oldest_lapse(&self) -> Option<Timestamp> {
        let (_, challenge) = self.by_number.first_key_value()?;
        self.by_challenge.get(challenge).map(|open| open.lapses_at)
    }

    fn drop_oldest(&mut self) -> bool {
        let oldest = self.by_number.pop_first();
        oldest.is_some_and(|(_, challenge)| self.by_challenge.remove(&challenge).is_some())
    }
}

/// Printed by their number: a challenge is for one browser.
impl fmt::Debug for OpenCeremonies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenCeremonies").field("count", &self.count()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use strongroom_testkit::{fake::CountingRandomness, sample};

    use super::*;

    fn sign_in() -> Ceremony {
        Ceremony { tenant: sample::tenant(sample::TENANT), act: Act::SignIn }
    }

    fn challenges<const N: usize>() -> [Challenge; N] {
        let randomness = CountingRandomness::new();
        [(); N].map(|()| Challenge::draw(&randomness))
    }

    #[test]
    fn a_ceremony_is_taken_once() {
        let ceremonies = OpenCeremonies::new(8);
        let [challenge, other] = challenges();
        ceremonies.begin(challenge, sign_in(), sample::now());
        assert!(ceremonies.take(&other, sample::now()).is_none());
        assert!(ceremonies.take(&challenge, sample::now()).is_some());
        assert!(ceremonies.take(&challenge, sample::now()).is_none());
    }

    #[test]
    fn a_ceremony_lapses_after_five_minutes_and_not_before() {
        let ceremonies = OpenCeremonies::new(8);
        let [early, late] = challenges();
        for challenge in [early, late] {
            ceremonies.begin(challenge, sign_in(), sample::now());
        }
        let lapse = sample::now().plus(Duration::from_mins(5));
        assert!(ceremonies.take(&early, Timestamp::from_millis(lapse.millis() - 1)).is_some());
        assert!(ceremonies.take(&late, lapse).is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_ends_no_ceremony() {
        let ceremonies = OpenCeremonies::new(8);
        let [challenge] = challenges();
        ceremonies.begin(challenge, sign_in(), sample::now());
        let before = Timestamp::from_secs(sample::now().secs() - 60);
        assert!(ceremonies.take(&challenge, before).is_some());
    }

    #[test]
    fn when_all_places_are_taken_the_oldest_ends() {
        let ceremonies = OpenCeremonies::new(2);
        let [first, second, third] = challenges();
        for challenge in [first, second, third] {
            ceremonies.begin(challenge, sign_in(), sample::now());
        }
        assert_eq!(ceremonies.count(), 2);
        assert!(ceremonies.take(&first, sample::now()).is_none());
        assert!(ceremonies.take(&second, sample::now()).is_some());
        assert!(ceremonies.take(&third, sample::now()).is_some());
    }

    #[test]
    fn what_is_spent_or_has_lapsed_takes_no_place() {
        let ceremonies = OpenCeremonies::new(8);
        let [first, second, third] = challenges();
        ceremonies.begin(first, sign_in(), sample::now());
        ceremonies.begin(second, sign_in(), sample::now());
        ceremonies.take(&first, sample::now());
        assert_eq!(ceremonies.count(), 1);
        ceremonies.begin(third, sign_in(), sample::now().plus(TIMEOUT));
        assert_eq!(ceremonies.count(), 1);
    }
}
