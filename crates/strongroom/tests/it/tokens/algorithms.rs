//! The algorithm is the key's, whatever a header says (RFC 8725, sections 2.1, 3.1 and 3.2).

use jsonwebtoken::Algorithm;

use super::cast::{Cast, EC_PEM, ED_PEM, RSA_PEM, SHARED, Session};
use super::signer::{Signer, quoted};
use super::{Attack, token};

const ALL: [&str; 12] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
    "EdDSA",
];

/// What is no algorithm of ours, as JSON.
const UNKNOWN: [&str; 36] = [
    r#""none""#,
    r#""None""#,
    r#""NONE""#,
    r#""nOnE""#,
    r#""none ""#,
    r#"" none""#,
    r#""n\u006fne""#,
    r#""none\u0000""#,
    r#""\u0000""#,
    r#""""#,
    r#"" ""#,
    r#""null""#,
    r#""any""#,
    r#""*""#,
    r#""HS1""#,
    r#""HS255""#,
    r#""HS256 ""#,
    r#""hs256""#,
    r#""RS1""#,
    r#""rs256""#,
    r#""RS256,HS256""#,
    r#""ES512""#,
    r#""ES256K""#,
    r#""eddsa""#,
    r#""EDDSA""#,
    r#""Ed448""#,
    r#""A128KW""#,
    r#""dir""#,
    r#""RSA-OAEP""#,
    r#""PBES2-HS256+A128KW""#,
    "null",
    "0",
    "true",
    "[]",
    "{}",
    r#"["none"]"#,
];

pub(super) fn attacks(cast: &Cast, session: &Session) -> Vec<Attack> {
    let mut attacks = Vec::new();
    let signers = [
        ("secret", cast.signer(SHARED, Algorithm::HS256)),
        ("set", cast.key("p256")),
        ("RSA", cast.signer(RSA_PEM, Algorithm::RS256)),
        ("own", &session.signer),
    ];
    for (who, signer) in signers {
        attacks.extend(unknown(who, signer));
    }
    for kid in ["rsa", "rs256", "ps256", "p256", "p384", "ed"] {
        attacks.extend(mislabelled(kid, cast.key(kid)));
    }
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        attacks.extend(mislabelled("secret", cast.signer(SHARED, algorithm)));
    }
    for (issuer, algorithm) in
        [(RSA_PEM, Algorithm::RS256), (EC_PEM, Algorithm::ES256), (ED_PEM, Algorithm::EdDSA)]
    {
        attacks.extend(mislabelled(issuer, cast.signer(issuer, algorithm)));
    }
    attacks.extend(mislabelled("own", &session.signer));
    attacks.extend(not_of_this_key(cast));
    attacks
}

/// Well signed, as far as the key goes; some without any signature.
fn unknown(who: &str, signer: &Signer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for alg in UNKNOWN {
        attacks.push(token(format!("{who}, alg {alg}"), signer.headed(|it| it.with("alg", alg))));
    }
    for alg in &UNKNOWN[..8] {
        let whole = signer.headed(|it| it.with("alg", *alg));
        let unsigned = whole.rsplit_once('.').unwrap().0;
        attacks.push(token(format!("{who}, alg {alg}, no signature"), format!("{unsigned}.")));
        attacks.push(token(format!("{who}, alg {alg}, no third segment"), unsigned));
        attacks.push(token(format!("{who}, alg {alg}, a zero for a signature"), format!("{unsigned}.AA")));
    }
    attacks.push(token(format!("{who}, no alg"), signer.headed(|it| it.without("alg"))));
    let upper = signer.header.get("alg").to_owned();
    attacks.push(token(format!("{who}, ALG"), signer.headed(|it| it.without("alg").with("ALG", upper))));
    attacks
}

/// Signed in the key's own way, labelled as every other.
fn mislabelled(who: &str, signer: &Signer) -> Vec<Attack> {
    let own = signer.header.get("alg").trim_matches('"').to_owned();
    let others = ALL.into_iter().filter(|alg| *alg != own);
    others
        .map(|alg| {
            token(format!("{who}: {own} labelled {alg}"), signer.headed(|it| it.with("alg", quoted(alg))))
        })
        .collect()
}

/// Signed in a way that the kind of key can do and this key must not, and labelled so.
fn not_of_this_key(cast: &Cast) -> Vec<Attack> {
    use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
    let pem = cast.signer(RSA_PEM, RS256);
    let [rs256, ps256] = [cast.key("rs256"), cast.key("ps256")];
    let mut attacks = Vec::new();
    for (who, signer, others) in [
        ("PEM for RS256", pem, [RS384, RS512, PS256, PS384, PS512]),
        ("key for RS256", rs256, [RS384, RS512, PS256, PS384, PS512]),
        ("key for PS256", ps256, [RS256, RS384, RS512, PS384, PS512]),
    ] {
        for algorithm in others {
            attacks.push(token(format!("{who} does {algorithm:?}"), signer.doing(algorithm).good()));
        }
    }
    let particular = cast.signer(super::cast::PARTICULAR, Algorithm::HS256);
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let text = particular.doing(algorithm).good();
        attacks.push(token(format!("secret for HS256 does {algorithm:?}"), text));
    }
    attacks
}
