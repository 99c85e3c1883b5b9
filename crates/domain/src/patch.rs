//! A patch: what one write asks for. Only the keys it names change; a key without a value is deleted.

use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

use crate::canonical;
use crate::key::{Key, KeyError, ReadableKey, WriteOnlyKey};
use crate::revealed::Revealed;
use crate::value::Value;

/// The changes a write asks for, sorted into the two parts as they arrive.
#[derive(Clone, Default)]
pub struct Patch {
    pub(crate) readable: Changes<ReadableKey>,
    pub(crate) write_only: Changes<WriteOnlyKey>,
}

/// What one part is asked to change: key to new value, or to nothing.
pub type Changes<K> = BTreeMap<K, Option<Value>>;

impl Patch {
    /// A patch that names no key. In the guide's protocol it reads.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for `key` to hold `value`.
    ///
    /// # Errors
    ///
    /// [`PatchError`]: the key is refused, or named twice.
    pub fn set(&mut self, key: &str, value: Value) -> Result<(), PatchError> {
        self.change(Key::parse(key)?, Some(value))
    }

    /// Asks for `key` to be gone; it need not be there.
    ///
    /// # Errors
    ///
    /// [`PatchError`]: the key is refused, or named twice.
    pub fn delete(&mut self, key: &str) -> Result<(), PatchError> {
        self.change(Key::parse(key)?, None)
    }

    /// Adds one change.
    ///
    /// # Errors
    ///
    /// [`PatchError::Duplicate`] when the patch names the key already: neither order would be right.
    pub fn change(&mut self, key: Key, value: Option<Value>) -> Result<(), PatchError> {
        let fresh = match key {
            Key::Readable(key) => add(&mut self.readable, key, value),
            Key::WriteOnly(key) => add(&mut self.write_only, key, value),
        };
        if fresh { Ok(()) } else { Err(PatchError::Duplicate) }
    }

    /// The changes as the guide writes them, `{"key":value,"gone":null}`, write-only values included: **for the safe that
    /// is to make them, and for nothing else**.
    #[must_use]
    pub fn reveal(&self) -> Revealed {
        let readable = self.readable.iter().map(|(key, value)| (key.as_str(), value.as_ref()));
        let write_only = self.write_only.iter().map(|(key, value)| (key.as_str(), value.as_ref()));
        let entries = readable.chain(write_only);
        let bytes: usize = entries.clone().map(|(key, value)| canonical::change_bytes(key, value)).sum();
        // The length is known beforehand: a buffer that grew would leave a copy behind.
        let mut json = String::with_capacity(bytes + 2);
        // Writing to a string cannot fail.
        let _ = canonical::write_changes(&mut json, entries);
        Revealed::made_of(json)
    }

    /// Whether it names no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.readable.is_empty() && self.write_only.is_empty()
    }

    /// Whether it names a write-only key. Such a write always counts as a change: otherwise the version would answer
    /// "is the secret X?".
    #[must_use]
    pub fn names_private(&self) -> bool {
        !self.write_only.is_empty()
    }
}

fn add<K: Ord>(changes: &mut Changes<K>, key: K, value: Option<Value>) -> bool {
    // Not `insert` and look at what it returns: the first change must survive a refused second.
    match changes.entry(key) {
        std::collections::btree_map::Entry::Vacant(entry) => {
            entry.insert(value);
            true
        }
        std::collections::btree_map::Entry::Occupied(_) => false,
    }
}

/// Printed by its counts alone.
impl fmt::Debug for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patch")
            .field("readable", &self.readable.len())
            .field("write_only", &self.write_only.len())
            .finish()
    }
}

/// Why a change was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PatchError {
    /// The key is outside the grammar.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key is named twice.
    #[error("a key is named twice")]
    Duplicate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_named_twice_is_refused_and_the_first_change_stays() {
        let mut patch = Patch::new();
        patch.set("a", Value::Bool(true)).unwrap();
        assert_eq!(patch.delete("a"), Err(PatchError::Duplicate));
        assert!(patch.readable.values().all(Option::is_some));
    }

    #[test]
    fn a_revealed_patch_says_every_change_and_reads_back_as_the_same() {
        let mut patch = Patch::new();
        patch.set("private.apiKey", Value::text("a\"b").unwrap()).unwrap();
        patch.set("b", Value::Bool(true)).unwrap();
        patch.delete("a").unwrap();
        patch.delete("private.old").unwrap();
        let json = patch.reveal().as_bytes().to_vec();
        let text = r#"{"a":null,"b":true,"private.apiKey":"a\"b","private.old":null}"#;
        assert_eq!(String::from_utf8(json).unwrap(), text);
        assert_eq!(Patch::new().reveal().as_bytes(), b"{}");
    }

    #[test]
    fn a_patch_is_printed_by_its_counts_alone() {
        let mut patch = Patch::new();
        patch.set("private.apiKey", Value::text("secret").unwrap()).unwrap();
        assert_eq!(format!("{patch:?}"), "Patch { readable: 0, write_only: 1 }");
    }
}
