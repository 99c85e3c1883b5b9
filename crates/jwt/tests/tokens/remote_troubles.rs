//! Key sets that cannot be had: what stays in force, for how long, and what tokens are told meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::json;
use strongroom_jwt::{Algorithm, MAX_DOCUMENT_BYTES, UNKNOWN_KID_COOLDOWN};
use strongroom_ports::{AuthenticationUnavailable, KeySetSource, KeySetUnavailable};
use strongroom_testkit::fake::ScriptedKeySetSource;
use tokio::time::{Instant, sleep};

use crate::remote::{JUST, MAX_AGE, Named, REFRESH, Remote, set};
use crate::support::{INVALID, TestKey};

const UNAVAILABLE: Result<strongroom_ports::Verdict, AuthenticationUnavailable> =
    Err(AuthenticationUnavailable);

/// A source that takes its time.
#[derive(Debug)]
struct SlowSource(Arc<ScriptedKeySetSource>, Duration);

#[async_trait]
impl KeySetSource for SlowSource {
    async fn fetch(&self) -> Result<Bytes, KeySetUnavailable> {
        sleep(self.1).await;
        self.0.fetch().await
    }
}

/// A source that panics, until it is told not to.
#[derive(Debug)]
struct DefectiveSource(Arc<ScriptedKeySetSource>, AtomicBool);

#[async_trait]
impl KeySetSource for DefectiveSource {
    async fn fetch(&self) -> Result<Bytes, KeySetUnavailable> {
        let document = self.0.fetch().await;
        assert!(!self.1.load(Ordering::Relaxed), "a defect, met on purpose");
        document
    }
}

fn slow(keys: &[&Named], takes: Duration) -> Remote {
    let source = Arc::new(ScriptedKeySetSource::new());
    source.publish(&set(keys));
    Remote::start_with(source.clone(), Arc::new(SlowSource(source, takes)))
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_away_at_start_is_unavailable_until_it_is_back() {
    let key = Named::new("a");
    let remote = Remote::start(&[]);
    for _ in 0..100 {
        assert_eq!(remote.judge(&key.token()).await, UNAVAILABLE);
    }
    assert_eq!(remote.source.fetches(), 1, "tokens hurry nobody");
    remote.source.publish(&set(&[&key]));
    sleep(Duration::from_secs(1) + JUST).await;
    assert!(remote.knows(&key.token()).await);
}

#[tokio::test(start_paused = true)]
async fn failures_are_followed_by_ever_longer_pauses_up_to_a_minute() {
    let remote = Remote::start(&[]);
    sleep(JUST).await;
    let mut looks = 1;
    for pause_s in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(remote.source.fetches(), looks, "before {pause_s} s");
        sleep(Duration::from_secs(pause_s)).await;
        looks += 1;
    }
    assert_eq!(remote.source.fetches(), looks);
    // One success, and the next failure counts as a first.
    remote.source.publish(&set(&[&Named::new("a")]));
    sleep(Duration::from_mins(1)).await;
    remote.source.fail();
    sleep(REFRESH).await;
    let looks = remote.source.fetches();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(remote.source.fetches(), looks + 1);
}

#[tokio::test(start_paused = true)]
async fn while_its_set_cannot_be_had_an_issuer_is_believed_to_the_age_limit_and_not_a_moment_longer() {
    let (key, other) = (Named::new("a"), Named::new("b"));
    let remote = Remote::start(&[&key, &other]);
    assert!(remote.knows(&key.token()).await);
    remote.source.fail();
    sleep(MAX_AGE.saturating_sub(JUST)).await;
    assert!(remote.knows(&key.token()).await, "remembered");
    assert!(remote.knows(&other.token()).await, "verified now");
    sleep(JUST + JUST).await;
    assert_eq!(remote.judge(&key.token()).await, UNAVAILABLE);
    assert_eq!(remote.judge(&other.token()).await, UNAVAILABLE);
    assert_eq!((remote.figures().age, remote.figures().keys), (None, 0));
    remote.source.publish(&set(&[&key]));
    sleep(Duration::from_mins(1)).await;
    assert!(remote.knows(&key.token()).await);
}

