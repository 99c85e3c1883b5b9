//! Verified tokens, remembered: a signature is checked once per token, not once per request.
//!
//! Only good tokens are remembered, under the SHA-256 of the whole token, so that a token which differs in one bit is
//! another one. What ends a token early ends its entry: expiry is asked of the clock at every hit,
//! [`forget`](Authenticator::forget) drops a revoked session's entries, and [`forget_all`](TokenCache::forget_all) drops
//! everything when a key may be gone, as does a clock that went back.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use quick_cache::sync::Cache;
use strongroom_ports::{
    AuthenticationUnavailable, Authenticator, Clock, Principal, Refusal, SessionId, Timestamp, Verdict,
};

use crate::claims::is_past;
use crate::compact::MAX_TOKEN_BYTES;
use crate::sha256::sha256;

/// Asks other authenticators in turn, and remembers whom they knew.
///
/// # Tokens that live for a minute
///
/// Behind a gateway each person is a new token every fifty seconds, and what has expired stays until its place is needed:
/// that is the price of never searching for it. The cache resists being swept through, so those pass by what is used; how
/// much they take is bounded by the capacity, and what they cost is one verification each.
///
/// # The race with a revocation
///
/// A verification that found its session alive, or its key in force, just before the end of either must not be remembered
/// after it. Each `forget` and each `forget_all` begins a new epoch, and a verification is remembered only in the epoch that
/// it began in. Both happen under one lock: either the entry is in the cache before `forget` sweeps it, or the epoch has
/// changed before the entry is made, and there is no moment between. A verification that begins after the change of epoch
/// asks a store that knows of the revocation already. The price is that whatever else was being verified meanwhile is
/// verified once more. Hits take no part in this.
pub struct TokenCache {
    inner: Vec<Arc<dyn Authenticator>>,
    clock: Arc<dyn Clock>,
    leeway: Duration,
    known: Cache<[u8; 32], Arc<Principal>>,
    epoch: Mutex<u64>,
    hits: AtomicU64,
    misses: AtomicU64,
    /// The latest time at which a token was judged that is remembered, in milliseconds.
    judged_at_ms: AtomicI64,
}

/// What there is to count of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCacheFigures {
    /// Tokens that were remembered when they were shown, expired ones included.
    pub hits: u64,
    /// Tokens that had to be verified.
    pub misses: u64,
    /// Tokens that are remembered now.
    pub tokens: usize,
}

impl TokenCache {
    /// Remembers about `capacity_tokens` tokens, at some 200 bytes each; `leeway` is that of the authenticators it asks.
    #[must_use]
    pub fn new(
        inner: Vec<Arc<dyn Authenticator>>,
        clock: Arc<dyn Clock>,
        capacity_tokens: usize,
        leeway: Duration,
    ) -> Self {
        Self {
            inner,
            clock,
            leeway,
            known: Cache::new(capacity_tokens),
            epoch: Mutex::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            judged_at_ms: AtomicI64::new(i64::MIN),
        }
    }

    /// Forgets every token. Called when a key has been taken out of force; once it returns, no token is known but by a key
    /// that is in force. Everything is dropped, since nothing says which key verified what: keys go seldom.
    pub fn forget_all(&self) {
        let mut epoch = self.lock_epoch();
        *epoch = epoch.wrapping_add(1);
        self.known.clear();
    }

    /// What there is to count.
    #[must_use]
    pub fn figures(&self) -> TokenCacheFigures {
        TokenCacheFigures {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            tokens: self.known.len(),
        }
    }

    /// The first answer that is not [`Verdict::NotMine`]. One that cannot answer might have, so the next is not asked.
    async fn ask(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        for authenticator in &self.inner {
            match authenticator.authenticate(token).await? {
                Verdict::NotMine => {}
                verdict => return Ok(verdict),
            }
        }
        Ok(Verdict::NotMine)
    }

    fn remember(&self, hash: [u8; 32], principal: &Arc<Principal>, began_in: u64) {
        let epoch = self.lock_epoch();
        if *epoch == began_in {
            self.known.insert(hash, Arc::clone(principal));
        }
    }

    /// Whether the clock has: what was judged by a time that is still to come is forgotten then, for by this clock it may be
    /// of the future.
    fn has_gone_back(&self, now: Timestamp) -> bool {
        let judged_at = Timestamp::from_millis(self.judged_at_ms.load(Ordering::Relaxed));
        let has_gone_back = now.plus(self.leeway) < judged_at;
        if has_gone_back {
            self.judged_at_ms.store(now.millis(), Ordering::Relaxed);
            self.forget_all();
        }
        has_gone_back
    }

    /// A number is never left half changed, so a poisoned lock is as good as any.
    fn lock_epoch(&self) -> MutexGuard<'_, u64> {
        self.epoch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Authenticator for TokenCache {
    async fn authenticate(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        if token.len() > MAX_TOKEN_BYTES {
            return Ok(Verdict::NotMine);
        }
        let hash = sha256(token);
        if let Some(principal) = self.known.get(&hash) {
            let now = self.clock.now();
            if !self.has_gone_back(now) {
                self.hits.fetch_add(1, Ordering::Relaxed);
                let is_past = is_past(principal.expires_at, now, self.leeway);
                return Ok(if is_past {
                    Verdict::Refused(Refusal::Expired)
                } else {
                    Verdict::Known(principal)
                });
            }
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let began_in = *self.lock_epoch();
        let began_at = self.clock.now();
        let verdict = self.ask(token).await?;
        if let Verdict::Known(principal) = &verdict {
            // It was judged by a time between the two, whichever way the clock was set meanwhile: the later one is safe.
            let judged_at = began_at.max(self.clock.now());
            self.judged_at_ms.fetch_max(judged_at.millis(), Ordering::Relaxed);
            self.remember(hash, principal, began_in);
        }
        Ok(verdict)
    }

    /// Walks the whole cache, as sessions end seldom beside how often tokens are shown.
    fn forget(&self, session: &SessionId) {
        for authenticator in &self.inner {
            authenticator.forget(session);
        }
        let mut epoch = self.lock_epoch();
        *epoch = epoch.wrapping_add(1);
        self.known.retain(|_, principal| principal.session.as_ref() != Some(session));
    }
}

/// Printed by whom it asks and how full it is.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("inner", &self.inner)
            .field("capacity_tokens", &self.known.capacity())
            .field("tokens", &self.known.len())
            .finish_non_exhaustive()
    }
}
