//! A session store in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use strongroom_ports::{NewSession, RefreshHash, Rotation, SessionId, SessionStore, StoreError, Timestamp};

use super::locked;

/// A [`SessionStore`] that forgets everything with its process. Share it by `Arc`.
#[derive(Debug, Default)]
pub struct InMemorySessionStore {
    /// What ended is not in it any more.
    living: Mutex<HashMap<SessionId, NewSession>>,
}

impl InMemorySessionStore {
    /// A store without sessions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl SessionStore for InMemorySessionStore {
    async fn open(&self, session: NewSession) -> Result<(), StoreError> {
        locked(&self.living).insert(session.id, session);
        Ok(())
    }

    async fn rotate(
        &self,
        id: &SessionId,
        presented: RefreshHash,
        next: RefreshHash,
        now: Timestamp,
        lapses_at: Timestamp,
    ) -> Result<Rotation, StoreError> {
        let mut living = locked(&self.living);
        Ok(match living.get_mut(id) {
            Some(session) if now >= session.lapses_at => Rotation::Dead,
            Some(session) if session.refresh == presented => {
                session.refresh = next;
                session.lapses_at = lapses_at;
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
        locked(&self.living).remove(id);
        Ok(())
    }

    async fn is_live(&self, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(locked(&self.living).get(id).is_some_and(|session| now < session.lapses_at))
    }
}
