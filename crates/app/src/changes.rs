//! What is told of a record's changes, to whoever follows it: every version once and in order, or that there is a gap.
//!
//! The outbox, committed with each version, is the only queue. A follower remembers how far it was told and reads on from
//! there when its bell rings: a slow one costs no memory and holds up no writer, and a ring that is lost costs time and
//! nothing else.

use std::sync::Arc;

use strongroom_domain::{Generation, PublicView, Revision};
use strongroom_ports::{
    BoxContext, BoxKind, Caller, Event, RecordId, RecordStore, SealedRecord, Sealer, Snapshot, Upstream,
    UpstreamError,
};

use crate::doorbells::Doorbells;
use crate::following::Following;
use crate::local_safe::{damaged, unsealable, unstorable};

/// The changes of a safe in this process.
#[derive(Debug)]
pub struct Changes {
    safe: Arc<dyn Upstream>,
    store: Arc<dyn RecordStore>,
    sealer: Arc<dyn Sealer>,
    doorbells: Arc<Doorbells>,
}

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

impl Changes {
    /// The changes that `store` keeps, as `doorbells` ring for them. `safe` reads the same store.
    #[must_use]
    pub fn new(
        safe: Arc<dyn Upstream>,
        store: Arc<dyn RecordStore>,
        sealer: Arc<dyn Sealer>,
        doorbells: Arc<Doorbells>,
    ) -> Self {
        Self { safe, store, sealer, doorbells }
    }

    /// Follows a person's record. Listens from now on: what is committed after this is told, behind a
    /// [`snapshot`](Following::snapshot) that is taken later.
    #[must_use]
    pub fn follow(self: &Arc<Self>, caller: &Caller) -> Following {
        let id = self.sealer.record_id(caller);
        Following::new(self.clone(), self.doorbells.listen(&id), caller.clone(), id)
    }

    pub(crate) async fn read(&self, caller: &Caller) -> Result<Option<Snapshot>, UpstreamError> {
        self.safe.read(caller).await
    }

    pub(crate) async fn load(&self, id: &RecordId) -> Result<Option<SealedRecord>, UpstreamError> {
        self.store.load(id).await.map_err(unstorable)
    }

    pub(crate) async fn events(
        &self,
        id: &RecordId,
        generation: Generation,
        after_version: u64,
        limit: usize,
    ) -> Result<Vec<Event>, UpstreamError> {
        self.store.events(id, generation, after_version, limit).await.map_err(unstorable)
    }

    /// What an event says. Its key is that of the record in the same generation.
    pub(crate) fn open(
        &self,
        id: &RecordId,
        wrapped_key: &[u8],
        revision: Revision,
        sealed: &[u8],
    ) -> Result<PublicView, UpstreamError> {
        let context = BoxContext { record: *id, revision, kind: BoxKind::Event };
        let plaintext = self.sealer.open(wrapped_key, &context, sealed);
        let plaintext = plaintext.map_err(|error| unsealable(id, "event", error))?;
        PublicView::reopen(plaintext.into_vec()).ok_or_else(|| damaged(id, "event"))
    }
}
