//! Values: a string, a boolean or a number. Null is no value: in a patch it deletes.
//!
//! Nothing here prints a value; text is overwritten when it is dropped.

use std::fmt;
use std::hint::black_box;

use thiserror::Error;

use crate::number::Number;

/// What a key holds. `true`, `"true"` and `1` are three different values.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A string without U+0000.
    Text(Text),
    /// A boolean.
    Bool(bool),
    /// An exact, finite number.
    Number(Number),
}

impl Value {
    /// A string value.
    ///
    /// # Errors
    ///
    /// [`ValueError::NulCharacter`] when it holds U+0000.
    pub fn text(text: impl Into<String>) -> Result<Self, ValueError> {
        Text::new(text).map(Self::Text)
    }

    /// The UTF-8 bytes of a string; 0 for anything else. What `value_bytes` limits.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.as_str().len(),
            Self::Bool(_) | Self::Number(_) => 0,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

/// Printed by its kind alone.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Bool(_) => "Bool",
            Self::Number(_) => "Number",
        })
    }
}

/// A string without U+0000, overwritten with zeros when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Box<str>);

impl Text {
    /// Takes any string but one with U+0000, which C libraries and databases cut strings at.
    ///
    /// # Errors
    ///
    /// [`ValueError::NulCharacter`].
    pub fn new(text: impl Into<String>) -> Result<Self, ValueError> {
        let text = Self(text.into().into_boxed_str());
        if text.0.contains('\0') { Err(ValueError::NulCharacter) } else { Ok(text) }
    }

    /// The string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Printed by its kind alone.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text")
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        scrub(String::from(std::mem::take(&mut self.0)).into_bytes());
    }
}

/// Overwrites bytes that held someone's data. `black_box` keeps the optimiser from dropping the dead store: as far as
/// safe code can say it.
pub fn scrub(mut bytes: Vec<u8>) {
    bytes.fill(0);
    black_box(&bytes);
}

/// Why a value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ValueError {
    /// U+0000 inside a string.
    #[error("a string holds the character U+0000")]
    NulCharacter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_and_the_string_true_and_one_are_three_values() {
        let values = [Value::Bool(true), Value::text("true").unwrap(), Number::parse("1").unwrap().into()];
        for (i, a) in values.iter().enumerate() {
            for (j, b) in values.iter().enumerate() {
                assert_eq!(a == b, i == j);
            }
        }
    }

    #[test]
    fn a_string_with_a_nul_character_is_refused() {
        assert_eq!(Value::text("a\0b"), Err(ValueError::NulCharacter));
    }

    #[test]
    fn a_value_is_printed_by_its_kind_alone() {
        assert_eq!(format!("{:?}", Value::text("secret").unwrap()), "Text");
        assert_eq!(format!("{:?}", Value::Number(Number::parse("42").unwrap())), "Number");
    }
}
