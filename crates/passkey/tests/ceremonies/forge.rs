//! Answers written by hand: all that an authenticator and a browser say, each part free to be a lie that is well signed.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(crate) const PRESENT: u8 = 0x01;
pub(crate) const VERIFIED: u8 = 0x04;
pub(crate) const BACKUP_ELIGIBLE: u8 = 0x08;
pub(crate) const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;
pub(crate) const EXTENSIONS: u8 = 0x80;
/// What the authenticators of phones say.
const SYNCED: u8 = PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP;

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key pair with the id of its credential.
pub(crate) struct Key {
    pub(crate) id: Vec<u8>,
    pair: Pair,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl Key {
    pub(crate) fn es256() -> Self {
        Self::of_pair(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    /// The key pair of a private number and its point.
    pub(crate) fn es256_of(private: &[u8], point: &[u8]) -> Self {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        Self::of_pair(EcdsaKeyPair::from_private_key_and_public_key(algorithm, private, point).unwrap())
    }

    fn of_pair(pair: EcdsaKeyPair) -> Self {
        Self { id: pair.public_key().as_ref()[1..33].to_vec(), pair: Pair::Es256(pair) }
    }

    pub(crate) fn rs256() -> Self {
        Self::of_rsa_pair(RsaKeyPair::generate(rsa::KeySize::Rsa2048).unwrap())
    }

    /// The key pair that PKCS#8 holds, as base64url.
    pub(crate) fn rs256_of(pkcs8: &str) -> Self {
        Self::of_rsa_pair(RsaKeyPair::from_pkcs8(&URL_SAFE_NO_PAD.decode(pkcs8).unwrap()).unwrap())
    }

    fn of_rsa_pair(pair: RsaKeyPair) -> Self {
        Self { id: b"an RSA key".to_vec(), pair: Pair::Rs256(pair) }
    }

    /// The coordinates of a P-256 key.
    pub(crate) fn coordinates(&self) -> ([u8; 32], [u8; 32]) {
        let Pair::Es256(pair) = &self.pair else { panic!("a P-256 key") };
        let point = pair.public_key().as_ref();
        (point[1..33].try_into().unwrap(), point[33..].try_into().unwrap())
    }

    pub(crate) fn cose(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Es256(_) => {
                let (x, y) = self.coordinates();
                cose_ec2(0x26, 1, &x, &y)
            }
            Pair::Rs256(pair) => {
                // RSAPublicKey (RFC 8017, appendix A.1.1): a modulus of 2048 bits behind nine bytes, an exponent of three at
                // the end.
                let der = pair.public_key().as_ref();
                let (n, e) = (&der[9..265], &der[der.len() - 3..]);
                // {1: 3, 3: -257, -1: n, -2: e}
                let mut cose = vec![0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20];
                cose.extend(cbor_bytes(n));
                cose.push(0x21);
                cose.extend(cbor_bytes(e));
                cose
            }
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Es256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

/// `{1: 2, 3: alg, -1: crv, -2: x, -3: y}`; the algorithm as its one byte of CBOR.
pub(crate) fn cose_ec2(alg: u8, curve: u8, x: &[u8], y: &[u8]) -> Vec<u8> {
    let mut cose = vec![0xa5, 0x01, 0x02, 0x03, alg, 0x20, curve, 0x21];
    cose.extend(cbor_bytes(x));
    cose.push(0x22);
    cose.extend(cbor_bytes(y));
    cose
}

fn cbor_bytes(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0x59], &length[..], bytes].concat()
}

fn cbor_text(text: &str) -> Vec<u8> {
    [&[0x78, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// What is said in answer to some options; at first nothing but the truth.
pub(crate) struct Answer {
    pub(crate) kind: &'static str,
    pub(crate) challenge: String,
    pub(crate) origin: String,
    /// Further members of the client data, as they stand in JSON, with a comma before each.
    pub(crate) more_client_data: String,
    pub(crate) rp_id: String,
    pub(crate) flags: u8,
    pub(crate) counter: u32,
    /// What follows the counter, and the credential's data where there is some.
    pub(crate) extensions: Vec<u8>,
    /// The id as it is posted; the key's where there is none.
    pub(crate) id: Option<Vec<u8>>,
    /// The id and the key as they are attested; the key's where there is none.
    pub(crate) attested_id: Option<Vec<u8>>,
    pub(crate) cose: Option<Vec<u8>>,
    pub(crate) statement_format: &'static str,
    /// CBOR.
    pub(crate) statement: Vec<u8>,
    /// Absent where there is none.
    pub(crate) user_handle: Option<Value>,
}

impl Answer {
    pub(crate) fn to_creation(options: &[u8]) -> Self {
        let options: Value = serde_json::from_slice(options).unwrap();
        let (rp_id, user_handle) = (&options["rp"]["id"], options["user"]["id"].clone());
        Self::new("webauthn.create", &options["challenge"], rp_id, SYNCED | ATTESTED, user_handle)
    }

    pub(crate) fn to_request(options: &[u8], handle: &str) -> Self {
        let options: Value = serde_json::from_slice(options).unwrap();
        Self::new("webauthn.get", &options["challenge"], &options["rpId"], SYNCED, json!(handle))
    }

    fn new(kind: &'static str, challenge: &Value, rp_id: &Value, flags: u8, user_handle: Value) -> Self {
        Self {
            kind,
            challenge: challenge.as_str().unwrap().to_owned(),
            origin: crate::world::ORIGIN.to_owned(),
            more_client_data: String::new(),
            rp_id: rp_id.as_str().unwrap().to_owned(),
            flags,
            counter: 0,
            extensions: Vec::new(),
            id: None,
            attested_id: None,
            cose: None,
            statement_format: "none",
            statement: vec![0xa0],
            user_handle: Some(user_handle),
        }
    }

    /// As browsers write it: these members, in this order (Web Authentication, section 5.8.1.1).
    fn client_data(&self) -> String {
        let Self { kind, challenge, origin, more_client_data, .. } = self;
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}"{more_client_data}}}"#)
    }

    fn authenticator_data(&self, attested: &[u8]) -> Vec<u8> {
        let rp_id_hash = digest(&SHA256, self.rp_id.as_bytes());
        let counter = self.counter.to_be_bytes();
        [rp_id_hash.as_ref(), &[self.flags], &counter, attested, &self.extensions].concat()
    }

    /// What is posted after `create`.
    pub(crate) fn made(&self, key: &Key) -> Vec<u8> {
        let (id, cose) = (self.attested_id.as_ref().unwrap_or(&key.id), self.cose.clone());
        let length = u16::try_from(id.len()).unwrap().to_be_bytes();
        let attested = [&[0; 16], &length[..], id, &cose.unwrap_or_else(|| key.cose())].concat();
        let object = [
            vec![0xa3],
            cbor_text("fmt"),
            cbor_text(self.statement_format),
            cbor_text("attStmt"),
            self.statement.clone(),
            cbor_text("authData"),
            cbor_bytes(&self.authenticator_data(&attested)),
        ];
        self.posted(key, json!({ "attestationObject": base64url(&object.concat()) }))
    }

    /// What is posted after `get`.
    pub(crate) fn shown(&self, key: &Key) -> Vec<u8> {
        let authenticator_data = self.authenticator_data(&[]);
        let hash = digest(&SHA256, self.client_data().as_bytes());
        let signature = key.sign(&[&authenticator_data, hash.as_ref()].concat());
        let mut response = json!({
            "authenticatorData": base64url(&authenticator_data),
            "signature": base64url(&signature),
        });
        if let Some(user_handle) = &self.user_handle {
            response["userHandle"] = user_handle.clone();
        }
        self.posted(key, response)
    }

    fn posted(&self, key: &Key, mut response: Value) -> Vec<u8> {
        let id = base64url(self.id.as_ref().unwrap_or(&key.id));
        response["clientDataJSON"] = json!(base64url(self.client_data().as_bytes()));
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response }).to_string().into_bytes()
    }
}

/// The same, after a change of one member of its `response`, bytes to bytes.
pub(crate) fn altered(posted: &[u8], member: &str, alter: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut posted: Value = serde_json::from_slice(posted).unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(posted["response"][member].as_str().unwrap()).unwrap();
    alter(&mut bytes);
    posted["response"][member] = json!(base64url(&bytes));
    posted.to_string().into_bytes()
}
