//! `[safe]`: where records are kept, and the keys that seal them.

use std::path::PathBuf;

use super::reader::Section;
use super::secret::KeySource;

/// The safe in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Safe {
    /// `path`: the data directory.
    pub(crate) path: PathBuf,
    /// `keyring_file`, or `STRONGROOM_SAFE__KEYRING`: the keyring.
    pub(crate) keyring: KeySource,
}

impl Safe {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        // The one engine there is: nothing to remember.
        let store = section.read("store", "sqlite", |raw| match raw.text()? {
            "sqlite" => Ok(()),
            _ => Err(r#"expected "sqlite""#.to_owned()),
        });
        let path = section.path("path", "data");
        let keyring = section.keys("keyring", "keyring_file", "keyring.json");
        store?;
        Some(Self { path: path?, keyring: keyring? })
    }
}
