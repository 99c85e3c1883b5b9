//! A key set that its issuer publishes: what is in force of it, and how a token asks for more.
//!
//! Tokens read; the one [`KeySetKeeper`](crate::KeySetKeeper) of the issuer writes. A token can make the keeper look again,
//! by naming a key that nobody has heard of, and anybody can make such a token: so looks are rationed, tokens that wait for
//! one are counted, and none waits for long. Ages are measured by the monotonic clock: whoever sets the wall clock makes no
//! set older or younger.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use strongroom_ports::{AuthenticationUnavailable, KeySetSource};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{Instant, timeout};

use crate::key_ring::KeyRing;

/// After a look at a set, for how long a token with an unknown `kid` causes no other. A key that an issuer uses as soon as
/// it is published is known at most this much later, however many such tokens there are.
pub const UNKNOWN_KID_COOLDOWN: Duration = Duration::from_secs(30);
/// For how long a token waits for a look: a fetch that takes longer is in trouble, and so would be whoever waits.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// How many tokens of one issuer wait at a time. Far below the requests in flight, so that strangers' tokens cannot take
/// the places of everybody else's.
const MAX_WAITING: usize = 256;

/// A published key set, and how it is kept. Waiting for it takes a tokio runtime with time.
#[derive(Clone)]
pub struct RemoteKeySet {
    /// Where it is published.
    pub source: Arc<dyn KeySetSource>,
    /// From one look to the next.
    pub refresh: Duration,
    /// How old a set may become, counted from when it was asked for, while no newer one is to be had.
    pub max_age: Duration,
}

/// Printed by its times.
impl fmt::Debug for RemoteKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeySet")
            .field("refresh", &self.refresh)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

/// What there is to count of a published key set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySetFigures {
    /// Whose, as configured.
    pub issuer: String,
    /// Looks that brought a set that can be used.
    pub fetches_ok: u64,
    /// Looks that did not.
    pub fetches_failed: u64,
    /// Tokens with an unknown `kid` that would have caused a look, but for [`UNKNOWN_KID_COOLDOWN`].
    pub refused_by_cooldown: u64,
    /// How long ago the set in force was asked for; `None` while none is.
    pub age: Option<Duration>,
    /// The keys of the set in force.
    pub keys: usize,
}

/// The state that tokens and the keeper share.
pub(crate) struct RemoteKeys {
    latest: watch::Sender<Latest>,
    /// A token wants a look, if the ration allows.
    wanted: Notify,
    /// The operator wants one.
    told: Notify,
    waiting: Semaphore,
    max_age: Duration,
    ok: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
}

#[derive(Default)]
struct Latest {
    held: Option<Held>,
    is_looking: bool,
    /// Looks that have ended, and how the last one did.
    looks: u64,
    last: Option<Look>,
}

struct Held {
    ring: Arc<KeyRing>,
    asked_at: Instant,
}

#[derive(Clone, Copy)]
struct Look {
    ended_at: Instant,
    brought_a_set: bool,
}

/// What a token finds.
enum Found {
    Keys(Arc<KeyRing>),
    /// No key of that name, as of a look that was not long ago.
    NoSuchKey,
    /// Nobody can say now; where it is cooling, since the last look failed not long ago.
    Unavailable {
        is_cooling: bool,
    },
    /// A look would tell: one after this many.
    Wait {
        after: u64,
    },
}

