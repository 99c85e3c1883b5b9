//! The reference: a record as a plain map, written anew and shorter than the rules it stands for.
//!
//! It shares no code with the domain beyond the types it is compared through. It is printable: feed it no real data.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use strongroom_domain::{Limits, Number, Patch, Value};

/// A value as plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plain {
    /// A string without U+0000.
    Text(String),
    /// A boolean.
    Bool(bool),
    /// A number, by its text in RFC 8785 form.
    Number(String),
}

/// A write as plain data: name to value, or to nothing where the key is to go.
pub type Write = BTreeMap<String, Option<Plain>>;

/// A record as plain data, both parts in one map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    entries: BTreeMap<String, Plain>,
}

impl Model {
    /// The model after these writes, none of which is refused.
    #[must_use]
    pub fn after(writes: &[Write]) -> Self {
        let mut model = Self::default();
        for write in writes {
            model.apply(write);
        }
        model
    }

    /// Writes; whether the write counts.
    pub fn apply(&mut self, write: &Write) -> bool {
        let before = self.clone();
        for (name, value) in write {
            match value {
                Some(value) => self.entries.insert(name.clone(), value.clone()),
                None => self.entries.remove(name),
            };
        }
        *self != before || write.keys().any(|name| is_private(name))
    }

    /// Whether a write stays within limits, each part for itself.
    #[must_use]
    pub fn takes(&self, write: &Write, limits: &Limits) -> bool {
        let mut after = self.clone();
        after.apply(write);
        [false, true].into_iter().all(|private| {
            let set: Vec<_> = write
                .iter()
                .filter(|(name, _)| is_private(name) == private)
                .filter_map(|(_, value)| value.as_ref())
                .collect();
            let short =
                |value: &&Plain| !matches!(value, Plain::Text(text) if text.len() > limits.value_bytes);
            set.is_empty()
                || (set.iter().all(short)
                    && after.part(private).count() <= limits.record_keys
                    && after.json(private).len() <= limits.record_bytes)
        })
    }

    /// What a reader gets.
    #[must_use]
    pub fn view(&self) -> String {
        self.json(false)
    }

    /// One part as canonical JSON.
    #[must_use]
    pub fn json(&self, private: bool) -> String {
        object(self.part(private).map(|(name, value)| (name, Some(value))), json_string)
    }

    /// The names of one part, in order.
    #[must_use]
    pub fn names(&self, private: bool) -> Vec<String> {
        self.part(private).map(|(name, _)| name.clone()).collect()
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Plain> {
        self.entries.get(name)
    }

    fn part(&self, private: bool) -> impl Iterator<Item = (&String, &Plain)> {
        self.entries.iter().filter(move |(name, _)| is_private(name) == private)
    }
}

/// Limits that no write of the strategies meets.
pub(super) const ROOMY: Limits = Limits { value_bytes: 1 << 20, record_keys: 1 << 20, record_bytes: 1 << 20 };

/// The write as the domain takes it.
///
/// # Panics
///
/// When a name or a value is outside the rules: strategies make none such.
#[must_use]
pub fn patch_of(write: &Write) -> Patch {
    let mut patch = Patch::new();
    for (name, value) in write {
        let asked = match value {
            Some(value) => patch.set(name, value_of(value)),
            None => patch.delete(name),
        };
        asked.unwrap_or_else(|error| panic!("{name:?}: {error}"));
    }
    patch
}

pub(super) fn is_private(name: &str) -> bool {
    name.starts_with("private.")
}

/// A flat object; `string` writes names and texts.
pub(super) fn object<'a>(
    entries: impl Iterator<Item = (&'a String, Option<&'a Plain>)>,
    string: fn(&str) -> String,
) -> String {
    let member = |(name, value): (&String, Option<&Plain>)| {
        let value = match value {
            None => "null".to_owned(),
            Some(Plain::Text(text)) => string(text),
            Some(Plain::Bool(flag)) => flag.to_string(),
            Some(Plain::Number(number)) => number.clone(),
        };
        format!("{}:{value}", string(name))
    };
    format!("{{{}}}", entries.map(member).collect::<Vec<_>>().join(","))
}

/// A string with as few escapes as JSON allows.
pub(super) fn json_string(text: &str) -> String {
    let mut out = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..=' ' if letter != ' ' => push_escape(&mut out, u16::from(letter as u8)),
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// A string with every letter escaped.
pub(super) fn escaped_json_string(text: &str) -> String {
    let mut out = String::from('"');
    text.encode_utf16().for_each(|unit| push_escape(&mut out, unit));
    out.push('"');
    out
}

fn push_escape(out: &mut String, unit: u16) {
    // Writing to a string cannot fail.
    let _ = write!(out, "\\u{unit:04x}");
}

fn value_of(plain: &Plain) -> Value {
    match plain {
        Plain::Text(text) => Value::text(text.as_str()).unwrap_or_else(|error| panic!("{text:?}: {error}")),
        Plain::Bool(flag) => Value::Bool(*flag),
        Plain::Number(text) => Number::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}")).into(),
    }
}
