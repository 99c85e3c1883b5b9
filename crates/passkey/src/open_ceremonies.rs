//! The ceremonies that have begun and not ended: in memory, bounded, each for one answer.
//!
//! A ceremony is found by the text of its challenge and by nothing else, and finding it takes it out. It lapses after five
//! minutes by the clock that is handed in; a restart ends all of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_ports::{PasskeyNames, TenantId, Timestamp};

use crate::challenge::Challenge;
use crate::user_handle::UserHandle;

/// How long a ceremony may take, here and in the browser (Web Authentication, section 15.1: 300 to 600 seconds).
pub(crate) const TIMEOUT: Duration = Duration::from_mins(5);

/// How many may be open: more than two hundred beginning in each second, each for its five minutes. Some 400 bytes each, and
/// up to a kibibyte of names with a registration; when all places are taken the oldest of the tenant that has most ends, so that a
/// flood at one tenant's page leaves the others theirs.
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
    /// The numbers of each tenant that has some.
    of_tenant: HashMap<TenantId, BTreeSet<u64>>,
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
        inner.remove(&challenge);
        while inner.by_number.len() >= self.most && inner.drop_one_of_the_most() {}
        let number = inner.next_number;
        inner.next_number += 1;
        inner.by_number.insert(number, challenge);
        inner.of_tenant.entry(ceremony.tenant.clone()).or_default().insert(number);
        inner.by_challenge.insert(challenge, Open { number, lapses_at: now.plus(TIMEOUT), ceremony });
    }

    /// Takes a ceremony out by its challenge; `None` when there is none, it is spent, or it has lapsed.
    pub(crate) fn take(&self, challenge: &Challenge, now: Timestamp) -> Option<Ceremony> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let open = inner.remove(challenge)?;
        (now < open.lapses_at).then_some(open.ceremony)
    }

    fn count(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).by_number.len()
    }
}

impl Inner {
    fn remove(&mut self, challenge: &Challenge) -> Option<Open> {
        let open = self.by_challenge.remove(challenge)?;
        self.by_number.remove(&open.number);
        if let Some(numbers) = self.of_tenant.get_mut(&open.ceremony.tenant) {
            numbers.remove(&open.number);
            if numbers.is_empty() {
                self.of_tenant.remove(&open.ceremony.tenant);
            }
        }
        Some(open)
    }

    /// The oldest lapse first, unless the clock was set back: then they wait behind one that does not.
    fn drop_lapsed(&mut self, now: Timestamp) {
        while let Some((_, challenge)) = self.by_number.first_key_value() {
            let challenge = *challenge;
            let has_lapsed = self.by_challenge.get(&challenge).is_some_and(|open| open.lapses_at <= now);
            if !has_lapsed || self.remove(&challenge).is_none() {
                return;
            }
        }
    }

    /// Ends the oldest ceremony of the tenant that has most; of several that have as many, the oldest of all.
    fn drop_one_of_the_most(&mut self) -> bool {
        let most = self.of_tenant.values().max_by_key(|numbers| (numbers.len(), Reverse(numbers.first())));
        let oldest = most.and_then(|numbers| self.by_number.get(numbers.first()?)).copied();
        oldest.is_some_and(|challenge| self.remove(&challenge).is_some())
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
    use strongroom_testkit::{fake::CountingRandomness, sample};

    use super::*;

    fn sign_in() -> Ceremony {
        sign_in_at(sample::TENANT)
    }

    fn sign_in_at(tenant: &str) -> Ceremony {
        Ceremony { tenant: sample::tenant(tenant), act: Act::SignIn }
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
    fn a_flood_at_one_tenant_ends_no_ceremony_of_another() {
        let ceremonies = OpenCeremonies::new(4);
        let [quiet, first, second, third, fourth, fifth, last] = challenges();
        ceremonies.begin(quiet, sign_in_at(sample::OTHER_TENANT), sample::now());
        for challenge in [first, second, third, fourth, fifth] {
            ceremonies.begin(challenge, sign_in(), sample::now());
        }
        assert_eq!(ceremonies.count(), 4);
        ceremonies.begin(last, sign_in_at(sample::OTHER_TENANT), sample::now());
        let left = [quiet, first, second, third, fourth, fifth, last]
            .map(|challenge| ceremonies.take(&challenge, sample::now()).is_some());
        assert_eq!(left, [true, false, false, false, true, true, true]);
    }

    #[test]
    fn of_tenants_that_have_as_many_the_oldest_of_all_ends() {
        let ceremonies = OpenCeremonies::new(2);
        let [first, second, third] = challenges();
        for (challenge, tenant) in
            [(first, sample::OTHER_TENANT), (second, sample::TENANT), (third, sample::TENANT)]
        {
            ceremonies.begin(challenge, sign_in_at(tenant), sample::now());
        }
        let left = [first, second, third].map(|it| ceremonies.take(&it, sample::now()).is_some());
        assert_eq!(left, [false, true, true]);
    }

    #[test]
    fn what_has_ended_is_no_more_a_tenant_s() {
        let ceremonies = OpenCeremonies::new(8);
        let challenges: [Challenge; 3] = challenges();
        for (challenge, tenant) in
            challenges.iter().zip([sample::TENANT, sample::OTHER_TENANT, sample::TENANT])
        {
            ceremonies.begin(*challenge, sign_in_at(tenant), sample::now());
            ceremonies.begin(*challenge, sign_in_at(tenant), sample::now());
        }
        for challenge in &challenges {
            ceremonies.take(challenge, sample::now());
        }
        let inner = ceremonies.inner.lock().unwrap();
        assert!(inner.of_tenant.is_empty() && inner.by_number.is_empty() && inner.by_challenge.is_empty());
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
