//! How many connections each client has open. One client must not take all the room there is.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use crate::client_address::Client;

/// Cores seldom meet in one of these; each is locked for the time of a look-up, at a connection's start and at its end.
const SHARDS: usize = 16;

/// The clients that have connections, and how many each. As many entries as there are connections at most.
#[derive(Debug)]
pub(crate) struct Crowd {
    most: usize,
    shards: [Mutex<HashMap<Client, usize>>; SHARDS],
    hasher: RandomState,
}

/// A connection that counts for its client while this lives.
#[derive(Debug)]
pub(crate) struct OneOfCrowd {
    crowd: Arc<Crowd>,
    client: Client,
}

impl Crowd {
    /// `most`: connections of one client.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }

    /// One more of this client, unless it has as many as it may.
    pub(crate) fn enter(self: &Arc<Self>, client: Client) -> Option<OneOfCrowd> {
        let mut shard = self.shard(client).lock().unwrap_or_else(PoisonError::into_inner);
        let open = shard.entry(client).or_insert(0);
        if *open >= self.most {
            return None;
        }
        *open += 1;
        Some(OneOfCrowd { crowd: self.clone(), client })
    }

    fn shard(&self, client: Client) -> &Mutex<HashMap<Client, usize>> {
        let hash = self.hasher.hash_one(client);
        &self.shards[usize::from(hash.to_be_bytes()[0]) % SHARDS]
    }
}

impl Drop for OneOfCrowd {
    fn drop(&mut self) {
        let mut shard = self.crowd.shard(self.client).lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut open) = shard.entry(self.client) {
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
