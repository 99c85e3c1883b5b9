//! The suites find what they look for: stores and safes with one fault each, and the rule that turns red.

use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use strongroom_domain::{EntityTag, Generation, Patch, Precondition, Revision};
use strongroom_ports::{
    Caller, Commit, Event, Export, KeySetSource, KeySetUnavailable, RecordId, RecordStore, SealedRecord,
    Snapshot, StoreError, Upstream, UpstreamError, WriteId,
};
use strongroom_testkit::contract;
use strongroom_testkit::fake::{InMemoryRecordStore, InMemoryUpstream, ScriptedKeySetSource};

/// A store that does all but one thing right.
#[derive(Debug)]
struct FaultyStore {
    sound: InMemoryRecordStore,
    fault: StoreFault,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum StoreFault {
    OverwritesWhateverIsThere,
    ErasesNothing,
    TellsEventsBackwards,
    LosesPrivateBoxes,
}

#[async_trait]
impl RecordStore for FaultyStore {
    async fn load(&self, id: &RecordId) -> Result<Option<SealedRecord>, StoreError> {
        let mut loaded = self.sound.load(id).await?;
        if let (Some(record), StoreFault::LosesPrivateBoxes) = (&mut loaded, self.fault) {
            record.private_box = None;
        }
        Ok(loaded)
    }

    async fn commit(&self, id: &RecordId, mut commit: Commit) -> Result<(), StoreError> {
        if self.fault == StoreFault::OverwritesWhateverIsThere {
            commit.expected = self.sound.load(id).await?.map(|record| record.revision);
        }
        self.sound.commit(id, commit).await
    }

    async fn erase(&self, id: &RecordId, expected: Revision, write_id: WriteId) -> Result<(), StoreError> {
        if self.fault == StoreFault::ErasesNothing {
            return Ok(());
        }
        self.sound.erase(id, expected, write_id).await
    }

    async fn events(
        &self,
        id: &RecordId,
        generation: Generation,
        after_version: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let mut events = self.sound.events(id, generation, after_version, limit).await?;
        if self.fault == StoreFault::TellsEventsBackwards {
            events.reverse();
        }
        Ok(events)
    }

    fn is_writable(&self) -> bool {
        true
    }
}

fn suite_on_a_store_that(fault: StoreFault) {
    block_on(contract::record_store(&FaultyStore { sound: InMemoryRecordStore::new(), fault }));
}

#[test]
#[should_panic(expected = "is stale")]
fn a_store_without_compare_and_set_is_found() {
    suite_on_a_store_that(StoreFault::OverwritesWhateverIsThere);
}

#[test]
#[should_panic(expected = "an erased record reads as none")]
fn a_store_that_erases_nothing_is_found() {
    suite_on_a_store_that(StoreFault::ErasesNothing);
}

#[test]
#[should_panic(expected = "events come in version order")]
fn a_store_that_tells_events_backwards_is_found() {
    suite_on_a_store_that(StoreFault::TellsEventsBackwards);
}

#[test]
#[should_panic(expected = "keys and boxes of any bytes come back as they were")]
fn a_store_that_loses_private_boxes_is_found() {
    suite_on_a_store_that(StoreFault::LosesPrivateBoxes);
}

/// A safe that does all but one thing right.
#[derive(Debug, Default)]
struct CarelessSafe {
    sound: InMemoryUpstream,
}

#[async_trait]
impl Upstream for CarelessSafe {
    async fn read(&self, caller: &Caller) -> Result<Option<Snapshot>, UpstreamError> {
        self.sound.read(caller).await
    }

    async fn merge(
        &self,
        caller: &Caller,
        patch: &Patch,
        _: &Precondition,
    ) -> Result<Option<EntityTag>, UpstreamError> {
        self.sound.merge(caller, patch, &Precondition::default()).await
    }

    async fn erase(&self, caller: &Caller, precondition: &Precondition) -> Result<(), UpstreamError> {
        self.sound.erase(caller, precondition).await
    }

    async fn export(&self, caller: &Caller) -> Result<Option<Export>, UpstreamError> {
        self.sound.export(caller).await
    }

    async fn is_ready(&self) -> bool {
        true
    }
}

#[test]
#[should_panic(expected = "If-Match `*` fails without a record")]
fn a_safe_that_ignores_preconditions_is_found() {
    block_on(contract::upstream(&CarelessSafe::default()));
}

#[test]
#[should_panic(expected = "all but one of the writers under one precondition are refused")]
fn a_safe_without_compare_and_set_is_found() {
    block_on(contract::upstream_concurrency(&CarelessSafe::default()));
}

/// A source that takes a failure for an empty document.
#[derive(Debug, Default)]
struct CarelessSource(ScriptedKeySetSource);

#[async_trait]
impl KeySetSource for CarelessSource {
    async fn fetch(&self) -> Result<Bytes, KeySetUnavailable> {
        Ok(self.0.fetch().await.unwrap_or_default())
    }
}

#[test]
#[should_panic(expected = "what is not published is unavailable")]
fn a_source_that_hides_its_failures_is_found() {
    let source = CarelessSource::default();
    block_on(contract::key_set_source(&source, |published| match published {
        Some(document) => source.0.publish(document),
        None => source.0.fail(),
    }));
}
