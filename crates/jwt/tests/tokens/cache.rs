//! The cache: what it saves, what it drops, and that a revocation is never lost to it.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use futures_executor::block_on;
use strongroom_jwt::{TokenCache, TokenCacheFigures};
use strongroom_ports::{AuthenticationUnavailable, Authenticator, Principal, SessionId, Verdict};
use strongroom_testkit::fake::ManualClock;
use strongroom_testkit::{contract, sample};

use crate::support::{EXPIRED, INVALID, LEEWAY, clock, is_known, judge, just_before};

/// Knows one session's tokens, which begin with its prefix, until the session is revoked; counts how often it is asked.
struct Sessions {
    prefix: &'static str,
    principal: Arc<Principal>,
    is_live: Mutex<bool>,
    asked: AtomicUsize,
    forgotten: AtomicUsize,
    /// Sessions of this cache end while a verification, having found them alive, is still under way.
    ends_meanwhile: OnceLock<(Weak<TokenCache>, SessionId)>,
    /// The key of this cache's tokens goes out of force, likewise.
    all_end_meanwhile: OnceLock<Weak<TokenCache>>,
}

impl Sessions {
    fn new(prefix: &'static str, session: SessionId) -> Arc<Self> {
        let expires_at = sample::now().plus(Duration::from_mins(1));
        Arc::new(Self {
            prefix,
            principal: Arc::new(Principal {
                caller: sample::caller(),
                session: Some(session),
                credential: None,
                expires_at,
            }),
            is_live: Mutex::new(true),
            asked: AtomicUsize::new(0),
            forgotten: AtomicUsize::new(0),
            ends_meanwhile: OnceLock::new(),
            all_end_meanwhile: OnceLock::new(),
        })
    }

