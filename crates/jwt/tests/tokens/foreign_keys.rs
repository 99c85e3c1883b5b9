//! What an operator may give as keys, and what is said of the rest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use strongroom_jwt::{
    Algorithm, ForeignIssuerError, ForeignIssuerProblem, ForeignKeys, ForeignTokens, KeyError, KeySetError,
};

use crate::support::{
    LEEWAY, TestKey, accepting, bound, claims, clock, forge, is_known, issuer, judge, key_set,
};

fn problem(keys: ForeignKeys, algorithms: &[Algorithm]) -> KeySetError {
    let errors = ForeignTokens::build(vec![issuer(keys, algorithms)], clock(), LEEWAY).unwrap_err();
    match errors.as_slice() {
        [ForeignIssuerError { problem: ForeignIssuerProblem::Keys(error), .. }] => *error,
        other => panic!("one problem with keys, not {other:?}"),
    }
}

#[test]
fn a_key_of_a_set_is_narrowed_by_its_own_words() {
    let key = TestKey::generate(Algorithm::RS256);
    let allowed = [Algorithm::RS256, Algorithm::PS256];
    let verdict = |members: &[(&str, serde_json::Value)], algorithm: Algorithm| {
        let tokens = accepting(issuer(key_set(&[key.jwk(members)]), &allowed));
        let header = format!(r#"{{"alg":"{algorithm:?}"}}"#);
        is_known(&judge(&tokens, &forge(&header, &claims(""), |message| key.sign(algorithm, message))))
    };
    assert!(verdict(&[], Algorithm::RS256) && verdict(&[], Algorithm::PS256));
    assert!(!verdict(&[], Algorithm::RS384), "fits the key, yet is not allowed");
    assert!(verdict(&[("alg", json!("PS256"))], Algorithm::PS256));
    assert!(!verdict(&[("alg", json!("PS256"))], Algorithm::RS256));
    assert!(verdict(&[("use", json!("sig")), ("key_ops", json!(["verify"]))], Algorithm::RS256));
}

#[test]
fn keys_for_other_purposes_are_left_out() {
    let key = TestKey::generate(Algorithm::EdDSA);
    let other_purposes = [
        key.jwk(&[("use", json!("enc"))]),
        key.jwk(&[("key_ops", json!(["encrypt"]))]),
        key.jwk(&[("alg", json!("RS256"))]),
        key.jwk(&[("alg", json!("ML-DSA-44"))]),
        key.jwk(&[("crv", json!("X25519"))]),
        key.jwk(&[("kty", json!("AKP"))]),
        TestKey::generate(Algorithm::ES256).jwk(&[]),
    ];
    for jwk in &other_purposes {
        assert_eq!(
            problem(key_set(std::slice::from_ref(jwk)), &[Algorithm::EdDSA]),
            KeySetError::NoKey,
            "{jwk}"
        );
    }
    let mut set = other_purposes.to_vec();
    set.push(key.jwk(&[("kid", json!("a"))]));
    let tokens = accepting(issuer(key_set(&set), &[Algorithm::EdDSA]));
    let token = forge(r#"{"alg":"EdDSA"}"#, &claims(""), |message| key.sign(Algorithm::EdDSA, message));
    assert!(is_known(&judge(&tokens, &token)), "the only key that is left");
}

#[test]
fn each_unusable_key_is_reported_for_what_it_is() {
    let ed = TestKey::generate(Algorithm::EdDSA);
    let pem = ed.pem();
    let bytes = |text: &str| ForeignKeys::PublicKeyPem(text.as_bytes().to_vec());
    let set = |text: &str| ForeignKeys::KeySet(text.as_bytes().to_vec());
    let weak = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 128]), "e": "AQAB" });
    let no_point = json!({ "kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43) });
    let secret = TestKey::generate(Algorithm::HS256).jwk(&[]);
    let named = ed.jwk(&[("kid", json!("a"))]);
    let private = ed.jwk(&[("kid", json!("b")), ("d", json!("AAAA"))]);
    let eddsa = [Algorithm::EdDSA];
    for (keys, algorithms, error) in [
        (set(""), &eddsa[..], KeySetError::Malformed),
        (set(r#"{"keys":7}"#), &eddsa, KeySetError::Malformed),
        (set(r#"{"keys":[]}"#), &eddsa, KeySetError::NoKey),
        (set(&" ".repeat(256 * 1024 + 1)), &eddsa, KeySetError::TooLong),
        (key_set(&vec![ed.jwk(&[]); 65]), &eddsa, KeySetError::TooMany { found: 65 }),
        (key_set(&[named.clone(), named]), &eddsa, KeySetError::DuplicateKid { place: 2 }),
        (
            key_set(&[weak]),
            &[Algorithm::RS256],
            KeySetError::Unsound { place: 1, problem: KeyError::RsaBits { bits: 1024 } },
        ),
        (
            key_set(&[no_point]),
            &[Algorithm::ES256],
            KeySetError::Unsound { place: 1, problem: KeyError::Malformed },
        ),
        (key_set(std::slice::from_ref(&secret)), &[Algorithm::HS256], KeySetError::Secret { place: 1 }),
        (key_set(&[ed.jwk(&[]), private]), &eddsa, KeySetError::Secret { place: 2 }),
        (key_set(&[secret]), &eddsa, KeySetError::NoKey),
        (bytes(""), &eddsa, KeySetError::NotPublicKeyPem),
        (bytes(&pem.replace("PUBLIC", "PRIVATE")), &eddsa, KeySetError::NotPublicKeyPem),
        (bytes(&pem.replace("PUBLIC KEY", "CERTIFICATE")), &eddsa, KeySetError::NotPublicKeyPem),
        (bytes(&pem.repeat(2)), &eddsa, KeySetError::NotPublicKeyPem),
        (
            bytes("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
            &eddsa,
            KeyError::Malformed.into(),
        ),
        (bytes(&pem), &[Algorithm::ES256], KeyError::NoAlgorithm.into()),
        (
            ForeignKeys::Secret(vec![7; 32].into()),
            &[Algorithm::HS256, Algorithm::HS384],
            KeyError::ShortSecret { need_bytes: 48 }.into(),
        ),
        (ForeignKeys::Secret(vec![7; 64].into()), &eddsa, KeyError::NoAlgorithm.into()),
    ] {
        assert_eq!(problem(keys, algorithms), error);
    }
}

#[test]
fn all_problems_of_all_issuers_are_told_at_once() {
    let mut empty = issuer(ForeignKeys::Secret(Vec::new().into()), &[]);
    (empty.issuer, empty.audience, empty.kind) = (String::new(), vec![String::new()], bound("", Some("")));
    let secret = || ForeignKeys::Secret(vec![7; 32].into());
    let twice = [issuer(secret(), &[Algorithm::HS256]), issuer(secret(), &[Algorithm::HS256])];
    let issuers = [empty].into_iter().chain(twice).collect();
    let errors = ForeignTokens::build(issuers, clock(), LEEWAY).unwrap_err();
    let problems: Vec<_> = errors.iter().map(|error| error.problem).collect();
    assert_eq!(
        problems,
        [
            ForeignIssuerProblem::NoIssuer,
            ForeignIssuerProblem::NoAudience,
            ForeignIssuerProblem::NoAlgorithms,
            ForeignIssuerProblem::NoSubjectClaim,
            ForeignIssuerProblem::NoTokenType,
            ForeignIssuerProblem::Keys(KeySetError::Key(KeyError::NoAlgorithm)),
            ForeignIssuerProblem::Duplicate,
        ]
    );
    assert_eq!(
        errors[6].to_string(),
        "issuer `https://id.shop.example`: configured twice: its keys belong in one place"
    );
}

#[test]
fn no_key_is_printed() {
    let with_secret = || issuer(ForeignKeys::Secret(vec![b'S'; 64].into()), &[Algorithm::HS256]);
    let printed = format!("{:?} {:?}", with_secret(), accepting(with_secret()));
    assert!(printed.contains("id.shop.example"));
    assert!(!printed.contains("SSSS") && !printed.contains("83, 83"), "{printed}");
}
