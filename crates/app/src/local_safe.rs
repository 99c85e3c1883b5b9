//! The safe in this process: merges in the domain, seals, and keeps in a store under compare-and-set.
//!
//! A read opens one box. A write that names no private key never opens the private box. Plaintext never reaches the
//! store, and nothing here logs more than a revision and the short hash of a record.

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_domain::{
    EntityTag, Generation, Limits, Patch, Precondition, PublicView, ReadablePart, Record, Revision,
    WriteOnlyPart,
};
use strongroom_ports::{
    BoxContext, BoxKind, Caller, Clock, Commit, Export, Randomness, RecordId, RecordStore, SealError,
    SealedRecord, Sealer, Snapshot, StoreError, Upstream, UpstreamError, WriteId,
};

use crate::public_box::{self, Trailer};
use crate::record_turns::RecordTurns;

/// How often a write loads and merges again before it gives up with 503. Within one process the record's turn keeps
/// others out, so this is only met when another process writes to the same store.
const MERGE_ATTEMPTS: usize = 5;

/// The safe, over a store, a sealer, a clock and randomness.
#[derive(Debug)]
pub struct LocalSafe {
    store: Arc<dyn RecordStore>,
    sealer: Arc<dyn Sealer>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    limits: Limits,
    turns: RecordTurns,
}

impl LocalSafe {
    /// A safe that holds records to `limits`.
    #[must_use]
    pub fn new(
        store: Arc<dyn RecordStore>,
        sealer: Arc<dyn Sealer>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        limits: Limits,
    ) -> Self {
        Self { store, sealer, clock, randomness, limits, turns: RecordTurns::new() }
    }

    /// One attempt at a merge; `Err(Stale)` asks for another.
    async fn try_merge(
        &self,
        id: &RecordId,
        patch: &Patch,
        precondition: &Precondition,
    ) -> Result<Option<Revision>, Attempt> {
        let stored = self.store.load(id).await?;
        let current = stored.as_ref().map(|stored| stored.revision);
        precondition.check(current).map_err(|_| UpstreamError::PreconditionFailed)?;

        let mut opened = match &stored {
            Some(stored) => self.open(id, stored, patch.names_private())?,
            None => Opened::default(),
        };
        let outcome = opened.record.apply(patch, &self.limits).map_err(UpstreamError::Limit)?;
        if !outcome.is_effective() {
            self.nothing_is_in_doubt()?;
            return Ok(current);
        }

        let (revision, wrapped_key) = if let Some(stored) = &stored {
            (stored.revision.next(), stored.wrapped_key.clone())
        } else {
            let generation = Generation::from_bytes(self.random());
            (Revision::first(generation), self.sealer.new_key(id, generation)?)
        };
        let seal = |kind, plaintext: &[u8]| {
            self.sealer.seal(&wrapped_key, &BoxContext { record: *id, revision, kind }, plaintext)
        };
        let now = self.clock.now();
        let trailer = Trailer {
            created_at: opened.trailer.map_or(now, |trailer| trailer.created_at),
            updated_at: now,
            private_version: match (patch.names_private(), opened.trailer) {
                (true, _) => revision.version,
                (false, Some(trailer)) => trailer.private_version,
                (false, None) => 0,
            },
        };
        let record = &opened.record;
        let commit = Commit {
            expected: current,
            revision,
            wrapped_key: stored.is_none().then(|| wrapped_key.clone()),
            public_box: seal(BoxKind::Public, public_box::encode(&record.view(), &trailer).as_bytes())?,
            private_box: if patch.names_private() {
                Some(seal(BoxKind::Private, record.write_only().reveal().as_bytes())?)
            } else {
                None
            },
            event: seal(BoxKind::Event, record.readable().describe(&outcome.readable).as_ref())?,
            write_id: WriteId::from_bytes(self.random()),
        };
        let write_id = commit.write_id;
        match self.store.commit(id, commit).await {
            Ok(()) => Ok(Some(revision)),
            Err(StoreError::Unknown) if self.happened(id, revision, write_id).await => Ok(Some(revision)),
            Err(error) => Err(error.into()),
        }
    }

    async fn try_erase(&self, id: &RecordId, precondition: &Precondition) -> Result<(), Attempt> {
        let current = self.store.load(id).await?.map(|stored| stored.revision);
        precondition.check(current).map_err(|_| UpstreamError::PreconditionFailed)?;
        let Some(current) = current else { return self.nothing_is_in_doubt() };
        let write_id = WriteId::from_bytes(self.random());
        match self.store.erase(id, current, write_id).await {
            Err(StoreError::Unknown) if self.happened(id, current.next(), write_id).await => Ok(()),
            result => Ok(result?),
        }
    }

    /// That nothing had to be done is as good as a write: it is only acknowledged while the store knows what it holds.
    /// After a failed sync, a write that nobody sees any more may come back with the next start.
    fn nothing_is_in_doubt(&self) -> Result<(), Attempt> {
        if self.store.is_writable() { Ok(()) } else { Err(Attempt::Over(UpstreamError::Unavailable)) }
    }

    /// Settles a write whose outcome the store could not tell: it happened if its event is there.
    async fn happened(&self, id: &RecordId, revision: Revision, write_id: WriteId) -> bool {
        let events = self.store.events(id, revision.generation, revision.version.saturating_sub(1), 1).await;
        events.is_ok_and(|events| events.iter().any(|event| event.write_id == write_id))
    }

