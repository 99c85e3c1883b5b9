//! The port of sessions, over the store's two queues.

use async_trait::async_trait;
use strongroom_ports::{
    NewSession, RecordId, RefreshHash, Rotation, SessionEntry, SessionId, SessionStore, StoreError, Timestamp,
};

use crate::answer::Answer;
use crate::job::Write;
use crate::reader::Query;
use crate::store::SqliteStore;

#[async_trait]
impl SessionStore for SqliteStore {
    async fn open(&self, session: NewSession) -> Result<Vec<SessionId>, StoreError> {
        self.write(Write::OpenSession(Box::new(session))).await?.ended()
    }

    async fn rotate(
        &self,
        id: &SessionId,
        presented: RefreshHash,
        next: RefreshHash,
        now: Timestamp,
        lapses_at: Timestamp,
    ) -> Result<Rotation, StoreError> {
        match self.write(Write::Rotate { id: *id, presented, next, now, lapses_at }).await? {
            Answer::Rotation(rotation) => Ok(rotation),
            _ => Err(StoreError::Unknown),
        }
    }

    async fn revoke(&self, id: &SessionId) -> Result<(), StoreError> {
        self.write(Write::RevokeSession(*id)).await.map(drop)
    }

    async fn revoke_of(&self, owner: &RecordId, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.write(Write::RevokeSessionOf { owner: *owner, id: *id, now }).await?.decided()
    }

    async fn is_live(&self, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.read(|reply| Query::SessionIsLive { id: *id, now, reply }).await
    }

    async fn list(
        &self,
        owner: &RecordId,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<SessionEntry>, StoreError> {
        self.check_readable(owner)?;
        self.read(|reply| Query::Sessions { owner: *owner, now, most, reply }).await
    }
}
