//! A record store in memory, which rings as a store does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use strongroom_domain::{Generation, Revision};
use strongroom_ports::{
    ChangeBell, Commit, Event, EventBody, RecordId, RecordStore, SealedRecord, StoreError, WriteId,
};

use super::locked;

/// Events kept of one generation, unless it is told otherwise; older ones are dropped.
const MAX_EVENTS: usize = 1_000;

/// A [`RecordStore`] that forgets everything with its process. Share it by `Arc`.
#[derive(Debug, Default)]
pub struct InMemoryRecordStore {
    state: Mutex<State>,
    bell: Option<Arc<dyn ChangeBell>>,
}

#[derive(Debug)]
struct State {
    events_kept: usize,
    records: HashMap<RecordId, SealedRecord>,
    events: HashMap<(RecordId, Generation), Vec<Event>>,
}

impl InMemoryRecordStore {
    /// A store without records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, and it rings for what it changes.
    #[must_use]
    pub fn with_bell(mut self, bell: Arc<dyn ChangeBell>) -> Self {
        self.bell = Some(bell);
        self
    }

    /// The same, with an outbox that keeps this many events of one generation.
    #[must_use]
    pub fn keeping_events(self, events: usize) -> Self {
        locked(&self.state).events_kept = events;
        self
    }

    fn ring(&self, id: &RecordId) {
        if let Some(bell) = &self.bell {
            bell.ring(id);
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self { events_kept: MAX_EVENTS, records: HashMap::new(), events: HashMap::new() }
    }
}

impl State {
    /// The compare of compare-and-set.
    fn expect(&self, id: &RecordId, expected: Option<Revision>) -> Result<(), StoreError> {
        let current = self.records.get(id).map(|record| record.revision);
        if current == expected { Ok(()) } else { Err(StoreError::Stale) }
    }

    fn tell(&mut self, id: &RecordId, event: Event) {
        let events = self.events.entry((*id, event.revision.generation)).or_default();
        events.push(event);
        if events.len() > self.events_kept {
            events.remove(0);
        }
    }
}

#[async_trait]
impl RecordStore for InMemoryRecordStore {
    async fn load(&self, id: &RecordId) -> Result<Option<SealedRecord>, StoreError> {
        Ok(locked(&self.state).records.get(id).cloned())
    }

    async fn commit(&self, id: &RecordId, commit: Commit) -> Result<(), StoreError> {
        let mut state = locked(&self.state);
        state.expect(id, commit.expected)?;
        let before = state.records.remove(id);
        let (kept_key, kept_box) = before.map(|record| (record.wrapped_key, record.private_box)).unzip();
        let record = SealedRecord {
            revision: commit.revision,
            wrapped_key: commit.wrapped_key.or(kept_key).unwrap_or_default(),
            public_box: commit.public_box,
            private_box: commit.private_box.or(kept_box.flatten()),
        };
        state.records.insert(*id, record);
        let body = EventBody::Written(commit.event);
        state.tell(id, Event { revision: commit.revision, write_id: commit.write_id, body });
        drop(state);
        self.ring(id);
        Ok(())
    }

    async fn erase(&self, id: &RecordId, expected: Revision, write_id: WriteId) -> Result<(), StoreError> {
        let mut state = locked(&self.state);
        state.expect(id, Some(expected))?;
        state.records.remove(id);
        // The key of the sealed events is gone: nobody could read them.
        state.events.remove(&(*id, expected.generation));
        state.tell(id, Event { revision: expected.next(), write_id, body: EventBody::Erased });
        drop(state);
        self.ring(id);
        Ok(())
    }

    async fn events(
        &self,
        id: &RecordId,
        generation: Generation,
        after_version: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let state = locked(&self.state);
        let events = state.events.get(&(*id, generation)).into_iter().flatten();
        Ok(events.filter(|event| event.revision.version > after_version).take(limit).cloned().collect())
    }

    fn is_writable(&self) -> bool {
        true
    }
}