    /// Opens a record for a merge; its write-only part only if the merge needs it.
    fn open(
        &self,
        id: &RecordId,
        stored: &SealedRecord,
        with_private: bool,
    ) -> Result<Opened, UpstreamError> {
        let (view, trailer) = self.open_public(id, stored)?;
        let readable = ReadablePart::from_json(view.as_ref()).map_err(|_| damaged(id, "public box"))?;
        let write_only =
            if with_private { self.open_private(id, stored, &trailer)? } else { WriteOnlyPart::default() };
        Ok(Opened { record: Record::from_parts(readable, write_only), trailer: Some(trailer) })
    }

    fn open_public(
        &self,
        id: &RecordId,
        stored: &SealedRecord,
    ) -> Result<(PublicView, Trailer), UpstreamError> {
        let context = BoxContext { record: *id, revision: stored.revision, kind: BoxKind::Public };
        let plaintext = self.sealer.open(&stored.wrapped_key, &context, &stored.public_box);
        let plaintext = plaintext.map_err(|error| unsealable(id, "public box", error))?;
        public_box::decode(plaintext).ok_or_else(|| damaged(id, "public box"))
    }

    fn open_private(
        &self,
        id: &RecordId,
        stored: &SealedRecord,
        trailer: &Trailer,
    ) -> Result<WriteOnlyPart, UpstreamError> {
        if trailer.private_version == 0 {
            return Ok(WriteOnlyPart::default());
        }
        let sealed = stored.private_box.as_ref().ok_or_else(|| damaged(id, "private box"))?;
        let revision = Revision { generation: stored.revision.generation, version: trailer.private_version };
        let context = BoxContext { record: *id, revision, kind: BoxKind::Private };
        let plaintext = self.sealer.open(&stored.wrapped_key, &context, sealed);
        let plaintext = plaintext.map_err(|error| unsealable(id, "private box", error))?;
        WriteOnlyPart::from_json(plaintext.as_bytes()).map_err(|_| damaged(id, "private box"))
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.randomness.fill(&mut bytes);
        bytes
    }
}

#[async_trait]
impl Upstream for LocalSafe {
    async fn read(&self, caller: &Caller) -> Result<Option<Snapshot>, UpstreamError> {
        let id = self.sealer.record_id(caller);
        let Some(stored) = self.store.load(&id).await.map_err(unstorable)? else { return Ok(None) };
        let (view, _) = self.open_public(&id, &stored)?;
        Ok(Some(Snapshot { view, tag: Some(stored.revision.into()) }))
    }

    async fn merge(
        &self,
        caller: &Caller,
        patch: &Patch,
        precondition: &Precondition,
    ) -> Result<Option<EntityTag>, UpstreamError> {
        let id = self.sealer.record_id(caller);
        let _turn = self.turns.take(&id).await;
        for _ in 0..MERGE_ATTEMPTS {
            match self.try_merge(&id, patch, precondition).await {
                Err(Attempt::Stale) => {}
                Err(Attempt::Over(error)) => return Err(error),
                Ok(revision) => return Ok(revision.map(EntityTag::from)),
            }
        }
        Err(UpstreamError::Unavailable)
    }

    async fn erase(&self, caller: &Caller, precondition: &Precondition) -> Result<(), UpstreamError> {
        let id = self.sealer.record_id(caller);
        let _turn = self.turns.take(&id).await;
        for _ in 0..MERGE_ATTEMPTS {
            match self.try_erase(&id, precondition).await {
                Err(Attempt::Stale) => {}
                Err(Attempt::Over(error)) => return Err(error),
                Ok(()) => return Ok(()),
            }
        }
        Err(UpstreamError::Unavailable)
    }

    async fn export(&self, caller: &Caller) -> Result<Option<Export>, UpstreamError> {
        let id = self.sealer.record_id(caller);
        let Some(stored) = self.store.load(&id).await.map_err(unstorable)? else { return Ok(None) };
        let (view, trailer) = self.open_public(&id, &stored)?;
        let write_only = self.open_private(&id, &stored, &trailer)?;
        Ok(Some(Export {
            revision: stored.revision,
            created_at: trailer.created_at,
            updated_at: trailer.updated_at,
            view,
            write_only: write_only.names().cloned().collect(),
        }))
    }

    async fn is_ready(&self) -> bool {
        self.store.is_writable()
    }
}

/// A record opened for a merge. The default is what a write meets where there is none.
#[derive(Default)]
struct Opened {
    record: Record,
    trailer: Option<Trailer>,
}

/// How one attempt ended, when not well.
enum Attempt {
    /// Another write came first: load and merge again.
    Stale,
    /// Nothing more to try.
    Over(UpstreamError),
}

impl From<UpstreamError> for Attempt {
    fn from(error: UpstreamError) -> Self {
        Self::Over(error)
    }
}

impl From<StoreError> for Attempt {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Stale,
            other => Self::Over(unstorable(other)),
        }
    }
}

impl From<SealError> for Attempt {
    fn from(error: SealError) -> Self {
        tracing::error!(%error, "a record could not be sealed");
        Self::Over(UpstreamError::Unavailable)
    }
}

pub(crate) fn unstorable(error: StoreError) -> UpstreamError {
    match error {
        StoreError::Damaged => UpstreamError::Damaged,
        StoreError::Stale | StoreError::Unknown | StoreError::Unavailable => UpstreamError::Unavailable,
    }
}

pub(crate) fn unsealable(id: &RecordId, which: &str, error: SealError) -> UpstreamError {
    tracing::error!(person = ?id, %error, "the {which} of a record does not open");
    UpstreamError::Damaged
}

pub(crate) fn damaged(id: &RecordId, which: &str) -> UpstreamError {
    tracing::error!(person = ?id, "the {which} of a record opens to something else");
    UpstreamError::Damaged
}
