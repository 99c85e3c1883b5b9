//! One value before it is understood. A string from the environment may stand for a number or a boolean, since there is
//! nothing but strings there; a string in a file is a string.

use std::ops::RangeInclusive;
use std::time::Duration;

use figment::value::{Num, Value};

/// More than any honest path or URL.
const MAX_TEXT_BYTES: usize = 4096;

/// A value, and whether its layer knows strings only.
pub(super) struct Raw<'v> {
    value: &'v Value,
    text_only: bool,
}

impl<'v> Raw<'v> {
    pub(super) fn new(value: &'v Value, text_only: bool) -> Self {
        Self { value, text_only }
    }

    /// A value of a layer that has types.
    pub(super) fn typed(value: &'v Value) -> Self {
        Self::new(value, false)
    }

    /// A string.
    pub(super) fn text(&self) -> Result<&'v str, String> {
        let text = self.value.as_str().ok_or("expected a string")?;
        if text.len() > MAX_TEXT_BYTES {
            Err(format!("longer than {MAX_TEXT_BYTES} bytes"))
        } else if text.chars().any(char::is_control) {
            Err("holds a control character".to_owned())
        } else {
            Ok(text)
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole(&self, bounds: RangeInclusive<u32>) -> Result<u32, String> {
        let number = match self.value {
            Value::Num(_, number) => unsigned(*number).and_then(|number| u32::try_from(number).ok()),
            Value::String(_, text) if self.text_only => text.parse().ok(),
            _ => None,
        };
        let (least, most) = (*bounds.start(), *bounds.end());
        number
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| format!("expected a whole number from {least} to {most}"))
    }

    /// A number of bytes or things that memory holds.
    pub(super) fn size(&self, bounds: RangeInclusive<u32>) -> Result<usize, String> {
        let number = self.whole(bounds)?;
        usize::try_from(number).map_err(|_| "more than this machine can count".to_owned())
    }

    /// Whole seconds.
    pub(super) fn seconds(&self, bounds: RangeInclusive<u32>) -> Result<Duration, String> {
        Ok(Duration::from_secs(self.whole(bounds)?.into()))
    }

    /// Whole milliseconds.
    pub(super) fn millis(&self, bounds: RangeInclusive<u32>) -> Result<Duration, String> {
        Ok(Duration::from_millis(self.whole(bounds)?.into()))
    }
}

/// A boolean. A function of its own, since as a method it could not be named where a reader of any value is asked for.
pub(super) fn flag(raw: &Raw<'_>) -> Result<bool, String> {
    match raw.value {
        Value::Bool(_, flag) => Ok(*flag),
        Value::String(_, text) if raw.text_only && text == "true" => Ok(true),
        Value::String(_, text) if raw.text_only && text == "false" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// A number that is whole and not negative; figment keeps apart how it was written.
pub(super) fn unsigned(number: Num) -> Option<u128> {
    number.to_u128().or_else(|| u128::try_from(number.to_i128()?).ok())
}
