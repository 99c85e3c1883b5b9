//! Who is told that a record has changed. What has changed is in the outbox; a bell says only where to look.

use std::fmt;

use crate::record_store::RecordId;

/// Rung by a store for each record that it has changed: once a write is durable, or an erasure complete, and before its
/// caller is answered, whether or not that still waits. A write of which nobody can say whether it is durable rings, too: it
/// may be settled as done. An erasure that is not complete is rung for when it is. A refused write does not ring.
///
/// A ring never blocks: the thread that writes rings. It may come more often than something has changed.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ChangeBell: fmt::Debug + Send + Sync {
    /// A record may have changed.
    fn ring(&self, id: &RecordId);
}
