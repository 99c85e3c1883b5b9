//! Signatures that are absent, cut, changed, of another key, or arithmetic: one over what is not signed is none.

use jsonwebtoken::Algorithm;

use super::cast::{Cast, EC_PEM, ED_PEM, RSA_PEM, SET, SHARED};
use super::pairs::{Pair, b64, from_b64};
use super::signer::Signer;
use super::{Attack, token};
use crate::support::process::DEMO;

/// The orders of the groups (FIPS 186-5, appendix; SEC 2), big-endian, and of Ed25519 (RFC 8032, section 5.1),
/// little-endian as its signatures are.
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P384_ORDER: &str =
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
const ED25519_ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

pub(super) fn attacks(cast: &Cast) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for kid in ["rsa", "ps256", "p256", "p384", "ed"] {
        attacks.extend(damaged(kid, cast.key(kid)));
    }
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        attacks.extend(damaged("secret", cast.signer(SHARED, algorithm)));
    }
    attacks.extend(ecdsa("P-256", cast.key("p256"), &from_hex(P256_ORDER)));
    attacks.extend(ecdsa("P-384", cast.key("p384"), &from_hex(P384_ORDER)));
    attacks.extend(ecdsa("P-256 in PEM", cast.signer(EC_PEM, Algorithm::ES256), &from_hex(P256_ORDER)));
    attacks.extend(ed25519("the set's", cast.key("ed")));
    attacks.extend(ed25519("PEM's", cast.signer(ED_PEM, Algorithm::EdDSA)));
    attacks.extend(rsa("the set's", cast.key("rsa")));
    attacks.extend(rsa("PSS", cast.key("ps256")));
    attacks.extend(rsa("PEM's", cast.signer(RSA_PEM, Algorithm::RS256)));
    attacks.extend(by_another_key(cast));
    attacks
}

/// What goes for every kind of key.
fn damaged(who: &str, signer: &Signer) -> Vec<Attack> {
    let sign = |message: &[u8]| signer.pair.sign(signer.algorithm, message);
    let flipped = |at: fn(usize) -> usize, bit: u8| {
        signer.signed_by(|message| {
            let mut signature = sign(message);
            let at = at(signature.len());
            signature[at] ^= bit;
            signature
        })
    };
    let cut = |keep: fn(usize) -> usize| {
        signer.signed_by(|message| {
            let signature = sign(message);
            signature[..keep(signature.len())].to_vec()
        })
    };
    let joined =
        |before: &[u8], behind: &[u8]| signer.signed_by(|message| [before, &sign(message), behind].concat());
    let of = |other: &[u8]| signer.signed_by(|_| sign(other));
    let claims = signer.claims().text();
    let (header, unsigned) = (signer.header.text(), signer.unsigned());
    [
        ("the first bit flipped", flipped(|_| 0, 0x80)),
        ("the second byte's last bit flipped", flipped(|_| 1, 1)),
        ("a bit in the middle flipped", flipped(|len| len / 2, 0x10)),
        ("the last bit flipped", flipped(|len| len - 1, 1)),
        ("one byte of it", cut(|_| 1)),
        ("half of it", cut(|len| len / 2)),
        ("all but its last byte", cut(|len| len - 1)),
        ("a zero byte before", joined(&[0], &[])),
        ("a zero byte behind", joined(&[], &[0])),
        ("itself in base64url", signer.signed_by(|message| b64(sign(message)).into())),
        ("zeros", signer.signed_by(|message| vec![0; sign(message).len()])),
        ("ones", signer.signed_by(|message| vec![0xff; sign(message).len()])),
        ("over another token", of(unsigned.as_bytes())),
        ("over the header alone", of(b64(&header).as_bytes())),
        ("over the claims alone", of(b64(&claims).as_bytes())),
        ("over what is not encoded", of(format!("{header}.{claims}").as_bytes())),
        ("over the empty text", of(b"")),
        (
            "over a hash",
            signer
                .signed_by(|message| sign(super::pairs::hmac_of(Algorithm::HS256, b"", message).as_slice())),
        ),
        ("over a dot too many", signer.signed_by(|message| sign(&[message, b"."].concat()))),
    ]
    .map(|(what, text)| token(format!("{who} {:?}: signature: {what}", signer.algorithm), text))
    .into()
}

