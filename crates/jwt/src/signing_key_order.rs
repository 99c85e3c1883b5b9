//! How signing keys follow each other, with overlap: a key is published first, signs later, and verifies after that until
//! nothing that it signed can be good.
//!
//! ```text
//! add ──> waits ── rotate ──> signs ── rotate ──> verifies, and knows since when ── retire ──> gone
//! ```
//!
//! The first key signs. Of the others, one that has signed says until when; one that says nothing waits.

use std::time::Duration;

use strongroom_ports::{Randomness, Timestamp};
use thiserror::Error;

use crate::signing_keys::{MAX_KEYS, SigningKey, SigningKeys, SigningKeysError};

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningKeyState {
    /// Signs, and verifies.
    Signs,
    /// Verifies what it will have signed: published, so that readers of the key set know it in time.
    Waits,
    /// Verifies what it signed.
    Verifies {
        /// Since when it signs no more.
        signed_until: Timestamp,
    },
}

impl SigningKeys {
    /// Publishes a new key, which waits behind the others.
    ///
    /// # Errors
    ///
    /// [`SigningKeysError::Count`] when there are as many as there may be; [`SigningKeysError::Key`] when the cipher's
    /// library failed.
    pub fn add(&mut self, now: Timestamp, randomness: &dyn Randomness) -> Result<(), SigningKeysError> {
        let place = self.0.len() + 1;
        if place > MAX_KEYS {
            return Err(SigningKeysError::Count { found: place });
        }
        let key = SigningKey::generate(now, randomness).ok_or(SigningKeysError::Key { place })?;
        if self.find(&key.kid).is_some() {
            return Err(SigningKeysError::DuplicateKid { place });
        }
        self.0.push(key);
        Ok(())
    }

    /// The key that has waited longest signs from now on; a new one, where none waits. The one that signed goes on verifying.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add), where none waits.
    pub fn rotate(&mut self, now: Timestamp, randomness: &dyn Randomness) -> Result<(), SigningKeysError> {
        let waiting = self.states().position(|(_, state)| state == SigningKeyState::Waits);
        if waiting.is_none() {
            self.add(now, randomness)?;
        }
        let next = waiting.unwrap_or(self.0.len() - 1);
        if let Some(signed) = self.0.first_mut() {
            signed.signed_until = Some(now);
        }
        let next = self.0.remove(next);
        self.0.insert(0, next);
        Ok(())
    }

    /// Takes out a key of which no token can be good at `now`: one that waits, or one that stopped signing longer ago than
    /// any token lives, which is the longest lifetime and the leeway.
    ///
    /// # Errors
    ///
    /// [`RetireError`]: the key stays.
    pub fn retire(&mut self, kid: &str, now: Timestamp, tokens_live: Duration) -> Result<(), RetireError> {
        if let Some((_, SigningKeyState::Verifies { signed_until })) =
            self.states().find(|(name, _)| *name == kid)
        {
            let left_ms = signed_until.plus(tokens_live).millis().saturating_sub(now.millis());
            if let Some(left_ms) = u64::try_from(left_ms).ok().filter(|left_ms| *left_ms > 0) {
                return Err(RetireError::InUse { left_s: left_ms.div_ceil(1000) });
            }
        }
        self.retire_at_once(kid)
    }

    /// Takes out a key whatever it signed: for one that was stolen. Every token of it ends.
    ///
    /// # Errors
    ///
    /// [`RetireError`], when there is no such key, or it signs.
    pub fn retire_at_once(&mut self, kid: &str) -> Result<(), RetireError> {
        let place = self.kids().position(|name| name == kid);
        match place {
            None => Err(RetireError::Unknown),
            Some(0) => Err(RetireError::Signs),
            Some(place) => {
                self.0.remove(place);
                Ok(())
            }
        }
    }

    /// What each key does, in the file's order.
    pub fn states(&self) -> impl Iterator<Item = (&str, SigningKeyState)> {
        self.0.iter().enumerate().map(|(index, key)| {
            let state = match key.signed_until {
                _ if index == 0 => SigningKeyState::Signs,
                Some(signed_until) => SigningKeyState::Verifies { signed_until },
                None => SigningKeyState::Waits,
            };
            (key.kid.as_str(), state)
        })
    }
}

/// Why a key stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RetireError {
    /// There is none of that id.
    #[error("no key has this kid")]
    Unknown,
    /// It is the one that signs.
    #[error("this key signs: rotate first")]
    Signs,
    /// Tokens that it signed may still be good.
    #[error("tokens that this key signed may be good for another {left_s} s")]
    InUse {
        /// Seconds until none can be.
        left_s: u64,
    },
}

#[cfg(test)]
mod tests {
    use strongroom_testkit::fake::CountingRandomness;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    /// What each key does, by the last digits of when it was made.
    fn told(keys: &SigningKeys) -> Vec<(String, SigningKeyState)> {
        let made = |kid: &str| kid.split('-').next().unwrap().to_owned();
        keys.states().map(|(kid, state)| (made(kid), state)).collect()
    }

    fn kid(keys: &SigningKeys, place: usize) -> String {
        keys.kids().nth(place).unwrap().to_owned()
    }

