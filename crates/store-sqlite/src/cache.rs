//! Sealed records in memory, in front of the database. What it answers is never older than what anybody was told.
//!
//! Before a transaction commits, its records are taken out and are *in flux*: whoever asks reads the database, and leaves
//! nothing behind. After the commit they are settled with the new state (see `in_flux.rs`). A reader that missed holds a
//! ticket, the number of changes of its record by then; what it read is kept only if none has begun since.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;
use strongroom_ports::{RecordId, SealedRecord};

/// A power of two: few enough that a shard holds many of the largest records, enough that cores seldom meet in one.
const SHARDS: usize = 32;

/// Changes are counted by this many counters in a shard, for ever, at eight bytes each; so a change voids the ticket of one
/// other record in thousands.
const COUNTERS: usize = 256;

/// A guess at a record's size, which sets how many the cache makes room for at first.
const TYPICAL_BYTES: usize = 2 * 1024;

/// What an entry costs beside its boxes: id, handles, the cache's own books.
const ENTRY_BYTES: u64 = 256;

/// What is known of an id: its record, or that there is none.
pub(crate) type Known = Option<SealedRecord>;

/// What the cache says.
#[derive(Debug)]
pub(crate) enum LookUp {
    /// This is its state.
    Hit(Known),
    /// Read the database, and fill with the ticket, if there is one.
    Miss(Option<Ticket>),
}

/// How often a record had changed when a reader missed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// The cache.
pub(crate) struct RecordCache {
    shards: Vec<Mutex<Shard>>,
}

struct Shard {
    changes: [u64; COUNTERS],
    in_flux: HashSet<RecordId>,
    records: Cache<RecordId, Known, Weight>,
}

impl RecordCache {
    pub(crate) fn new(bytes: usize) -> Self {
        let shard = || {
            let bytes = bytes / SHARDS;
            let records = Cache::with_weighter(bytes / TYPICAL_BYTES + 1, bytes as u64, Weight);
            Mutex::new(Shard { changes: [0; COUNTERS], in_flux: HashSet::new(), records })
        };
        Self { shards: std::iter::repeat_with(shard).take(SHARDS).collect() }
    }

    /// What is known of an id.
    pub(crate) fn look_up(&self, id: &RecordId) -> LookUp {
        let shard = self.shard(id);
        if shard.in_flux.contains(id) {
            return LookUp::Miss(None);
        }
        match shard.records.get(id) {
            Some(known) => LookUp::Hit(known.clone()),
            None => LookUp::Miss(Some(Ticket(shard.changes[counter(id)]))),
        }
    }

    /// Keeps what a reader found, unless a change of the record has begun since its ticket.
    pub(crate) fn fill(&self, id: &RecordId, ticket: Ticket, known: Known) {
        let mut shard = self.shard(id);
        if shard.changes[counter(id)] == ticket.0 {
            shard.records.insert(*id, known);
        }
    }

    /// Takes a record out, before the commit that changes it.
    pub(crate) fn begin(&self, id: &RecordId) {
        let mut shard = self.shard(id);
        shard.changes[counter(id)] += 1;
        shard.in_flux.insert(*id);
        shard.records.remove(id);
    }

    /// Puts in what a record is after the commit, or nothing when that is not known.
    pub(crate) fn settle(&self, id: &RecordId, known: Option<Known>) {
        let mut shard = self.shard(id);
        shard.in_flux.remove(id);
        if let Some(known) = known {
            shard.records.insert(*id, known);
        }
    }

    /// What it holds now.
    pub(crate) fn bytes(&self) -> u64 {
        let locked = self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        locked.map(|shard| shard.records.weight()).sum()
    }

    fn shard(&self, id: &RecordId) -> MutexGuard<'_, Shard> {
        // An id is a keyed hash: any of its bytes spreads evenly. No code that holds the lock can panic half-way.
        self.shards[usize::from(id.as_bytes()[0]) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Another byte of the id than the one that names the shard.
fn counter(id: &RecordId) -> usize {
    usize::from(id.as_bytes()[1]) % COUNTERS
}

impl fmt::Debug for RecordCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordCache").finish_non_exhaustive()
    }
}

