//! A part of a record: the readable map or the write-only map. One merge rule for both.
//!
//! The readable part can be looked at; the write-only part only counts, names its keys and opens for sealing.

use std::collections::BTreeMap;
use std::fmt;

use crate::canonical;
use crate::key::{ReadableKey, WriteOnlyKey};
use crate::limits::{LimitExceeded, Limits};
use crate::patch::Changes;
use crate::revealed::Revealed;
use crate::value::Value;
use crate::view::PublicView;

/// One of the two maps of a record.
#[derive(Clone, PartialEq, Eq)]
pub struct Part<K> {
    entries: BTreeMap<K, Value>,
}

/// What reads return.
pub type ReadablePart = Part<ReadableKey>;

/// What nothing returns.
pub type WriteOnlyPart = Part<WriteOnlyKey>;

/// What a merge did to a part, by key, in key order. A key that already held the value is in neither list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied<K> {
    /// Keys that hold another value than before, or a first one.
    pub changed: Vec<K>,
    /// Keys that were there and are gone.
    pub removed: Vec<K>,
}

impl<K> Applied<K> {
    /// Whether the part is as it was.
    #[must_use]
    pub fn is_noop(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }
}

impl<K> Default for Part<K> {
    fn default() -> Self {
        Self { entries: BTreeMap::new() }
    }
}

impl<K: Ord + AsRef<str> + Clone> Part<K> {
    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The length of its canonical form, in bytes.
    #[must_use]
    pub fn canonical_bytes(&self) -> usize {
        object_bytes(
            self.entries.iter().map(|(key, value)| canonical::entry_bytes(key.as_ref(), value)).sum(),
        )
    }

    /// Whether the part may take these changes. Changes that only delete always may: someone over a lowered limit must
    /// be able to make room.
    pub(crate) fn check(&self, changes: &Changes<K>, limits: &Limits) -> Result<(), LimitExceeded> {
        if changes.values().all(Option::is_none) {
            return Ok(());
        }
        if changes.values().flatten().any(|value| value.text_bytes() > limits.value_bytes) {
            return Err(LimitExceeded::ValueBytes(limits.value_bytes));
        }
        let entry_bytes = |key: &K, value: &Value| canonical::entry_bytes(key.as_ref(), value);
        let mut keys = self.entries.len();
        let mut bytes: usize = self.entries.iter().map(|(key, value)| entry_bytes(key, value)).sum();
        for (key, change) in changes {
            if let Some(old) = self.entries.get(key) {
                keys -= 1;
                bytes -= entry_bytes(key, old);
            }
            if let Some(new) = change {
                keys += 1;
                bytes += entry_bytes(key, new);
            }
        }
        if keys > limits.record_keys {
            return Err(LimitExceeded::RecordKeys(limits.record_keys));
        }
        if object_bytes(bytes) > limits.record_bytes {
            return Err(LimitExceeded::RecordBytes(limits.record_bytes));
        }
        Ok(())
    }

    /// Applies changes that [`check`](Self::check) let pass.
    pub(crate) fn apply(&mut self, changes: &Changes<K>) -> Applied<K> {
        let mut applied = Applied { changed: Vec::new(), removed: Vec::new() };
        for (key, change) in changes {
            match change {
                Some(value) if self.entries.get(key) == Some(value) => {}
                Some(value) => {
                    self.entries.insert(key.clone(), value.clone());
                    applied.changed.push(key.clone());
                }
                None if self.entries.remove(key).is_some() => applied.removed.push(key.clone()),
                None => {}
            }
        }
        applied
    }

    /// Puts an entry back while a stored part is being read; `false` if it was there.
    #[cfg(feature = "json")]
    pub(crate) fn restore(&mut self, key: K, value: Value) -> bool {
        self.entries.insert(key, value).is_none()
    }

    /// The entries, ordered bytewise by key.
    #[cfg(feature = "json")]
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (K, Value)> {
        self.entries.into_iter()
    }

    fn to_canonical_json(&self) -> String {
        // One growth at most, so that no half-written copy of it stays behind in freed memory.
        let mut json = String::with_capacity(self.canonical_bytes());
        // Writing to a string cannot fail.
        let _ = canonical::write_object(&mut json, self.borrowed());
        json
    }

    fn borrowed(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_ref(), value))
    }
}

impl ReadablePart {
    /// The entries, ordered bytewise by key.
    pub fn iter(&self) -> impl Iterator<Item = (&ReadableKey, &Value)> {
        self.entries.iter()
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &ReadableKey) -> Option<&Value> {
        self.entries.get(key)
    }

    /// What may be read, as it leaves: the canonical form of this part.
    #[must_use]
    pub fn view(&self) -> PublicView {
        PublicView::made_of(self.to_canonical_json())
    }

    /// What listeners are told of a merge: canonical JSON `{"changed":{key:value,…},"removed":[key,…]}`, readable keys
    /// only.
    #[must_use]
    pub fn describe(&self, applied: &Applied<ReadableKey>) -> PublicView {
        let keys = applied.removed.iter().map(|key| key.as_str().len() + 3);
        // One growth at most, as above: the changed values are a part of this part.
        let mut json = String::with_capacity(self.canonical_bytes() + keys.sum::<usize>() + 32);
        json.push_str("{\"changed\":");
        let changed = applied.changed.iter().filter_map(|key| Some((key.as_str(), self.entries.get(key)?)));
        // Writing to a string cannot fail.
        let _ = canonical::write_object(&mut json, changed);
        json.push_str(",\"removed\":");
        let _ = canonical::write_strings(&mut json, applied.removed.iter().map(ReadableKey::as_str));
        json.push('}');
        PublicView::made_of(json)
    }
}

/// Printed by its count alone.
impl fmt::Debug for ReadablePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadablePart").field("keys", &self.len()).finish()
    }
}

impl WriteOnlyPart {
    /// The names, ordered bytewise; for the data-subject export, which lists them without values.
    pub fn names(&self) -> impl Iterator<Item = &WriteOnlyKey> {
        self.entries.keys()
    }

    /// The canonical form of this part, **for sealing and for nothing else**.
    #[must_use]
    pub fn reveal(&self) -> Revealed {
        Revealed::made_of(self.to_canonical_json())
    }
}

/// Entries carry their comma or closing brace with them; the opening brace is one more, and `{}` is two.
fn object_bytes(entries: usize) -> usize {
    (entries + 1).max(2)
}
