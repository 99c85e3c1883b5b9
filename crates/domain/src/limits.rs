//! How large a record may grow. Checked on the merged result, for the readable and the write-only part apart, so that a
//! refusal about one tells nothing about the other.

use thiserror::Error;

/// The limits of a record. The defaults fit any profile, opt-ins and a handful of secrets, and keep a record in one page
/// cache read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one string value, in UTF-8. Default 8 KiB.
    pub value_bytes: usize,
    /// Keys of each part. Default 256.
    pub record_keys: usize,
    /// Bytes of each part's canonical form. Default 64 KiB.
    pub record_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { value_bytes: 8 * 1024, record_keys: 256, record_bytes: 64 * 1024 }
    }
}

/// Which limit the merged result would pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LimitExceeded {
    /// A string is longer than this many bytes.
    #[error("a string is longer than {0} bytes")]
    ValueBytes(usize),
    /// The part would hold more keys than this.
    #[error("the record would hold more than {0} keys")]
    RecordKeys(usize),
    /// The part's canonical form would be longer than this many bytes.
    #[error("the record would be longer than {0} bytes")]
    RecordBytes(usize),
}
