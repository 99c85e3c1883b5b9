//! The sessions of one person, for that person: the list, and the end of one of them.

use strongroom_ports::{MAX_LIVE_SESSIONS, Principal, SessionId, Timestamp};

use super::{Identity, IdentityError};

/// A live session as its owner sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnSession {
    /// Its id.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When its tokens were exchanged last, if they were.
    pub refreshed_at: Option<Timestamp>,
    /// When the last of its tokens is past use.
    pub lapses_at: Timestamp,
    /// Whether it is that of the token that asks.
    pub is_current: bool,
}

impl Identity {
    /// The live sessions of a token's person, the newest first.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`].
    pub async fn own_sessions(&self, principal: &Principal) -> Result<Vec<OwnSession>, IdentityError> {
        let owner = self.sealer.record_id(&principal.caller);
        let live = self.sessions.list(&owner, self.clock.now(), MAX_LIVE_SESSIONS).await;
        let live = live.map_err(|_| IdentityError::Unavailable)?.into_iter();
        let own = live.map(|entry| OwnSession {
            id: entry.id,
            created_at: entry.created_at,
            refreshed_at: entry.refreshed_at,
            lapses_at: entry.lapses_at,
            is_current: principal.session == Some(entry.id),
        });
        Ok(own.collect())
    }

    /// Ends a session of a token's person, for good; no token of it is known when this returns.
    ///
    /// # Errors
    ///
    /// [`IdentityError::UnknownSession`] or [`IdentityError::Unavailable`].
    pub async fn end_own_session(&self, principal: &Principal, id: &SessionId) -> Result<(), IdentityError> {
        let owner = self.sealer.record_id(&principal.caller);
        let ended = self
            .sessions
            .revoke_of(&owner, id, self.clock.now())
            .await
            .map_err(|_| IdentityError::Unavailable)?;
        if !ended {
            return Err(IdentityError::UnknownSession);
        }
        self.authenticator.forget(id);
        Ok(())
    }
}
