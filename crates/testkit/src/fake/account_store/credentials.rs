//! The passkeys of the accounts in memory.

use async_trait::async_trait;
use bytes::Bytes;
use strongroom_ports::{
    Addition, CredentialStore, NewCredential, Pseudonym, RecordId, Removal, SessionId, StoreError,
    StoredCredential,
};

use super::{InMemoryAccountStore, State};
use crate::fake::locked;

impl State {
    /// The oldest first; of one age, the first that was added.
    fn credentials_of(&self, owner: &RecordId) -> Vec<StoredCredential> {
        let mut of_owner: Vec<_> =
            self.credentials.iter().filter(|kept| kept.owner == *owner).cloned().collect();
        of_owner.sort_by_key(|kept| kept.created_at);
        of_owner
    }
}

#[async_trait]
impl CredentialStore for InMemoryAccountStore {
    async fn add(&self, credential: NewCredential, most: usize) -> Result<Addition, StoreError> {
        let mut state = locked(&self.state);
        if state.credentials.iter().any(|kept| kept.name == credential.name) {
            return Ok(Addition::Known);
        }
        if state.credentials_of(&credential.owner).len() >= most {
            return Ok(Addition::Full);
        }
        let NewCredential { name, owner, sealed, created_at, session } = credential;
        let is_live = |id| state.live(&owner, created_at).iter().any(|entry| entry.id == id);
        if session.is_some_and(|id| !is_live(id)) {
            return Ok(Addition::Ended);
        }
        state.credentials.push(StoredCredential { name, owner, edition: 0, sealed, created_at });
        Ok(Addition::Added)
    }

    async fn find(&self, name: &Pseudonym) -> Result<Option<StoredCredential>, StoreError> {
        Ok(locked(&self.state).credentials.iter().find(|kept| kept.name == *name).cloned())
    }

    async fn of_owner(&self, owner: &RecordId) -> Result<Vec<StoredCredential>, StoreError> {
        Ok(locked(&self.state).credentials_of(owner))
    }

    async fn replace(&self, name: &Pseudonym, edition: u64, sealed: Bytes) -> Result<(), StoreError> {
        let mut state = locked(&self.state);
        let found = state.credentials.iter_mut().find(|kept| kept.name == *name && kept.edition == edition);
        let kept = found.ok_or(StoreError::Stale)?;
        kept.edition += 1;
        kept.sealed = sealed;
        Ok(())
    }

    async fn remove(&self, owner: &RecordId, name: &Pseudonym) -> Result<Removal, StoreError> {
        let mut state = locked(&self.state);
        if !state.has_credential(owner, name) {
            return Ok(Removal::Absent);
        }
        if state.credentials_of(owner).len() == 1 {
            return Ok(Removal::Last);
        }
        state.credentials.retain(|kept| kept.name != *name);
        Ok(Removal::Removed { ended: state.end(|session| session.credential == Some(*name)) })
    }

    async fn close_account(&self, owner: &RecordId) -> Result<Vec<SessionId>, StoreError> {
        let mut state = locked(&self.state);
        state.credentials.retain(|kept| kept.owner != *owner);
        state.confirmations.forget_owner(owner);
        Ok(state.end(|session| session.owner == *owner))
    }
}