/// An entry weighs its bytes.
#[derive(Clone)]
struct Weight;

impl Weighter<RecordId, Known> for Weight {
    fn weight(&self, _: &RecordId, known: &Known) -> u64 {
        let bytes = known.as_ref().map_or(0, |record| {
            record.wrapped_key.len()
                + record.public_box.len()
                + record.private_box.as_ref().map_or(0, Bytes::len)
        });
        ENTRY_BYTES + bytes as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_domain::{Generation, Revision};

    const ID: RecordId = RecordId::from_bytes([1; 32]);

    #[expect(clippy::unnecessary_wraps, reason = "stands beside `None` in every test")]
    fn version(version: u64) -> Known {
        Some(SealedRecord {
            revision: Revision { generation: Generation::from_bytes([1; 16]), version },
            wrapped_key: Bytes::from_static(b"key"),
            public_box: Bytes::from(vec![0; 1000]),
            private_box: None,
        })
    }

    fn ticket(cache: &RecordCache) -> Ticket {
        match cache.look_up(&ID) {
            LookUp::Miss(Some(ticket)) => ticket,
            other => panic!("expected a miss with a ticket, met {other:?}"),
        }
    }

    fn hit(cache: &RecordCache) -> Option<Known> {
        match cache.look_up(&ID) {
            LookUp::Hit(known) => Some(known),
            LookUp::Miss(_) => None,
        }
    }

    #[test]
    fn what_a_reader_found_is_answered_from_then_on_absence_included() {
        for known in [version(1), None] {
            let cache = RecordCache::new(1 << 20);
            cache.fill(&ID, ticket(&cache), known.clone());
            assert_eq!(hit(&cache), Some(known));
        }
    }

    #[test]
    fn a_reader_that_began_before_a_commit_never_overwrites_it() {
        let cache = RecordCache::new(1 << 20);
        let slow = ticket(&cache);
        cache.begin(&ID);
        cache.settle(&ID, Some(version(2)));
        cache.fill(&ID, slow, version(1));
        assert_eq!(hit(&cache), Some(version(2)));
    }

    #[test]
    fn a_reader_that_began_before_an_erasure_never_brings_the_record_back() {
        let cache = RecordCache::new(1 << 20);
        let slow = ticket(&cache);
        cache.begin(&ID);
        cache.settle(&ID, None);
        cache.fill(&ID, slow, version(1));
        assert_eq!(hit(&cache), None);
    }

    #[test]
    fn while_a_commit_is_under_way_nothing_old_is_answered_or_kept() {
        let cache = RecordCache::new(1 << 20);
        let early = ticket(&cache);
        cache.fill(&ID, early, version(1));
        assert_eq!(hit(&cache), Some(version(1)));
        cache.begin(&ID);
        assert!(matches!(cache.look_up(&ID), LookUp::Miss(None)), "nor is a ticket given");
        cache.fill(&ID, early, version(1));
        cache.settle(&ID, None);
        assert_eq!(hit(&cache), None);
    }

    #[test]
    fn changes_of_other_records_void_no_ticket() {
        let cache = RecordCache::new(1 << 20);
        let slow = ticket(&cache);
        for other in 2..=u8::MAX {
            // In the same shard, all of them.
            let mut id = *ID.as_bytes();
            id[1] = other;
            let id = RecordId::from_bytes(id);
            cache.begin(&id);
            cache.settle(&id, Some(None));
        }
        cache.fill(&ID, slow, version(1));
        assert_eq!(hit(&cache), Some(version(1)));
    }

    #[test]
    fn the_cache_stays_within_its_bytes() {
        let cache = RecordCache::new(1 << 20);
        for byte in 0..=u8::MAX {
            for other in 0..16 {
                let mut id = [byte; 32];
                id[1] = other;
                cache.settle(&RecordId::from_bytes(id), Some(version(1)));
            }
        }
        let weight: u64 = cache.shards.iter().map(|shard| shard.lock().unwrap().records.weight()).sum();
        assert!(weight <= 1 << 20, "{weight}");
        assert!(weight > 1 << 19, "and makes use of them: {weight}");
    }
}
