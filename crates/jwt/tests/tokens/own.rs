//! Our own tokens: round trips, ends, and what is never taken for one.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_executor::block_on;
use serde_json::{Value, json};
use strongroom_jwt::{Algorithm, Lifetimes, OwnTokens, SigningKeys};
use strongroom_ports::{
    AuthenticationUnavailable, Authenticator, Caller, Clock as _, CredentialId, IssueError, NewSession,
    Principal, Refusal, SessionId, SessionStore, StoreError, TokenIssuer, TokenPair, Verdict,
};
use strongroom_testkit::fake::{CountingRandomness, InMemoryAccountStore, ManualClock};
use strongroom_testkit::mock::MockSessionStore;
use strongroom_testkit::{contract, sample};

use crate::support::{EXPIRED, INVALID, LEEWAY, clock, forge, hmac_of, is_known, judge, just_before, now_s};

const LIFETIMES: Lifetimes = Lifetimes {
    access_lifetime: Duration::from_hours(1),
    refresh_lifetime: Duration::from_hours(24),
    leeway: LEEWAY,
};

/// The seeds are the bytes themselves.
const FIRST: (&str, [u8; 32]) = ("first", [1; 32]);
const SECOND: (&str, [u8; 32]) = ("second", [2; 32]);

fn signing_keys(keys: &[(&str, [u8; 32])]) -> SigningKeys {
    let key =
        |(kid, seed): &(&str, [u8; 32])| json!({ "kid": kid, "private_key": URL_SAFE_NO_PAD.encode(seed) });
    let keys: Vec<_> = keys.iter().map(key).collect();
    SigningKeys::parse(json!({ "version": 1, "keys": keys }).to_string().as_bytes()).unwrap()
}

/// Tokens of `localhost`, and the world around them.
struct World {
    tokens: OwnTokens,
    sessions: Arc<InMemoryAccountStore>,
    clock: Arc<ManualClock>,
}

impl World {
    fn new() -> Self {
        Self::with_keys(&[FIRST])
    }

    fn with_keys(keys: &[(&str, [u8; 32])]) -> Self {
        let (sessions, clock) = (Arc::new(InMemoryAccountStore::new()), clock());
        let tokens = own_tokens(keys, sessions.clone(), clock.clone());
        Self { tokens, sessions, clock }
    }

    /// A pair for a session that is kept.
    fn sign_in(&self) -> (TokenPair, SessionId) {
        let session = sample::fresh_session_id();
        let pair = self.tokens.issue(&sample::caller(), &session, None).unwrap();
        let kept = NewSession {
            id: session,
            owner: sample::record_id("own"),
            credential: None,
            refresh: pair.refresh_hash,
            created_at: self.clock.now(),
            lapses_at: pair.lapses_at,
        };
        block_on(self.sessions.open(kept)).unwrap();
        (pair, session)
    }

    fn judge(&self, token: &str) -> Verdict {
        judge(&self.tokens, token)
    }

    /// The verdict on a token signed with the first key, of a session that is live, where all but these members is good.
    fn judge_forged(&self, header: &[(&str, Value)], claims: &[(&str, Value)]) -> Verdict {
        let (_, session) = self.sign_in();
        self.judge(&forged(&session, header, claims))
    }
}

fn own_tokens(
    keys: &[(&str, [u8; 32])],
    sessions: Arc<dyn SessionStore>,
    clock: Arc<ManualClock>,
) -> OwnTokens {
    let tenants = [sample::tenant("localhost"), sample::tenant("shop.example")];
    let randomness = Arc::new(CountingRandomness::new());
    OwnTokens::new(signing_keys(keys), tenants, sessions, clock, randomness, LIFETIMES)
}

fn forged(session: &SessionId, header: &[(&str, Value)], claims: &[(&str, Value)]) -> String {
    let mut good_header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "first" });
    let mut good_claims = json!({
        "sub": sample::EXTERNAL_USER_ID, "iss": "localhost", "aud": "localhost", "roles": ["USER"],
        "fid": session.to_string(), "iat": now_s(), "exp": now_s() + 3600, "jti": "a",
    });
    for (object, members) in [(&mut good_header, header), (&mut good_claims, claims)] {
        for (name, value) in members {
            object[*name] = value.clone();
        }
    }
    forge(&good_header.to_string(), &good_claims.to_string(), |message| {
        Ed25519KeyPair::from_seed_unchecked(&FIRST.1).unwrap().sign(message).as_ref().to_vec()
    })
}

