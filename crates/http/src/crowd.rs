//! How many of something each of many has open: connections of a client, sockets of a person. One must not take all the room
//! there is.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, PoisonError};

/// Cores seldom meet in one of these; each is locked for the time of a look-up, at a connection's start and at its end.
const SHARDS: usize = 16;

/// Those that have some open, and how many each. As many entries as there are open at most.
#[derive(Debug)]
pub(crate) struct Crowd<K> {
    most: usize,
    shards: [Mutex<HashMap<K, usize>>; SHARDS],
    hasher: RandomState,
}

/// One that counts for whose it is while this lives.
#[derive(Debug)]
pub(crate) struct OneOfCrowd<K: Copy + Eq + Hash> {
    crowd: Arc<Crowd<K>>,
    whose: K,
}

impl<K: Copy + Eq + Hash> Crowd<K> {
    /// `most`: of each.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }

    /// One more of this one's, unless it has as many as it may.
    pub(crate) fn enter(self: &Arc<Self>, whose: K) -> Option<OneOfCrowd<K>> {
        let mut shard = self.shard(whose).lock().unwrap_or_else(PoisonError::into_inner);
        let open = shard.entry(whose).or_insert(0);
        if *open >= self.most {
            return None;
        }
        *open += 1;
        Some(OneOfCrowd { crowd: self.clone(), whose })
    }

    fn shard(&self, whose: K) -> &Mutex<HashMap<K, usize>> {
        let hash = self.hasher.hash_one(whose);
        &self.shards[usize::from(hash.to_be_bytes()[0]) % SHARDS]
    }
}

impl<K: Copy + Eq + Hash> Drop for OneOfCrowd<K> {
    fn drop(&mut self) {
        let mut shard = self.crowd.shard(self.whose).lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut open) = shard.entry(self.whose) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_address::Client;

    fn client(last: u8) -> Client {
        Client::of([192, 0, 2, last].into())
    }

    #[test]
    fn a_client_has_its_share_and_no_more_until_one_is_closed() {
        let crowd = Arc::new(Crowd::new(2));
        let (first, _second) = (crowd.enter(client(1)), crowd.enter(client(1)));
        assert!(crowd.enter(client(1)).is_none());
        assert!(crowd.enter(client(2)).is_some(), "another client has a share of its own");
        drop(first);
        assert!(crowd.enter(client(1)).is_some());
    }

    #[test]
    fn a_client_that_has_gone_is_forgotten() {
        let crowd = Arc::new(Crowd::new(1));
        for last in 0..=u8::MAX {
            drop(crowd.enter(client(last)));
        }
        let known: usize = crowd.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert_eq!(known, 0);
    }
}
