//! Our own tokens: an access token and a refresh token for a session.

#![cfg_attr(feature = "mock", expect(clippy::ref_option_ref, reason = "the mock's macro writes one"))]

use std::fmt;

use bytes::Bytes;
use strongroom_domain::scrub;
use thiserror::Error;

use crate::authenticator::Refusal;
use crate::caller::Caller;
use crate::clock::Timestamp;
use crate::passkey_ceremonies::CredentialId;
use crate::session_store::{RefreshHash, SessionId};

/// A token's text. Never printed, overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Wraps a compact JWT.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the answer that hands it out.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.0).into_bytes());
    }
}

/// Printed by its kind alone.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// What a sign-in or a refresh hands out.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// `typ` `at+jwt`.
    pub access: Token,
    /// Seconds until the access token expires.
    pub access_lifetime_s: u64,
    /// `typ` `rt+jwt`.
    pub refresh: Token,
    /// What to store of the refresh token.
    pub refresh_hash: RefreshHash,
    /// When the last of the two expires, leeway included.
    pub lapses_at: Timestamp,
}

/// What a refresh token of ours says, its signature and dates checked; whether it is still the valid one is the session
/// store's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshClaims {
    /// Whose.
    pub caller: Caller,
    /// Which session.
    pub session: SessionId,
    /// The passkey that the session began with, if it did.
    pub credential: Option<CredentialId>,
    /// The hash of the very token.
    pub hash: RefreshHash,
}

/// Issues our own tokens and knows their public keys.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait TokenIssuer: fmt::Debug + Send + Sync {
    /// A fresh pair for a session of a person, which began with a passkey or without one. No two pairs are alike.
    ///
    /// # Errors
    ///
    /// [`IssueError`] when signing failed.
    #[expect(clippy::needless_lifetimes, reason = "the mock's macro wants a name")]
    fn issue<'a>(
        &self,
        caller: &Caller,
        session: &SessionId,
        credential: Option<&'a CredentialId>,
    ) -> Result<TokenPair, IssueError>;

    /// Reads a refresh token of our own; an access token is refused.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    fn read_refresh(&self, token: &str) -> Result<RefreshClaims, Refusal>;

    /// The public keys, as a JSON Web Key Set (RFC 7517).
    fn key_set(&self) -> Bytes;
}

/// A token could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a token could not be signed")]
pub struct IssueError;
