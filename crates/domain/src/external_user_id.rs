//! The application's own name for a person, and the rule that a caller may only name itself.

use std::fmt;

use thiserror::Error;

/// The longest id, in bytes.
pub const MAX_EXTERNAL_USER_ID_BYTES: usize = 128;

/// 1 to [`MAX_EXTERNAL_USER_ID_BYTES`] characters of `[A-Za-z0-9._~-]`, except `.` and `..`: it stands in a path as it
/// is. Compared byte for byte. A UUID in the guide's examples.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExternalUserId(Box<str>);

impl ExternalUserId {
    /// Parses an id.
    ///
    /// # Errors
    ///
    /// [`ExternalUserIdError`] when it is outside the grammar; the id is not repeated.
    pub fn parse(text: &str) -> Result<Self, ExternalUserIdError> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-');
        let fits = (1..=MAX_EXTERNAL_USER_ID_BYTES).contains(&text.len()) && text.bytes().all(unreserved);
        if fits && text != "." && text != ".." { Ok(Self(text.into())) } else { Err(ExternalUserIdError) }
    }

    /// The id as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Ownership: the id that a request names must be the caller's (guide, section 5).
    ///
    /// # Errors
    ///
    /// [`NotOwner`], the same whether or not the named person exists.
    pub fn must_be(&self, caller: &Self) -> Result<(), NotOwner> {
        if self == caller { Ok(()) } else { Err(NotOwner) }
    }
}

/// Never printed: an id leads to a person.
impl fmt::Debug for ExternalUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalUserId")
    }
}

/// The id is outside the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an externalUserId is 1 to {MAX_EXTERNAL_USER_ID_BYTES} characters of A-Z a-z 0-9 . _ ~ -")]
pub struct ExternalUserIdError;

/// The request names somebody else than its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the externalUserId is not the caller's")]
pub struct NotOwner;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unreserved_characters_and_no_dot_segments() {
        for good in ["c76302cb-f845-40f4-9c56-29710323afba", "a", "A.b_c~d-9", "...", &"x".repeat(128)] {
            assert!(ExternalUserId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "a%41", "é", "a\n", &"x".repeat(129)] {
            assert!(ExternalUserId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_the_very_same_bytes_are_the_same_person() {
        let caller = ExternalUserId::parse("Jane").unwrap();
        assert_eq!(ExternalUserId::parse("Jane").unwrap().must_be(&caller), Ok(()));
        assert_eq!(ExternalUserId::parse("jane").unwrap().must_be(&caller), Err(NotOwner));
    }
}
