//! The one form in which write-only values leave the domain: text for a box, and for the safe that has one.
//!
//! Must never be printed, compared or copied.

use crate::value::scrub;

/// The plaintext of write-only values on its way into a box, or to the safe that has one; overwritten when dropped.
#[expect(missing_debug_implementations, reason = "plaintext of write-only values must not be printable")]
pub struct Revealed(String);

impl Revealed {
    pub(crate) fn made_of(json: String) -> Self {
        Self(json)
    }

    /// The plaintext.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Drop for Revealed {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.0).into_bytes());
    }
}
