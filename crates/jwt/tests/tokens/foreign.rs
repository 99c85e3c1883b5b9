//! Foreign tokens: who they speak for, and which claims they must have.

use serde_json::json;
use strongroom_jwt::Algorithm;
use strongroom_ports::{Caller, Principal, Timestamp, Verdict};
use strongroom_testkit::{contract, sample};

use crate::support::{
    ALGORITHMS, EXPIRED, Hs256, INVALID, ISSUER, PERSON, TestKey, accepting, bound, claims, forge, is_known,
    issuer, judge, key_set, now_s,
};

fn principal() -> Principal {
    Principal {
        caller: Caller { tenant: sample::tenant("shop.example"), person: sample::person(PERSON) },
        session: None,
        credential: None,
        expires_at: Timestamp::from_secs(now_s() + 600),
    }
}

#[test]
fn every_algorithm_speaks_for_its_person_and_fulfils_the_contract() {
    for algorithm in ALGORITHMS {
        let key = TestKey::generate(algorithm);
        let tokens = accepting(issuer(key.keys(), &[algorithm]));
        let header = format!(r#"{{"alg":"{algorithm:?}","typ":"JWT"}}"#);
        let token = forge(&header, &claims(""), |message| key.sign(algorithm, message));
        futures_executor::block_on(contract::authenticator(&tokens, &token, &principal()));
    }
}

#[test]
fn the_key_is_found_by_the_kid() {
    let (old, new) = (TestKey::generate(Algorithm::ES256), TestKey::generate(Algorithm::EdDSA));
    let set = key_set(&[old.jwk(&[("kid", json!("old"))]), new.jwk(&[("kid", json!("new"))])]);
    let tokens = accepting(issuer(set, &[Algorithm::ES256, Algorithm::EdDSA]));
    let verdict = |header: &str, key: &TestKey, algorithm| {
        judge(&tokens, &forge(header, &claims(""), |message| key.sign(algorithm, message)))
    };
    assert!(is_known(&verdict(r#"{"alg":"ES256","kid":"old"}"#, &old, Algorithm::ES256)));
    assert!(is_known(&verdict(r#"{"alg":"EdDSA","kid":"new"}"#, &new, Algorithm::EdDSA)));
    for header in [
        r#"{"alg":"EdDSA","kid":"old"}"#,
        r#"{"alg":"EdDSA","kid":"neu"}"#,
        r#"{"alg":"EdDSA","kid":""}"#,
        // Several keys: none is tried at a venture.
        r#"{"alg":"EdDSA"}"#,
    ] {
        assert_eq!(verdict(header, &new, Algorithm::EdDSA), INVALID, "{header}");
    }
}

#[test]
fn an_only_key_needs_no_kid_and_an_only_key_without_name_takes_any() {
    let key = TestKey::generate(Algorithm::EdDSA);
    let named = accepting(issuer(key_set(&[key.jwk(&[("kid", json!("a"))])]), &[Algorithm::EdDSA]));
    let nameless = accepting(issuer(key.keys(), &[Algorithm::EdDSA]));
    let token = |header: &str| forge(header, &claims(""), |message| key.sign(Algorithm::EdDSA, message));
    let (without, right, wrong) = (
        token(r#"{"alg":"EdDSA"}"#),
        token(r#"{"alg":"EdDSA","kid":"a"}"#),
        token(r#"{"alg":"EdDSA","kid":"b"}"#),
    );
    assert!(is_known(&judge(&named, &without)));
    assert!(is_known(&judge(&named, &right)));
    assert_eq!(judge(&named, &wrong), INVALID);
    for token in [&without, &right, &wrong] {
        assert!(is_known(&judge(&nameless, token)));
    }
}

#[test]
fn a_token_is_past_use_exactly_from_exp_and_leeway_on() {
    let issuer = Hs256::new();
    let with_exp = |exp: String| {
        issuer
            .judge_claims(&format!(r#"{{"iss":"{ISSUER}","aud":"strongroom","sub":"{PERSON}","exp":{exp}}}"#))
    };
    assert!(is_known(&with_exp((now_s() - 29).to_string())));
    assert_eq!(with_exp((now_s() - 30).to_string()), EXPIRED);
    assert_eq!(with_exp("0".to_owned()), EXPIRED);
    // Cut off, not rounded.
    assert_eq!(with_exp(format!("{}.999", now_s() - 30)), EXPIRED);
    assert!(is_known(&with_exp(format!("{}.001", now_s() - 29))));
}

#[test]
fn dates_are_numbers_within_reason_and_tokens_of_the_future_are_refused() {
    let issuer = Hs256::new();
    for name in ["nbf", "iat"] {
        let with = |date: String| issuer.judge_claims(&claims(&format!(r#","{name}":{date}"#)));
        assert!(is_known(&with((now_s() + 30).to_string())), "{name}");
        assert!(is_known(&with(format!("{}.9", now_s() + 30))), "{name}");
        assert_eq!(with((now_s() + 31).to_string()), INVALID, "{name}");
        for date in ["-1", "1e300", "9223372036854775807", "\"0\"", "null", "[]", "true"] {
            assert_eq!(with(date.to_owned()), INVALID, "{name} {date}");
        }
    }
    for exp in ["-1", "1e18", "9223372036854775807", "\"9999999999\"", "null", "[9999999999]"] {
        let claims = format!(r#"{{"iss":"{ISSUER}","aud":"strongroom","sub":"{PERSON}","exp":{exp}}}"#);
        assert_eq!(issuer.judge_claims(&claims), INVALID, "{exp}");
    }
}

#[test]
fn audience_and_expiry_are_required() {
    let issuer = Hs256::new();
    let exp = now_s() + 600;
    let judge = |rest: &str| issuer.judge_claims(&format!(r#"{{"iss":"{ISSUER}","sub":"{PERSON}"{rest}}}"#));
    assert_eq!(judge(r#","aud":"strongroom""#), INVALID);
    for aud in [r#""strongroom""#, r#"["strongroom"]"#, r#"["third","strongroom"]"#, r#""other""#] {
        assert!(is_known(&judge(&format!(r#","exp":{exp},"aud":{aud}"#))), "{aud}");
    }
    assert_eq!(judge(&format!(r#","exp":{exp}"#)), INVALID);
    for aud in [
        "[]",
        "null",
        "\"\"",
        "\"third\"",
        "\"Strongroom\"",
        "[\"third\"]",
        "[\"strongroom\",7]",
        "{\"strongroom\":1}",
    ] {
        assert_eq!(judge(&format!(r#","exp":{exp},"aud":{aud}"#)), INVALID, "{aud}");
    }
}

#[test]
fn the_person_is_named_by_the_configured_claim_within_the_grammar() {
    let issuer = Hs256::configured(|issuer| issuer.kind = bound("customer", None));
    let Verdict::Known(known) = issuer.judge_claims(&claims(r#","customer":"Jane~1""#)) else {
        panic!("known")
    };
    assert_eq!(known.caller.person, sample::person("Jane~1"));
    for customer in [r#""""#, r#""a b""#, r#"".."#, r#""..""#, r#""a/b""#, "7", "null", r#"["a"]"#] {
        let verdict = issuer.judge_claims(&claims(&format!(r#","customer":{customer}"#)));
        assert!(!is_known(&verdict), "{customer}");
    }
    assert_eq!(issuer.judge_claims(&claims("")), INVALID, "`sub` is not the claim that was configured");
}

#[test]
fn a_type_is_absent_general_or_the_one_configured() {
    let typed = |typ: &str| format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#);
    let issuer = Hs256::new();
    assert!(is_known(&issuer.judge(r#"{"alg":"HS256"}"#, &claims(""))));
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"] {
        assert!(is_known(&issuer.judge(&typed(typ), &claims(""))), "{typ}");
    }
    for typ in ["", "rt+jwt", "ga+jwt", "id+jwt", "JOSE", "secevent+jwt", "JWT "] {
        assert_eq!(issuer.judge(&typed(typ), &claims("")), INVALID, "{typ}");
    }

    let issuer = Hs256::configured(|issuer| issuer.kind = bound("sub", Some("shop+jwt")));
    for typ in ["shop+jwt", "Shop+JWT", "application/shop+jwt"] {
        assert!(is_known(&issuer.judge(&typed(typ), &claims(""))), "{typ}");
    }
    for header in [typed("JWT"), typed("at+jwt"), r#"{"alg":"HS256"}"#.to_owned()] {
        assert_eq!(issuer.judge(&header, &claims("")), INVALID, "{header}");
    }
}

#[test]
fn a_token_of_an_unknown_issuer_is_somebody_elses() {
    let issuer = Hs256::new();
    for iss in
        [r#""https://id.shop.example/""#, r#""HTTPS://ID.SHOP.EXAMPLE""#, r#""""#, "null", "7", r#"["a"]"#]
    {
        let claims = format!(r#"{{"iss":{iss},"aud":"strongroom","sub":"a","exp":{}}}"#, now_s() + 600);
        assert_eq!(issuer.judge_claims(&claims), Verdict::NotMine, "{iss}");
    }
    assert_eq!(issuer.judge_claims("{}"), Verdict::NotMine);
}

#[test]
fn the_keys_of_an_issuer_are_replaced_under_way_or_stay_when_the_new_ones_are_unsound() {
    let (old, new) = (TestKey::generate(Algorithm::ES256), TestKey::generate(Algorithm::ES256));
    let tokens = accepting(issuer(old.keys(), &[Algorithm::ES256]));
    let token = |key: &TestKey| {
        forge(r#"{"alg":"ES256"}"#, &claims(""), |message| key.sign(Algorithm::ES256, message))
    };
    assert_eq!(tokens.replace_keys(ISSUER, &old.keys()), Ok(false), "the same key");
    assert!(tokens.replace_keys(ISSUER, &TestKey::generate(Algorithm::ES384).keys()).is_err());
    assert!(is_known(&judge(&tokens, &token(&old))));
    assert_eq!(tokens.replace_keys(ISSUER, &new.keys()), Ok(true));
    assert_eq!(judge(&tokens, &token(&old)), INVALID);
    assert!(is_known(&judge(&tokens, &token(&new))));
    assert_eq!(tokens.replace_keys("https://other.example", &old.keys()), Ok(false));
}
