//! The operator's keys: sealing keys, the first of which seals while all open, and one index key that never changes.
//!
//! Whoever holds a keyring and a dump reads everything; whoever loses it reads nothing, ever. It is made once, kept in a
//! file of its own ([`secret_file`](crate::secret_file)), and never stored with the data.

use std::fmt;

use strongroom_ports::{KeyCheck, Randomness, Timestamp};
use zeroize::Zeroizing;

use crate::key_check;
use crate::key_id::KeyId;
use crate::key_material::KeyMaterial;
use crate::keyring_json;
use crate::keyring_rules::{KeyringError, MAX_SEALING_KEYS};

/// An index key and 1 to [`MAX_SEALING_KEYS`] sealing keys, no two alike. Overwritten when dropped.
///
/// Its file is JSON: `{"version":1,"index_key":"…","sealing_keys":[{"id":"…","key":"…"}]}`, each key 32 bytes in
/// base64url without padding, each id 1 to [`MAX_KEY_ID_BYTES`](crate::MAX_KEY_ID_BYTES) characters of `[A-Za-z0-9._-]`.
pub struct Keyring {
    index_key: KeyMaterial,
    sealing_keys: Vec<(KeyId, KeyMaterial)>,
}

impl Keyring {
    /// A new keyring with one sealing key. `now` goes into that key's id.
    #[must_use]
    pub fn generate(randomness: &dyn Randomness, now: Timestamp) -> Self {
        let index_key = KeyMaterial::random(randomness);
        let sealing_key = (KeyId::random(randomness, now), KeyMaterial::random(randomness));
        Self { index_key, sealing_keys: vec![sealing_key] }
    }

    /// Reads a keyring file's content.
    ///
    /// # Errors
    ///
    /// [`KeyringError`] says which rule was broken and where, without repeating what stands there.
    pub fn parse(json: &[u8]) -> Result<Self, KeyringError> {
        let (index_key, sealing_keys) = keyring_json::parse(json)?;
        Self::of(index_key, sealing_keys)
    }

    /// A keyring of given keys, once they obey the rules.
    pub(crate) fn of(
        index_key: KeyMaterial,
        sealing_keys: Vec<(KeyId, KeyMaterial)>,
    ) -> Result<Self, KeyringError> {
        if sealing_keys.is_empty() {
            return Err(KeyringError::NoSealingKey);
        }
        let mut keyring = Self { index_key, sealing_keys: Vec::new() };
        for (position, (id, key)) in sealing_keys.into_iter().enumerate() {
            keyring.insert(position, id, key)?;
        }
        Ok(keyring)
    }

    /// Puts a new random sealing key first: it seals from now on, the others still open. Returns its id.
    ///
    /// # Errors
    ///
    /// [`KeyringError::TooManySealingKeys`], or [`KeyringError::DuplicateId`] or [`KeyringError::DuplicateKey`] when the
    /// randomness repeats itself. The keyring is then as it was.
    pub fn add_sealing_key(
        &mut self,
        randomness: &dyn Randomness,
        now: Timestamp,
    ) -> Result<&str, KeyringError> {
        self.insert(0, KeyId::random(randomness, now), KeyMaterial::random(randomness))?;
        Ok(self.sealing_keys[0].0.as_str())
    }

    /// Takes in a key that is like no other here.
    fn insert(&mut self, position: usize, id: KeyId, key: KeyMaterial) -> Result<(), KeyringError> {
        if self.sealing_keys.len() >= MAX_SEALING_KEYS {
            return Err(KeyringError::TooManySealingKeys);
        }
        if self.sealing_keys.iter().any(|(other, _)| *other == id) {
            return Err(KeyringError::DuplicateId { position });
        }
        let is_taken = |other: &KeyMaterial| other.is_same_as(&key);
        if is_taken(&self.index_key) || self.sealing_keys.iter().any(|(_, other)| is_taken(other)) {
            return Err(KeyringError::DuplicateKey { position });
        }
        self.sealing_keys.insert(position, (id, key));
        Ok(())
    }

    /// The content of a keyring file, which [`parse`](Self::parse) reads back.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        keyring_json::write(&self.index_key, &self.sealing_keys)
    }

    /// The ids of the sealing keys, the one that seals first.
    #[must_use]
    pub fn key_ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.sealing_keys.iter().map(|(id, _)| id.as_str())
    }

    /// A check value for each key: the index key's, then the sealing keys' in their order.
    #[must_use]
    pub fn key_checks(&self) -> Vec<KeyCheck> {
        let sealing = self.sealing_keys.iter().map(|(id, key)| key_check::of_sealing_key(id.as_str(), key));
        std::iter::once(key_check::of_index_key(&self.index_key)).chain(sealing).collect()
    }

    pub(crate) fn index_key(&self) -> &KeyMaterial {
        &self.index_key
    }

    pub(crate) fn sealing_keys(&self) -> &[(KeyId, KeyMaterial)] {
        &self.sealing_keys
    }
}

/// Printed by the ids of its sealing keys.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("sealing_keys", &self.key_ids().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::system_randomness::SystemRandomness;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn keyring() -> Keyring {
        Keyring::generate(&SystemRandomness, NOW)
    }

    #[test]
    fn a_new_sealing_key_stands_first() {
        let mut keyring = keyring();
        let old = keyring.key_ids().map(str::to_owned).collect::<Vec<_>>();
        let new = keyring.add_sealing_key(&SystemRandomness, NOW).unwrap().to_owned();
        assert_eq!(keyring.key_ids().collect::<Vec<_>>(), [&new, &old[0]]);
    }

    #[test]
    fn a_full_keyring_takes_no_further_key() {
        let mut keyring = keyring();
        for seconds in 1..MAX_SEALING_KEYS as u64 {
            keyring.add_sealing_key(&SystemRandomness, NOW.plus(Duration::from_secs(seconds))).unwrap();
        }
        assert_eq!(keyring.add_sealing_key(&SystemRandomness, NOW), Err(KeyringError::TooManySealingKeys));
        assert_eq!(keyring.key_ids().len(), MAX_SEALING_KEYS);
    }

    /// Gives the same byte for ever.
    #[derive(Debug)]
    struct Stuck;

    impl Randomness for Stuck {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn randomness_that_repeats_itself_adds_no_key() {
        let mut keyring = Keyring::generate(&Stuck, NOW);
        assert_eq!(keyring.add_sealing_key(&Stuck, NOW), Err(KeyringError::DuplicateId { position: 0 }));
        let later = NOW.plus(Duration::from_secs(1));
        assert_eq!(keyring.add_sealing_key(&Stuck, later), Err(KeyringError::DuplicateKey { position: 0 }));
        assert_eq!(keyring.key_ids().len(), 1);
    }

    #[test]
    fn every_key_has_a_check_value_of_its_own_that_outlives_the_file() {
        let mut keyring = keyring();
        keyring.add_sealing_key(&SystemRandomness, NOW).unwrap();
        let checks = keyring.key_checks();
        let ids = checks.iter().map(|check| check.id.clone()).collect::<Vec<_>>();
        let expected =
            [vec!["index".to_owned()], keyring.key_ids().map(|id| format!("sealing/{id}")).collect()]
                .concat();
        assert_eq!(ids, expected);
        assert!(checks[0].value != checks[1].value && checks[1].value != checks[2].value);
        assert_eq!(Keyring::parse(&keyring.to_json()).unwrap().key_checks(), checks);
    }

    #[test]
    fn another_key_under_the_same_id_has_another_check_value() {
        let check = || key_check::of_sealing_key("a", &KeyMaterial::random(&SystemRandomness));
        assert_ne!(check(), check());
    }
}
