//! What the safe says when its store or its sealer refuses.

use std::sync::Arc;

use futures_executor::block_on;
use strongroom_app::LocalSafe;
use strongroom_domain::{Limits, Precondition};
use strongroom_ports::{
    MockRecordStore, MockSealer, RecordStore, SealError, Sealer, StoreError, Upstream, UpstreamError,
};
use strongroom_testkit::fake::{CountingRandomness, InMemoryRecordStore, ManualClock, TransparentSealer};
use strongroom_testkit::sample;

fn safe(store: impl RecordStore + 'static, sealer: impl Sealer + 'static) -> LocalSafe {
    let (clock, randomness) = (ManualClock::default(), CountingRandomness::new());
    LocalSafe::new(
        Arc::new(store),
        Arc::new(sealer),
        Arc::new(clock),
        Arc::new(randomness),
        Limits::default(),
    )
}

#[test]
fn a_store_that_cannot_be_read_is_unavailable_or_damaged_and_never_an_empty_record() {
    for (refusal, answer) in
        [(StoreError::Unavailable, UpstreamError::Unavailable), (StoreError::Damaged, UpstreamError::Damaged)]
    {
        let mut store = MockRecordStore::new();
        store.expect_load().returning(move |_| Err(refusal));
        let (safe, jane, always) =
            (safe(store, TransparentSealer::new()), sample::caller(), Precondition::default());
        block_on(async {
            assert_eq!(safe.read(&jane).await, Err(answer));
            assert_eq!(safe.export(&jane).await.unwrap_err(), answer);
            assert_eq!(safe.merge(&jane, &sample::guide_patch(), &always).await, Err(answer));
            assert_eq!(safe.erase(&jane, &always).await, Err(answer));
        });
    }
}

#[test]
fn a_write_that_the_store_refuses_is_unavailable_at_once() {
    let mut store = MockRecordStore::new();
    store.expect_load().returning(|_| Ok(None));
    store.expect_commit().times(1).returning(|_, _| Err(StoreError::Unavailable));
    let safe = safe(store, TransparentSealer::new());
    let answer = block_on(safe.merge(&sample::caller(), &sample::guide_patch(), &Precondition::default()));
    assert_eq!(answer, Err(UpstreamError::Unavailable));
}

#[test]
fn a_write_in_doubt_whose_event_cannot_be_looked_up_is_unavailable() {
    let mut store = MockRecordStore::new();
    store.expect_load().returning(|_| Ok(None));
    store.expect_commit().times(1).returning(|_, _| Err(StoreError::Unknown));
    store.expect_events().returning(|_, _, _, _| Err(StoreError::Unavailable));
    let safe = safe(store, TransparentSealer::new());
    let answer = block_on(safe.merge(&sample::caller(), &sample::guide_patch(), &Precondition::default()));
    assert_eq!(answer, Err(UpstreamError::Unavailable));
}

#[test]
fn nothing_is_stored_that_could_not_be_sealed() {
    let mut sealer = MockSealer::new();
    sealer.expect_record_id().returning(|_| sample::record_id("jane"));
    sealer.expect_new_key().returning(|_, _| Ok(bytes::Bytes::new()));
    sealer.expect_seal().returning(|_, _, _| Err(SealError::Failed));
    let mut store = MockRecordStore::new();
    store.expect_load().returning(|_| Ok(None));
    store.expect_commit().never();
    let safe = safe(store, sealer);
    let answer = block_on(safe.merge(&sample::caller(), &sample::guide_patch(), &Precondition::default()));
    assert_eq!(answer, Err(UpstreamError::Unavailable));
}

#[test]
fn a_safe_whose_store_takes_no_writes_is_not_ready_and_still_reads() {
    let mut store = MockRecordStore::new();
    store.expect_is_writable().returning(|| false);
    store.expect_load().returning(|_| Ok(None));
    let safe = safe(store, TransparentSealer::new());
    assert!(!block_on(safe.is_ready()));
    assert_eq!(block_on(safe.read(&sample::caller())), Ok(None));
    assert!(block_on(self::safe(InMemoryRecordStore::new(), TransparentSealer::new()).is_ready()));
}

/// What a failed sync leaves in doubt may be there after a restart: an erasure of nothing would not have reached it.
#[test]
fn while_the_store_takes_no_writes_nothing_is_acknowledged_not_even_that_nothing_had_to_be_done() {
    let mut store = MockRecordStore::new();
    store.expect_is_writable().returning(|| false);
    store.expect_load().returning(|_| Ok(None));
    let (safe, jane, always) =
        (safe(store, TransparentSealer::new()), sample::caller(), Precondition::default());
    let deletes_nothing = sample::patch(&[("absent", None)]);
    block_on(async {
        assert_eq!(safe.erase(&jane, &always).await, Err(UpstreamError::Unavailable));
        assert_eq!(safe.merge(&jane, &deletes_nothing, &always).await, Err(UpstreamError::Unavailable));
    });
}
