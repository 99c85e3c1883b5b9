//! Key sets that are fetched: the first token, roll-over, and how few looks a flood of unknown keys causes.
//!
//! Time stands still but where a test lets it go: nothing here waits.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use strongroom_jwt::{
    Algorithm, ForeignKeys, ForeignTokens, KeySetFigures, RemoteKeySet, TokenCache, UNKNOWN_KID_COOLDOWN,
};
use strongroom_ports::{AuthenticationUnavailable, Authenticator as _, KeySetSource, Principal, Verdict};
use strongroom_testkit::contract;
use strongroom_testkit::fake::ScriptedKeySetSource;
use tokio::time::sleep;

use crate::support::{INVALID, ISSUER, LEEWAY, TestKey, claims, clock, forge, is_known, issuer};

pub(crate) const REFRESH: Duration = Duration::from_mins(5);
pub(crate) const MAX_AGE: Duration = Duration::from_hours(2);
/// Past a moment by the least that is still apart from it.
pub(crate) const JUST: Duration = Duration::from_millis(1);

/// An issuer with its published set, and who verifies its tokens.
pub(crate) struct Remote {
    pub(crate) source: Arc<ScriptedKeySetSource>,
    pub(crate) foreign: Arc<ForeignTokens>,
    pub(crate) cache: Arc<TokenCache>,
}

impl Remote {
    /// Its keeper runs from the first time that the test waits for anything.
    pub(crate) fn start(keys: &[&Named]) -> Self {
        let source = Arc::new(ScriptedKeySetSource::new());
        if !keys.is_empty() {
            source.publish(&set(keys));
        }
        Self::start_with(source.clone(), source)
    }

    pub(crate) fn start_with(source: Arc<ScriptedKeySetSource>, asked: Arc<dyn KeySetSource>) -> Self {
        let keys = ForeignKeys::Remote(RemoteKeySet { source: asked, refresh: REFRESH, max_age: MAX_AGE });
        let issuer = issuer(keys, &[Algorithm::EdDSA]);
        let mut foreign = ForeignTokens::build(vec![issuer], clock(), LEEWAY).unwrap();
        let keepers = foreign.take_keepers();
        assert_eq!((keepers.len(), foreign.take_keepers().len()), (1, 0));
        let foreign = Arc::new(foreign);
        let cache = Arc::new(TokenCache::new(vec![foreign.clone()], clock(), 1000, LEEWAY));
        for keeper in keepers {
            tokio::spawn(keeper.run(cache.clone()));
        }
        Self { source, foreign, cache }
    }

    pub(crate) async fn judge(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        self.cache.authenticate(token).await
    }

    pub(crate) async fn knows(&self, token: &str) -> bool {
        self.judge(token).await.is_ok_and(|verdict| is_known(&verdict))
    }

    pub(crate) fn figures(&self) -> KeySetFigures {
        self.foreign.key_set_figures().remove(0)
    }
}

/// A key pair with its name.
pub(crate) struct Named {
    kid: &'static str,
    key: TestKey,
}

impl Named {
    pub(crate) fn new(kid: &'static str) -> Self {
        Self { kid, key: TestKey::generate(Algorithm::EdDSA) }
    }

    pub(crate) fn token(&self) -> String {
        self.token_with(&format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, self.kid))
    }

    fn token_with(&self, header: &str) -> String {
        forge(header, &claims(""), |message| self.key.sign(Algorithm::EdDSA, message))
    }
}

pub(crate) fn set(keys: &[&Named]) -> Vec<u8> {
    let keys: Vec<_> = keys.iter().map(|it| it.key.jwk(&[("kid", json!(it.kid))])).collect();
    json!({ "keys": keys }).to_string().into_bytes()
}

