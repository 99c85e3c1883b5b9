//! One number everywhere: `generation.version` is the `ETag`, the event's sequence, the reference of an audit.

use std::fmt;

use thiserror::Error;

/// Drawn at random when a record is created, so that nothing of an erased record ever matches again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation([u8; 16]);

impl Generation {
    /// From sixteen random bytes; the randomness is the caller's.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The sixteen bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// Hexadecimal digits of a generation.
const GENERATION_DIGITS: usize = 32;

impl Generation {
    fn digits(self) -> [u8; GENERATION_DIGITS] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; GENERATION_DIGITS];
        for ([high, low], byte) in digits.as_chunks_mut().0.iter_mut().zip(self.0) {
            (*high, *low) = (DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xf)]);
        }
        digits
    }
}

/// Thirty-two lower-case hexadecimal digits.
impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text(&self.digits()))
    }
}

/// A state of a record: its generation, and a version that starts at 1 and rises by one per effective write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// Which life of the record.
    pub generation: Generation,
    /// Which effective write of that life, from 1.
    pub version: u64,
}

impl Revision {
    /// The first revision of a new record.
    #[must_use]
    pub fn first(generation: Generation) -> Self {
        Self { generation, version: 1 }
    }

    /// The revision after one more effective write.
    #[must_use]
    pub fn next(self) -> Self {
        Self { generation: self.generation, version: self.version.saturating_add(1) }
    }

    /// Reads `<generation>.<version>` in exactly the form that `Display` writes.
    ///
    /// # Errors
    ///
    /// [`RevisionError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, RevisionError> {
        let (generation, version) = text.split_once('.').ok_or(RevisionError)?;
        if generation.len() != GENERATION_DIGITS {
            return Err(RevisionError);
        }
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(RevisionError),
        };
        let mut bytes = [0; 16];
        for (byte, [high, low]) in bytes.iter_mut().zip(generation.as_bytes().as_chunks().0) {
            *byte = value(*high)? << 4 | value(*low)?;
        }
        // Neither a sign nor a zero before it: another text would name the same state.
        if !version.bytes().next().is_some_and(|first| matches!(first, b'1'..=b'9')) {
            return Err(RevisionError);
        }
        Ok(Self { generation: Generation(bytes), version: version.parse().map_err(|_| RevisionError)? })
    }

    /// Adds `<generation>.<version>` to a text. Formatting does the same ten times as slowly, and every answer has one.
    pub(crate) fn write_onto(self, line: &mut String) {
        line.push_str(text(&self.generation.digits()));
        line.push('.');
        for place in (0..digits(self.version)).rev() {
            let digit = self.version / 10_u64.pow(place) % 10;
            line.push(char::from(b"0123456789"[digit as usize]));
        }
    }

    /// How long that is.
    pub(crate) fn text_bytes(self) -> usize {
        GENERATION_DIGITS + 1 + digits(self.version) as usize
    }
}

/// How many decimal digits a number has.
fn digits(number: u64) -> u32 {
    number.checked_ilog10().unwrap_or(0) + 1
}

/// Digits as text.
fn text(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.generation, self.version)
    }
}

/// Not a revision of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not `generation.version`")]
pub struct RevisionError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_reads_back_in_exactly_the_form_it_is_written() {
        let first = Revision::first(Generation::from_bytes([0xab; 16]));
        assert_eq!(first.to_string(), "abababababababababababababababab.1");
        assert_eq!(Revision::parse(&first.next().to_string()), Ok(first.next()));
        for other in [
            "",
            ".",
            "ab.1",
            &first.to_string().to_uppercase(),
            &format!("{}.0", first.generation),
            &format!("{}.01", first.generation),
            &format!("+{}.1", &first.generation.to_string()[1..]),
        ] {
            assert_eq!(Revision::parse(other), Err(RevisionError), "{other}");
        }
    }
}
