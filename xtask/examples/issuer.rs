//! The foreign issuer of `cargo xtask bench gateway`: `issuer DIRECTORY PEOPLE TOKENS` makes an ES256 key and signs TOKENS
//! tokens with it, no two alike, for PEOPLE people in turn. It leaves `jwks.json`, `public.pem` and `tokens` (lines of
//! `PERSON TOKEN`) in the directory. A real key: the directory is the bench's own and goes when it ends.

use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Longer than any run.
const LIFETIME_S: u64 = 6 * 3600;

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [directory, people, tokens] = words.as_slice() else {
        return Err("expected a directory, a number of people and a number of tokens".into());
    };
    let directory = Path::new(directory);
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    publish(&pair, directory)?;
    mint(&pair, directory, people.parse()?, tokens.parse()?)
}

fn publish(pair: &EcdsaKeyPair, directory: &Path) -> Outcome {
    let der = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key())?;
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD
            .encode(der.as_ref())
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect::<Vec<_>>()
            .join("\n")
    );
    std::fs::write(directory.join("public.pem"), pem)?;
    // An uncompressed point: the byte 4, then both coordinates.
    let (x, y) = pair.public_key().as_ref().get(1..).ok_or("no point")?.split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let key = format!(
        r#"{{"kty":"EC","crv":"P-256","kid":"bench","alg":"ES256","use":"sig","x":"{x}","y":"{y}"}}"#
    );
    Ok(std::fs::write(directory.join("jwks.json"), format!("{{\"keys\":[{key}]}}"))?)
}

#[expect(clippy::disallowed_methods, reason = "an issuer by itself, that asks the system for the time")]
fn mint(pair: &EcdsaKeyPair, directory: &Path, people: usize, tokens: usize) -> Outcome {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let exp = now + LIFETIME_S;
    let random = SystemRandom::new();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"JWT","kid":"bench"}"#);
    let mut out = std::io::BufWriter::new(std::fs::File::create(directory.join("tokens"))?);
    for number in 0..tokens {
        let person = format!("c76302cb-f845-40f4-9c56-{:012}", number % people);
        let claims = format!(
            r#"{{"iss":"https://issuer.example","aud":"strongroom-bench","sub":"{person}","iat":{now},"exp":{exp},"jti":"{number}"}}"#
        );
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = pair.sign(&random, signed.as_bytes())?;
        writeln!(out, "{person} {signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))?;
    }
    Ok(out.flush()?)
}
