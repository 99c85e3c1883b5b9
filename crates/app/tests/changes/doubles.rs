//! A safe whose changes can be followed, and what is told as short text.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use futures_util::FutureExt;
use strongroom_app::{Changes, Doorbells, Following, LocalSafe, Pace, Told};
use strongroom_domain::{Generation, Limits, Patch, Precondition, Revision, Value};
use strongroom_ports::{
    Commit, Event, EventBody, RecordId, RecordStore, SealedRecord, Sealer, StoreError, Upstream, WriteId,
};
use strongroom_testkit::fake::{CountingRandomness, InMemoryRecordStore, ManualClock, TransparentSealer};
use strongroom_testkit::sample::{self, patch, text};

/// A safe and its changes.
pub(crate) struct House {
    pub(crate) safe: Arc<LocalSafe>,
    pub(crate) store: Arc<TroubledStore>,
    pub(crate) changes: Arc<Changes>,
}

impl House {
    /// With an outbox that is never too short.
    pub(crate) fn new() -> Self {
        Self::keeping_events(10_000)
    }

    /// With an outbox of this many events.
    pub(crate) fn keeping_events(events: usize) -> Self {
        let doorbells = Arc::new(Doorbells::new());
        let kept = InMemoryRecordStore::new().keeping_events(events).with_bell(doorbells.clone());
        let store = Arc::new(TroubledStore { kept, trouble: Mutex::new(None) });
        let sealer: Arc<dyn Sealer> = Arc::new(TransparentSealer::new());
        let safe = Arc::new(LocalSafe::new(
            store.clone(),
            sealer.clone(),
            Arc::new(ManualClock::default()),
            Arc::new(CountingRandomness::new()),
            Limits::default(),
        ));
        let changes = Arc::new(Changes::new(safe.clone(), store.clone(), sealer, doorbells));
        Self { safe, store, changes }
    }

    /// Follows the guide's person.
    pub(crate) fn follow(&self) -> Following {
        self.changes.follow(&sample::caller())
    }

    /// The same, behind a snapshot of now.
    pub(crate) fn follow_from_now(&self) -> Following {
        let mut following = self.follow();
        block_on(following.snapshot()).unwrap();
        following
    }

    /// Writes for the guide's person.
    pub(crate) fn write(&self, patch: &Patch) -> Option<Revision> {
        let merged = block_on(self.safe.merge(&sample::caller(), patch, &Precondition::default()));
        merged.unwrap().and_then(|tag| tag.revision())
    }

    /// Gives `n` this text.
    pub(crate) fn set(&self, value: &str) -> Revision {
        self.write(&set("n", text(value))).unwrap()
    }

    /// Erases the guide's person.
    pub(crate) fn erase(&self) {
        block_on(self.safe.erase(&sample::caller(), &Precondition::default())).unwrap();
    }
}

/// A patch of one key.
pub(crate) fn set(key: &str, value: Value) -> Patch {
    patch(&[(key, Some(value))])
}

/// Whether there was a ring.
pub(crate) fn has_rung(following: &mut Following) -> bool {
    following.rung().now_or_never().is_some()
}

/// What is told next, each version by itself.
pub(crate) fn next(following: &mut Following) -> Vec<String> {
    told(following, Pace::Each)
}

/// What is told next: `2 {…}`, `1-4 {…}`, `erased`, `gap`.
pub(crate) fn told(following: &mut Following, pace: Pace) -> Vec<String> {
    block_on(following.next(pace)).unwrap().into_iter().map(line).collect()
}

fn line(told: Told) -> String {
    match told {
        Told::Updated { from: None, revision, changes } => {
            format!("{} {}", revision.version, changes.as_json())
        }
        Told::Updated { from: Some(from), revision, changes } => {
            assert_eq!(from.generation, revision.generation);
            format!("{}-{} {}", from.version, revision.version, changes.as_json())
        }
        Told::Erased { .. } => "erased".to_owned(),
        Told::Gap => "gap".to_owned(),
    }
}

/// How an update of `n` reads.
pub(crate) fn update(version: u64, value: &str) -> String {
    format!(r#"{version} {{"changed":{{"n":"{value}"}},"removed":[]}}"#)
}

/// What befalls whoever reads a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is out of reach.
    Unavailable,
    /// Events come back changed.
    Scratched,
    /// Events are gone before they are read.
    Lost,
    /// The record is erased after it was read, and before its events are.
    ErasedMeanwhile,
}

/// A store in memory that is in trouble where a test says so.
#[derive(Debug)]
pub(crate) struct TroubledStore {
    kept: InMemoryRecordStore,
    trouble: Mutex<Option<Trouble>>,
}

impl TroubledStore {
    /// What is so from now on.
    pub(crate) fn trouble(&self, trouble: Option<Trouble>) {
        *self.trouble.lock().unwrap() = trouble;
    }

    fn is_in(&self, trouble: Trouble) -> bool {
        *self.trouble.lock().unwrap() == Some(trouble)
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.is_in(Trouble::Unavailable) { Err(StoreError::Unavailable) } else { Ok(()) }
    }

    async fn erase_now(&self, id: &RecordId) {
        if let Some(record) = self.kept.load(id).await.unwrap() {
            self.kept.erase(id, record.revision, sample::fresh_write_id()).await.unwrap();
        }
    }
}

#[async_trait]
impl RecordStore for TroubledStore {
    async fn load(&self, id: &RecordId) -> Result<Option<SealedRecord>, StoreError> {
        self.check()?;
        self.kept.load(id).await
    }

    async fn commit(&self, id: &RecordId, commit: Commit) -> Result<(), StoreError> {
        self.kept.commit(id, commit).await
    }

    async fn erase(&self, id: &RecordId, expected: Revision, write_id: WriteId) -> Result<(), StoreError> {
        self.kept.erase(id, expected, write_id).await
    }

    async fn events(
        &self,
        id: &RecordId,
        generation: Generation,
        after_version: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.check()?;
        if self.is_in(Trouble::ErasedMeanwhile) {
            self.erase_now(id).await;
        }
        let mut events = self.kept.events(id, generation, after_version, limit).await?;
        if self.is_in(Trouble::Lost) {
            events.clear();
        }
        if self.is_in(Trouble::Scratched) {
            for event in &mut events {
                event.body = EventBody::Written(Bytes::from_static(b"scratched"));
            }
        }
        Ok(events)
    }

    fn is_writable(&self) -> bool {
        self.kept.is_writable()
    }
}
