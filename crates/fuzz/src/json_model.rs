//! JSON objects by the text of their members: for models that must see a member named twice, and the digits of a number.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object with their values as text; `None` for anything else, and where a name stands twice.
pub(crate) fn members(text: &str) -> Option<Vec<(String, String)>> {
    let Members(members) = serde_json::from_str(text).ok()?;
    let names: BTreeSet<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    (names.len() == members.len()).then_some(members)
}

/// The members of an object, names as they were written and with their quotes; one that stands twice is there twice.
pub(crate) fn written_members(text: &str) -> Option<Vec<(String, String)>> {
    let Written(members) = serde_json::from_str(text).ok()?;
    Some(members)
}

struct Written(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Written;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    members.push((name.get().to_owned(), value.get().to_owned()));
                }
                Ok(Written(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, value.get().to_owned()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// Whether a value is nested no deeper than so many levels, its own included, names no member twice, and holds neither a
/// string nor a number that cannot be read.
pub(crate) fn is_strict(text: &str, levels: usize) -> bool {
    let is_inside = |text: &str| levels > 0 && is_strict(text, levels - 1);
    match text.as_bytes().first() {
        Some(b'{') => {
            levels > 0 && members(text).is_some_and(|it| it.iter().all(|(_, value)| is_inside(value)))
        }
        Some(b'[') => {
            levels > 0 && items(text).is_some_and(|items| items.iter().all(|item| is_inside(item.get())))
        }
        Some(b'"') => serde_json::from_str::<String>(text).is_ok(),
        Some(b'-' | b'0'..=b'9') => serde_json::from_str::<f64>(text).is_ok(),
        first => first.is_some(),
    }
}

/// The items of a list, as text.
pub(crate) fn items(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}