#[tokio::test(start_paused = true)]
async fn a_set_grows_too_old_while_a_look_is_under_way() {
    let key = Named::new("a");
    // Each look outlasts the age limit: a set is that old when it comes, or was never asked for again.
    let remote = slow(&[&key], MAX_AGE.saturating_sub(Duration::from_secs(1)));
    sleep(MAX_AGE.saturating_sub(Duration::from_secs(1)) + JUST).await;
    assert!(remote.knows(&key.token()).await, "its age counts from when it was asked for");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(remote.judge(&key.token()).await, UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_set_that_cannot_be_used_never_replaces_a_good_one() {
    let key = Named::new("a");
    let remote = Remote::start(&[&key]);
    assert!(remote.knows(&key.token()).await);
    let good = String::from_utf8(set(&[&key])).unwrap();
    let secret = TestKey::generate(Algorithm::HS256).jwk(&[]);
    let mut looks = 1;
    for bad in [
        String::new(),
        "garbage".to_owned(),
        "<html></html>".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"keys":[]}"#.to_owned(),
        r#"{"keys":{}}"#.to_owned(),
        json!({ "keys": [secret] }).to_string(),
        good[..good.len() - 1].to_owned(),
        good.clone() + "{}",
        good.replace("Ed25519", "X25519"),
        good.replace(r#""x":""#, r#""x":"AAAA"#),
        good.clone() + &" ".repeat(MAX_DOCUMENT_BYTES),
    ] {
        remote.source.publish(bad.as_bytes());
        remote.foreign.look_again();
        sleep(JUST).await;
        looks += 1;
        assert_eq!(remote.figures().fetches_failed, looks - 1, "{bad:.40}");
        assert!(remote.knows(&key.token()).await);
    }
    assert_eq!(remote.figures().fetches_ok, 1);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_meets_a_defect_is_a_failure_and_the_next_is_taken_at_the_same_pace() {
    let key = Named::new("a");
    let source = Arc::new(ScriptedKeySetSource::new());
    source.publish(&set(&[&key]));
    let defective = Arc::new(DefectiveSource(source.clone(), AtomicBool::new(false)));
    let remote = Remote::start_with(source, defective.clone());
    assert!(remote.knows(&key.token()).await);
    defective.1.store(true, Ordering::Relaxed);
    sleep(REFRESH + JUST).await;
    assert_eq!(remote.figures().fetches_failed, 1);
    assert!(remote.knows(&key.token()).await, "the set in force stays");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(remote.figures().fetches_failed, 2, "tried again after a pause, and no sooner");
    defective.1.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(2)).await;
    assert_eq!((remote.figures().fetches_ok, remote.figures().fetches_failed), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn whether_there_is_a_key_that_nobody_can_ask_for_is_not_known() {
    let (old, new) = (Named::new("old"), Named::new("new"));
    let remote = Remote::start(&[&old]);
    assert!(remote.knows(&old.token()).await);
    sleep(UNKNOWN_KID_COOLDOWN).await;
    remote.source.fail();
    for _ in 0..100 {
        assert_eq!(remote.judge(&new.token()).await, UNAVAILABLE, "not refused: it may be good");
    }
    assert_eq!(remote.source.fetches(), 2);
    assert!(remote.knows(&old.token()).await);
    remote.source.publish(&set(&[&old, &new]));
    sleep(Duration::from_secs(1) + JUST).await;
    assert!(remote.knows(&new.token()).await, "found by the keeper's next look");
}

#[tokio::test(start_paused = true)]
async fn a_token_waits_for_five_seconds_and_the_known_ones_for_nothing() {
    let (good, unknown) = (Named::new("a"), Named::new("b"));
    let remote = slow(&[&good], Duration::from_secs(9));
    let began = Instant::now();
    assert_eq!(remote.judge(&good.token()).await, UNAVAILABLE);
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    sleep(Duration::from_secs(4) + JUST).await;
    assert!(remote.knows(&good.token()).await);

    sleep(UNKNOWN_KID_COOLDOWN).await;
    let began = Instant::now();
    let token = unknown.token();
    let (waited, known) = tokio::join!(remote.judge(&token), async {
        tokio::task::yield_now().await;
        let known = remote.knows(&good.token()).await;
        (known, began.elapsed())
    });
    assert_eq!((waited, began.elapsed()), (UNAVAILABLE, Duration::from_secs(5)));
    assert_eq!(known, (true, Duration::ZERO));
    sleep(Duration::from_secs(4) + JUST).await;
    assert_eq!(remote.judge(&unknown.token()).await, Ok(INVALID), "the look has ended meanwhile");
    assert_eq!(remote.source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_256_tokens_of_an_issuer_wait_at_a_time() {
    let key = Named::new("a");
    let remote = Arc::new(slow(&[&key], Duration::from_secs(4)));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let (remote, token) = (remote.clone(), key.token());
        callers.spawn(async move {
            let began = Instant::now();
            (remote.knows(&token).await, began.elapsed())
        });
    }
    let ends = callers.join_all().await;
    let after_4_s = ends.iter().filter(|end| **end == (true, Duration::from_secs(4))).count();
    let at_once = ends.iter().filter(|end| **end == (false, Duration::ZERO)).count();
    assert_eq!((after_4_s, at_once), (256, 44));
    assert!(remote.knows(&key.token()).await, "places are given back");
}