fn segment(token: &str, at: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

#[test]
fn it_fulfils_the_contract_of_a_token_issuer() {
    contract::token_issuer(&World::new().tokens, &sample::tenant("localhost"));
}

#[test]
fn it_fulfils_the_contract_of_an_authenticator_and_a_revoked_session_ends_its_tokens() {
    let world = World::new();
    let (pair, session) = world.sign_in();
    let expires_at = world.clock.now().plus(LIFETIMES.access_lifetime);
    let principal =
        Principal { caller: sample::caller(), session: Some(session), credential: None, expires_at };
    let access = pair.access.as_str();
    block_on(contract::authenticator(&world.tokens, access, &principal));
    block_on(world.sessions.revoke(&session)).unwrap();
    block_on(contract::authenticator_after_revocation(&world.tokens, access, &session));
}

#[test]
fn an_access_token_says_what_the_contract_on_the_wire_says() {
    let world = World::new();
    let (pair, session) = world.sign_in();
    assert_eq!(segment(pair.access.as_str(), 0), json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "first" }));
    let mut claims = segment(pair.access.as_str(), 1);
    let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(jti.as_str().unwrap()).unwrap().len(), 16);
    assert_eq!(
        claims,
        json!({
            "sub": sample::EXTERNAL_USER_ID, "iss": "localhost", "aud": "localhost", "roles": ["USER"],
            "fid": session.to_string(), "iat": now_s(), "exp": now_s() + 3600,
        })
    );
    assert_eq!(segment(pair.refresh.as_str(), 0)["typ"], "rt+jwt");
    assert_eq!(segment(pair.refresh.as_str(), 1)["exp"], now_s() + 86_400);
    assert_eq!(pair.access_lifetime_s, 3600);
    assert_eq!(pair.lapses_at, world.clock.now().plus(LIFETIMES.refresh_lifetime).plus(LEEWAY));
}

#[test]
fn a_session_lapses_with_the_longer_lived_of_its_tokens() {
    let lifetimes = Lifetimes { refresh_lifetime: Duration::from_mins(1), ..LIFETIMES };
    let clock = clock();
    let tokens = OwnTokens::new(
        signing_keys(&[FIRST]),
        [sample::tenant("localhost")],
        Arc::new(InMemoryAccountStore::new()),
        clock.clone(),
        Arc::new(CountingRandomness::new()),
        lifetimes,
    );
    let pair = tokens.issue(&sample::caller(), &sample::fresh_session_id(), None).unwrap();
    assert_eq!(pair.lapses_at, clock.now().plus(LIFETIMES.access_lifetime).plus(LEEWAY));
}

#[test]
fn tokens_expire_exactly_at_exp_and_leeway() {
    let world = World::new();
    let (pair, _) = world.sign_in();
    let end = world.clock.now().plus(LIFETIMES.access_lifetime).plus(LEEWAY);
    world.clock.set(just_before(end));
    assert!(is_known(&world.judge(pair.access.as_str())));
    world.clock.set(end);
    assert_eq!(world.judge(pair.access.as_str()), EXPIRED);

    let refresh = pair.refresh.as_str();
    assert!(world.tokens.read_refresh(refresh).is_ok(), "the access token's end is not the session's");
    world.clock.set(just_before(pair.lapses_at));
    assert!(world.tokens.read_refresh(refresh).is_ok());
    world.clock.set(pair.lapses_at);
    assert_eq!(world.tokens.read_refresh(refresh), Err(Refusal::Expired));
}

#[test]
fn neither_kind_of_token_is_taken_for_the_other() {
    let world = World::new();
    let (pair, _) = world.sign_in();
    assert_eq!(world.judge(pair.refresh.as_str()), INVALID);
    assert_eq!(world.tokens.read_refresh(pair.access.as_str()), Err(Refusal::Invalid));
}

#[test]
fn a_forged_header_is_refused_however_well_signed() {
    let world = World::new();
    assert!(is_known(&world.judge_forged(&[], &[])));
    assert!(is_known(&world.judge_forged(&[("typ", json!("application/AT+JWT"))], &[])));
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", json!("rt+jwt")),
        ("typ", json!(null)),
        ("kid", json!("unknown")),
        ("kid", json!("First")),
        ("kid", json!(null)),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("ES256")),
        ("crit", json!(["exp"])),
        ("jwk", json!({ "kty": "OKP" })),
    ] {
        assert_eq!(world.judge_forged(&[(name, value.clone())], &[]), INVALID, "{name} {value}");
    }
    let (_, session) = world.sign_in();
    let token = forged(&session, &[], &[]);
    let claims = token.split('.').nth(1).unwrap();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    for header in [r#"{"alg":"EdDSA","typ":"at+jwt"}"#, r#"{"alg":"EdDSA","kid":"first"}"#] {
        let sign =
            |it: &[u8]| Ed25519KeyPair::from_seed_unchecked(&FIRST.1).unwrap().sign(it).as_ref().to_vec();
        assert_eq!(world.judge(&forge(header, &claims, sign)), INVALID, "{header}");
    }
}