/// Two numbers of fixed length, each from 1 to the order: nothing else (CVE-2022-21449 is the zeros).
fn ecdsa(who: &str, signer: &Signer, order: &[u8]) -> Vec<Attack> {
    let size = order.len();
    let number = |value: u8| [vec![0; size - 1], vec![value]].concat();
    let mut attacks = Vec::new();
    for (r, r_name) in
        [(number(0), "0"), (number(1), "1"), (order.to_vec(), "n"), (vec![0xff; size], "all ones")]
    {
        for (s, s_name) in
            [(number(0), "0"), (number(1), "1"), (order.to_vec(), "n"), (vec![0xff; size], "all ones")]
        {
            let text = signer.signed_by(|_| [r.clone(), s].concat());
            // All zeros and all ones stand among the damages, where each has another `jti`.
            attacks.push(token(format!("{who}: r {r_name}, s {s_name}"), text));
        }
    }
    let parts = |message: &[u8]| {
        let signature = signer.pair.sign(signer.algorithm, message);
        (signature[..size].to_vec(), signature[size..].to_vec())
    };
    let made = |make: &dyn Fn(Vec<u8>, Vec<u8>) -> Vec<u8>| {
        signer.signed_by(|message| {
            let (r, s) = parts(message);
            make(r, s)
        })
    };
    for (what, text) in [
        ("r and s swapped", made(&|r, s| [s, r].concat())),
        ("r twice", made(&|r, _| r.repeat(2))),
        ("s twice", made(&|_, s| s.repeat(2))),
        ("r for n - r", made(&|r, s| [minus(order, &r), s].concat())),
        ("r and zero", made(&|r, _| [r, number(0)].concat())),
        ("zero and s", made(&|_, s| [number(0), s].concat())),
        ("each with a zero before", made(&|r, s| [vec![0], r, vec![0], s].concat())),
        ("each without its last byte", made(&|r, s| [&r[..size - 1], &s[..size - 1]].concat())),
        ("in DER", signer.signed_by(|message| signer.pair.sign_in_der(message))),
        ("an empty sequence in DER", signer.signed_by(|_| vec![0x30, 0])),
        ("zeros in DER", signer.signed_by(|_| vec![0x30, 6, 2, 1, 0, 2, 1, 0])),
    ] {
        attacks.push(token(format!("{who}: {what}"), text));
    }
    attacks
}

/// S is below the order, so that there is one signature of a message (RFC 8032, section 5.1.7).
fn ed25519(who: &str, signer: &Signer) -> Vec<Attack> {
    let order = from_hex(ED25519_ORDER);
    let mut identity = [0; 32];
    identity[0] = 1;
    let made = |make: &dyn Fn(Vec<u8>, Vec<u8>) -> Vec<u8>| {
        signer.signed_by(|message| {
            let signature = signer.pair.sign(signer.algorithm, message);
            make(signature[..32].to_vec(), signature[32..].to_vec())
        })
    };
    let public = from_b64(signer.pair.jwk(&[])["x"].as_str().unwrap());
    [
        ("S and the order", made(&|r, s| [r, plus_little_endian(&s, &order)].concat())),
        ("S the order", made(&|r, _| [r, order.clone()].concat())),
        ("S zero", made(&|r, _| [r, vec![0; 32]].concat())),
        ("R and S swapped", made(&|r, s| [s, r].concat())),
        ("R the neutral element, S zero", made(&|_, _| [identity, [0; 32]].concat())),
        ("R the neutral element", made(&|_, s| [identity.to_vec(), s].concat())),
        ("R the public key, S zero", made(&|_, _| [public.clone(), vec![0; 32]].concat())),
        (
            "R of the other sign",
            made(&|mut r, s| {
                r[31] ^= 0x80;
                [r, s].concat()
            }),
        ),
        ("of no point", made(&|_, s| [vec![2; 32], s].concat())),
    ]
    .map(|(what, text)| token(format!("Ed25519 {who}: {what}"), text))
    .into()
}

/// A number below the modulus, as long as it (RFC 8017, sections 8.1.2 and 8.2.2).
fn rsa(who: &str, signer: &Signer) -> Vec<Attack> {
    let modulus = from_b64(signer.pair.jwk(&[])["n"].as_str().unwrap());
    let size = modulus.len();
    let number = |value: u8| [vec![0; size - 1], vec![value]].concat();
    let one_less = minus(&modulus, &number(1));
    let sign = |message: &[u8]| signer.pair.sign(signer.algorithm, message);
    [
        ("1", signer.signed_by(|_| number(1))),
        ("2", signer.signed_by(|_| number(2))),
        ("the modulus", signer.signed_by(|_| modulus.clone())),
        ("one less than the modulus", signer.signed_by(|_| one_less.clone())),
        ("the modulus less itself", signer.signed_by(|message| minus(&modulus, &sign(message)))),
        ("backwards", signer.signed_by(|message| sign(message).into_iter().rev().collect())),
        (
            "what it should decrypt to",
            signer.signed_by(|_| [vec![0, 1], vec![0xff; size - 35], vec![0; 33]].concat()),
        ),
        ("of 64 bytes", signer.signed_by(|message| sign(message)[..64].to_vec())),
        ("of 512 bytes", signer.signed_by(|message| sign(message).repeat(2))),
    ]
    .map(|(what, text)| token(format!("RSA {who}: {what}"), text))
    .into()
}

