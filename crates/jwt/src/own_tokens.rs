//! Our own tokens: issued for a session, verified by signature, dates and the session's life.
//!
//! An access token is never taken for a refresh token, nor the other way: `typ` is signed and checked (RFC 8725, section
//! 3.11). A tenant's token speaks for that tenant alone: `iss` and `aud` are the same rpId.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::Serialize;
use strongroom_ports::{
    AuthenticationUnavailable, Authenticator, Caller, Clock, CredentialId, IssueError, Principal, Randomness,
    RefreshClaims, RefreshHash, Refusal, SessionId, SessionStore, TenantId, Timestamp, TokenIssuer,
    TokenPair, Verdict,
};

use crate::claims::Claims;
use crate::compact::UnverifiedToken;
use crate::sha256::sha256;
use crate::signing_keys::{SigningKey, SigningKeys};
use crate::token_id::token_id;

/// `typ` of an access token (RFC 9068, section 2.1).
const ACCESS_TYPE: &str = "at+jwt";
/// `typ` of a refresh token: our own, after the same pattern.
const REFRESH_TYPE: &str = "rt+jwt";
/// What every one of our tokens may do; there is one role yet.
const ROLES: [&str; 1] = ["USER"];

/// How long tokens live. Whole seconds count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of an access token.
    pub access_lifetime: Duration,
    /// Of a refresh token.
    pub refresh_lifetime: Duration,
    /// How much the clocks of two machines may differ: every date is read this generously.
    pub leeway: Duration,
}

/// Issues our own tokens and verifies them.
pub struct OwnTokens {
    keys: RwLock<Arc<Published>>,
    tenants: BTreeSet<TenantId>,
    sessions: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    lifetimes: Lifetimes,
}

/// Keys in force, and their public halves for everybody.
struct Published {
    keys: SigningKeys,
    key_set: Bytes,
}

impl OwnTokens {
    /// For these tenants, which are the issuers that it knows.
    #[must_use]
    pub fn new(
        keys: SigningKeys,
        tenants: impl IntoIterator<Item = TenantId>,
        sessions: Arc<dyn SessionStore>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        lifetimes: Lifetimes,
    ) -> Self {
        let keys = RwLock::new(Arc::new(Published::new(keys)));
        Self { keys, tenants: tenants.into_iter().collect(), sessions, clock, randomness, lifetimes }
    }

    /// Puts other keys in the place of these, from the next token on. Whether one of the old is gone: then whoever remembers
    /// tokens must [forget](crate::TokenCache::forget_all) them.
    pub fn replace_keys(&self, keys: SigningKeys) -> bool {
        let published = Arc::new(Published::new(keys));
        let mut current = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let stays =
            |old: &SigningKey| published.keys.find(&old.kid).is_some_and(|key| key.public == old.public);
        let is_one_gone = !current.keys.iter().all(stays);
        *current = published;
        is_one_gone
    }

    fn published(&self) -> Arc<Published> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads a token of one `typ`: who it speaks for, in which session, until when. `None` when its issuer is none of our
    /// tenants.
    fn read(&self, token: &str, typ: &str) -> Result<Option<Principal>, Refusal> {
        let Some(token) = UnverifiedToken::parse(token) else { return Ok(None) };
        let tenant = token.issuer().and_then(|issuer| TenantId::parse(issuer).ok());
        let Some(tenant) = tenant.filter(|tenant| self.tenants.contains(tenant)) else { return Ok(None) };

        let header = token.header().filter(|header| header.is_typed(typ)).ok_or(Refusal::Invalid)?;
        let published = self.published();
        let key = header.kid.as_deref().and_then(|kid| published.keys.find(kid)).ok_or(Refusal::Invalid)?;
        let claims = token.verify(&key.verifying, &header).ok_or(Refusal::Invalid)?;

        let expires_at = claims.expires_at(self.clock.now(), self.lifetimes.leeway)?;
        if claims.audience() != [tenant.as_str()] {
            return Err(Refusal::Invalid);
        }
        let person = claims.person("sub")?;
        let session = claims.text("fid").and_then(SessionId::parse).ok_or(Refusal::Invalid)?;
        let (session, credential) = (Some(session), credential(&claims)?);
        Ok(Some(Principal { caller: Caller { tenant, person }, session, credential, expires_at }))
    }
}

