//! A secret that stands in the environment itself. Never printed, overwritten when dropped.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

/// The settings that hold key material. They are taken from the environment only, and kept apart from all others on the
/// way, so that no error and no listing can hold one.
pub(super) const SECRET_KEYS: [&str; 2] = ["safe.keyring", "tokens.signing_keys"];

/// The text of a secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The bytes, for whoever parses the keys.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Printed by its kind alone.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Where keys are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// In a file of mode 0600.
    File(PathBuf),
    /// In the environment.
    Environment(Secret),
}
