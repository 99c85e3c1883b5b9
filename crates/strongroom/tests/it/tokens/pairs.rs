//! Key pairs of every kind, which sign whatever they are given: what an issuer has, and what an attacker makes.

use std::fmt::Write as _;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};

/// A key pair, or a secret.
pub(super) enum Pair {
    Secret(Vec<u8>),
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
    P384(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

impl Pair {
    /// A fresh one that fits the algorithm.
    pub(super) fn generate(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                let mut secret = vec![0; 64];
                aws_lc_rs::rand::fill(&mut secret).unwrap();
                // Its file may end in a newline that is not its own.
                secret[63] |= 0x80;
                Self::Secret(secret)
            }
            Algorithm::ES256 => {
                Self::P256(Box::new(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()))
            }
            Algorithm::ES384 => {
                Self::P384(Box::new(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap()))
            }
            Algorithm::EdDSA => Self::Ed(Box::new(Ed25519KeyPair::generate().unwrap())),
            _ => Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())),
        }
    }

    /// Signs as the algorithm says, where the key can; else in the key's own way.
    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Secret(secret) => hmac_of(algorithm, secret, message),
            Self::P256(pair) | Self::P384(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let encoding: &dyn RsaEncoding = match algorithm {
                    Algorithm::RS384 => &RSA_PKCS1_SHA384,
                    Algorithm::RS512 => &RSA_PKCS1_SHA512,
                    Algorithm::PS256 => &RSA_PSS_SHA256,
                    Algorithm::PS384 => &RSA_PSS_SHA384,
                    Algorithm::PS512 => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// An ECDSA signature in DER, as X.509 has it and JWS has not (RFC 7518, section 3.4).
    pub(super) fn sign_in_der(&self, message: &[u8]) -> Vec<u8> {
        let (algorithm, pair) = match self {
            Self::P256(pair) => (&ECDSA_P256_SHA256_ASN1_SIGNING, pair),
            Self::P384(pair) => (&ECDSA_P384_SHA384_ASN1_SIGNING, pair),
            _ => panic!("no ECDSA key"),
        };
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.to_pkcs8v1().unwrap().as_ref()).unwrap();
        pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    /// The public key as X.509 has it.
    pub(super) fn public_der(&self) -> Vec<u8> {
        match self {
            Self::Secret(_) => panic!("a secret has no public key"),
            Self::Rsa(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::P256(pair) | Self::P384(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
        }
    }

    pub(super) fn public_pem(&self) -> String {
        pem("PUBLIC KEY", &self.public_der())
    }

    /// What a program that signs reads: the secret itself, or PKCS #8 in PEM.
    pub(super) fn private_file(&self) -> Vec<u8> {
        let der = match self {
            Self::Secret(secret) => return secret.clone(),
            Self::Rsa(pair) => pair.as_der().unwrap().as_ref().to_vec(),
            Self::P256(pair) | Self::P384(pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
        };
        pem("PRIVATE KEY", &der).into_bytes()
    }

    /// The public key as a JWK, with these members set besides.
    pub(super) fn jwk(&self, members: &[(&str, &str)]) -> serde_json::Value {
        let pem = self.public_pem();
        let key = match self {
            Self::Secret(_) => panic!("a secret is not published"),
            Self::Rsa(_) => DecodingKey::from_rsa_pem(pem.as_bytes()),
            Self::P256(_) | Self::P384(_) => DecodingKey::from_ec_pem(pem.as_bytes()),
            Self::Ed(_) => DecodingKey::from_ed_pem(pem.as_bytes()),
        };
        let mut jwk = serde_json::to_value(Jwk::from_decoding_key(&key.unwrap(), None).unwrap()).unwrap();
        for (name, value) in members {
            jwk[*name] = (*value).into();
        }
        jwk
    }
}

pub(super) fn hmac_of(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let hash = match algorithm {
        Algorithm::HS384 => hmac::HMAC_SHA384,
        Algorithm::HS512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(hash, secret), message).as_ref().to_vec()
}

pub(super) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn from_b64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        writeln!(pem, "{}", std::str::from_utf8(line).unwrap()).unwrap();
    }
    pem + &format!("-----END {label}-----\n")
}
