//! The one task that fetches an issuer's key set: at start, at intervals, and when a token names a key that is not known.
//!
//! That there is one is what makes a hundred unknown names one fetch. A set replaces the last only when it can be used; the
//! last one stays in force meanwhile, until it is too old to be believed. Then it is withdrawn, and what was verified by it
//! is forgotten. It never ends: a defect that is met in a look is a failure like any other.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jsonwebtoken::Algorithm;
use strongroom_ports::KeySetSource;
use tokio::time::{Instant, sleep, sleep_until};

use crate::key_ring::KeyRing;
use crate::remote_keys::{RemoteKeySet, RemoteKeys};
use crate::token_cache::TokenCache;

/// The pause after a first failure, doubled with each further one in a row.
const MIN_BACKOFF: Duration = Duration::from_secs(1);
/// The longest pause after a failure: an issuer that is back is noticed within a minute.
const MAX_BACKOFF: Duration = Duration::from_mins(1);

/// Keeps one issuer's key set.
pub struct KeySetKeeper {
    issuer: String,
    source: Arc<dyn KeySetSource>,
    algorithms: Vec<Algorithm>,
    refresh: Duration,
    keys: Arc<RemoteKeys>,
}

impl KeySetKeeper {
    pub(crate) fn new(
        issuer: String,
        algorithms: Vec<Algorithm>,
        set: RemoteKeySet,
        keys: Arc<RemoteKeys>,
    ) -> Self {
        Self { issuer, source: set.source, algorithms, refresh: set.refresh, keys }
    }

    /// Looks again and again, for ever. `remembered` is the cache in front of the issuer's tokens: it forgets them when a key
    /// may be gone.
    pub async fn run(self, remembered: Arc<TokenCache>) -> Infallible {
        let mut failures: u32 = 0;
        let mut last_reason = String::new();
        loop {
            let asked_at = Instant::now();
            self.keys.begin_look();
            match self.unless_too_old(&remembered, self.look()).await {
                Ok(ring) => {
                    if self.keys.accept(ring, asked_at) {
                        remembered.forget_all();
                        tracing::info!(issuer = self.issuer, "the key set has changed");
                    } else if failures > 0 {
                        tracing::info!(issuer = self.issuer, "the key set can be read again");
                    }
                    failures = 0;
                    last_reason.clear();
                }
                Err(why) => {
                    let is_in_force = self.keys.fail();
                    if why != last_reason {
                        let consequence = if is_in_force {
                            "the key set could not be read: the last one stays in force"
                        } else {
                            "the key set could not be read: no token of the issuer can be verified"
                        };
                        tracing::warn!(issuer = self.issuer, why, "{consequence}");
                        last_reason = why;
                    }
                    failures = failures.saturating_add(1);
                }
            }
            let pause = if failures == 0 { self.refresh } else { backoff(failures).min(self.refresh) };
            let pause = async {
                tokio::select! {
                    () = sleep(pause) => {}
                    () = self.keys.is_wanted() => {}
                }
            };
            self.unless_too_old(&remembered, pause).await;
        }
    }

    /// One look, or why it brought no set that can be used. A panic is such a reason: what is read here is somebody else's,
    /// by libraries, and a keeper that ended would let the set grow too old without another word.
    async fn look(&self) -> Result<KeyRing, String> {
        let mut look = pin!(self.look_once());
        // A look that panicked is not polled again, and shares nothing with the next but the source, which is asked anew.
        poll_fn(|context| {
            catch_unwind(AssertUnwindSafe(|| look.as_mut().poll(context))).unwrap_or_else(|_| {
                tracing::error!(issuer = self.issuer, "a defect was met while a key set was looked at");
                Poll::Ready(Err("a defect was met".to_owned()))
            })
        })
        .await
    }

    async fn look_once(&self) -> Result<KeyRing, String> {
        let document = self.source.fetch().await.map_err(|unavailable| unavailable.to_string())?;
        KeyRing::read_set(&document, &self.algorithms).map_err(|error| error.to_string())
    }

    /// Does what is to be done, and withdraws the set in force if it becomes too old meanwhile.
    async fn unless_too_old<T>(&self, remembered: &TokenCache, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        while let Some(end) = self.keys.lapses_at() {
            tokio::select! {
                done = &mut work => return done,
                () = sleep_until(end) => {
                    self.keys.withdraw();
                    remembered.forget_all();
                    tracing::error!(
                        issuer = self.issuer,
                        "the key set is too old to be believed: no token of the issuer can be verified"
                    );
                }
            }
        }
        work.await
    }
}

/// Printed by whose keys it keeps.
impl fmt::Debug for KeySetKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySetKeeper").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

fn backoff(failures: u32) -> Duration {
    MIN_BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(MAX_BACKOFF)
}
