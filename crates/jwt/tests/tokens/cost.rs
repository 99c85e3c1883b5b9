//! What a bad token costs: it ends at the first check that it fails, and each check is dearer than those before it.
//!
//! Shape (length, segments, base64url, JSON) · issuer · header · key · signature · dates · session. A judge reads
//! the clock for the dates only, and asks the store for the session only, so counting both tells how far a token came; no
//! time is measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use strongroom_jwt::{Algorithm, ForeignTokens, Lifetimes, OwnTokens, SigningKeys, TokenCache};
use strongroom_ports::{
    Clock, NewSession, RecordId, RefreshHash, Rotation, SessionEntry, SessionId, SessionStore, StoreError,
    Timestamp, TokenIssuer, Verdict,
};
use strongroom_testkit::fake::{CountingRandomness, InMemoryAccountStore};
use strongroom_testkit::sample;

use crate::support::{
    AUDIENCE, INVALID, ISSUER, LEEWAY, PERSON, TestKey, claims, forge, is_known, issuer, judge, now_s,
};

/// A clock that counts how often it is read.
#[derive(Debug, Default)]
struct CountingClock(AtomicUsize);

impl Clock for CountingClock {
    fn now(&self) -> Timestamp {
        self.0.fetch_add(1, Ordering::SeqCst);
        Timestamp::from_secs(now_s())
    }
}

/// A session store that counts how often it is asked whether a session lives.
#[derive(Debug, Default)]
struct CountingSessions {
    sessions: InMemoryAccountStore,
    asked: AtomicUsize,
}

#[async_trait]
impl SessionStore for CountingSessions {
    async fn open(&self, session: NewSession) -> Result<Vec<SessionId>, StoreError> {
        self.sessions.open(session).await
    }

    async fn rotate(
        &self,
        id: &SessionId,
        presented: RefreshHash,
        next: RefreshHash,
        now: Timestamp,
        lapses_at: Timestamp,
    ) -> Result<Rotation, StoreError> {
        self.sessions.rotate(id, presented, next, now, lapses_at).await
    }

    async fn revoke(&self, id: &SessionId) -> Result<(), StoreError> {
        self.sessions.revoke(id).await
    }

    async fn revoke_of(&self, owner: &RecordId, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.sessions.revoke_of(owner, id, now).await
    }

    async fn list(
        &self,
        owner: &RecordId,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<SessionEntry>, StoreError> {
        self.sessions.list(owner, now, most).await
    }

    async fn is_live(&self, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.sessions.is_live(id, now).await
    }
}

/// Everything that judges tokens, as the binary composes it, and what it was asked for.
struct Judges {
    tokens: TokenCache,
    own: Arc<OwnTokens>,
    foreign: Arc<ForeignTokens>,
    foreign_key: TestKey,
    clock: Arc<CountingClock>,
    sessions: Arc<CountingSessions>,
}

const OWN_KEY: ([u8; 32], &str) = ([1; 32], "own");

impl Judges {
    fn new() -> Self {
        let (clock, sessions) = (Arc::new(CountingClock::default()), Arc::new(CountingSessions::default()));
        let foreign_key = TestKey::generate(Algorithm::ES256);
        let issuers = vec![issuer(foreign_key.keys(), &[Algorithm::ES256])];
        let foreign = Arc::new(ForeignTokens::build(issuers, clock.clone(), LEEWAY).unwrap());
        let (seed, kid) = OWN_KEY;
        let file =
            json!({ "version": 1, "keys": [{ "kid": kid, "private_key": URL_SAFE_NO_PAD.encode(seed) }] });
        let own = Arc::new(OwnTokens::new(
            SigningKeys::parse(file.to_string().as_bytes()).unwrap(),
            [sample::tenant("localhost")],
            sessions.clone(),
            clock.clone(),
            Arc::new(CountingRandomness::new()),
            Lifetimes {
                access_lifetime: Duration::from_hours(1),
                refresh_lifetime: Duration::from_hours(24),
                leeway: LEEWAY,
            },
        ));
        // The cache reads its clock before it asks anybody, whatever the token; what is counted is the judges' looks.
        let of_the_cache = Arc::new(CountingClock::default());
        let tokens = TokenCache::new(vec![own.clone(), foreign.clone()], of_the_cache, 10, LEEWAY);
        Self { tokens, own, foreign, foreign_key, clock, sessions }
    }

    /// The verdict, how often the judges read the clock and how often the store was asked.
    fn judge(&self, token: &str) -> (Verdict, usize, usize) {
        self.clock.0.store(0, Ordering::SeqCst);
        self.sessions.asked.store(0, Ordering::SeqCst);
        let verdict = judge(&self.tokens, token);
        (verdict, self.clock.0.load(Ordering::SeqCst), self.sessions.asked.load(Ordering::SeqCst))
    }

