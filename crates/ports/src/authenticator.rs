//! Who a bearer token speaks for.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use crate::caller::Caller;
use crate::clock::Timestamp;
use crate::passkey_ceremonies::CredentialId;
use crate::session_store::SessionId;

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The person, and the tenant that the token itself names.
    pub caller: Caller,
    /// The session, for tokens of our own.
    pub session: Option<SessionId>,
    /// The passkey that the session began with, likewise; `None` where it began without.
    pub credential: Option<CredentialId>,
    /// When the token is past use, leeway not included.
    pub expires_at: Timestamp,
}

/// An authenticator's answer. Three, so that several can be asked in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A good token.
    Known(Arc<Principal>),
    /// A token that this authenticator answers for, and refuses.
    Refused(Refusal),
    /// Not a token of an issuer that this authenticator knows: ask the next.
    NotMine,
}

/// Why a token was refused. No caller learns more over HTTP than that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Past its `exp`.
    #[error("the token has expired")]
    Expired,
    /// Anything else: malformed, wrongly signed, for another audience, revoked.
    #[error("the token is invalid")]
    Invalid,
}

/// Verifies bearer tokens. Given the token, never a request.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Authenticator: fmt::Debug + Send + Sync {
    /// Judges a token: the text behind `Bearer `, of any content.
    ///
    /// # Errors
    ///
    /// [`AuthenticationUnavailable`] when the judgement needs something that does not answer; never for what a token
    /// says.
    async fn authenticate(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable>;

    /// Forgets what was remembered of a session's tokens. Called when the session has been revoked; once it returns, no
    /// token of the session is known.
    fn forget(&self, session: &SessionId);
}

/// Keys or sessions cannot be looked up now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("tokens cannot be verified now")]
pub struct AuthenticationUnavailable;
