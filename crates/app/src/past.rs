//! What is kept of a record, as it is and as it came to be: the safe for the one, the outbox for the other.

use std::sync::Arc;

use strongroom_domain::{Generation, PublicView, Revision};
use strongroom_ports::{
    BoxContext, BoxKind, Caller, Event, RecordId, RecordStore, SealedRecord, Sealer, Snapshot, Upstream,
    UpstreamError,
};

use crate::local_safe::{damaged, unsealable, unstorable};

/// The records of a safe in this process.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) safe: Arc<dyn Upstream>,
    pub(crate) store: Arc<dyn RecordStore>,
    pub(crate) sealer: Arc<dyn Sealer>,
}

impl Past {
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