    fn foreign(&self, header: &str, claims: &str) -> String {
        forge(header, claims, |message| self.foreign_key.sign(Algorithm::ES256, message))
    }
}

/// A token of ours by these members; its session is unknown.
fn own(header: &str, more: &str) -> String {
    let claims = format!(
        r#"{{"iss":"localhost","aud":"localhost","sub":"{PERSON}","exp":{},"fid":"{}"{more}}}"#,
        now_s() + 600,
        sample::fresh_session_id()
    );
    let pair = Ed25519KeyPair::from_seed_unchecked(&OWN_KEY.0).unwrap();
    forge(header, &claims, |message| pair.sign(message).as_ref().to_vec())
}

const OWN_HEADER: &str = r#"{"alg":"EdDSA","kid":"own","typ":"at+jwt"}"#;

#[test]
fn a_text_that_is_no_token_meets_no_issuer_no_key_no_clock_and_no_store() {
    let judges = Judges::new();
    for good in [judges.foreign(r#"{"alg":"ES256"}"#, &claims("")), own(OWN_HEADER, "")] {
        let parts: Vec<_> = good.split('.').collect();
        let (h, c, s) = (parts[0], parts[1], parts[2]);
        for text in [
            String::new(),
            "..".to_owned(),
            c.to_owned(),
            format!("{h}.{c}"),
            format!("{h}.{c}."),
            format!("{h}.{c}.{s}="),
            format!("{h}.{c}.{s}*"),
            format!("{h}.{c}.{s}.{s}"),
            format!("{h}=.{c}.{s}"),
            format!("{h} .{c}.{s}"),
            format!("{h}.{c}=.{s}"),
            format!("{h}.{}.{s}", &c[1..]),
            format!("{h}.{}.{s}", URL_SAFE_NO_PAD.encode("{}{}")),
            format!(
                "{h}.{}.{s}",
                URL_SAFE_NO_PAD.encode(format!(r#"{{"iss":"{ISSUER}","iss":"{ISSUER}"}}"#))
            ),
            format!("{h}.{c}.{}", "A".repeat(9_000)),
        ] {
            // Whoever had found the issuer would say `Refused`.
            assert_eq!(judges.judge(&text), (Verdict::NotMine, 0, 0), "{text}");
        }
    }
}

#[test]
fn a_token_of_no_issuer_of_ours_is_not_verified() {
    let judges = Judges::new();
    let claims =
        format!(r#"{{"iss":"https://other","aud":"{AUDIENCE}","sub":"{PERSON}","exp":{}}}"#, now_s() + 600);
    assert_eq!(judges.judge(&judges.foreign(r#"{"alg":"ES256"}"#, &claims)), (Verdict::NotMine, 0, 0));
}

#[test]
fn a_header_or_a_signature_that_is_no_good_costs_no_look_at_the_clock_or_the_store() {
    let judges = Judges::new();
    for header in [
        "{}",
        r#"{"alg":"none"}"#,
        r#"{"alg":"ES256","typ":"rt+jwt"}"#,
        r#"{"alg":"ES256","jku":"https://evil.example"}"#,
        r#"{"alg":"ES384"}"#,
        r#"{"alg":"HS256"}"#,
    ] {
        assert_eq!(judges.judge(&judges.foreign(header, &claims(""))), (INVALID, 0, 0), "{header}");
    }
    for header in [
        "{}",
        r#"{"alg":"EdDSA","typ":"at+jwt"}"#,
        r#"{"alg":"EdDSA","kid":"other","typ":"at+jwt"}"#,
        r#"{"alg":"EdDSA","kid":"own","typ":"rt+jwt"}"#,
        r#"{"alg":"HS256","kid":"own","typ":"at+jwt"}"#,
    ] {
        assert_eq!(judges.judge(&own(header, "")), (INVALID, 0, 0), "{header}");
    }
    for good in [judges.foreign(r#"{"alg":"ES256"}"#, &claims("")), own(OWN_HEADER, "")] {
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(vec![7; signature.len() * 3 / 4]));
        assert_eq!(judges.judge(&forged), (INVALID, 0, 0));
    }
}

#[test]
fn the_store_is_asked_only_for_a_token_of_ours_that_holds_in_all_else() {
    let judges = Judges::new();
    for more in [r#","nbf":9999999999"#, r#","iat":"0""#] {
        let (verdict, _, asked) = judges.judge(&own(OWN_HEADER, more));
        assert_eq!((verdict, asked), (INVALID, 0), "{more}");
    }
    let (verdict, read, asked) = judges.judge(&own(OWN_HEADER, ""));
    assert_eq!((verdict, asked), (INVALID, 1), "its session is unknown, which the store alone knows");
    assert!(read > 0, "the clock is counted");

    let foreign = judges.foreign(r#"{"alg":"ES256"}"#, &claims(""));
    let (verdict, read, asked) = judges.judge(&foreign);
    assert!(is_known(&verdict) && read > 0 && asked == 0);
}

#[test]
fn a_refresh_token_is_read_in_the_same_order() {
    let judges = Judges::new();
    let refresh = own(&OWN_HEADER.replace("at+jwt", "rt+jwt"), "");
    for text in [String::new(), format!("{refresh}="), "A".repeat(60_000), own(OWN_HEADER, "")] {
        assert!(judges.own.read_refresh(&text).is_err());
    }
    assert_eq!(judges.clock.0.load(Ordering::SeqCst), 0);
    assert!(judges.own.read_refresh(&refresh).is_ok());
    assert_eq!(judges.sessions.asked.load(Ordering::SeqCst), 0, "that is the exchange's to ask");
    assert!(is_known(&judge(&*judges.foreign, &judges.foreign(r#"{"alg":"ES256"}"#, &claims("")))));
}
