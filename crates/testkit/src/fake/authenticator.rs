//! An authenticator with a fixed list of tokens.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use strongroom_ports::{
    AuthenticationUnavailable, Authenticator, Caller, Principal, Refusal, SessionId, Timestamp, Verdict,
};

use super::locked;

/// An [`Authenticator`] that knows the tokens it was given, and no other: any other text is not its own. Dates are not
/// looked at.
///
/// ```
/// use strongroom_ports::{Authenticator, Verdict};
/// use strongroom_testkit::{fake::StaticAuthenticator, sample};
///
/// let authenticator = StaticAuthenticator::new().with_caller("jane's token", sample::caller());
/// let verdict = futures_executor::block_on(authenticator.authenticate("jane's token"));
/// assert!(matches!(verdict, Ok(Verdict::Known(_))));
/// ```
#[derive(Default)]
pub struct StaticAuthenticator {
    principals: HashMap<String, Arc<Principal>>,
    forgotten: Mutex<HashSet<SessionId>>,
}

impl StaticAuthenticator {
    /// An authenticator that knows no token.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes this text for that principal.
    #[must_use]
    pub fn with(mut self, token: &str, principal: Principal) -> Self {
        self.principals.insert(token.to_owned(), Arc::new(principal));
        self
    }

    /// Takes this text for that caller, without a session and without end.
    #[must_use]
    pub fn with_caller(self, token: &str, caller: Caller) -> Self {
        let expires_at = Timestamp::from_millis(i64::MAX);
        self.with(token, Principal { caller, session: None, credential: None, expires_at })
    }
}

#[async_trait]
impl Authenticator for StaticAuthenticator {
    async fn authenticate(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        let Some(principal) = self.principals.get(token) else {
            return Ok(Verdict::NotMine);
        };
        let forgotten = locked(&self.forgotten);
        let is_revoked = principal.session.is_some_and(|session| forgotten.contains(&session));
        Ok(if is_revoked {
            Verdict::Refused(Refusal::Invalid)
        } else {
            Verdict::Known(Arc::clone(principal))
        })
    }

    /// There is no session store to ask: who calls this has revoked the session.
    fn forget(&self, session: &SessionId) {
        locked(&self.forgotten).insert(*session);
    }
}

/// Printed by the number of its tokens.
impl fmt::Debug for StaticAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticAuthenticator").field("tokens", &self.principals.len()).finish_non_exhaustive()
    }
}