/// Good signatures by keys that are not the one that was named.
fn by_another_key(cast: &Cast) -> Vec<Attack> {
    let mut attacks = Vec::new();
    let everybody: Vec<_> = ["rsa", "p256", "p384", "ed"].map(|kid| (SET, cast.key(kid))).into();
    let pem = [(RSA_PEM, Algorithm::RS256), (EC_PEM, Algorithm::ES256), (ED_PEM, Algorithm::EdDSA)]
        .map(|(issuer, algorithm)| (issuer, cast.signer(issuer, algorithm)));
    for (issuer, signer) in everybody.iter().chain(&pem) {
        let stranger = signer.keyed(Pair::generate(signer.algorithm));
        attacks.push(token(format!("{issuer} {:?}: a stranger's key", signer.algorithm), stranger.good()));
    }
    for (poser, posed) in [
        ("p256-next", "p256"),
        ("p256", "p256-next"),
        ("rs256", "rsa"),
        ("rsa", "rs256"),
        ("ps256", "rsa"),
        ("rsa", "ps256"),
        ("ed", "p256"),
        ("p256", "ed"),
        ("p256", "p384"),
        ("p384", "p256"),
        ("rsa", "ed"),
        ("ed", "rsa"),
    ] {
        let text = cast.key(poser).posing_as(cast.key(posed)).good();
        attacks.push(token(format!("{poser} poses as {posed}"), text));
    }
    for (issuer, signer) in pem {
        for kid in ["rsa", "p256", "ed"] {
            let key = cast.key(kid);
            attacks.push(token(format!("{kid} of the set poses as {issuer}"), key.posing_as(signer).good()));
            attacks.push(token(format!("{issuer} poses as {kid} of the set"), signer.posing_as(key).good()));
        }
    }
    attacks.push(token(
        "the key for encryption poses as one for signatures",
        cast.key("rsa").keyed(cast.enc.clone()).good(),
    ));
    let secrets = [SHARED, super::cast::PARTICULAR].map(|issuer| cast.signer(issuer, Algorithm::HS256));
    for (who, poser, posed) in [("one", secrets[0], secrets[1]), ("the other", secrets[1], secrets[0])] {
        attacks.push(token(format!("{who} secret poses as the other"), poser.posing_as(posed).good()));
    }
    attacks
}

/// The other signature of an ECDSA pair is as good as the first (FIPS 186-5 allows both): it speaks for the same person,
/// until the same second, and nothing here takes the text of a foreign token for its name.
#[test]
fn the_second_signature_that_ecdsa_allows_speaks_for_the_same_person() {
    let cast = Cast::new();
    for (kid, order) in [("p256", P256_ORDER), ("p384", P384_ORDER)] {
        let (signer, order) = (cast.key(kid), from_hex(order));
        let first = signer.good();
        let (front, signature) = first.rsplit_once('.').unwrap();
        let signature = from_b64(signature);
        let (r, s) = signature.split_at(order.len());
        let second = format!("{front}.{}", b64([r, &minus(&order, s)].concat()));
        assert_ne!(first, second);
        let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
        let mut client = cast.safe.connect();
        assert_eq!(client.authorized(&first, "GET", &path, "").status, 204, "{kid}");
        assert_eq!(client.authorized(&second, "GET", &path, "").status, 204, "{kid}");
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The difference of two big-endian numbers of one length; the first is the larger.
fn minus(larger: &[u8], smaller: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut digits: Vec<u8> = larger
        .iter()
        .zip(smaller)
        .rev()
        .map(|(a, b)| {
            let (digit, first) = a.overflowing_sub(*b);
            let (digit, second) = digit.overflowing_sub(borrow.into());
            borrow = first || second;
            digit
        })
        .collect();
    assert!(!borrow, "the first is the larger");
    digits.reverse();
    digits
}

/// The sum of two little-endian numbers of one length, which has room for it.
fn plus_little_endian(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let sum = a.iter().zip(b).map(|(a, b)| {
        let [low, high] = (u16::from(*a) + u16::from(*b) + carry).to_le_bytes();
        carry = high.into();
        low
    });
    sum.collect()
}
