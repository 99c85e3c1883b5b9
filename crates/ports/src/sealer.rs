//! Sealing: what makes a store's content noise to whoever holds it without the keyring.

use std::fmt;

use bytes::Bytes;
use strongroom_domain::{Generation, Revision, scrub};
use thiserror::Error;

use crate::caller::Caller;
use crate::pseudonym::{Pseudonym, Subject};
use crate::record_store::RecordId;

/// Which box of a record. Bound into the box, so that none passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BoxKind {
    /// The ready answer of reads.
    Public,
    /// The write-only part.
    Private,
    /// What an event says.
    Event,
    /// A passkey.
    Credential,
    /// A mail that is still to be sent.
    Mail,
}

/// Where a box belongs. A box opens in its own place only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoxContext {
    /// Whose: tenant and person, hashed.
    pub record: RecordId,
    /// Which generation, and which version wrote the box.
    pub revision: Revision,
    /// Which box.
    pub kind: BoxKind,
}

/// An opened box; overwritten when dropped, unless taken.
#[derive(PartialEq, Eq)]
pub struct Plaintext(Vec<u8>);

impl Plaintext {
    /// Wraps bytes that came out of a box.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes the bytes; overwriting them is then the caller's.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Plaintext {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.0));
    }
}

/// Printed by its kind alone.
impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext")
    }
}

/// Seals boxes under a key per person, which itself is wrapped by a key of the operator.
///
/// A wrapped key and a box open in exactly the place they were made for: another record, generation, version or kind
/// refuses, as do bytes cut off or changed.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Sealer: fmt::Debug + Send + Sync {
    /// The id of a person's record: a keyed hash of tenant and person, the same for ever.
    fn record_id(&self, caller: &Caller) -> RecordId;

    /// A keyed hash that stands for something a store must find again, the same for ever. It is no [`RecordId`], and no other
    /// subject's.
    #[expect(clippy::elidable_lifetime_names, reason = "the mock's macro wants a name")]
    fn pseudonym<'a>(&self, subject: &Subject<'a>) -> Pseudonym;

    /// A new random data key for one generation of a record, wrapped.
    ///
    /// # Errors
    ///
    /// [`SealError::Failed`].
    fn new_key(&self, record: &RecordId, generation: Generation) -> Result<Bytes, SealError>;

    /// Seals a plaintext under a wrapped key. The box's length tells the plaintext's only in steps.
    ///
    /// # Errors
    ///
    /// [`SealError`]: the key does not unwrap here, or sealing failed.
    fn seal(&self, wrapped_key: &[u8], context: &BoxContext, plaintext: &[u8]) -> Result<Bytes, SealError>;

    /// Opens a box.
    ///
    /// # Errors
    ///
    /// [`SealError`]: the key does not unwrap here, or the box is not one that was sealed here.
    fn open(&self, wrapped_key: &[u8], context: &BoxContext, sealed: &[u8]) -> Result<Plaintext, SealError>;
}

/// Why a key or a box did not open, or was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// Not what was sealed in this place: swapped, moved, cut off, changed or rolled back.
    #[error("the box is not one that was sealed in this place")]
    Refused,
    /// Sealed under an operator's key that the keyring no longer has.
    #[error("the keyring lacks the sealing key")]
    UnknownKey,
    /// The cipher itself failed.
    #[error("sealing failed")]
    Failed,
}
