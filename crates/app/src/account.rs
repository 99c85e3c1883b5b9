//! The end of a whole account: its record, its passkeys, its sessions.

use std::sync::Arc;

use strongroom_domain::Precondition;
use strongroom_ports::{
    Authenticator, Caller, Clock, CredentialStore, MAX_LIVE_SESSIONS, Sealer, SessionStore, Upstream,
    UpstreamError,
};

/// The accounts of a safe.
#[derive(Debug)]
pub struct Accounts {
    upstream: Arc<dyn Upstream>,
    credentials: Arc<dyn CredentialStore>,
    sessions: Arc<dyn SessionStore>,
    authenticator: Arc<dyn Authenticator>,
    sealer: Arc<dyn Sealer>,
    clock: Arc<dyn Clock>,
}

impl Accounts {
    /// Accounts over their ports.
    #[must_use]
    pub fn new(
        upstream: Arc<dyn Upstream>,
        credentials: Arc<dyn CredentialStore>,
        sessions: Arc<dyn SessionStore>,
        authenticator: Arc<dyn Authenticator>,
        sealer: Arc<dyn Sealer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { upstream, credentials, sessions, authenticator, sealer, clock }
    }

    /// Closes the caller's account; one that is closed already, or never was, is no error. When this returns, nothing of it
    /// is left and no token of its sessions is known.
    ///
    /// The record is erased first, so that an account is never gone while its data stays, and once more at the end: a write
    /// that came between the two would else outlive its person. Whoever lets requests in judges a token last when all of the
    /// request is there; what has been let in by then, and is applied after the second erasure, stays.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`], never [`UpstreamError::PreconditionFailed`] or [`UpstreamError::Limit`]. The account may be closed
    /// nevertheless: then its tokens are refused.
    pub async fn close(&self, caller: &Caller) -> Result<(), UpstreamError> {
        let (owner, any) = (self.sealer.record_id(caller), Precondition::default());
        self.upstream.erase(caller, &any).await?;
        let live = self.sessions.list(&owner, self.clock.now(), MAX_LIVE_SESSIONS).await;
        let live = live.map_err(|_| UpstreamError::Unavailable)?;
        let closed = self.credentials.close_account(&owner).await;
        // Also where the store cannot say: a session that is alive is found to be so again.
        let ended = closed.as_deref().unwrap_or_default();
        for session in live.iter().map(|entry| &entry.id).chain(ended) {
            self.authenticator.forget(session);
        }
        // And once more: what the store could not tell may have happened, and nobody could come again to erase what was written.
        let erased = self.upstream.erase(caller, &any).await;
        closed.map_err(|_| UpstreamError::Unavailable)?;
        erased
    }
}
