//! The gateway's end of assertions: minted for each caller, and used again until shortly before they expire.
//!
//! A caller is someone whose own token has been verified here; nothing of that token is handed on. Nothing here accepts an
//! assertion, and nothing prints one.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use quick_cache::sync::Cache;
use serde::Serialize;
use strongroom_ports::{Assertions, Caller, Clock, IssueError, Randomness, Timestamp, Token};

use crate::assertion::{ASSERTION_TYPE, LONGEST_LIFE};
use crate::signing_keys::SigningKeys;
use crate::token_id::token_id;

/// How long before its end an assertion is used no more. What is left is for the way: to connect, to be sent once more
/// where that is safe, to wait until the safe reads the head. Clocks that differ are the safe's leeway to bear.
const MARGIN: Duration = Duration::from_secs(10);

/// Mints assertions, each for one caller and for one safe.
pub struct GatewayAssertions {
    in_force: RwLock<Arc<InForce>>,
    issuer: String,
    audience: String,
    capacity_callers: usize,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

/// Keys, and what they have signed: both go together, so that nothing outlives the key that made it.
struct InForce {
    keys: SigningKeys,
    minted: Cache<Caller, Minted>,
}

#[derive(Clone)]
struct Minted {
    assertion: Arc<Token>,
    issued_at: Timestamp,
}

impl Assertions for GatewayAssertions {
    fn assertion(&self, caller: &Caller) -> Result<Arc<Token>, IssueError> {
        Self::assertion(self, caller)
    }
}

impl GatewayAssertions {
    /// For a gateway that calls itself `issuer` and the safe behind it `audience`: what the safe has in the issuer's table as
    /// `issuer` and in `audience`. Remembers the assertions of about `capacity_callers` callers, at some 900 bytes each.
    #[must_use]
    pub fn new(
        keys: SigningKeys,
        issuer: String,
        audience: String,
        capacity_callers: usize,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        let in_force = RwLock::new(Arc::new(InForce::new(keys, capacity_callers)));
        Self { in_force, issuer, audience, capacity_callers, clock, randomness }
    }

    /// An assertion that speaks for this caller, and will for ten seconds at least. The same caller is given the same one
    /// for fifty seconds, unless room was needed.
    ///
    /// # Errors
    ///
    /// [`IssueError`] when signing failed.
    pub fn assertion(&self, caller: &Caller) -> Result<Arc<Token>, IssueError> {
        let in_force = self.in_force();
        let now = self.clock.now();
        if let Some(minted) = in_force.minted.get(caller).filter(|minted| minted.serves_at(now)) {
            return Ok(minted.assertion);
        }
        // Two who ask at once may each sign one: both are good.
        let minted = self.mint(&in_force.keys, caller, now)?;
        let assertion = Arc::clone(&minted.assertion);
        in_force.minted.insert(caller.clone(), minted);
        Ok(assertion)
    }

    /// Puts other keys in the place of these, from the next assertion on. What the old ones signed is dropped, and what one
    /// signs in this very moment is used once and not remembered.
    pub fn replace_keys(&self, keys: SigningKeys) {
        let in_force = Arc::new(InForce::new(keys, self.capacity_callers));
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = in_force;
    }

    /// The public keys, as a JSON Web Key Set (RFC 7517): what the safe verifies with.
    #[must_use]
    pub fn key_set(&self) -> Bytes {
        self.in_force().keys.key_set()
    }

    fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn mint(&self, keys: &SigningKeys, caller: &Caller, now: Timestamp) -> Result<Minted, IssueError> {
        // Dates are whole seconds, so that the life is exactly what it says.
        let issued_at = Timestamp::from_secs(now.secs());
        let claims = AssertionClaims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: caller.person.as_str(),
            tenant: caller.tenant.as_str(),
            iat: issued_at.secs(),
            exp: issued_at.plus(LONGEST_LIFE).secs(),
            jti: token_id(&*self.randomness),
        };
        let key = keys.first().ok_or(IssueError)?;
        let assertion = key.sign(ASSERTION_TYPE, &claims).ok_or(IssueError)?;
        Ok(Minted { assertion: Arc::new(assertion), issued_at })
    }
}

/// What an assertion says; `tenant` is [`TENANT_CLAIM`](crate::assertion::TENANT_CLAIM).
#[derive(Serialize)]
struct AssertionClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    tenant: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

impl InForce {
    fn new(keys: SigningKeys, capacity_callers: usize) -> Self {
        Self { keys, minted: Cache::new(capacity_callers) }
    }
}

impl Minted {
    /// Not of the future either: by a clock that went back, the safe's may say that it is not in use yet.
    fn serves_at(&self, now: Timestamp) -> bool {
        self.issued_at <= now && now.plus(MARGIN) < self.issued_at.plus(LONGEST_LIFE)
    }
}

/// Printed by its names; keys by their ids.
impl fmt::Debug for GatewayAssertions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_force = self.in_force();
        f.debug_struct("GatewayAssertions")
            .field("keys", &in_force.keys)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("capacity_callers", &self.capacity_callers)
            .field("minted", &in_force.minted.len())
            .finish_non_exhaustive()
    }
}
