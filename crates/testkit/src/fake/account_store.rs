//! What belongs to people's accounts, in memory: sessions, passkeys, confirmations. One store, because removing a passkey
//! ends sessions, and closing an account touches all three.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use strongroom_ports::{
    MAX_LIVE_SESSIONS, NewSession, Pseudonym, RecordId, RefreshHash, Rotation, SessionEntry, SessionId,
    SessionStore, StoreError, StoredCredential, Timestamp,
};

use super::locked;
use confirmations::Confirmations;

mod confirmations;
mod credentials;

/// A [`SessionStore`], [`CredentialStore`](strongroom_ports::CredentialStore) and
/// [`ConfirmationStore`](strongroom_ports::ConfirmationStore) that forgets everything with its process. Share it by `Arc`.
#[derive(Debug, Default)]
pub struct InMemoryAccountStore {
    state: Mutex<State>,
}

impl InMemoryAccountStore {
    /// A store without accounts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[derive(Debug, Default)]
struct State {
    /// What ended is not in it any more.
    living: HashMap<SessionId, Living>,
    /// In the order in which they were added.
    credentials: Vec<StoredCredential>,
    confirmations: Confirmations,
}

/// A session that has not ended; it may have lapsed.
#[derive(Debug)]
struct Living {
    session: NewSession,
    refreshed_at: Option<Timestamp>,
}

impl State {
    fn has_credential(&self, owner: &RecordId, name: &Pseudonym) -> bool {
        self.credentials.iter().any(|kept| kept.owner == *owner && kept.name == *name)
    }

    /// The live sessions of an owner, the newest first.
    fn live(&self, owner: &RecordId, now: Timestamp) -> Vec<SessionEntry> {
        let of_owner = self.living.values().filter(|living| living.session.owner == *owner);
        let mut live: Vec<_> =
            of_owner.filter(|living| now < living.session.lapses_at).map(Living::entry).collect();
        live.sort_unstable_by_key(|entry| std::cmp::Reverse((entry.created_at, entry.id)));
        live
    }

    /// Ends the sessions that are meant, and names them.
    fn end(&mut self, is_meant: impl Fn(&NewSession) -> bool) -> Vec<SessionId> {
        self.living.extract_if(|_, living| is_meant(&living.session)).map(|(id, _)| id).collect()
    }
}

impl Living {
    fn entry(&self) -> SessionEntry {
        let NewSession { id, credential, created_at, lapses_at, .. } = self.session;
        SessionEntry { id, credential, created_at, refreshed_at: self.refreshed_at, lapses_at }
    }
}

#[async_trait]
impl SessionStore for InMemoryAccountStore {
    async fn open(&self, session: NewSession) -> Result<Vec<SessionId>, StoreError> {
        let mut state = locked(&self.state);
        if session.credential.is_some_and(|name| !state.has_credential(&session.owner, &name)) {
            return Err(StoreError::Stale);
        }
        let live = state.live(&session.owner, session.created_at);
        let beyond: Vec<_> = live.iter().skip(MAX_LIVE_SESSIONS - 1).map(|entry| entry.id).collect();
        for id in &beyond {
            state.living.remove(id);
        }
        state.living.insert(session.id, Living { session, refreshed_at: None });
        Ok(beyond)
    }

    async fn rotate(
        &self,
        id: &SessionId,
        presented: RefreshHash,
        next: RefreshHash,
        now: Timestamp,
        lapses_at: Timestamp,
    ) -> Result<Rotation, StoreError> {
        let living = &mut locked(&self.state).living;
        Ok(match living.get_mut(id) {
            Some(Living { session, .. }) if now >= session.lapses_at => Rotation::Dead,
            Some(Living { session, refreshed_at }) if session.refresh == presented => {
                session.refresh = next;
                session.lapses_at = lapses_at;
                *refreshed_at = Some(now);
                Rotation::Rotated
            }
            Some(_) => {
                living.remove(id);
                Rotation::Replayed
            }
            None => Rotation::Dead,
        })
    }

    async fn revoke(&self, id: &SessionId) -> Result<(), StoreError> {
        locked(&self.state).living.remove(id);
        Ok(())
    }

    async fn revoke_of(&self, owner: &RecordId, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let mut state = locked(&self.state);
        let is_live = state.live(owner, now).iter().any(|entry| entry.id == *id);
        if is_live {
            state.living.remove(id);
        }
        Ok(is_live)
    }

    async fn is_live(&self, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(locked(&self.state).living.get(id).is_some_and(|living| now < living.session.lapses_at))
    }

    async fn list(
        &self,
        owner: &RecordId,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<SessionEntry>, StoreError> {
        let mut live = locked(&self.state).live(owner, now);
        live.truncate(most);
        Ok(live)
    }
}
