//! Keys: opaque names, readable or write-only from the moment they are parsed.
//!
//! A dot is a character, never a path: `optin` and `optin.newsletter` are two unrelated keys.
//! Nothing here may turn a write-only key into a readable one.

use std::fmt;

use thiserror::Error;

use crate::look_alike::{RESERVED_PREFIX, looks_private};
#[cfg(feature = "json")]
use crate::look_alike::{begins_neither, looks_reserved};

/// The longest key, in bytes. Long enough for any dotted name, short enough that 256 of them stay small.
pub const MAX_KEY_BYTES: usize = 128;

/// Keys that begin with this are write-only (guide, section 1).
pub const PRIVATE_PREFIX: &str = "private.";

/// Names that JavaScript clients would trip over when they build an object from the answer.
const PROTOTYPE_NAMES: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// A key of a record, sorted into its part by its name.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// Returned by reads.
    Readable(ReadableKey),
    /// Stored, replaced and deleted, returned by nothing.
    WriteOnly(WriteOnlyKey),
}

impl Key {
    /// Parses a key: 1 to [`MAX_KEY_BYTES`] bytes of printable ASCII without space, `"` and `\`;
    /// no leading, trailing or doubled dot.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says which rule refused it; it never carries the name.
    pub fn parse(name: &str) -> Result<Self, KeyError> {
        let is_private = name.starts_with(PRIVATE_PREFIX);
        if !is_private && looks_private(name.chars()) {
            return Err(KeyError::LooksPrivate);
        }
        check_grammar(name)?;
        if name.starts_with(RESERVED_PREFIX) || PROTOTYPE_NAMES.contains(&name) {
            return Err(KeyError::Reserved);
        }
        Ok(if is_private {
            Self::WriteOnly(WriteOnlyKey(name.into()))
        } else {
            Self::Readable(ReadableKey(name.into()))
        })
    }
}

/// Printed by its kind alone: a key name tells what is kept about a person.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Readable(key) => key.fmt(f),
            Self::WriteOnly(key) => key.fmt(f),
        }
    }
}

/// The name of a value that reads return. Made by [`Key::parse`] alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadableKey(Box<str>);

/// The name of a value that nothing returns. Made by [`Key::parse`] alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WriteOnlyKey(Box<str>);

impl ReadableKey {
    /// The name as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl WriteOnlyKey {
    /// The name as it was sent, `private.` included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ReadableKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for WriteOnlyKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ReadableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadableKey")
    }
}

impl fmt::Debug for WriteOnlyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteOnlyKey")
    }
}

/// Why a key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The empty name.
    #[error("a key is empty")]
    Empty,
    /// More than [`MAX_KEY_BYTES`] bytes.
    #[error("a key is longer than {MAX_KEY_BYTES} bytes")]
    TooLong,
    /// A byte outside printable ASCII, or a space, `"` or `\`.
    #[error("a key has a character other than printable ASCII without space, quote and backslash")]
    Character,
    /// A leading, trailing or doubled dot.
    #[error("a key has a leading, trailing or doubled dot")]
    Dot,
    /// Under `safe.`, or one of `__proto__`, `constructor`, `prototype`.
    #[error("a key is reserved")]
    Reserved,
    /// Only looks write-only, after trimming, case folding or compatibility folding; never stored as readable.
    #[error("a key looks private and is not: write-only keys begin with `private.`, exactly")]
    LooksPrivate,
}

fn check_grammar(name: &str) -> Result<(), KeyError> {
    let bytes = name.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return Err(KeyError::Empty);
    };
    if bytes.len() > MAX_KEY_BYTES {
        return Err(KeyError::TooLong);
    }
    if !bytes.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\')) {
        return Err(KeyError::Character);
    }
    if *first == b'.' || *last == b'.' || name.contains("..") {
        return Err(KeyError::Dot);
    }
    Ok(())
}

/// Whether a member of this name stays behind where a foreign safe's answer passes: it is write-only, looks write-only, or is
/// the safe's own. Of a name that [`Key::parse`] takes it is true for write-only keys and for no other.
#[cfg(feature = "json")]
pub(crate) fn stays_behind(name: impl Iterator<Item = char> + Clone) -> bool {
    let is_settled = name.clone().next().is_some_and(begins_neither);
    !is_settled && (looks_private(name.clone()) || looks_reserved(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_begins_with_private_dot_is_write_only_and_every_other_is_readable() {
        assert!(matches!(Key::parse("private.apiKey"), Ok(Key::WriteOnly(_))));
        for readable in [
            "email",
            "optin",
            "optin.newsletter",
            "privateer",
            "my.private.key",
            "~!#$%&'()*+,-/:;<=>?@[]^_`{|}",
        ] {
            assert!(matches!(Key::parse(readable), Ok(Key::Readable(_))), "{readable}");
        }
    }

    #[test]
    fn names_that_only_look_private_are_refused() {
        for name in [
            "private",
            "Private.x",
            "PRIVATE.X",
            " private.x",
            "private.x ".trim_end(),
            "private .x",
            "\tprivate.x",
            "private．x",
            "ｐｒｉｖａｔｅ.x",
            "pri\u{200b}vate.x",
            "Private",
            "private\u{2024}x",
            "𝐩𝐫𝐢𝐯𝐚𝐭𝐞.x",
            "ⓟⓡⓘⓥⓐⓣⓔ.x",
            "㏚ⅳate.x",
            "private…x",
            "PRİVATE.x",
            "private\0.x",
        ] {
            let verdict = Key::parse(name);
            if name == "private.x" {
                assert!(matches!(verdict, Ok(Key::WriteOnly(_))));
            } else {
                assert_eq!(verdict, Err(KeyError::LooksPrivate), "{name:?}");
            }
        }
    }

    #[test]
    fn the_grammar_is_printable_ascii_with_single_inner_dots() {
        for (name, why) in [
            ("", KeyError::Empty),
            ("a b", KeyError::Character),
            ("a\"b", KeyError::Character),
            ("a\\b", KeyError::Character),
            ("é", KeyError::Character),
            ("a\u{7f}", KeyError::Character),
            ("a\0", KeyError::Character),
            (".a", KeyError::Dot),
            ("a.", KeyError::Dot),
            ("a..b", KeyError::Dot),
            (".", KeyError::Dot),
            ("private.", KeyError::Dot),
            ("private..x", KeyError::Dot),
        ] {
            assert_eq!(Key::parse(name), Err(why), "{name:?}");
        }
        assert!(Key::parse(&"k".repeat(MAX_KEY_BYTES)).is_ok());
        assert_eq!(Key::parse(&"k".repeat(MAX_KEY_BYTES + 1)), Err(KeyError::TooLong));
    }

    #[test]
    fn reserved_names_are_refused() {
        for name in ["__proto__", "constructor", "prototype", "safe.x", "safe.version"] {
            assert_eq!(Key::parse(name), Err(KeyError::Reserved), "{name}");
        }
        assert!(Key::parse("safety").is_ok());
    }

    #[test]
    fn a_key_is_printed_by_its_kind_alone() {
        assert_eq!(format!("{:?}", Key::parse("private.apiKey")), "Ok(WriteOnlyKey)");
        assert_eq!(format!("{:?}", Key::parse("email")), "Ok(ReadableKey)");
    }
}