    fn revoke(&self) {
        *self.is_live.lock().unwrap() = false;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Authenticator for Sessions {
    async fn authenticate(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if !token.starts_with(self.prefix) {
            return Ok(Verdict::NotMine);
        }
        let verdict = if token == self.prefix && *self.is_live.lock().unwrap() {
            Verdict::Known(Arc::clone(&self.principal))
        } else {
            INVALID
        };
        if let Some((cache, session)) = self.ends_meanwhile.get() {
            self.revoke();
            cache.upgrade().unwrap().forget(session);
        }
        if let Some(cache) = self.all_end_meanwhile.get() {
            self.revoke();
            cache.upgrade().unwrap().forget_all();
        }
        Ok(verdict)
    }

    fn forget(&self, _: &SessionId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

/// Without its prefix, which is a token here.
impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

/// Knows every token.
#[derive(Debug, Default)]
struct Anybody(AtomicUsize);

#[async_trait]
impl Authenticator for Anybody {
    async fn authenticate(&self, _: &str) -> Result<Verdict, AuthenticationUnavailable> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let expires_at = sample::now().plus(Duration::from_mins(1));
        Ok(Verdict::Known(Arc::new(Principal {
            caller: sample::caller(),
            session: None,
            credential: None,
            expires_at,
        })))
    }

    fn forget(&self, _: &SessionId) {}
}

fn cache_of(inner: &[&Arc<Sessions>], clock: Arc<ManualClock>) -> Arc<TokenCache> {
    let inner = inner.iter().map(|it| Arc::clone(*it) as Arc<dyn Authenticator>).collect();
    Arc::new(TokenCache::new(inner, clock, 100, LEEWAY))
}

#[test]
fn it_fulfils_the_contract_of_an_authenticator() {
    let session = sample::fresh_session_id();
    let sessions = Sessions::new("good.token.here", session);
    let cache = cache_of(&[&sessions], clock());
    block_on(contract::authenticator(&*cache, "good.token.here", &sessions.principal));
    sessions.revoke();
    block_on(contract::authenticator_after_revocation(&*cache, "good.token.here", &session));
}

#[test]
fn a_good_token_is_verified_once_and_answered_with_the_same_principal() {
    let sessions = Sessions::new("a", sample::fresh_session_id());
    let cache = cache_of(&[&sessions], clock());
    for _ in 0..5 {
        let Verdict::Known(known) = judge(&*cache, "a") else { panic!("known") };
        assert!(Arc::ptr_eq(&known, &sessions.principal));
    }
    assert_eq!(sessions.asked(), 1);
}

#[test]
fn only_good_tokens_are_remembered() {
    let sessions = Sessions::new("a", sample::fresh_session_id());
    let cache = cache_of(&[&sessions], clock());
    for _ in 0..2 {
        assert_eq!(judge(&*cache, "ab"), INVALID);
        assert_eq!(judge(&*cache, "b"), Verdict::NotMine);
    }
    assert_eq!(sessions.asked(), 4);
}

#[test]
fn authenticators_are_asked_in_turn_until_one_answers() {
    let (a, b) =
        (Sessions::new("a", sample::fresh_session_id()), Sessions::new("b", sample::fresh_session_id()));
    let cache = cache_of(&[&a, &b], clock());
    assert!(is_known(&judge(&*cache, "b")));
    assert_eq!((a.asked(), b.asked()), (1, 1));
    assert_eq!(judge(&*cache, "a-bad-one"), INVALID);
    assert_eq!((a.asked(), b.asked()), (2, 1), "a refusal is an answer");
}

#[test]
fn one_that_cannot_answer_is_not_passed_over() {
    #[derive(Debug)]
    struct Down;
    #[async_trait]
    impl Authenticator for Down {
        async fn authenticate(&self, _: &str) -> Result<Verdict, AuthenticationUnavailable> {
            Err(AuthenticationUnavailable)
        }
        fn forget(&self, _: &SessionId) {}
    }
    let cache = TokenCache::new(vec![Arc::new(Down), Arc::new(Anybody::default())], clock(), 10, LEEWAY);
    assert_eq!(block_on(cache.authenticate("a")), Err(AuthenticationUnavailable));
}

#[test]
fn a_remembered_token_expires_exactly_at_exp_and_leeway() {
    let sessions = Sessions::new("a", sample::fresh_session_id());
    let clock = clock();
    let cache = cache_of(&[&sessions], clock.clone());
    assert!(is_known(&judge(&*cache, "a")));
    let end = sessions.principal.expires_at.plus(LEEWAY);
    clock.set(just_before(end));
    assert!(is_known(&judge(&*cache, "a")));
    clock.set(end);
    assert_eq!(judge(&*cache, "a"), EXPIRED);
    assert_eq!(sessions.asked(), 1);
}

/// Or it would be known for as long as the clock was wrong, though by this clock it was issued in the future.
#[test]
fn what_was_judged_by_a_time_to_come_is_judged_anew() {
    for (ahead, asked) in [(LEEWAY, 1), (LEEWAY + Duration::from_millis(1), 2)] {
        let sessions = Sessions::new("a", sample::fresh_session_id());
        let clock = clock();
        let cache = cache_of(&[&sessions], clock.clone());
        clock.set(sample::now().plus(ahead));
        assert!(is_known(&judge(&*cache, "a")));
        clock.set(sample::now());
        for _ in 0..2 {
            assert!(is_known(&judge(&*cache, "a")));
        }
        assert_eq!(sessions.asked(), asked, "{ahead:?}");
    }
}

/// Sets the clock right while it verifies.
#[derive(Debug)]
struct SetsTheClock(Anybody, Arc<ManualClock>);

#[async_trait]
impl Authenticator for SetsTheClock {
    async fn authenticate(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        let verdict = self.0.authenticate(token).await;
        self.1.set(sample::now());
        verdict
    }

    fn forget(&self, _: &SessionId) {}
}

#[test]
fn what_was_being_judged_while_the_clock_went_back_is_judged_anew() {
    let clock = clock();
    clock.set(sample::now().plus(LEEWAY + Duration::from_secs(1)));
    let inner = Arc::new(SetsTheClock(Anybody::default(), clock.clone()));
    let cache = TokenCache::new(vec![inner.clone()], clock, 100, LEEWAY);
    for _ in 0..3 {
        assert!(is_known(&judge(&cache, "a")));
    }
    assert_eq!(inner.0.0.load(Ordering::SeqCst), 2);
}

#[test]
fn a_forgotten_session_is_asked_for_again_and_no_other() {
    let (ended, other) = (sample::fresh_session_id(), sample::fresh_session_id());
    let (a, b) = (Sessions::new("a", ended), Sessions::new("b", other));
    let cache = cache_of(&[&a, &b], clock());
    assert!(is_known(&judge(&*cache, "a")) && is_known(&judge(&*cache, "b")));
    a.revoke();
    cache.forget(&ended);
    assert_eq!((a.forgotten.load(Ordering::SeqCst), b.forgotten.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(judge(&*cache, "a"), INVALID);
    assert!(is_known(&judge(&*cache, "b")));
    assert_eq!(b.asked(), 1);
}

#[test]
fn a_verification_that_a_revocation_overtakes_is_not_remembered() {
    let session = sample::fresh_session_id();
    let sessions = Sessions::new("a", session);
    let cache = cache_of(&[&sessions], clock());
    sessions.ends_meanwhile.set((Arc::downgrade(&cache), session)).unwrap();
    assert!(is_known(&judge(&*cache, "a")), "it was alive when it was asked for");
    assert_eq!(judge(&*cache, "a"), INVALID);
    assert_eq!(sessions.asked(), 2);
}

#[test]
fn all_that_is_forgotten_is_asked_for_again() {
    let (a, b) =
        (Sessions::new("a", sample::fresh_session_id()), Sessions::new("b", sample::fresh_session_id()));
    let cache = cache_of(&[&a, &b], clock());
    assert!(is_known(&judge(&*cache, "a")) && is_known(&judge(&*cache, "b")));
    cache.forget_all();
    assert_eq!(cache.figures().tokens, 0);
    a.revoke();
    assert_eq!(judge(&*cache, "a"), INVALID);
    assert!(is_known(&judge(&*cache, "b")));
}

#[test]
fn a_verification_that_the_end_of_a_key_overtakes_is_not_remembered() {
    let sessions = Sessions::new("a", sample::fresh_session_id());
    let cache = cache_of(&[&sessions], clock());
    sessions.all_end_meanwhile.set(Arc::downgrade(&cache)).unwrap();
    assert!(is_known(&judge(&*cache, "a")), "the key was in force when it was asked for");
    assert_eq!(judge(&*cache, "a"), INVALID);
}

#[test]
fn it_counts_what_it_remembered_and_what_it_did_not() {
    let sessions = Sessions::new("a", sample::fresh_session_id());
    let cache = cache_of(&[&sessions], clock());
    for token in ["a", "a", "a", "b"] {
        judge(&*cache, token);
    }
    assert_eq!(cache.figures(), TokenCacheFigures { hits: 2, misses: 2, tokens: 1 });
}

#[test]
fn it_remembers_no_more_than_its_capacity() {
    let anybody = Arc::new(Anybody::default());
    let cache = TokenCache::new(vec![anybody.clone()], clock(), 64, LEEWAY);
    for _ in 0..2 {
        for token in 0..1000 {
            assert!(is_known(&judge(&cache, &token.to_string())));
        }
    }
    let hits = 2000 - anybody.0.load(Ordering::SeqCst);
    assert!(hits <= 64, "{hits} tokens were remembered from one round to the next");
}

#[test]
fn a_giant_token_is_nobodys_and_is_not_passed_on() {
    let anybody = Arc::new(Anybody::default());
    let cache = TokenCache::new(vec![anybody.clone()], clock(), 10, LEEWAY);
    assert_eq!(judge(&cache, &"x".repeat(8193)), Verdict::NotMine);
    assert_eq!(anybody.0.load(Ordering::SeqCst), 0);
    assert!(is_known(&judge(&cache, &"x".repeat(8192))));
}

#[test]
fn it_prints_how_full_it_is_and_no_token() {
    let cache = cache_of(&[&Sessions::new("secret", sample::fresh_session_id())], clock());
    assert!(is_known(&judge(&*cache, "secret")));
    let printed = format!("{cache:?}");
    assert!(printed.contains("tokens: 1") && !printed.contains("secret"), "{printed}");
}
