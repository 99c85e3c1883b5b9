//! Sessions and the tokens that belong to them: begin, refresh, end.
//!
//! A token is only ever issued for a person that this process made up or that a valid token already names; never for an id
//! that was merely sent.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use strongroom_domain::ExternalUserId;
use strongroom_ports::{
    Authenticator, Caller, Clock, CredentialId, NewSession, Principal, Randomness, RefreshClaims,
    RefreshHash, Refusal, Rotation, Sealer, SessionId, SessionStore, StoreError, Subject, TenantId,
    TokenIssuer, TokenPair,
};
use thiserror::Error;

use crate::sign_up_quota::SignUpQuota;
use crate::tenants::Tenant;

mod own_sessions;

pub use own_sessions::OwnSession;

/// The identity part of the safe.
#[derive(Debug)]
pub struct Identity {
    issuer: Arc<dyn TokenIssuer>,
    authenticator: Arc<dyn Authenticator>,
    sessions: Arc<dyn SessionStore>,
    sealer: Arc<dyn Sealer>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    quota: SignUpQuota,
    refreshing: Refreshing,
}

/// A session's fresh tokens.
#[derive(Debug)]
pub struct SignedIn {
    /// Whose.
    pub caller: Caller,
    /// The tokens.
    pub tokens: TokenPair,
}

/// Why there are no tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// The tenant gives accounts to passkeys only: 400.
    #[error("this tenant gives accounts to passkeys only")]
    PasskeyRequired,
    /// A page of another site asks: 400.
    #[error("a page of another site may not sign up")]
    CrossSite,
    /// The hour's accounts are given: 429.
    #[error("too many accounts this hour")]
    TooMany {
        /// When to try again.
        retry_after_s: u64,
    },
    /// The refresh token is not, or no longer, valid: 401.
    #[error("the token was refused")]
    Refused,
    /// The token belongs to no session of ours, so there is none to end: 400.
    #[error("the token belongs to no session")]
    NoSession,
    /// The person has no such live session: 404.
    #[error("the person has no such session")]
    UnknownSession,
    /// Sessions cannot be kept now: 503.
    #[error("sessions are unavailable")]
    Unavailable,
}

impl Identity {
    /// Identity over its ports.
    #[must_use]
    pub fn new(
        issuer: Arc<dyn TokenIssuer>,
        authenticator: Arc<dyn Authenticator>,
        sessions: Arc<dyn SessionStore>,
        sealer: Arc<dyn Sealer>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        quota: SignUpQuota,
    ) -> Self {
        Self {
            issuer,
            authenticator,
            sessions,
            sealer,
            clock,
            randomness,
            quota,
            refreshing: Refreshing::default(),
        }
    }

    /// A new person of a tenant, with tokens and without a passkey.
    ///
    /// # Errors
    ///
    /// [`IdentityError`]: unless the tenant allows it, a page of the same site (or no page) asks, and the hour has room.
    pub async fn sign_up_without_passkey(
        &self,
        tenant: &Tenant,
        cross_site: bool,
    ) -> Result<SignedIn, IdentityError> {
        if !tenant.sign_up_without_passkey {
            return Err(IdentityError::PasskeyRequired);
        }
        if cross_site {
            return Err(IdentityError::CrossSite);
        }
        self.quota
            .take(self.clock.now())
            .map_err(|retry_after_s| IdentityError::TooMany { retry_after_s })?;
        self.begin(tenant.id.clone(), self.new_person()?).await
    }

    /// A new person who has shown a passkey. Counts: one that cannot be kept afterwards has been counted.
    ///
    /// # Errors
    ///
    /// [`IdentityError::TooMany`] or [`IdentityError::Unavailable`].
    pub(crate) fn new_person_with_passkey(&self) -> Result<ExternalUserId, IdentityError> {
        self.quota
            .take_with_passkey(self.clock.now())
            .map_err(|retry_after_s| IdentityError::TooMany { retry_after_s })?;
        self.new_person()
    }

    /// Begins a session of a person whom the caller of this method vouches for.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`].
    pub async fn begin(&self, tenant: TenantId, person: ExternalUserId) -> Result<SignedIn, IdentityError> {
        self.begin_with(Caller { tenant, person }, None).await
    }

