//! What RFC 8725 warns of: tokens made to be understood in another way than they were signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_jwt::Algorithm;
use strongroom_ports::Verdict;

use crate::support::{
    ALGORITHMS, Hs256, INVALID, ISSUER, TestKey, accepting, claims, forge, hmac_of, is_known, issuer, judge,
};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[test]
fn a_public_key_is_no_shared_secret() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let key = TestKey::generate(algorithm);
        let tokens = accepting(issuer(key.keys(), &[algorithm, Algorithm::HS256]));
        let pem = key.pem();
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        for secret in [pem.as_bytes(), pem.trim_end().as_bytes(), der.as_bytes()] {
            let token = forge(r#"{"alg":"HS256"}"#, &claims(""), |message| {
                hmac_of(Algorithm::HS256, secret, message)
            });
            assert_eq!(judge(&tokens, &token), INVALID);
        }
    }
}

#[test]
fn the_algorithm_is_the_keys_and_never_the_headers() {
    let keys = [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];
    for bound in keys {
        let key = TestKey::generate(bound);
        let tokens = accepting(issuer(key.keys(), &[bound]));
        for claimed in ALGORITHMS {
            let header = format!(r#"{{"alg":"{claimed:?}"}}"#);
            let token = forge(&header, &claims(""), |message| key.sign(claimed, message));
            let verdict = judge(&tokens, &token);
            assert_eq!(is_known(&verdict), claimed == bound, "{claimed:?} with a key for {bound:?}");
        }
    }
}

#[test]
fn an_unsigned_token_is_refused() {
    let issuer = Hs256::new();
    for alg in ["none", "None", "NONE", "nOnE"] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        assert_eq!(issuer.judge(&header, &claims("")), INVALID, "{alg}");
        let empty = forge(&header, &claims(""), |_| Vec::new());
        assert!(!is_known(&judge(&issuer.tokens, &empty)), "{alg}");
    }
    let empty = forge(r#"{"alg":"HS256"}"#, &claims(""), |_| Vec::new());
    assert_eq!(judge(&issuer.tokens, &empty), Verdict::NotMine, "not even a token");
}

#[test]
fn a_header_that_brings_a_key_or_asks_for_more_is_refused_however_well_signed() {
    let issuer = Hs256::new();
    for member in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""jku":"https://evil.example/jwks.json""#,
        r#""jwk":{"kty":"oct","k":"AAAA"}"#,
        r#""x5u":"https://evil.example/cert.pem""#,
        r#""x5c":["AAAA"]"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""enc":"A128GCM""#,
        r#""kid":7"#,
        r#""kid":null"#,
        r#""typ":7"#,
        r#""typ":null"#,
        r#""alg":"HS256""#,
        r#""\u0061lg":"none""#,
        r#""x":{"a":1,"a":2}"#,
        r#""x":[[[[[[[[]]]]]]]]"#,
    ] {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);
        assert_eq!(issuer.judge(&header, &claims("")), INVALID, "{header}");
    }
    for header in ["", "[]", "null", "{", "HS256", r#"{"alg":"HS256"} x"#, "\u{feff}{\"alg\":\"HS256\"}"] {
        assert_eq!(issuer.judge(header, &claims("")), INVALID, "{header:?}");
    }
    assert!(is_known(&issuer.judge(r#"{"alg":"HS256","x5t":"AAAA","x":{"a":[1]}}"#, &claims(""))));
}

#[test]
fn claims_that_name_a_member_twice_are_nobodys() {
    let issuer = Hs256::new();
    for more in [
        r#","sub":"somebody-else""#,
        r#","s\u0075b":"somebody-else""#,
        &format!(r#","iss":"{ISSUER}""#),
        r#","x":1,"x":1"#,
        r#","x":{"a":1,"a":1}"#,
        r#","x":[[[[[[[[]]]]]]]]"#,
    ] {
        assert!(!is_known(&issuer.judge_claims(&claims(more))), "{more}");
    }
    assert!(is_known(&issuer.judge_claims(&claims(r#","realm":{"roles":[{"name":["a"]}]}"#))));
}

#[test]
fn each_segment_is_sealed_by_the_signature() {
    let issuer = Hs256::new();
    let token = issuer.sign(r#"{"alg":"HS256"}"#, &claims(""));
    assert!(is_known(&judge(&issuer.tokens, &token)));
    for (at, letter) in token.char_indices().filter(|(_, letter)| *letter != '.') {
        let mut changed = token.clone().into_bytes();
        changed[at] = if letter == 'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(!is_known(&judge(&issuer.tokens, &changed)), "letter {at}");
    }
}

#[test]
fn base64url_has_one_spelling() {
    let issuer = Hs256::new();
    let token = issuer.sign(r#"{"alg":"HS256"}"#, &claims(""));
    // The last letter of 32 bytes carries two bits that mean nothing, and must be zero.
    let last = ALPHABET.iter().position(|letter| Some(letter) == token.as_bytes().last()).unwrap();
    for bits in 1..4 {
        let mut other = token.clone();
        other.pop();
        other.push(char::from(ALPHABET[last | bits]));
        assert_eq!(judge(&issuer.tokens, &other), Verdict::NotMine, "{bits}");
    }
    let parts: Vec<_> = token.split('.').collect();
    for other in [
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}=.{}", parts[0], parts[1], parts[2]),
        format!("{}.{} .{}", parts[0], parts[1], parts[2]),
        token.replace('.', "%2E"),
    ] {
        assert!(!is_known(&judge(&issuer.tokens, &other)), "{other:?}");
    }
}

#[test]
fn a_token_has_exactly_three_segments() {
    let issuer = Hs256::new();
    let token = issuer.sign(r#"{"alg":"HS256"}"#, &claims(""));
    let parts: Vec<_> = token.split('.').collect();
    for other in [
        parts[0].to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!(".{}.{}", parts[1], parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{}", parts[2]),
        format!("{}.{token}", parts[0]),
    ] {
        assert!(!is_known(&judge(&issuer.tokens, &other)), "{other}");
    }
}

#[test]
fn a_giant_token_is_not_looked_at() {
    let issuer = Hs256::new();
    let token = |padding: usize| {
        issuer.sign(r#"{"alg":"HS256"}"#, &claims(&format!(r#","x":"{}""#, "y".repeat(padding))))
    };
    let fits = token(5800);
    assert!(fits.len() <= 8192 && is_known(&judge(&issuer.tokens, &fits)));
    let giant = token(6100);
    assert!(giant.len() > 8192);
    assert_eq!(judge(&issuer.tokens, &giant), Verdict::NotMine);
}

#[test]
fn a_payload_of_another_kind_is_nobodys() {
    let issuer = Hs256::new();
    let nested = issuer.sign(r#"{"alg":"HS256"}"#, &claims(""));
    for payload in ["", "[]", "null", "\"a\"", "{} {}", &nested] {
        assert_eq!(issuer.judge(r#"{"alg":"HS256","cty":"JWT"}"#, payload), Verdict::NotMine, "{payload:?}");
    }
    let token = nested.replacen(nested.split('.').nth(1).unwrap(), &URL_SAFE_NO_PAD.encode(b"\xff\xfe"), 1);
    assert_eq!(judge(&issuer.tokens, &token), Verdict::NotMine);
}
