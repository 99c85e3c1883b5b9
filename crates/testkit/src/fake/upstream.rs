//! A safe in memory: the domain's rules, and nothing sealed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use strongroom_domain::{EntityTag, Generation, Limits, Patch, Precondition, Record, Revision};
use strongroom_ports::{Caller, Clock, Export, Randomness, Snapshot, Timestamp, Upstream, UpstreamError};

use super::{CountingRandomness, ManualClock, locked};

/// An [`Upstream`] for tests of what is done with a safe: it keeps the rules, and keeps everything in memory, unsealed.
///
/// ```
/// use strongroom_domain::Precondition;
/// use strongroom_ports::Upstream;
/// use strongroom_testkit::{fake::InMemoryUpstream, sample};
///
/// # futures_executor::block_on(async {
/// let (safe, jane) = (InMemoryUpstream::new(), sample::caller());
/// safe.merge(&jane, &sample::guide_patch(), &Precondition::default()).await?;
/// let snapshot = safe.read(&jane).await?.expect("jane has a record");
/// assert_eq!(snapshot.view.as_json(), sample::GUIDE_VIEW);
/// # Ok::<(), strongroom_ports::UpstreamError>(())
/// # }).unwrap();
/// ```
pub struct InMemoryUpstream {
    records: Mutex<HashMap<Caller, Kept>>,
    limits: Limits,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

struct Kept {
    record: Record,
    revision: Revision,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl InMemoryUpstream {
    /// A safe without records, with the default limits, whose clock stands still.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Limits::default(), Arc::new(ManualClock::default()), Arc::new(CountingRandomness::new()))
    }

    /// A safe without records, with these limits, clock and randomness.
    #[must_use]
    pub fn with(limits: Limits, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { records: Mutex::default(), limits, clock, randomness }
    }

    fn first_revision(&self) -> Revision {
        let mut bytes = [0; 16];
        self.randomness.fill(&mut bytes);
        Revision::first(Generation::from_bytes(bytes))
    }
}

impl Default for InMemoryUpstream {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Upstream for InMemoryUpstream {
    async fn read(&self, caller: &Caller) -> Result<Option<Snapshot>, UpstreamError> {
        let records = locked(&self.records);
        Ok(records
            .get(caller)
            .map(|kept| Snapshot { view: kept.record.view(), tag: Some(kept.revision.into()) }))
    }

    async fn merge(
        &self,
        caller: &Caller,
        patch: &Patch,
        precondition: &Precondition,
    ) -> Result<Option<EntityTag>, UpstreamError> {
        let mut records = locked(&self.records);
        let kept = records.get(caller);
        let current = kept.map(|kept| kept.revision);
        precondition.check(current).map_err(|_| UpstreamError::PreconditionFailed)?;
        let mut record = kept.map(|kept| kept.record.clone()).unwrap_or_default();
        if !record.apply(patch, &self.limits)?.is_effective() {
            return Ok(current.map(EntityTag::from));
        }
        let now = self.clock.now();
        let created_at = kept.map_or(now, |kept| kept.created_at);
        let revision = current.map_or_else(|| self.first_revision(), Revision::next);
        records.insert(caller.clone(), Kept { record, revision, created_at, updated_at: now });
        Ok(Some(revision.into()))
    }

    async fn erase(&self, caller: &Caller, precondition: &Precondition) -> Result<(), UpstreamError> {
        let mut records = locked(&self.records);
        let current = records.get(caller).map(|kept| kept.revision);
        precondition.check(current).map_err(|_| UpstreamError::PreconditionFailed)?;
        records.remove(caller);
        Ok(())
    }

    async fn export(&self, caller: &Caller) -> Result<Option<Export>, UpstreamError> {
        let records = locked(&self.records);
        Ok(records.get(caller).map(|kept| Export {
            revision: kept.revision,
            created_at: kept.created_at,
            updated_at: kept.updated_at,
            view: kept.record.view(),
            write_only: kept.record.write_only().names().cloned().collect(),
        }))
    }

    async fn is_ready(&self) -> bool {
        true
    }
}

/// Printed by the number of its records.
impl fmt::Debug for InMemoryUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryUpstream")
            .field("records", &locked(&self.records).len())
            .finish_non_exhaustive()
    }
}