#[test]
fn a_token_says_which_passkey_its_session_began_with_and_so_does_the_one_it_is_exchanged_for() {
    let world = World::new();
    let (_, session) = world.sign_in();
    let credential = CredentialId::new(&[0xfb, 0xff]).unwrap();
    let pair = world.tokens.issue(&sample::caller(), &session, Some(&credential)).unwrap();
    for token in [&pair.access, &pair.refresh] {
        assert_eq!(segment(token.as_str(), 1)["sid"], "-_8");
    }
    let Verdict::Known(principal) = world.judge(pair.access.as_str()) else { panic!("it is known") };
    assert_eq!(principal.credential.as_ref(), Some(&credential));
    assert_eq!(world.tokens.read_refresh(pair.refresh.as_str()).unwrap().credential, Some(credential));
    let (without, _) = world.sign_in();
    assert!(segment(without.access.as_str(), 1).get("sid").is_none());
}

#[test]
fn forged_claims_are_refused_however_well_signed() {
    let world = World::new();
    assert!(is_known(&world.judge_forged(&[], &[("nbf", json!(now_s() + 30))])));
    for (name, value) in [
        ("aud", json!("shop.example")),
        ("aud", json!(["localhost", "shop.example"])),
        ("aud", json!(null)),
        ("sub", json!("a b")),
        ("sub", json!(null)),
        ("fid", json!("0")),
        ("fid", json!(null)),
        ("fid", json!(sample::fresh_session_id().to_string())),
        ("sid", json!(null)),
        ("sid", json!("")),
        ("sid", json!("AA=")),
        ("sid", json!([1])),
        ("sid", json!(URL_SAFE_NO_PAD.encode([7; 1024]))),
        ("exp", json!(null)),
        ("exp", json!((now_s() + 3600).to_string())),
        ("iat", json!(now_s() + 31)),
        ("nbf", json!(now_s() + 31)),
    ] {
        assert_eq!(world.judge_forged(&[], &[(name, value.clone())]), INVALID, "{name} {value}");
    }
    assert_eq!(world.judge_forged(&[], &[("iss", json!("shop.example"))]), INVALID, "not its audience");
    for iss in [json!("other.example"), json!("LOCALHOST"), json!("https://localhost"), json!(null)] {
        assert_eq!(world.judge_forged(&[], &[("iss", iss.clone())]), Verdict::NotMine, "{iss}");
    }
}

#[test]
fn the_public_key_is_no_shared_secret() {
    let world = World::new();
    let (pair, _) = world.sign_in();
    let key_set: Value = serde_json::from_slice(&world.tokens.key_set()).unwrap();
    let x = key_set["keys"][0]["x"].as_str().unwrap().to_owned();
    let claims = segment(pair.access.as_str(), 1).to_string();
    for secret in [URL_SAFE_NO_PAD.decode(&x).unwrap(), x.into_bytes()] {
        let sign = |message: &[u8]| hmac_of(Algorithm::HS256, &secret, message);
        let token = forge(r#"{"alg":"HS256","typ":"at+jwt","kid":"first"}"#, &claims, sign);
        assert_eq!(world.judge(&token), INVALID);
    }
}

#[test]
fn after_a_change_of_keys_tokens_of_the_old_still_verify_until_it_is_dropped() {
    let before = World::with_keys(&[FIRST]);
    let (old, _) = before.sign_in();
    let with = |keys| own_tokens(keys, before.sessions.clone(), before.clock.clone());
    let both = with(&[SECOND, FIRST]);
    assert!(is_known(&judge(&both, old.access.as_str())));
    assert!(both.read_refresh(old.refresh.as_str()).is_ok());
    let new = both.issue(&sample::caller(), &sample::fresh_session_id(), None).unwrap();
    assert_eq!(segment(new.access.as_str(), 0)["kid"], "second");
    let dropped = with(&[SECOND]);
    assert_eq!(judge(&dropped, old.access.as_str()), INVALID);
    assert!(dropped.read_refresh(new.refresh.as_str()).is_ok());
    let renamed = with(&[("first", SECOND.1)]);
    assert_eq!(judge(&renamed, old.access.as_str()), INVALID, "a name is no key");
}

#[test]
fn the_key_set_shows_every_public_key_and_nothing_private() {
    let world = World::with_keys(&[SECOND, FIRST]);
    let key_set: Value = serde_json::from_slice(&world.tokens.key_set()).unwrap();
    let public = |(kid, seed): (&str, [u8; 32])| {
        use aws_lc_rs::signature::KeyPair as _;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "EdDSA" })
    };
    assert_eq!(key_set, json!({ "keys": [public(SECOND), public(FIRST)] }));
}