#[tokio::test(start_paused = true)]
async fn the_first_token_waits_for_the_first_look_and_is_known() {
    let key = Named::new("a");
    let remote = Remote::start(&[&key]);
    assert_eq!(remote.source.fetches(), 0);
    assert!(remote.knows(&key.token()).await);
    assert_eq!(remote.source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn tokens_by_a_fetched_key_fulfil_the_contract() {
    let key = Named::new("a");
    let remote = Remote::start(&[&key]);
    let Ok(Verdict::Known(principal)) = remote.judge(&key.token()).await else { panic!("known") };
    let principal: Principal = (*principal).clone();
    contract::authenticator(&*remote.foreign, &key.token(), &principal).await;
    contract::authenticator(&*remote.cache, &key.token(), &principal).await;
}

#[tokio::test(start_paused = true)]
async fn two_hundred_unknown_keys_from_eight_callers_cause_one_look_and_good_tokens_are_known_beside_them() {
    let (good, stranger) = (Named::new("a"), Named::new("b"));
    for age in [Duration::ZERO, UNKNOWN_KID_COOLDOWN + JUST] {
        let remote = Arc::new(Remote::start(&[&good]));
        sleep(age).await;
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..8 {
            let unknown: Vec<_> = (0..25)
                .map(|n| stranger.token_with(&format!(r#"{{"alg":"EdDSA","kid":"{caller}-{n}"}}"#)))
                .collect();
            let fresh: Vec<_> = (0..25)
                .map(|n| good.token_with(&format!(r#"{{"alg":"EdDSA","kid":"a","n":"{caller}-{n}"}}"#)))
                .collect();
            let remote = remote.clone();
            callers.spawn(async move {
                for (unknown, good) in unknown.iter().zip(&fresh) {
                    assert_eq!(remote.judge(unknown).await, Ok(INVALID));
                    assert!(remote.knows(good).await);
                }
            });
        }
        while let Some(caller) = callers.join_next().await {
            caller.unwrap();
        }
        let looks = 1 + usize::from(age > UNKNOWN_KID_COOLDOWN);
        assert_eq!(remote.source.fetches(), looks);
        let refused = usize::try_from(remote.figures().refused_by_cooldown).unwrap();
        assert!((200 - 8..=200).contains(&refused), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_used_as_soon_as_it_is_published_is_known_at_its_first_token() {
    let (old, new) = (Named::new("old"), Named::new("new"));
    let remote = Remote::start(&[&old]);
    assert!(remote.knows(&old.token()).await);
    sleep(UNKNOWN_KID_COOLDOWN).await;
    remote.source.publish(&set(&[&new, &old]));
    assert!(remote.knows(&new.token()).await);
    assert!(remote.knows(&old.token()).await);
    assert_eq!(remote.source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn within_the_cooldown_a_new_key_waits_and_exactly_after_it_is_known() {
    let (old, new) = (Named::new("old"), Named::new("new"));
    let remote = Remote::start(&[&old]);
    assert!(remote.knows(&old.token()).await);
    remote.source.publish(&set(&[&old, &new]));
    sleep(UNKNOWN_KID_COOLDOWN.saturating_sub(JUST)).await;
    assert_eq!(remote.judge(&new.token()).await, Ok(INVALID));
    assert_eq!((remote.source.fetches(), remote.figures().refused_by_cooldown), (1, 1));
    sleep(JUST).await;
    assert!(remote.knows(&new.token()).await);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_gone_is_refused_from_the_next_look_on_though_its_token_was_remembered() {
    let (gone, stays) = (Named::new("gone"), Named::new("stays"));
    let remote = Remote::start(&[&gone, &stays]);
    assert!(remote.knows(&gone.token()).await && remote.knows(&stays.token()).await);
    remote.source.publish(&set(&[&stays]));
    sleep(REFRESH.saturating_sub(JUST)).await;
    assert!(remote.knows(&gone.token()).await, "nobody has looked yet");
    sleep(JUST + JUST).await;
    assert_eq!(remote.judge(&gone.token()).await, Ok(INVALID));
    assert!(remote.knows(&stays.token()).await);
    assert_eq!(remote.source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn another_key_under_the_same_name_ends_the_tokens_of_the_first() {
    let (first, second) = (Named::new("a"), Named::new("a"));
    let remote = Remote::start(&[&first]);
    assert!(remote.knows(&first.token()).await);
    remote.source.publish(&set(&[&second]));
    sleep(REFRESH + JUST).await;
    assert_eq!(remote.judge(&first.token()).await, Ok(INVALID));
    assert!(remote.knows(&second.token()).await);
}

#[tokio::test(start_paused = true)]
async fn a_set_that_has_not_changed_forgets_nothing() {
    let key = Named::new("a");
    let remote = Remote::start(&[&key]);
    assert!(remote.knows(&key.token()).await);
    // The same key in other words.
    let set = String::from_utf8(set(&[&key])).unwrap().replace(r#"{"keys":["#, r#"{"at":7, "keys": ["#);
    remote.source.publish(set.as_bytes());
    sleep(REFRESH * 3 + JUST).await;
    assert_eq!(remote.source.fetches(), 4);
    assert!(remote.knows(&key.token()).await);
    let figures = remote.cache.figures();
    assert_eq!((figures.hits, figures.misses), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_look_by_the_operator_needs_no_patience() {
    let (old, new) = (Named::new("old"), Named::new("new"));
    let remote = Remote::start(&[&old]);
    assert!(remote.knows(&old.token()).await);
    remote.source.publish(&set(&[&new]));
    remote.foreign.look_again();
    sleep(JUST).await;
    assert_eq!(remote.source.fetches(), 2);
    assert_eq!(remote.judge(&old.token()).await, Ok(INVALID));
    assert!(remote.knows(&new.token()).await);
}

#[tokio::test(start_paused = true)]
async fn what_no_look_would_help_causes_none() {
    let (a, b) = (Named::new("a"), Named::new("b"));
    let remote = Remote::start(&[&a, &b]);
    sleep(UNKNOWN_KID_COOLDOWN + JUST).await;
    for header in [
        r#"{"alg":"EdDSA"}"#,
        r#"{"alg":"ES256","kid":"c"}"#,
        r#"{"alg":"none","kid":"c"}"#,
        r#"{"alg":"EdDSA","kid":"c","typ":"rt+jwt"}"#,
        r#"{"alg":"EdDSA","kid":"c","jku":"https://id.shop.example/jwks.json"}"#,
        r#"{"alg":"EdDSA","kid":7}"#,
        r#"{"alg":"EdDSA","kid":"b"}"#,
    ] {
        assert_eq!(remote.judge(&a.token_with(header)).await, Ok(INVALID), "{header}");
    }
    let of_another =
        forge(r#"{"alg":"EdDSA","kid":"c"}"#, r#"{"iss":"https://other.example"}"#, <[u8]>::to_vec);
    assert_eq!(remote.judge(&of_another).await, Ok(Verdict::NotMine));
    assert_eq!(remote.source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn looks_are_counted_and_the_set_has_an_age() {
    let (a, b) = (Named::new("a"), Named::new("b"));
    let remote = Remote::start(&[&a, &b]);
    let counted = |fetches_ok, fetches_failed, age, keys| KeySetFigures {
        issuer: ISSUER.to_owned(),
        fetches_ok,
        fetches_failed,
        refused_by_cooldown: 0,
        age,
        keys,
    };
    assert_eq!(remote.figures(), counted(0, 0, None, 0));
    sleep(JUST).await;
    assert_eq!(remote.figures(), counted(1, 0, Some(JUST), 2));
    remote.source.fail();
    sleep(REFRESH).await;
    assert_eq!(remote.figures(), counted(1, 1, Some(REFRESH + JUST), 2));
    assert_eq!(format!("{:?}", remote.foreign).matches(ISSUER).count(), 1);
}
