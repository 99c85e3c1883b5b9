//! The name of a sealing key: no secret, stored beside what the key sealed.

use std::fmt;

use strongroom_ports::{Randomness, Timestamp};

/// The longest id of a sealing key, in bytes. It stands in every wrapped key.
pub const MAX_KEY_ID_BYTES: usize = 64;

/// 1 to [`MAX_KEY_ID_BYTES`] characters of `[A-Za-z0-9._-]`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeyId(Box<str>);

impl KeyId {
    /// Parses an id; `None` when it is outside the grammar.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let fits = (1..=MAX_KEY_ID_BYTES).contains(&text.len()) && text.bytes().all(allowed);
        fits.then(|| Self(text.into()))
    }

    /// A new id: seconds since 1970, so that ids sort by age, and four random bytes.
    pub(crate) fn random(randomness: &dyn Randomness, now: Timestamp) -> Self {
        let mut suffix = [0; 4];
        randomness.fill(&mut suffix);
        Self(format!("{}-{:08x}", now.secs(), u32::from_be_bytes(suffix)).into())
    }

    /// The id.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system_randomness::SystemRandomness;

    #[test]
    fn ids_are_short_and_plain() {
        for good in ["a", "2026-11-23-a1b2", "A.b_c-9", &"x".repeat(64)] {
            assert!(KeyId::parse(good).is_some(), "{good}");
        }
        for bad in ["", "a b", "a/b", "é", "a\0", "a\n", &"x".repeat(65)] {
            assert!(KeyId::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_new_id_is_in_the_grammar_whatever_the_clock_says() {
        for millis in [i64::MIN, -1, 0, 1_795_000_000_000, i64::MAX] {
            let id = KeyId::random(&SystemRandomness, Timestamp::from_millis(millis));
            assert_eq!(KeyId::parse(id.as_str()), Some(id));
        }
    }
}
