//! Assertions, from both ends: what a gateway mints, and what a safe takes for one.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_executor::block_on;
use serde_json::Value;
use strongroom_jwt::{
    Algorithm, ForeignIssuer, ForeignIssuerProblem, ForeignKeys, ForeignTokens, GatewayAssertions,
    IssuerKind, SigningKeys, TokenCache,
};
use strongroom_ports::{Authenticator, Caller, Principal, Verdict};
use strongroom_testkit::fake::{CountingRandomness, ManualClock};
use strongroom_testkit::{contract, sample};

use crate::support::{
    EXPIRED, INVALID, LEEWAY, PERSON, TestKey, accepting, bound, claims, clock, forge, is_known, issuer,
    judge, just_before, now_s,
};

const GATEWAY: &str = "https://gateway.example";
const SAFE: &str = "https://safe.example";
const LIFE: Duration = Duration::from_mins(1);
/// For how long a caller's assertion is used again.
const REUSED: Duration = Duration::from_secs(50);

/// A gateway, the safe behind it, and one clock for both.
struct World {
    clock: Arc<ManualClock>,
    gateway: GatewayAssertions,
    safe: Arc<ForeignTokens>,
}

impl World {
    fn new() -> Self {
        let (clock, keys) = (clock(), keys(&CountingRandomness::new()));
        let published = ForeignKeys::KeySet(keys.key_set().to_vec());
        let safe = ForeignTokens::build(vec![gateway(published)], clock.clone(), LEEWAY).unwrap();
        let randomness = Arc::new(CountingRandomness::new());
        let gateway =
            GatewayAssertions::new(keys, GATEWAY.into(), SAFE.into(), 100, clock.clone(), randomness);
        Self { clock, gateway, safe: Arc::new(safe) }
    }

    fn assertion(&self, caller: &Caller) -> String {
        self.gateway.assertion(caller).unwrap().as_str().to_owned()
    }
}

fn keys(randomness: &CountingRandomness) -> SigningKeys {
    SigningKeys::generate(sample::now(), randomness).unwrap()
}

/// A gateway as a safe has it.
fn gateway(keys: ForeignKeys) -> ForeignIssuer {
    ForeignIssuer {
        issuer: GATEWAY.to_owned(),
        audience: vec![SAFE.to_owned()],
        keys,
        algorithms: vec![Algorithm::EdDSA],
        kind: IssuerKind::Gateway {
            tenants: [sample::TENANT, sample::OTHER_TENANT].map(sample::tenant).into(),
        },
    }
}

/// The header or the claims of a token.
fn part(token: &str, at: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

#[test]
fn an_assertion_names_gateway_safe_person_and_tenant_and_lives_for_a_minute() {
    let world = World::new();
    world.clock.advance(Duration::from_millis(999));
    let assertion = world.assertion(&sample::caller());
    assert_eq!(part(&assertion, 0)["typ"], "ga+jwt");
    assert_eq!(part(&assertion, 0)["alg"], "EdDSA");
    let claims = part(&assertion, 1);
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "exp", "iat", "iss", "jti", "sub", "tenant"]);
    for (name, value) in
        [("iss", GATEWAY), ("aud", SAFE), ("sub", sample::EXTERNAL_USER_ID), ("tenant", sample::TENANT)]
    {
        assert_eq!(claims[name], value);
    }
    assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(now_s()), Some(now_s() + 60)));
}

#[test]
fn a_safe_knows_whom_an_assertion_speaks_for_in_each_tenant_and_keeps_no_session() {
    let world = World::new();
    for tenant in [sample::TENANT, sample::OTHER_TENANT] {
        let caller = Caller { tenant: sample::tenant(tenant), person: sample::person(PERSON) };
        let expires_at = sample::now().plus(LIFE);
        let principal = Principal { caller: caller.clone(), session: None, credential: None, expires_at };
        block_on(contract::authenticator(&*world.safe, &world.assertion(&caller), &principal));
    }
}

#[test]
fn a_caller_is_given_the_same_assertion_until_ten_seconds_before_its_end() {
    let world = World::new();
    let first = world.assertion(&sample::caller());
    world.clock.set(just_before(sample::now().plus(REUSED)));
    assert_eq!(world.assertion(&sample::caller()), first);
    assert!(is_known(&judge(&*world.safe, &first)));
    world.clock.advance(Duration::from_millis(1));
    let second = world.assertion(&sample::caller());
    assert_ne!(second, first);
    assert_eq!(world.assertion(&sample::caller()), second);
}

