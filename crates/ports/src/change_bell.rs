//! Who is told that a record has changed. What has changed is in the outbox; a bell says only where to look.

use std::fmt;

use crate::record_store::RecordId;

/// Rung by a store for each record that it has changed, once the change is durable: after a write, and after an erasure
/// whose key is in no file any more, whether or not anybody still waits for the answer.
///
/// A ring never blocks: the thread that writes rings. It may come too often, and a refused write should not ring.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ChangeBell: fmt::Debug + Send + Sync {
    /// A record may have changed.
    fn ring(&self, id: &RecordId);
}
