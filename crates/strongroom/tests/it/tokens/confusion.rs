//! A public key taken for a shared secret, the oldest trick on tokens (RFC 8725, section 2.1), and its relatives.

use jsonwebtoken::Algorithm;

use super::cast::{Cast, EC_PEM, ED_PEM, RSA_PEM, SHARED, Session};
use super::pairs::{Pair, b64, from_b64, hmac_of};
use super::signer::Signer;
use super::{Attack, token};

pub(super) fn attacks(cast: &Cast, session: &Session) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (who, signer) in [
        ("RSA of the set", cast.key("rsa")),
        ("P-256 of the set", cast.key("p256")),
        ("P-384 of the set", cast.key("p384")),
        ("Ed25519 of the set", cast.key("ed")),
        ("RSA in PEM", cast.signer(RSA_PEM, Algorithm::RS256)),
        ("P-256 in PEM", cast.signer(EC_PEM, Algorithm::ES256)),
        ("Ed25519 in PEM", cast.signer(ED_PEM, Algorithm::EdDSA)),
        ("a gateway", &cast.gateway),
        ("our own", &session.signer),
    ] {
        for (form, secret) in public_forms(&signer.pair) {
            attacks.push(by_secret(&format!("{who}: {form}"), signer, Algorithm::HS256, &secret));
        }
        let pem = signer.pair.public_pem();
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            attacks.push(by_secret(&format!("{who}: PEM"), signer, algorithm, pem.as_bytes()));
        }
        attacks.push(by_secret(&format!("{who}: an empty secret"), signer, Algorithm::HS256, b""));
    }
    let set = cast.key("rsa");
    attacks.push(by_secret("the whole key set", set, Algorithm::HS256, cast.set_document.as_bytes()));
    attacks.push(by_secret("the issuer's name", set, Algorithm::HS256, b"https://set.example"));
    attacks.extend(near_the_secret(cast));
    attacks
}

/// The forms in which a public key lies about: in files, in documents, in libraries.
fn public_forms(pair: &Pair) -> Vec<(&'static str, Vec<u8>)> {
    let (pem, der) = (pair.public_pem(), pair.public_der());
    let jwk = pair.jwk(&[]);
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let number = jwk.get("n").or(jwk.get("x")).and_then(|text| text.as_str()).unwrap().to_owned();
    let bits = match pair {
        Pair::Ed(_) => 32,
        Pair::P256(_) => 65,
        Pair::P384(_) => 97,
        // Behind the name of the algorithm.
        _ => der.len() - 24,
    };
    vec![
        ("PEM without its last line end", pem.trim_end().into()),
        ("PEM with CRLF", pem.replace('\n', "\r\n").into()),
        ("PEM in one line", pem.replace('\n', "").into()),
        ("PEM as PKCS #1 calls it", pem.replace("PUBLIC", "RSA PUBLIC").into()),
        ("DER in base64", lines.into()),
        ("DER in base64url", b64(&der).into()),
        ("the JWK", jwk.to_string().into()),
        ("its number", from_b64(&number)),
        ("its number in base64url", number.into()),
        ("the bits within DER", der[der.len() - bits..].to_vec()),
        ("PEM", pem.into()),
        ("DER", der),
    ]
}

fn by_secret(what: &str, signer: &Signer, algorithm: Algorithm, secret: &[u8]) -> Attack {
    let forger = signer.keyed(Pair::Secret(secret.to_vec())).doing(algorithm);
    token(format!("{algorithm:?} with {what}"), forger.good())
}

/// What is almost the issuer's secret, for an issuer that has one.
fn near_the_secret(cast: &Cast) -> Vec<Attack> {
    let signer = cast.signer(SHARED, Algorithm::HS256);
    let Pair::Secret(secret) = &*signer.pair else { panic!("a secret") };
    let [with_newline, hashed] =
        [[secret, b"\n".as_slice()].concat(), hmac_of(Algorithm::HS256, b"", secret)];
    [
        ("nothing", Vec::new()),
        ("zeros", vec![0; 64]),
        ("the secret and a line end", with_newline),
        ("the secret in base64url", b64(secret).into()),
        ("the secret but its last byte", secret[..63].to_vec()),
        ("the secret's first 32 bytes", secret[..32].to_vec()),
        ("the secret twice", secret.repeat(2)),
        ("a hash of the secret", hashed),
        ("the word secret", b"secret".to_vec()),
        ("the name of its file", b"shared.secret".to_vec()),
        (
            "another issuer's secret",
            cast.signer(super::cast::PARTICULAR, Algorithm::HS256).pair.private_file(),
        ),
    ]
    .map(|(what, secret)| by_secret(what, signer, Algorithm::HS256, &secret))
    .into()
}
