//! Tokens that the server has just accepted, and so remembers, with something else about them: each is another token.

use jsonwebtoken::Algorithm;

use super::cast::{Cast, SHARED, Session};
use super::pairs::{Pair, b64, from_b64};
use super::signer::Signer;
use super::{Attack, accepted_as, token};

pub(super) fn attacks(cast: &Cast, session: &Session) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (who, signer) in [
        ("Ed25519", cast.key("ed")),
        ("RSA", cast.key("rsa")),
        ("P-256", cast.key("p256")),
        ("secret", cast.signer(SHARED, Algorithm::HS256)),
        ("a gateway", &cast.gateway),
        ("our own", &session.signer),
    ] {
        let good = signer.good();
        accepted_as(&mut cast.safe.connect(), signer, &good, "to be remembered");
        attacks.extend(
            altered(signer, &good).map(|(what, text)| token(format!("remembered {who}: {what}"), text)),
        );
    }
    attacks
}

fn altered(signer: &Signer, good: &str) -> [(&'static str, String); 14] {
    let (front, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = front.split_once('.').unwrap();
    let bytes = from_b64(signature);
    let stranger = Pair::generate(signer.algorithm);
    let mut flipped = bytes.clone();
    flipped[0] ^= 1;
    [
        ("without its signature", format!("{front}.")),
        ("without its third segment", front.to_owned()),
        ("with zeros for its signature", format!("{front}.{}", b64(vec![0; bytes.len()]))),
        ("with a bit of its signature flipped", format!("{front}.{}", b64(flipped))),
        ("with half of its signature", format!("{front}.{}", b64(&bytes[..bytes.len() / 2]))),
        (
            "signed by a stranger",
            format!("{front}.{}", b64(stranger.sign(signer.algorithm, front.as_bytes()))),
        ),
        ("with another token's signature", format!("{front}.{}", signer.good().rsplit_once('.').unwrap().1)),
        ("with another token's claims", format!("{header}.{}.{signature}", b64(signer.claims().text()))),
        ("with an unsigned header", format!("{}.{claims}.{signature}", b64(r#"{"alg":"none"}"#))),
        (
            "with a space in its header",
            format!("{}.{claims}.{signature}", b64(format!("{} ", signer.header.text()))),
        ),
        ("with padding", format!("{good}=")),
        ("with a letter behind", format!("{good}A")),
        ("in lower case", good.to_lowercase()),
        ("twice", format!("{good}.{good}")),
    ]
}