impl RemoteKeys {
    pub(crate) fn new(max_age: Duration) -> Self {
        Self {
            latest: watch::Sender::new(Latest::default()),
            wanted: Notify::new(),
            told: Notify::new(),
            waiting: Semaphore::new(MAX_WAITING),
            max_age,
            ok: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// The keys to try a token with that names this one; `None` when the issuer has no such key. Waits for a look where one
    /// would tell, the very first included.
    pub(crate) async fn keys_for(
        &self,
        kid: Option<&str>,
    ) -> Result<Option<Arc<KeyRing>>, AuthenticationUnavailable> {
        let found = self.find(kid);
        if let Found::NoSuchKey | Found::Unavailable { is_cooling: true } = found {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        let found = match found {
            Found::Wait { after } => {
                self.wait_for_a_look(after).await?;
                self.find(kid)
            }
            found => found,
        };
        match found {
            Found::Keys(ring) => Ok(Some(ring)),
            Found::NoSuchKey => Ok(None),
            Found::Unavailable { .. } | Found::Wait { .. } => Err(AuthenticationUnavailable),
        }
    }

    /// Has the keeper look now, whatever the ration.
    pub(crate) fn look_again(&self) {
        self.told.notify_one();
    }

    pub(crate) fn figures(&self, issuer: &str) -> KeySetFigures {
        let latest = self.latest.borrow();
        let held = latest.held.as_ref();
        KeySetFigures {
            issuer: issuer.to_owned(),
            fetches_ok: self.ok.load(Ordering::Relaxed),
            fetches_failed: self.failed.load(Ordering::Relaxed),
            refused_by_cooldown: self.refused.load(Ordering::Relaxed),
            age: held.map(|held| held.asked_at.elapsed()),
            keys: held.map_or(0, |held| held.ring.len()),
        }
    }

    fn find(&self, kid: Option<&str>) -> Found {
        let latest = self.latest.borrow();
        let Some(held) = latest.held.as_ref().filter(|held| held.asked_at.elapsed() < self.max_age) else {
            // Nothing was ever looked at: the token is early. Later, the keeper looks at its own pace.
            return match latest.looks {
                0 => Found::Wait { after: 0 },
                _ => Found::Unavailable { is_cooling: false },
            };
        };
        // Without a name there is nothing that a look would find.
        if kid.is_none() || held.ring.find(kid).is_some() {
            return Found::Keys(Arc::clone(&held.ring));
        }
        match latest.cooling() {
            Some(Look { brought_a_set: true, .. }) if !latest.is_looking => Found::NoSuchKey,
            Some(_) if !latest.is_looking => Found::Unavailable { is_cooling: true },
            _ => Found::Wait { after: latest.looks },
        }
    }

    async fn wait_for_a_look(&self, after: u64) -> Result<(), AuthenticationUnavailable> {
        let _place = self.waiting.try_acquire().map_err(|_| AuthenticationUnavailable)?;
        let mut latest = self.latest.subscribe();
        self.wanted.notify_one();
        match timeout(MAX_WAIT, latest.wait_for(|latest| latest.looks > after)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(AuthenticationUnavailable),
        }
    }
}

/// The keeper's side.
impl RemoteKeys {
    /// Ends when somebody wants a look and may have one.
    pub(crate) async fn is_wanted(&self) {
        loop {
            tokio::select! {
                () = self.told.notified() => return,
                // Asked for while the last look was under way, maybe, and answered by it.
                () = self.wanted.notified() => if self.latest.borrow().cooling().is_none() { return },
            }
        }
    }

    pub(crate) fn begin_look(&self) {
        self.latest.send_modify(|latest| latest.is_looking = true);
    }

    /// Puts a set in force. Whether it replaces another, so that a key may be gone.
    pub(crate) fn accept(&self, ring: KeyRing, asked_at: Instant) -> bool {
        self.ok.fetch_add(1, Ordering::Relaxed);
        let mut replaces = false;
        self.latest.send_modify(|latest| {
            replaces = latest.held.as_ref().is_some_and(|held| !held.ring.is_same(&ring));
            latest.held = Some(Held { ring: Arc::new(ring), asked_at });
            latest.end_look(true);
        });
        replaces
    }

    /// The look brought nothing: what is in force stays. Whether anything is.
    pub(crate) fn fail(&self) -> bool {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let mut is_in_force = false;
        self.latest.send_modify(|latest| {
            is_in_force = latest.held.is_some();
            latest.end_look(false);
        });
        is_in_force
    }

    /// When the set in force will have become too old.
    pub(crate) fn lapses_at(&self) -> Option<Instant> {
        self.latest.borrow().held.as_ref().map(|held| held.asked_at + self.max_age)
    }

    /// Takes the set out of force.
    pub(crate) fn withdraw(&self) {
        self.latest.send_modify(|latest| latest.held = None);
    }
}

impl Latest {
    /// The last look, while it is recent.
    fn cooling(&self) -> Option<Look> {
        self.last.filter(|look| look.ended_at.elapsed() < UNKNOWN_KID_COOLDOWN)
    }

    fn end_look(&mut self, brought_a_set: bool) {
        self.is_looking = false;
        self.looks = self.looks.saturating_add(1);
        self.last = Some(Look { ended_at: Instant::now(), brought_a_set });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A set of one key, which nobody signs with.
    fn ring() -> KeyRing {
        let set = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        KeyRing::read_set(set, &[jsonwebtoken::Algorithm::EdDSA]).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_set_that_is_too_old_is_not_believed_though_its_keeper_has_not_said_so() {
        let keys = RemoteKeys::new(Duration::from_mins(1));
        keys.accept(ring(), Instant::now());
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(keys.keys_for(Some("a")).await.is_ok_and(|ring| ring.is_some()));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(keys.keys_for(Some("a")).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_does_not_wait_for_a_keeper_that_is_gone() {
        let keys = RemoteKeys::new(Duration::from_mins(1));
        let began = Instant::now();
        assert!(keys.keys_for(Some("a")).await.is_err());
        assert_eq!(began.elapsed(), MAX_WAIT);
    }
}
