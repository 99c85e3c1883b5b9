//! What a follower of a record is told.

use strongroom_domain::{Generation, PublicView, Revision};

/// How much one update tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// One version.
    Each,
    /// All that was missed, for a reader that is too slow for each.
    Folded,
}

/// Something that happened to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// One write, or several folded into one.
    Updated {
        /// The state it leads from, given only when several were folded; otherwise it leads from the version before.
        from: Option<Revision>,
        /// The state it leads to.
        revision: Revision,
        /// Canonical JSON `{"changed":{key:value,…},"removed":[key,…]}`, readable keys only; nothing in either after a
        /// write of write-only keys.
        changes: PublicView,
    },
    /// The record that was told of is gone, and whatever was read of it is to be forgotten.
    Erased {
        /// Which life of the record ended.
        generation: Generation,
    },
    /// The outbox no longer has what comes next: nothing more can be told before another snapshot.
    Gap,
}
