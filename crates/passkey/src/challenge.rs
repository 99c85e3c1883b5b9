//! A challenge: 32 random bytes, known by their text alone.
//!
//! The text is what the options carry and what client data must bring back, letter for letter: another spelling of the same
//! bytes is another challenge. It is no secret from the browser that gets it, and is not printed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_ports::Randomness;

/// Twice what is the least (Web Authentication, section 13.4.3).
const BYTES: usize = 32;
/// The length of 32 bytes as base64url without padding.
const LETTERS: usize = 43;

/// The text of a challenge.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Challenge([u8; LETTERS]);

impl Challenge {
    /// A challenge that was never given before.
    pub(crate) fn draw(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; BYTES];
        randomness.fill(&mut bytes);
        let mut text = [0; LETTERS];
        // Never an error: the room is exact.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        Self(text)
    }

    /// What somebody calls a challenge; `None` where its length shows that it is none of ours.
    pub(crate) fn claimed(text: &str) -> Option<Self> {
        text.as_bytes().try_into().ok().map(Self)
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        // Never an error: the letters came from a text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Printed by its kind alone: whoever has it can spend it.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge")
    }
}
