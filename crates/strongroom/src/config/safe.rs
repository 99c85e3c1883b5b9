//! `[safe]`: where records are kept, and the keys that seal them.

use std::path::PathBuf;

use super::reader::Section;
use super::secret::KeySource;

/// By default, what the store keeps of itself.
const OUTBOX_VERSIONS: u32 = 256;
const OUTBOX_BYTES: u32 = 1024 * 1024;

/// A lowered limit is caught up with by the next write of a record, in one transaction.
const MAX_OUTBOX_VERSIONS: u32 = 10_000;
/// What a thousand of the largest versions of a record take: the disk's share of one person who writes for ever.
const MAX_OUTBOX_BYTES: u32 = 64 * 1024 * 1024;

/// The safe in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Safe {
    /// `path`: the data directory.
    pub(crate) path: PathBuf,
    /// `keyring_file`, or `STRONGROOM_SAFE__KEYRING`: the keyring.
    pub(crate) keyring: KeySource,
    /// What is kept of a record's past.
    pub(crate) outbox: Outbox,
}

/// The outbox of one record: who missed more than it keeps reads the record anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outbox {
    /// `outbox_versions_per_record`: the newest, at least the last.
    pub(crate) versions: u64,
    /// `outbox_bytes_per_record`: sealed, of the newest, and the last whatever its size.
    pub(crate) bytes: u64,
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
        let versions = section
            .read("outbox_versions_per_record", OUTBOX_VERSIONS, |raw| raw.whole(1..=MAX_OUTBOX_VERSIONS));
        let bytes =
            section.read("outbox_bytes_per_record", OUTBOX_BYTES, |raw| raw.whole(4096..=MAX_OUTBOX_BYTES));
        store?;
        let outbox = Outbox { versions: versions?.into(), bytes: bytes?.into() };
        Some(Self { path: path?, keyring: keyring?, outbox })
    }
}