#[test]
fn an_assertion_from_a_time_to_come_is_not_used_again() {
    let world = World::new();
    let early = world.assertion(&sample::caller());
    world.clock.set(sample::now().plus(Duration::from_hours(1)));
    let late = world.assertion(&sample::caller());
    world.clock.set(sample::now());
    let again = world.assertion(&sample::caller());
    assert!(again != early && again != late);
    assert_eq!(part(&again, 1)["iat"], now_s());
}

#[test]
fn no_caller_is_given_anothers_assertion() {
    let world = World::new();
    let here = sample::caller();
    let there = Caller { tenant: sample::tenant(sample::OTHER_TENANT), ..here.clone() };
    let other = Caller { person: sample::person(sample::OTHER_USER_ID), ..here.clone() };
    for caller in [&here, &there, &other, &here, &there, &other] {
        let Verdict::Known(known) = judge(&*world.safe, &world.assertion(caller)) else { panic!("known") };
        assert_eq!(&known.caller, caller);
    }
}

#[test]
fn whose_assertion_had_to_make_room_is_given_another() {
    let world = World::new();
    let callers: Vec<_> = (0..1_000).map(|number| sample::fresh_caller(&number.to_string())).collect();
    for caller in callers.iter().chain(&callers) {
        assert!(is_known(&judge(&*world.safe, &world.assertion(caller))));
    }
    let printed = format!("{:?}", world.gateway);
    let kept: usize = printed.split("minted: ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    assert!((1..=100).contains(&kept), "{kept}");
}

#[test]
fn what_the_old_keys_signed_is_dropped_with_them() {
    let world = World::new();
    let randomness = CountingRandomness::new();
    drop(keys(&randomness));
    let next = keys(&randomness);
    let (old, published) = (world.assertion(&sample::caller()), next.key_set());
    let set = ForeignKeys::KeySet(published.to_vec());
    world.gateway.replace_keys(next);
    assert_eq!(world.gateway.key_set(), published);
    let new = world.assertion(&sample::caller());
    assert_ne!(part(&new, 0)["kid"], part(&old, 0)["kid"]);
    assert_eq!(judge(&*world.safe, &new), INVALID);
    assert_eq!(world.safe.replace_keys(GATEWAY, &set), Ok(true));
    assert_eq!((judge(&*world.safe, &old), is_known(&judge(&*world.safe, &new))), (INVALID, true));
}

#[test]
fn an_assertion_may_be_shown_again_while_it_lives_and_is_past_use_as_any_token() {
    let world = World::new();
    let remembered = TokenCache::new(vec![world.safe.clone()], world.clock.clone(), 100, LEEWAY);
    let assertion = world.assertion(&sample::caller());
    for authenticator in [&*world.safe as &dyn Authenticator, &remembered] {
        world.clock.set(sample::now());
        assert!(is_known(&judge(authenticator, &assertion)));
        world.clock.set(just_before(sample::now().plus(LIFE + LEEWAY)));
        assert!(is_known(&judge(authenticator, &assertion)));
        world.clock.advance(Duration::from_millis(1));
        assert_eq!(judge(authenticator, &assertion), EXPIRED);
    }
}

#[test]
fn a_flood_of_assertions_does_not_push_out_a_token_that_is_used() {
    const CAPACITY: usize = 200;
    let world = World::new();
    let key = TestKey::generate(Algorithm::EdDSA);
    let provider = Arc::new(accepting(issuer(key.keys(), &[Algorithm::EdDSA])));
    let cache = TokenCache::new(vec![world.safe.clone(), provider], world.clock.clone(), CAPACITY, LEEWAY);
    let used = forge(r#"{"alg":"EdDSA"}"#, &claims(""), |message| key.sign(Algorithm::EdDSA, message));
    assert!(is_known(&judge(&cache, &used)));
    let flood = 5 * CAPACITY;
    for number in 0..flood {
        let assertion = world.assertion(&sample::fresh_caller(&number.to_string()));
        assert!(is_known(&judge(&cache, &assertion)) && is_known(&judge(&cache, &used)));
    }
    let figures = cache.figures();
    assert_eq!((figures.misses, figures.hits), (flood as u64 + 1, flood as u64));
    assert!(figures.tokens <= CAPACITY, "{figures:?}");
}

/// A safe that takes assertions by a key that is at hand here.
struct Forger {
    safe: ForeignTokens,
    key: TestKey,
}

const HEADER: &str = r#"{"alg":"EdDSA","typ":"ga+jwt"}"#;

impl Forger {
    fn new() -> Self {
        let key = TestKey::generate(Algorithm::EdDSA);
        Self { safe: accepting(gateway(key.keys())), key }
    }

    fn judge(&self, header: &str, claims: &str) -> Verdict {
        judge(&self.safe, &forge(header, claims, |message| self.key.sign(Algorithm::EdDSA, message)))
    }

    /// The verdict on an assertion of which these members are others; one that is empty is left away.
    fn changed(&self, changes: &[(&str, &str)]) -> Verdict {
        let (iat, exp) = (now_s().to_string(), (now_s() + 60).to_string());
        let members: Vec<_> = [
            ("iss", "\"https://gateway.example\""),
            ("aud", "\"https://safe.example\""),
            ("sub", "\"jane\""),
            ("tenant", "\"shop.example\""),
            ("iat", &iat),
            ("exp", &exp),
        ]
        .into_iter()
        .map(|(name, json)| {
            let change = changes.iter().find(|(changed, _)| *changed == name);
            (name, change.map_or(json, |(_, other)| other))
        })
        .filter(|(_, json)| !json.is_empty())
        .map(|(name, json)| format!("\"{name}\":{json}"))
        .collect();
        self.judge(HEADER, &format!("{{{}}}", members.join(",")))
    }
}

#[test]
fn an_assertion_has_its_own_type_and_no_other() {
    let forger = Forger::new();
    let claims = format!(
        r#"{{"iss":"{GATEWAY}","aud":"{SAFE}","sub":"jane","tenant":"localhost","iat":{0},"exp":{1}}}"#,
        now_s(),
        now_s() + 60
    );
    for typ in ["ga+jwt", "GA+JWT", "application/ga+jwt"] {
        assert!(is_known(&forger.judge(&format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#), &claims)), "{typ}");
    }
    for typ in ["JWT", "at+jwt", "rt+jwt", "ga", "ga+jwt ", "text/ga+jwt", ""] {
        let header = format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#);
        assert_eq!(forger.judge(&header, &claims), INVALID, "{typ}");
    }
    assert_eq!(forger.judge(r#"{"alg":"EdDSA"}"#, &claims), INVALID);
}

#[test]
fn an_assertion_lives_for_a_minute_at_most_and_says_since_when() {
    let forger = Forger::new();
    let at = |offset: i64| (now_s() + offset).to_string();
    let lives = |iat: i64, exp: i64| forger.changed(&[("iat", &at(iat)), ("exp", &at(exp))]);
    for (iat, exp) in [(0, 60), (0, 1), (30, 90), (-60, 0), (-80, -20)] {
        assert!(is_known(&lives(iat, exp)), "{iat} {exp}");
    }
    for (iat, exp) in [(0, 61), (0, 3600), (-1, 60), (30, 91), (31, 60), (10, 10), (20, 10), (-3600, 60)] {
        assert_eq!(lives(iat, exp), INVALID, "{iat} {exp}");
    }
    assert_eq!(lives(-90, -30), EXPIRED);
    for missing in ["iat", "exp"] {
        assert_eq!(forger.changed(&[(missing, "")]), INVALID, "{missing}");
        assert_eq!(forger.changed(&[(missing, &format!("\"{}\"", now_s()))]), INVALID, "{missing}");
    }
}

#[test]
fn an_assertion_names_one_of_the_tenants_a_person_and_this_safe_alone() {
    let forger = Forger::new();
    for (name, good) in [
        ("tenant", r#""localhost""#),
        ("sub", r#""c76302cb-f845-40f4-9c56-29710323afba""#),
        ("aud", r#"["https://safe.example"]"#),
    ] {
        assert!(is_known(&forger.changed(&[(name, good)])), "{name} {good}");
    }
    for (name, bad) in [
        ("tenant", ""),
        ("tenant", r#""other.example""#),
        ("tenant", r#""Shop.example""#),
        ("tenant", r#""shop.example.""#),
        ("tenant", r#""""#),
        ("tenant", r#""*""#),
        ("tenant", r#"["shop.example"]"#),
        ("tenant", "null"),
        ("tenant", "7"),
        ("sub", ""),
        ("sub", r#""""#),
        ("sub", r#""..""#),
        ("sub", r#""a b""#),
        ("sub", "7"),
        ("aud", ""),
        ("aud", r#""https://gateway.example""#),
        ("aud", r#""https://safe.example/""#),
        ("aud", "[]"),
        ("aud", r#"["https://safe.example","https://other.example"]"#),
        ("aud", "null"),
    ] {
        assert_eq!(forger.changed(&[(name, bad)]), INVALID, "{name} {bad}");
    }
}

#[test]
fn no_other_issuers_token_passes_for_an_assertion() {
    let (gateway_key, provider_key) =
        (TestKey::generate(Algorithm::EdDSA), TestKey::generate(Algorithm::EdDSA));
    let provider = issuer(provider_key.keys(), &[Algorithm::EdDSA]);
    let issuers = vec![gateway(gateway_key.keys()), provider];
    let tokens = ForeignTokens::build(issuers, clock(), LEEWAY).unwrap();
    let verdict = |key: &TestKey, header: &str, claims: &str| {
        judge(&tokens, &forge(header, claims, |message| key.sign(Algorithm::EdDSA, message)))
    };
    let more = format!(r#","tenant":"localhost","iat":{}"#, now_s());
    let own = claims(&more).replace(&(now_s() + 600).to_string(), &(now_s() + 60).to_string());
    let posing =
        own.replace("https://id.shop.example", GATEWAY).replace("\"strongroom\"", &format!("\"{SAFE}\""));
    assert!(is_known(&verdict(&gateway_key, HEADER, &posing)));
    assert_eq!(verdict(&provider_key, HEADER, &posing), INVALID, "by another's key");
    assert_eq!(verdict(&provider_key, HEADER, &own), INVALID, "of the type, in its own name");
    let Verdict::Known(known) = verdict(&provider_key, r#"{"alg":"EdDSA"}"#, &own) else { panic!("known") };
    assert_eq!(known.caller.tenant, sample::tenant("shop.example"), "its `tenant` says nothing");
}

#[test]
fn a_gateway_never_has_a_shared_secret_and_no_other_issuer_the_type_of_assertions() {
    let problems = |issuer| {
        let errors = ForeignTokens::build(vec![issuer], clock(), LEEWAY).unwrap_err();
        errors.into_iter().map(|error| error.problem).collect::<Vec<_>>()
    };
    let secret = || ForeignKeys::Secret(vec![7; 64].into());
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let shared = ForeignIssuer { algorithms: vec![algorithm], ..gateway(secret()) };
        assert_eq!(problems(shared), [ForeignIssuerProblem::SharedSecret], "{algorithm:?}");
    }
    let nobodys = IssuerKind::Gateway { tenants: [].into() };
    let key = TestKey::generate(Algorithm::EdDSA);
    let silent = ForeignIssuer { kind: nobodys, ..gateway(key.keys()) };
    assert_eq!(problems(silent), [ForeignIssuerProblem::NoTenants]);
    for typ in ["ga+jwt", "GA+jwt", "application/ga+jwt"] {
        let posing = ForeignIssuer { kind: bound("sub", Some(typ)), ..issuer(secret(), &[Algorithm::HS256]) };
        assert_eq!(problems(posing), [ForeignIssuerProblem::AssertionType], "{typ}");
    }
}

#[test]
fn who_mints_prints_neither_assertions_nor_callers() {
    let world = World::new();
    let assertion = world.assertion(&sample::caller());
    let printed = format!("{:?} {:?}", world.gateway, world.gateway.assertion(&sample::caller()).unwrap());
    assert!(printed.contains(GATEWAY) && printed.contains(SAFE));
    for private in [sample::EXTERNAL_USER_ID, &assertion, assertion.rsplit('.').next().unwrap()] {
        assert!(!printed.contains(private), "{printed}");
    }
}
