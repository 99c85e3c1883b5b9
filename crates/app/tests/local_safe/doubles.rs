//! A store that meddles where a test says so, a sealer that remembers what it opened, and a safe over both.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use strongroom_app::LocalSafe;
use strongroom_domain::{EntityTag, Generation, Limits, Patch, Precondition, Revision};
use strongroom_ports::{
    BoxContext, BoxKind, Caller, Clock, Commit, Event, Plaintext, Pseudonym, Randomness, RecordId,
    RecordStore, SealError, SealedRecord, Sealer, StoreError, Subject, Upstream, UpstreamError, WriteId,
};
use strongroom_testkit::fake::{CountingRandomness, InMemoryRecordStore, ManualClock, TransparentSealer};
use strongroom_testkit::sample::{self, patch};

/// A safe, and hands on everything beneath it.
pub(crate) struct House {
    pub(crate) store: Arc<MeddlingStore>,
    pub(crate) sealer: Arc<WatchingSealer>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) safe: LocalSafe,
}

impl House {
    /// A safe without records. Rivals of this process write to the record of [`sample::caller`].
    pub(crate) fn new() -> Self {
        let sealer = Arc::new(WatchingSealer::default());
        let clock = Arc::new(ManualClock::default());
        let randomness: Arc<dyn Randomness> = Arc::new(CountingRandomness::new());
        let kept = Arc::new(InMemoryRecordStore::new());
        let safe = |store: Arc<dyn RecordStore>, sealer: Arc<dyn Sealer>| {
            let clock: Arc<dyn Clock> = clock.clone();
            LocalSafe::new(store, sealer, clock, randomness.clone(), Limits::default())
        };
        let rival = safe(kept.clone(), Arc::new(TransparentSealer::new()));
        let (mishaps, planted) = (Mutex::default(), Mutex::default());
        let store = Arc::new(MeddlingStore { kept, rival, mishaps, planted });
        let safe = safe(store.clone(), sealer.clone());
        Self { store, sealer, clock, safe }
    }

    /// The outcome of an unconditional merge.
    pub(crate) async fn merge(
        &self,
        caller: &Caller,
        patch: &Patch,
    ) -> Result<Option<EntityTag>, UpstreamError> {
        self.safe.merge(caller, patch, &Precondition::default()).await
    }

    /// Merges what must be effective.
    pub(crate) async fn merged(&self, caller: &Caller, patch: &Patch) -> Revision {
        self.merge(caller, patch).await.unwrap().unwrap().revision().unwrap()
    }

    /// What a read shows; nothing where there is no record.
    pub(crate) async fn view(&self, caller: &Caller) -> Option<String> {
        self.safe.read(caller).await.unwrap().map(|snapshot| snapshot.view.as_json().to_owned())
    }

    /// What the store keeps of a person.
    pub(crate) async fn kept(&self, caller: &Caller) -> SealedRecord {
        self.store.load(&self.sealer.record_id(caller)).await.unwrap().unwrap()
    }

    /// Makes the store answer this for a person, as if the disk had been written to by hand.
    pub(crate) fn plant(&self, caller: &Caller, record: SealedRecord) {
        self.store.planted.lock().unwrap().insert(self.sealer.record_id(caller), record);
    }
}

/// What befalls one commit or erasure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mishap {
    /// Another process writes first.
    Rival,
    /// It happens, and the store cannot say whether it did.
    DoneInDoubt,
    /// It does not happen, and the store cannot say whether it did.
    UndoneInDoubt,
    /// Another process writes instead, and the store cannot say whose write that was.
    RivalInDoubt,
}

/// A store in memory that yields before each answer, so that joined callers interleave.
#[derive(Debug)]
pub(crate) struct MeddlingStore {
    kept: Arc<InMemoryRecordStore>,
    rival: LocalSafe,
    mishaps: Mutex<VecDeque<Mishap>>,
    planted: Mutex<HashMap<RecordId, SealedRecord>>,
}

impl MeddlingStore {
    /// Lets these befall the next writes, one each.
    pub(crate) fn meddle(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        self.mishaps.lock().unwrap().extend(mishaps);
    }

