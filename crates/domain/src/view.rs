//! The only readable form of a record: canonical JSON of its readable keys, ready to be answered.

use std::fmt;

use crate::value::scrub;

/// What may leave: RFC 8785 JSON, made from the readable part and from nothing else. Overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicView(String);

impl PublicView {
    /// The one maker; private to the crate.
    pub(crate) fn made_of(json: String) -> Self {
        Self(json)
    }

    /// Takes back bytes that a view gave to a seal and the seal has authenticated: a read opens one box and sends it,
    /// without parsing it again.
    ///
    /// # Errors
    ///
    /// `None` when the bytes are not UTF-8, which no view ever was.
    #[must_use]
    pub fn reopen(sealed_by_us: Vec<u8>) -> Option<Self> {
        String::from_utf8(sealed_by_us).ok().map(Self)
    }

    /// The JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Whether nothing is readable: the empty map.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == "{}"
    }
}

impl AsRef<[u8]> for PublicView {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Printed by its length alone.
impl fmt::Debug for PublicView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicView").field("bytes", &self.0.len()).finish()
    }
}

impl Drop for PublicView {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.0).into_bytes());
    }
}