/// The passkey that a token's session began with: there may be none, and there may be nothing else in its place.
fn credential(claims: &Claims) -> Result<Option<CredentialId>, Refusal> {
    let Some(text) = claims.optional_text("sid")? else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Invalid)?;
    CredentialId::new(&bytes).map(Some).ok_or(Refusal::Invalid)
}

/// What our tokens say (RFC 9068, section 2.2, and the ids of the session and of the passkey that it began with).
#[derive(Serialize)]
struct OwnClaims<'a> {
    sub: &'a str,
    iss: &'a str,
    aud: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<[&'static str; 1]>,
    fid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    iat: i64,
    exp: i64,
    jti: String,
}

impl TokenIssuer for OwnTokens {
    fn issue(
        &self,
        caller: &Caller,
        session: &SessionId,
        credential: Option<&CredentialId>,
    ) -> Result<TokenPair, IssueError> {
        // A token that we would not know again is none.
        if !self.tenants.contains(&caller.tenant) {
            return Err(IssueError);
        }
        let published = self.published();
        let key = published.keys.first().ok_or(IssueError)?;
        let Lifetimes { access_lifetime, refresh_lifetime, leeway } = self.lifetimes;
        let issued_at = Timestamp::from_secs(self.clock.now().secs());
        let expiry = |lifetime: Duration| issued_at.plus(Duration::from_secs(lifetime.as_secs()));
        let fid = session.to_string();
        let sid = credential.map(|id| URL_SAFE_NO_PAD.encode(id.as_bytes()));
        let claims = |roles, lifetime| OwnClaims {
            sub: caller.person.as_str(),
            iss: caller.tenant.as_str(),
            aud: caller.tenant.as_str(),
            roles,
            fid: &fid,
            sid: sid.as_deref(),
            iat: issued_at.secs(),
            exp: expiry(lifetime).secs(),
            jti: token_id(&*self.randomness),
        };

        let access = key.sign(ACCESS_TYPE, &claims(Some(ROLES), access_lifetime)).ok_or(IssueError)?;
        let refresh = key.sign(REFRESH_TYPE, &claims(None, refresh_lifetime)).ok_or(IssueError)?;
        Ok(TokenPair {
            access,
            access_lifetime_s: access_lifetime.as_secs(),
            refresh_hash: RefreshHash::from_bytes(sha256(refresh.as_str())),
            refresh,
            lapses_at: expiry(access_lifetime.max(refresh_lifetime)).plus(leeway),
        })
    }

    fn read_refresh(&self, token: &str) -> Result<RefreshClaims, Refusal> {
        let Some(Principal { caller, session: Some(session), credential, .. }) =
            self.read(token, REFRESH_TYPE)?
        else {
            return Err(Refusal::Invalid);
        };
        Ok(RefreshClaims { caller, session, credential, hash: RefreshHash::from_bytes(sha256(token)) })
    }

    fn key_set(&self) -> Bytes {
        self.published().key_set.clone()
    }
}

#[async_trait]
impl Authenticator for OwnTokens {
    async fn authenticate(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        let principal = match self.read(token, ACCESS_TYPE) {
            Ok(Some(principal)) => principal,
            Ok(None) => return Ok(Verdict::NotMine),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let is_live = match &principal.session {
            Some(session) => self.sessions.is_live(session, self.clock.now()).await,
            None => Ok(false),
        };
        match is_live {
            Ok(true) => Ok(Verdict::Known(Arc::new(principal))),
            Ok(false) => Ok(Verdict::Refused(Refusal::Invalid)),
            Err(_) => Err(AuthenticationUnavailable),
        }
    }

    /// Remembers nothing, so that there is nothing to forget.
    fn forget(&self, _: &SessionId) {}
}

/// Printed by its configuration; keys by their ids.
impl fmt::Debug for OwnTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnTokens")
            .field("keys", &self.published().keys)
            .field("tenants", &self.tenants)
            .field("lifetimes", &self.lifetimes)
            .finish_non_exhaustive()
    }
}

impl Published {
    fn new(keys: SigningKeys) -> Self {
        let key_set = keys.key_set();
        Self { keys, key_set }
    }
}