    /// How many mishaps no write has met.
    pub(crate) fn mishaps_left(&self) -> usize {
        self.mishaps.lock().unwrap().len()
    }

    fn next_mishap(&self) -> Option<Mishap> {
        self.mishaps.lock().unwrap().pop_front()
    }

    async fn rival_writes(&self) {
        let change = patch(&[("private.rival", Some(sample::text("other process")))]);
        self.rival.merge(&sample::caller(), &change, &Precondition::default()).await.unwrap();
    }
}

#[async_trait]
impl RecordStore for MeddlingStore {
    async fn load(&self, id: &RecordId) -> Result<Option<SealedRecord>, StoreError> {
        others_go_first().await;
        let planted = self.planted.lock().unwrap().get(id).cloned();
        if planted.is_some() { Ok(planted) } else { self.kept.load(id).await }
    }

    async fn commit(&self, id: &RecordId, commit: Commit) -> Result<(), StoreError> {
        others_go_first().await;
        match self.next_mishap() {
            None => self.kept.commit(id, commit).await,
            Some(Mishap::Rival) => {
                self.rival_writes().await;
                self.kept.commit(id, commit).await
            }
            Some(Mishap::DoneInDoubt) => self.kept.commit(id, commit).await.and(Err(StoreError::Unknown)),
            Some(Mishap::UndoneInDoubt) => Err(StoreError::Unknown),
            Some(Mishap::RivalInDoubt) => {
                self.rival_writes().await;
                Err(StoreError::Unknown)
            }
        }
    }

    async fn erase(&self, id: &RecordId, expected: Revision, write_id: WriteId) -> Result<(), StoreError> {
        others_go_first().await;
        let mishap = self.next_mishap();
        if matches!(mishap, Some(Mishap::Rival | Mishap::RivalInDoubt)) {
            self.rival_writes().await;
        }
        if matches!(mishap, Some(Mishap::UndoneInDoubt | Mishap::RivalInDoubt)) {
            return Err(StoreError::Unknown);
        }
        self.kept.erase(id, expected, write_id).await?;
        self.planted.lock().unwrap().remove(id);
        if matches!(mishap, Some(Mishap::DoneInDoubt)) { Err(StoreError::Unknown) } else { Ok(()) }
    }

    async fn events(
        &self,
        id: &RecordId,
        generation: Generation,
        after_version: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.kept.events(id, generation, after_version, limit).await
    }

    fn is_writable(&self) -> bool {
        self.kept.is_writable()
    }
}

/// A sealer of glass that remembers which boxes it was asked to open.
#[derive(Debug, Default)]
pub(crate) struct WatchingSealer {
    glass: TransparentSealer,
    opened: Mutex<Vec<BoxKind>>,
}

impl WatchingSealer {
    /// The boxes opened since the last call.
    pub(crate) fn opened(&self) -> Vec<BoxKind> {
        mem::take(&mut self.opened.lock().unwrap())
    }
}

impl Sealer for WatchingSealer {
    fn record_id(&self, caller: &Caller) -> RecordId {
        self.glass.record_id(caller)
    }

    fn pseudonym(&self, subject: &Subject<'_>) -> Pseudonym {
        self.glass.pseudonym(subject)
    }

    fn new_key(&self, record: &RecordId, generation: Generation) -> Result<Bytes, SealError> {
        self.glass.new_key(record, generation)
    }

    fn seal(&self, wrapped_key: &[u8], context: &BoxContext, plaintext: &[u8]) -> Result<Bytes, SealError> {
        self.glass.seal(wrapped_key, context, plaintext)
    }

    fn open(&self, wrapped_key: &[u8], context: &BoxContext, sealed: &[u8]) -> Result<Plaintext, SealError> {
        self.opened.lock().unwrap().push(context.kind);
        self.glass.open(wrapped_key, context, sealed)
    }
}

/// Gives every other future of the task one turn.
async fn others_go_first() {
    let mut gave_way = false;
    std::future::poll_fn(|context| {
        if mem::replace(&mut gave_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