    /// The same, with the passkey that the person has shown. What ends by it, because there are too many, is forgotten.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Refused`] where the passkey has been removed meanwhile, or [`IdentityError::Unavailable`].
    pub(crate) async fn begin_with(
        &self,
        caller: Caller,
        credential: Option<&CredentialId>,
    ) -> Result<SignedIn, IdentityError> {
        let id = SessionId::from_bytes(self.random());
        let tokens = self.issuer.issue(&caller, &id, credential).map_err(|_| IdentityError::Unavailable)?;
        let name = |id| self.sealer.pseudonym(&Subject::Credential { tenant: &caller.tenant, id });
        let session = NewSession {
            id,
            owner: self.sealer.record_id(&caller),
            credential: credential.map(name),
            refresh: tokens.refresh_hash,
            created_at: self.clock.now(),
            lapses_at: tokens.lapses_at,
        };
        let ended = self.sessions.open(session).await.map_err(|error| match error {
            StoreError::Stale => IdentityError::Refused,
            _ => IdentityError::Unavailable,
        })?;
        for session in &ended {
            self.authenticator.forget(session);
        }
        Ok(SignedIn { caller, tokens })
    }

    /// Reads a refresh token: the first half of a refresh, so that the tenant can be checked before anything is spent.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub fn read_refresh(&self, token: &str) -> Result<RefreshClaims, Refusal> {
        self.issuer.read_refresh(token)
    }

    /// Exchanges a refresh token for a new pair. A token that was exchanged already revokes its session; one that arrives
    /// while its exchange is under way changes nothing.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Refused`] or [`IdentityError::Unavailable`].
    pub async fn refresh(&self, claims: RefreshClaims) -> Result<SignedIn, IdentityError> {
        let Some(_under_way) = self.refreshing.begin(claims.hash) else {
            return Err(IdentityError::Refused);
        };
        let tokens = self
            .issuer
            .issue(&claims.caller, &claims.session, claims.credential.as_ref())
            .map_err(|_| IdentityError::Unavailable)?;
        let rotation = self
            .sessions
            .rotate(&claims.session, claims.hash, tokens.refresh_hash, self.clock.now(), tokens.lapses_at)
            .await
            .map_err(|_| IdentityError::Unavailable)?;
        match rotation {
            Rotation::Rotated => Ok(SignedIn { caller: claims.caller, tokens }),
            Rotation::Replayed => {
                self.authenticator.forget(&claims.session);
                tracing::warn!(
                    person = ?self.sealer.record_id(&claims.caller),
                    "a refresh token was used twice: its session is revoked"
                );
                Err(IdentityError::Refused)
            }
            Rotation::Dead => Err(IdentityError::Refused),
        }
    }

    /// Ends the session of a token, for good.
    ///
    /// # Errors
    ///
    /// [`IdentityError::NoSession`] or [`IdentityError::Unavailable`].
    pub async fn sign_out(&self, principal: &Principal) -> Result<(), IdentityError> {
        let session = principal.session.ok_or(IdentityError::NoSession)?;
        self.sessions.revoke(&session).await.map_err(|_| IdentityError::Unavailable)?;
        self.authenticator.forget(&session);
        Ok(())
    }

    /// A random version 4 UUID (RFC 9562), as the guide's examples have them.
    fn new_person(&self) -> Result<ExternalUserId, IdentityError> {
        let mut bytes: [u8; 16] = self.random();
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex = format!("{:032x}", u128::from_be_bytes(bytes));
        let uuid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
        ExternalUserId::parse(&uuid).map_err(|_| IdentityError::Unavailable)
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.randomness.fill(&mut bytes);
        bytes
    }
}

/// The refresh tokens whose exchange is under way, by hash, each at most once: bounded by the requests in flight. By token
/// and not by session, so that a token exchanged long ago revokes its session whatever else is under way.
#[derive(Debug, Default)]
struct Refreshing(Mutex<HashSet<RefreshHash>>);

impl Refreshing {
    /// `None` while another exchange of the same token is under way.
    fn begin(&self, token: RefreshHash) -> Option<UnderWay<'_>> {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token);
        // Not `then_some`: one made for a refused use would end the exchange of another as it is dropped.
        fresh.then(|| UnderWay { all: self, token })
    }
}

/// Ends with the exchange, however that ends.
struct UnderWay<'a> {
    all: &'a Refreshing,
    token: RefreshHash,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.token);
    }
}
