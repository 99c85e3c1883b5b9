//! The user handle of a credential: random, of its ceremony, and of nobody (Web Authentication, section 14.6.1).
//!
//! It names no account, so that a second passkey needs none when its ceremony begins.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_ports::Randomness;

/// Half of what a handle may have: no two are ever alike.
const BYTES: usize = 32;

/// A user handle.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserHandle([u8; BYTES]);

impl UserHandle {
    pub(crate) fn draw(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; BYTES];
        randomness.fill(&mut bytes);
        Self(bytes)
    }

    /// As base64url without padding: what the options carry.
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// From its text; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Whether an authenticator's handle is this one: its bytes, or the letters of its text, which is what a client leaves
    /// with the authenticator when it hands on `user.id` without decoding it.
    pub(crate) fn is(&self, shown: &[u8]) -> bool {
        shown == self.0 || shown == self.text().as_bytes()
    }
}

/// Printed by its kind alone: it tells one passkey from another.
impl fmt::Debug for UserHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserHandle")
    }
}