#[test]
fn generated_keys_sign_survive_their_file_and_never_repeat() {
    let randomness = CountingRandomness::new();
    let keys = SigningKeys::generate(sample::now(), &randomness).unwrap();
    let other = SigningKeys::generate(sample::now(), &randomness).unwrap();
    assert_ne!(keys.kids().next(), other.kids().next());
    assert!(keys.kids().all(|kid| kid.starts_with(&format!("{}-", now_s()))));
    let file = keys.to_json();
    let issue = |keys| {
        let sessions = Arc::new(InMemoryAccountStore::new());
        let randomness = Arc::new(CountingRandomness::new());
        OwnTokens::new(keys, [sample::tenant("localhost")], sessions, clock(), randomness, LIFETIMES)
    };
    let pair = issue(keys).issue(&sample::caller(), &sample::fresh_session_id(), None).unwrap();
    assert!(issue(SigningKeys::parse(file.as_bytes()).unwrap()).read_refresh(pair.refresh.as_str()).is_ok());
    assert_eq!(issue(other).read_refresh(pair.refresh.as_str()), Err(Refusal::Invalid));
}

#[test]
fn no_token_is_issued_for_a_tenant_that_would_not_be_known_again() {
    let stranger = Caller { tenant: sample::tenant("other.example"), ..sample::caller() };
    assert_eq!(
        World::new().tokens.issue(&stranger, &sample::fresh_session_id(), None).err(),
        Some(IssueError)
    );
}

#[test]
fn a_store_that_does_not_answer_is_no_verdict_on_the_token() {
    let mut store = MockSessionStore::new();
    store.expect_is_live().returning(|_, _| Err(StoreError::Unavailable));
    let tokens = own_tokens(&[FIRST], Arc::new(store), clock());
    let pair = tokens.issue(&sample::caller(), &sample::fresh_session_id(), None).unwrap();
    assert_eq!(block_on(tokens.authenticate(pair.access.as_str())), Err(AuthenticationUnavailable));
}

#[test]
fn a_bad_token_costs_no_look_at_the_store() {
    let tokens = own_tokens(&[FIRST], Arc::new(MockSessionStore::new()), clock());
    let pair = tokens.issue(&sample::caller(), &sample::fresh_session_id(), None).unwrap();
    let token = pair.access.as_str();
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(judge(&tokens, &format!("{signed}.{}", URL_SAFE_NO_PAD.encode([7; 64]))), INVALID);
    assert_eq!(judge(&tokens, pair.refresh.as_str()), INVALID);
}

#[test]
fn keys_are_replaced_under_way_and_it_is_told_whether_one_is_gone() {
    const OTHER_SECOND: (&str, [u8; 32]) = ("second", [3; 32]);
    let world = World::with_keys(&[FIRST]);
    let (by_first, _) = world.sign_in();
    let kid = |pair: &TokenPair| segment(pair.access.as_str(), 0)["kid"].as_str().unwrap().to_owned();

    assert!(!world.tokens.replace_keys(signing_keys(&[SECOND, FIRST])));
    let (by_second, _) = world.sign_in();
    assert_eq!((kid(&by_first), kid(&by_second)), ("first".to_owned(), "second".to_owned()));
    let published: Value = serde_json::from_slice(&world.tokens.key_set()).unwrap();
    assert_eq!(
        (&published["keys"][0]["kid"], &published["keys"][1]["kid"]),
        (&json!("second"), &json!("first"))
    );
    for pair in [&by_first, &by_second] {
        assert!(is_known(&world.judge(pair.access.as_str())));
        assert!(world.tokens.read_refresh(pair.refresh.as_str()).is_ok());
    }

    assert!(world.tokens.replace_keys(signing_keys(&[SECOND])));
    assert_eq!(world.judge(by_first.access.as_str()), INVALID);
    assert_eq!(world.tokens.read_refresh(by_first.refresh.as_str()), Err(Refusal::Invalid));
    assert!(is_known(&world.judge(by_second.access.as_str())));
    assert!(!world.tokens.replace_keys(signing_keys(&[SECOND])));
    assert!(world.tokens.replace_keys(signing_keys(&[OTHER_SECOND])), "another key of the same name");
    assert_eq!(world.judge(by_second.access.as_str()), INVALID);
}
