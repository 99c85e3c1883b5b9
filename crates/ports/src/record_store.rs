//! Where sealed records are kept. A store sees opaque ids, revisions and boxes, and never a plaintext.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use strongroom_domain::{Generation, Revision};
use thiserror::Error;

/// A keyed hash of tenant and person. Tells nothing of either; the key never rotates.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId([u8; 32]);

impl RecordId {
    /// From the bytes of the hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The first four bytes in hexadecimal: the short keyed hash of a person that logs may carry.
impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A random id of one attempt to write, kept with its event, by which an uncertain commit is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WriteId([u8; 16]);

impl WriteId {
    /// From sixteen random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The sixteen bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// A record as it is kept: everything that a read or a merge needs, from one snapshot.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// Its state.
    pub revision: Revision,
    /// The person's data key, wrapped; one for each generation, kept in a table of its own.
    pub wrapped_key: Bytes,
    /// The sealed public box.
    pub public_box: Bytes,
    /// The sealed private box, once a write has named a private key.
    pub private_box: Option<Bytes>,
}

/// Printed by revision and sizes.
impl fmt::Debug for SealedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedRecord")
            .field("revision", &self.revision)
            .field("public_box_bytes", &self.public_box.len())
            .field("private_box_bytes", &self.private_box.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

/// One effective write: the new state of a record and the event that tells of it, kept together or not at all.
#[derive(Clone)]
pub struct Commit {
    /// The state that was merged upon; `None` where there was no record.
    pub expected: Option<Revision>,
    /// The new state: the next version of `expected`, or the first of a new generation.
    pub revision: Revision,
    /// The wrapped key of a new generation; given exactly when `expected` is `None`.
    pub wrapped_key: Option<Bytes>,
    /// The new public box.
    pub public_box: Bytes,
    /// The new private box; `None` keeps the one there is.
    pub private_box: Option<Bytes>,
    /// The sealed event.
    pub event: Bytes,
    /// The id of this attempt.
    pub write_id: WriteId,
}

/// Printed by revisions.
impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commit")
            .field("expected", &self.expected)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

/// What the outbox keeps of one version.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// The version it made. An erasure takes the version after the last.
    pub revision: Revision,
    /// The attempt that made it.
    pub write_id: WriteId,
    /// What happened.
    pub body: EventBody,
}

/// What happened to a record.
#[derive(Clone, PartialEq, Eq)]
pub enum EventBody {
    /// A write; what changed is sealed under the person's data key, so an erasure reaches it.
    Written(Bytes),
    /// An erasure; listeners forget what they hold.
    Erased,
}

/// Printed by revision and kind.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.body {
            EventBody::Written(_) => "written",
            EventBody::Erased => "erased",
        };
        f.debug_struct("Event").field("revision", &self.revision).field("kind", &kind).finish_non_exhaustive()
    }
}

impl fmt::Debug for EventBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Written(_) => "Written",
            Self::Erased => "Erased",
        })
    }
}

/// Keeps sealed records, their wrapped keys and their outbox. Any engine with a conditional write can be one.
///
/// Linearisable per record: what was acknowledged is what the next `load` sees, from every handle.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RecordStore: fmt::Debug + Send + Sync {
    /// The record, its wrapped key included, from one snapshot; `None` where there is none. A record whose key is gone
    /// reads as none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Damaged`].
    async fn load(&self, id: &RecordId) -> Result<Option<SealedRecord>, StoreError>;

    /// Replaces `commit.expected` by `commit.revision`, with its event, durably, or changes nothing. Returns after it is
    /// on disk. A write that meets none where it expected none creates the key before or with the record.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stale`] when the record is in another state than expected, which changes nothing;
    /// [`StoreError::Unavailable`] when nothing was changed for another reason; [`StoreError::Unknown`] when nobody can
    /// say: [`events`](Self::events) settles it by the write id, once the store answers again.
    async fn commit(&self, id: &RecordId, commit: Commit) -> Result<(), StoreError>;

    /// Erases a record in the state `expected`: the record is gone, and before this returns, the bytes of its wrapped key
    /// are gone from every file. Its boxes are overwritten as far as the engine can, and nothing opens them any more.
    /// Leaves one [`EventBody::Erased`] in the outbox, under the version after `expected`; the sealed events of the
    /// generation may go.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    async fn erase(&self, id: &RecordId, expected: Revision, write_id: WriteId) -> Result<(), StoreError>;

    /// The events of one generation after a version, in version order, at most `limit`; those that retention has dropped
    /// are missing from the front, never from the middle.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Damaged`].
    async fn events(
        &self,
        id: &RecordId,
        generation: Generation,
        after_version: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// Whether writes can succeed. `false` after a failed sync, until restart.
    fn is_writable(&self) -> bool;
}

/// Why a store did not do what it was asked. One variant per decision of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Another state than expected; nothing changed: load and merge again.
    #[error("the record is in another state than expected")]
    Stale,
    /// Nobody can say whether the write happened: settle it by its write id, or answer 503.
    #[error("the outcome of the write is unknown")]
    Unknown,
    /// Nothing changed; later may be better: 503.
    #[error("the store is unavailable")]
    Unavailable,
    /// What is stored cannot be read: 500, and an operator must look.
    #[error("the store is damaged")]
    Damaged,
}