    #[test]
    fn a_key_is_published_then_signs_then_verifies_then_is_gone() {
        use SigningKeyState::{Signs, Verifies, Waits};
        let randomness = CountingRandomness::new();
        let mut keys = SigningKeys::generate(at(1), &randomness).unwrap();
        keys.add(at(2), &randomness).unwrap();
        keys.add(at(3), &randomness).unwrap();
        let key = |made: &str, state| (made.to_owned(), state);
        assert_eq!(told(&keys), [key("1", Signs), key("2", Waits), key("3", Waits)]);
        keys.rotate(at(10), &randomness).unwrap();
        let ended = |secs| Verifies { signed_until: at(secs) };
        assert_eq!(
            told(&keys),
            [key("2", Signs), key("1", ended(10)), key("3", Waits)],
            "the oldest is next"
        );
        keys.rotate(at(20), &randomness).unwrap();
        assert_eq!(told(&keys), [key("3", Signs), key("2", ended(20)), key("1", ended(10))]);
        keys.rotate(at(30), &randomness).unwrap();
        let after = [key("30", Signs), key("3", ended(30)), key("2", ended(20)), key("1", ended(10))];
        assert_eq!(told(&keys), after, "none waited, so that a new one was made");
        let read = SigningKeys::parse(keys.to_json().as_bytes()).unwrap();
        assert_eq!(told(&read), after, "the file remembers");
        assert_eq!(read.to_json(), keys.to_json());
    }

    #[test]
    fn a_key_stays_until_exactly_the_last_token_of_it_has_ended() {
        let randomness = CountingRandomness::new();
        let mut keys = SigningKeys::generate(at(1), &randomness).unwrap();
        keys.rotate(at(100), &randomness).unwrap();
        let old = kid(&keys, 1);
        let end = at(100).plus(DAY);
        let before = Timestamp::from_millis(end.millis() - 1);
        assert_eq!(
            keys.retire(&old, at(0), DAY),
            Err(RetireError::InUse { left_s: 86_500 }),
            "a clock set back"
        );
        assert_eq!(keys.retire(&old, at(100), DAY), Err(RetireError::InUse { left_s: 86_400 }));
        assert_eq!(keys.retire(&old, before, DAY), Err(RetireError::InUse { left_s: 1 }));
        assert_eq!(keys.kids().count(), 2);
        assert_eq!(keys.retire(&old, end, DAY), Ok(()));
        assert_eq!(keys.retire(&old, end, DAY), Err(RetireError::Unknown));
        assert_eq!(keys.kids().count(), 1);
    }

    #[test]
    fn the_key_that_signs_is_never_taken_out_and_any_other_is_if_need_be() {
        let randomness = CountingRandomness::new();
        let mut keys = SigningKeys::generate(at(1), &randomness).unwrap();
        keys.rotate(at(100), &randomness).unwrap();
        keys.add(at(100), &randomness).unwrap();
        let (signs, verifies, waits) = (kid(&keys, 0), kid(&keys, 1), kid(&keys, 2));
        assert_eq!(keys.retire(&signs, at(i64::MAX), DAY), Err(RetireError::Signs));
        assert_eq!(keys.retire_at_once(&signs), Err(RetireError::Signs));
        assert_eq!(keys.retire_at_once(&verifies), Ok(()));
        assert_eq!(keys.retire(&waits, at(100), DAY), Ok(()), "it has signed nothing");
        assert_eq!(keys.kids().collect::<Vec<_>>(), [signs]);
    }

    #[test]
    fn there_are_never_more_keys_than_a_file_may_have() {
        let randomness = CountingRandomness::new();
        let mut keys = SigningKeys::generate(at(1), &randomness).unwrap();
        for _ in 1..MAX_KEYS {
            keys.rotate(at(2), &randomness).unwrap();
        }
        let full = keys.to_json();
        let refusal = Err(SigningKeysError::Count { found: MAX_KEYS + 1 });
        assert_eq!(keys.add(at(3), &randomness), refusal);
        assert_eq!(keys.rotate(at(3), &randomness), refusal);
        assert_eq!(keys.to_json(), full, "a refusal changes nothing");
        assert!(SigningKeys::parse(full.as_bytes()).is_ok());
    }

    #[test]
    fn a_first_key_that_has_ended_and_an_end_that_is_no_time_are_refused() {
        let randomness = CountingRandomness::new();
        let mut keys = SigningKeys::generate(at(1), &randomness).unwrap();
        keys.rotate(at(100), &randomness).unwrap();
        let json = keys.to_json();
        let ended = json.replacen("\" }", "\", \"signed_until\": 100 }", 1);
        assert_eq!(SigningKeys::parse(ended.as_bytes()).err(), Some(SigningKeysError::Ended));
        for end in ["-1", "\"100\"", "1.5", "1e99", "true", "4294967296"] {
            let odd = json.replace("\"signed_until\": 100", &format!("\"signed_until\": {end}"));
            assert_eq!(SigningKeys::parse(odd.as_bytes()).err(), Some(SigningKeysError::Malformed), "{end}");
        }
    }
}
