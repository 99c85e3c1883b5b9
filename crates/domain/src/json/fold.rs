//! Folding: what listeners are told of several writes in a row, as if they had been one.
//!
//! Nothing is compared with what the first of them found: a key that was changed and changed back is told as changed.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::JsonError;
use crate::canonical;
use crate::key::{Key, ReadableKey};
use crate::part::ReadablePart;
use crate::patch::Changes;
use crate::view::PublicView;

/// Descriptions that [`ReadablePart::describe`] made, one after another, as one. The later write wins, key by key.
#[derive(Clone, Default)]
pub struct Fold {
    changes: Changes<ReadableKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description<'t> {
    #[serde(borrow)]
    changed: &'t RawValue,
    /// A key has no letter that JSON escapes.
    #[serde(borrow)]
    removed: Vec<&'t str>,
}

impl Fold {
    /// A fold of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the description of the next write.
    ///
    /// # Errors
    ///
    /// [`JsonError`] when it is none; nothing is added then.
    pub fn add(&mut self, description: &PublicView) -> Result<(), JsonError> {
        let Description { changed, removed } =
            serde_json::from_str(description.as_json()).map_err(|_| JsonError::Malformed)?;
        let changed = ReadablePart::from_json(changed.get().as_bytes())?;
        let removed = removed.into_iter().map(readable).collect::<Result<Vec<_>, _>>()?;
        self.changes.extend(changed.into_entries().map(|(key, value)| (key, Some(value))));
        self.changes.extend(removed.into_iter().map(|key| (key, None)));
        Ok(())
    }

    /// All of it as one description.
    #[must_use]
    pub fn describe(&self) -> PublicView {
        let changed = || self.changes.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_ref()?)));
        let removed =
            || self.changes.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key.as_str());
        let changed_bytes = changed().map(|(key, value)| canonical::entry_bytes(key, value)).sum::<usize>();
        let removed_bytes = removed().map(|key| key.len() + 3).sum::<usize>();
        // One growth at most, so that no half-written copy of it stays behind in freed memory.
        let mut json = String::with_capacity(changed_bytes + removed_bytes + 32);
        json.push_str("{\"changed\":");
        // Writing to a string cannot fail.
        let _ = canonical::write_object(&mut json, changed());
        json.push_str(",\"removed\":");
        let _ = canonical::write_strings(&mut json, removed());
        json.push('}');
        PublicView::made_of(json)
    }
}

fn readable(name: &str) -> Result<ReadableKey, JsonError> {
    match Key::parse(name)? {
        Key::Readable(key) => Ok(key),
        Key::WriteOnly(_) => Err(JsonError::Malformed),
    }
}

/// Printed by its count alone.
impl fmt::Debug for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold").field("keys", &self.changes.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(descriptions: &[&str]) -> Result<String, JsonError> {
        let mut fold = Fold::new();
        for description in descriptions {
            fold.add(&PublicView::made_of((*description).to_owned()))?;
        }
        Ok(fold.describe().as_json().to_owned())
    }

    #[test]
    fn of_several_writes_the_later_wins_key_by_key() {
        let told = folded(&[
            r#"{"changed":{"a":"1","b":1.5,"c":true},"removed":["d"]}"#,
            r#"{"changed":{"b":2e-7,"d":"é\n"},"removed":["a"]}"#,
            r#"{"changed":{},"removed":[]}"#,
        ]);
        assert_eq!(told.as_deref(), Ok(r#"{"changed":{"b":2e-7,"c":true,"d":"é\n"},"removed":["a"]}"#));
        assert_eq!(folded(&[]).as_deref(), Ok(r#"{"changed":{},"removed":[]}"#));
    }

    #[test]
    fn what_no_write_was_described_by_is_not_folded() {
        for other in [
            "",
            "{}",
            r#"{"changed":{},"removed":[],"more":1}"#,
            r#"{"changed":{"a":null},"removed":[]}"#,
            r#"{"changed":{"private.a":1},"removed":[]}"#,
            r#"{"changed":{},"removed":["private.a"]}"#,
        ] {
            assert!(folded(&[other]).is_err(), "{other}");
        }
    }
}
