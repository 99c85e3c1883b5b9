//! The records of one transaction, out of the cache while nobody can say which of two states they are in.

use std::collections::HashMap;

use strongroom_ports::RecordId;

use crate::cache::{Known, RecordCache};

/// Made before a commit, gone after it. However it goes, the records are settled.
#[derive(Debug)]
pub(crate) struct InFlux<'a> {
    cache: &'a RecordCache,
    /// What each record is when the commit succeeds.
    after: HashMap<RecordId, Known>,
}

impl<'a> InFlux<'a> {
    /// Takes out what is about to change. Of a record that changes several times, the last state counts.
    pub(crate) fn new(cache: &'a RecordCache, changes: impl Iterator<Item = (RecordId, Known)>) -> Self {
        let after: HashMap<_, _> = changes.collect();
        for id in after.keys() {
            cache.begin(id);
        }
        Self { cache, after }
    }

    /// The commit has succeeded: the new states are what is known.
    pub(crate) fn committed(mut self) {
        for (id, known) in self.after.drain() {
            self.cache.settle(&id, Some(known));
        }
    }
}

/// Otherwise nothing is known, and the next reader asks the database.
impl Drop for InFlux<'_> {
    fn drop(&mut self) {
        for id in self.after.keys() {
            self.cache.settle(id, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::LookUp;

    const ID: RecordId = RecordId::from_bytes([1; 32]);

    #[test]
    fn a_commit_leaves_what_it_made_of_a_record() {
        let cache = RecordCache::new(1 << 20);
        let in_flux = InFlux::new(&cache, std::iter::once((ID, None)));
        assert!(matches!(cache.look_up(&ID), LookUp::Miss(None)));
        in_flux.committed();
        assert!(matches!(cache.look_up(&ID), LookUp::Hit(None)));
    }

    #[test]
    fn a_commit_that_failed_leaves_nothing_and_readers_may_fill_again() {
        let cache = RecordCache::new(1 << 20);
        drop(InFlux::new(&cache, std::iter::once((ID, None))));
        let LookUp::Miss(Some(ticket)) = cache.look_up(&ID) else { panic!("expected a miss with a ticket") };
        cache.fill(&ID, ticket, None);
        assert!(matches!(cache.look_up(&ID), LookUp::Hit(None)));
    }
}
