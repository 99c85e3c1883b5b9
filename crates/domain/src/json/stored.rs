//! Stored parts: what a seal gives back. Written by us and authenticated, so one plain error is enough.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{JsonError, scalar};
use crate::key::Key;
use crate::part::{Part, ReadablePart, WriteOnlyPart};
use crate::value::Value;

impl ReadablePart {
    /// Reads back what [`PublicView`](crate::PublicView) wrote.
    ///
    /// # Errors
    ///
    /// [`JsonError`] when the text is no flat map of readable keys, which no view ever was.
    pub fn from_json(text: &[u8]) -> Result<Self, JsonError> {
        restore(text, |key| match key {
            Key::Readable(key) => Some(key),
            Key::WriteOnly(_) => None,
        })
    }
}

impl WriteOnlyPart {
    /// Reads back what [`WriteOnlyPart::reveal`] wrote.
    ///
    /// # Errors
    ///
    /// [`JsonError`] when the text is no flat map of write-only keys.
    pub fn from_json(text: &[u8]) -> Result<Self, JsonError> {
        restore(text, |key| match key {
            Key::WriteOnly(key) => Some(key),
            Key::Readable(_) => None,
        })
    }
}

/// Reads a stored part, whose keys are all of one kind.
fn restore<K: Ord + AsRef<str> + Clone>(
    text: &[u8],
    kind: fn(Key) -> Option<K>,
) -> Result<Part<K>, JsonError> {
    let mut part = Part::default();
    for (key, value) in stored_entries(text)? {
        let key = kind(key).ok_or(JsonError::Malformed)?;
        if !part.restore(key, value) {
            return Err(JsonError::Malformed);
        }
    }
    Ok(part)
}

/// The entries of a stored part. Written by us and authenticated by a seal, so one plain error is enough.
fn stored_entries(text: &[u8]) -> Result<Vec<(Key, Value)>, JsonError> {
    struct Stored;

    impl<'de> Visitor<'de> for Stored {
        type Value = Vec<(Key, Value)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a stored part")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(name) = map.next_key::<String>()? {
                let key = Key::parse(&name).map_err(de::Error::custom)?;
                match scalar(map.next_value::<&RawValue>()?.get()).map_err(de::Error::custom)? {
                    Some(value) => entries.push((key, value)),
                    None => return Err(de::Error::custom(JsonError::Malformed)),
                }
            }
            Ok(entries)
        }
    }

    let text = std::str::from_utf8(text).map_err(|_| JsonError::Malformed)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let entries = reader.deserialize_map(Stored).map_err(|_| JsonError::Malformed)?;
    reader.end().map_err(|_| JsonError::Malformed)?;
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_part_reads_back_and_never_as_the_other_part() {
        let readable = br#"{"a":"x","b":true,"c":1.5}"#;
        assert_eq!(ReadablePart::from_json(readable).unwrap().view().as_json().as_bytes(), readable);
        assert!(WriteOnlyPart::from_json(readable).is_err());
        assert!(ReadablePart::from_json(br#"{"private.a":1}"#).is_err());
        for broken in [&br#"{"a":null}"#[..], br#"{"a":1,"a":1}"#, br#"{"a":1}x"#, b"", b"\xff"] {
            assert!(ReadablePart::from_json(broken).is_err());
        }
    }
}
