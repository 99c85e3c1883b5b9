//! Key pairs of every kind, and tokens forged from raw JSON: what an attacker has, and more.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_executor::block_on;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use strongroom_jwt::{Algorithm, ForeignIssuer, ForeignKeys, ForeignTokens, IssuerKind};
use strongroom_ports::{Authenticator, Refusal, Timestamp, Verdict};
use strongroom_testkit::fake::ManualClock;
use strongroom_testkit::sample;
use zeroize::Zeroizing;

/// All that are known.
pub(crate) const ALGORITHMS: [Algorithm; 12] = [
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

pub(crate) const LEEWAY: Duration = Duration::from_secs(30);
pub(crate) const ISSUER: &str = "https://id.shop.example";
pub(crate) const AUDIENCE: &str = "strongroom";
pub(crate) const PERSON: &str = "c76302cb-f845-40f4-9c56-29710323afba";

pub(crate) enum TestKey {
    Secret(Vec<u8>),
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

impl TestKey {
    /// A fresh key that fits the algorithm.
    pub(crate) fn generate(algorithm: Algorithm) -> Self {
        use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512};
        match algorithm {
            HS256 | HS384 | HS512 => {
                let mut secret = vec![0; 64];
                aws_lc_rs::rand::fill(&mut secret).unwrap();
                Self::Secret(secret)
            }
            ES256 => Self::Ec(Box::new(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())),
            ES384 => Self::Ec(Box::new(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())),
            EdDSA => Self::Ed(Box::new(Ed25519KeyPair::generate().unwrap())),
            _ => Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())),
        }
    }

    /// Signs as the algorithm says, where the key can; else in the key's own way.
    pub(crate) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Secret(secret) => hmac_of(algorithm, secret, message),
            Self::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
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

    /// What the verifier is configured with.
    pub(crate) fn keys(&self) -> ForeignKeys {
        match self {
            Self::Secret(secret) => ForeignKeys::Secret(Zeroizing::new(secret.clone())),
            _ => ForeignKeys::PublicKeyPem(self.pem().into_bytes()),
        }
    }

    pub(crate) fn pem(&self) -> String {
        let der = match self {
            Self::Secret(_) => panic!("a secret has no public key"),
            Self::Rsa(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::Ec(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
        };
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        for line in STANDARD.encode(der).as_bytes().chunks(64) {
            writeln!(pem, "{}", std::str::from_utf8(line).unwrap()).unwrap();
        }
        pem + "-----END PUBLIC KEY-----\n"
    }

    /// The public key, or the secret, as a JWK, with these members set besides.
    pub(crate) fn jwk(&self, members: &[(&str, serde_json::Value)]) -> serde_json::Value {
        let key = match self {
            Self::Secret(secret) => Ok(DecodingKey::from_secret(secret)),
            Self::Rsa(_) => DecodingKey::from_rsa_pem(self.pem().as_bytes()),
            Self::Ec(_) => DecodingKey::from_ec_pem(self.pem().as_bytes()),
            Self::Ed(_) => DecodingKey::from_ed_pem(self.pem().as_bytes()),
        };
        let mut jwk = serde_json::to_value(Jwk::from_decoding_key(&key.unwrap(), None).unwrap()).unwrap();
        for (name, value) in members {
            jwk[*name] = value.clone();
        }
        jwk
    }
}

pub(crate) fn key_set(keys: &[serde_json::Value]) -> ForeignKeys {
    ForeignKeys::KeySet(serde_json::json!({ "keys": keys }).to_string().into_bytes())
}

pub(crate) fn hmac_of(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let hash = match algorithm {
        Algorithm::HS384 => hmac::HMAC_SHA384,
        Algorithm::HS512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(hash, secret), message).as_ref().to_vec()
}

/// A token of raw JSON, signed however the caller likes.
pub(crate) fn forge(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The claims of a good foreign token, with more JSON members behind them.
pub(crate) fn claims(more: &str) -> String {
    let exp = now_s() + 600;
    format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"{PERSON}","exp":{exp}{more}}}"#)
}

pub(crate) fn now_s() -> i64 {
    sample::now().secs()
}

/// The last moment before.
pub(crate) fn just_before(moment: Timestamp) -> Timestamp {
    Timestamp::from_millis(moment.millis() - 1)
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_secs(now_s())))
}

pub(crate) fn issuer(keys: ForeignKeys, algorithms: &[Algorithm]) -> ForeignIssuer {
    ForeignIssuer {
        issuer: ISSUER.to_owned(),
        audience: vec!["other".to_owned(), AUDIENCE.to_owned()],
        keys,
        algorithms: algorithms.to_vec(),
        kind: bound("sub", None),
    }
}

/// Bound to the shop's tenant.
pub(crate) fn bound(subject_claim: &str, token_type: Option<&str>) -> IssuerKind {
    IssuerKind::Bound {
        subject_claim: subject_claim.to_owned(),
        token_type: token_type.map(str::to_owned),
        tenant: sample::tenant("shop.example"),
    }
}

pub(crate) fn accepting(issuer: ForeignIssuer) -> ForeignTokens {
    ForeignTokens::build(vec![issuer], clock(), LEEWAY).unwrap()
}

/// One verifier of HS256 tokens, and who signs them: for all that does not depend on the kind of key.
pub(crate) struct Hs256 {
    pub(crate) tokens: ForeignTokens,
    key: TestKey,
}

impl Hs256 {
    pub(crate) fn new() -> Self {
        Self::configured(|_| {})
    }

    pub(crate) fn configured(change: impl FnOnce(&mut ForeignIssuer)) -> Self {
        let key = TestKey::generate(Algorithm::HS256);
        let mut issuer = issuer(key.keys(), &[Algorithm::HS256]);
        change(&mut issuer);
        Self { tokens: accepting(issuer), key }
    }

    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        forge(header, claims, |message| self.key.sign(Algorithm::HS256, message))
    }

    /// The verdict on a well-signed token of this header and these claims.
    pub(crate) fn judge(&self, header: &str, claims: &str) -> Verdict {
        judge(&self.tokens, &self.sign(header, claims))
    }

    /// The verdict on a well-signed token of these claims.
    pub(crate) fn judge_claims(&self, claims: &str) -> Verdict {
        self.judge(r#"{"alg":"HS256"}"#, claims)
    }
}

pub(crate) const INVALID: Verdict = Verdict::Refused(Refusal::Invalid);
pub(crate) const EXPIRED: Verdict = Verdict::Refused(Refusal::Expired);

pub(crate) fn judge(authenticator: &dyn Authenticator, token: &str) -> Verdict {
    block_on(authenticator.authenticate(token)).unwrap()
}

pub(crate) fn is_known(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Known(_))
}
