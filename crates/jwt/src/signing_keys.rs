//! The keys that sign our own tokens: Ed25519, read from and written to the bytes of a key file.
//!
//! The first key signs, all verify; how they follow each other is in `signing_key_order.rs`. Seeds never leave this file but
//! in [`to_json`](SigningKeys::to_json); who may read the file is the binary's to check.

use std::collections::BTreeSet;
use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use strongroom_ports::{Randomness, Timestamp, Token};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::object::Object;
use crate::verification_key::VerificationKey;

/// The format that is written, and the only one that is read.
const FORMAT_VERSION: u32 = 1;
/// The longest file: room for all keys, ten times over.
const MAX_FILE_BYTES: usize = 32 * 1024;
/// The most keys: one in use, one to come, and the past of an operator who never cleans up.
pub(crate) const MAX_KEYS: usize = 16;
/// The longest key id.
const MAX_KID_BYTES: usize = 64;
/// An Ed25519 seed (RFC 8032, section 5.1.5): any 32 bytes.
const SEED_BYTES: usize = 32;

/// Our signing keys, at least one. Overwritten when dropped.
pub struct SigningKeys(pub(crate) Vec<SigningKey>);

/// One key pair.
pub(crate) struct SigningKey {
    /// Its name in tokens and in the key set.
    pub(crate) kid: String,
    /// What verifies.
    pub(crate) verifying: VerificationKey,
    /// The public key (`x`, RFC 8037, section 2).
    pub(crate) public: Vec<u8>,
    /// Since when it signs no more; `None` for the key that signs, and for one that never did.
    pub(crate) signed_until: Option<Timestamp>,
    signing: EncodingKey,
    seed: Zeroizing<[u8; SEED_BYTES]>,
}

/// `{"version":1,"keys":[{"kid":"…","private_key":"<base64url of the seed>"}]}`, where a key that has signed and does no
/// more has `"signed_until"` in seconds since the epoch; borrowed, so that no copy of a key stays behind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile<'a> {
    version: u32,
    #[serde(borrow)]
    keys: Vec<Object<KeyEntry<'a>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry<'a> {
    kid: &'a str,
    private_key: &'a str,
    #[serde(default)]
    signed_until: Option<u32>,
}

impl SigningKeys {
    /// Reads a key file's bytes.
    ///
    /// # Errors
    ///
    /// [`SigningKeysError`], which names a key by its place in the file.
    pub fn parse(file: &[u8]) -> Result<Self, SigningKeysError> {
        if file.len() > MAX_FILE_BYTES {
            return Err(SigningKeysError::TooLong);
        }
        // What serde_json says may quote the file.
        let Object(file): Object<KeyFile<'_>> =
            serde_json::from_slice(file).map_err(|_| SigningKeysError::Malformed)?;
        if file.version != FORMAT_VERSION {
            return Err(SigningKeysError::Version { found: file.version });
        }
        if !(1..=MAX_KEYS).contains(&file.keys.len()) {
            return Err(SigningKeysError::Count { found: file.keys.len() });
        }
        let mut kids = BTreeSet::new();
        let read = |(index, Object(entry)): (usize, &Object<KeyEntry<'_>>)| {
            let place = index + 1;
            if !is_kid(entry.kid) {
                return Err(SigningKeysError::Kid { place });
            }
            if !kids.insert(entry.kid.to_owned()) {
                return Err(SigningKeysError::DuplicateKid { place });
            }
            let seed = decode_seed(entry.private_key).ok_or(SigningKeysError::Key { place })?;
            let mut key =
                SigningKey::new(entry.kid.to_owned(), seed).ok_or(SigningKeysError::Key { place })?;
            key.signed_until = entry.signed_until.map(|secs| Timestamp::from_secs(secs.into()));
            match key.signed_until {
                Some(_) if index == 0 => Err(SigningKeysError::Ended),
                _ => Ok(key),
            }
        };
        file.keys.iter().enumerate().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// One new key.
    ///
    /// # Errors
    ///
    /// [`SigningKeysError::Key`] when the cipher's library failed.
    pub fn generate(now: Timestamp, randomness: &dyn Randomness) -> Result<Self, SigningKeysError> {
        let key = SigningKey::generate(now, randomness).ok_or(SigningKeysError::Key { place: 1 })?;
        Ok(Self(vec![key]))
    }

    /// The key file's bytes, private keys in clear.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<String> {
        // Large enough from the start: a text that grows leaves copies behind. Ids need no escapes.
        let mut json = Zeroizing::new(String::with_capacity(64 + self.0.len() * (MAX_KID_BYTES + 128)));
        json.push_str("{\n  \"version\": 1,\n  \"keys\": [");
        for (index, key) in self.0.iter().enumerate() {
            let private_key = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.seed.as_ref()));
            json.push_str(if index == 0 { "\n    { \"kid\": \"" } else { ",\n    { \"kid\": \"" });
            json.push_str(&key.kid);
            json.push_str("\", \"private_key\": \"");
            json.push_str(&private_key);
            json.push('"');
            if let Some(end) = key.signed_until {
                json.push_str(", \"signed_until\": ");
                json.push_str(&end.secs().max(0).to_string());
            }
            json.push_str(" }");
        }
        json.push_str("\n  ]\n}\n");
        json
    }

    /// The ids of the keys; the first is the one that signs.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.kid.as_str())
    }

    /// The public keys as a key set (RFC 7517; RFC 8037, section 2), for everybody.
    #[must_use]
    pub fn key_set(&self) -> Bytes {
        let public = |key: &SigningKey| {
            serde_json::json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "x": URL_SAFE_NO_PAD.encode(&key.public),
                "kid": key.kid,
                "use": "sig",
                "alg": "EdDSA",
            })
        };
        let keys: Vec<_> = self.iter().map(public).collect();
        serde_json::json!({ "keys": keys }).to_string().into()
    }

    /// The key that signs.
    pub(crate) fn first(&self) -> Option<&SigningKey> {
        self.0.first()
    }

    /// The key of an id.
    pub(crate) fn find(&self, kid: &str) -> Option<&SigningKey> {
        self.0.iter().find(|key| key.kid == kid)
    }

    /// All keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SigningKey> {
        self.0.iter()
    }
}

/// Printed by their ids, which are public.
impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKeys ")?;
        f.debug_list().entries(self.kids()).finish()
    }
}

impl SigningKey {
    fn new(kid: String, seed: Zeroizing<[u8; SEED_BYTES]>) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).ok()?;
        let public = pair.public_key().as_ref().to_vec();
        let signing = EncodingKey::from_ed_der(pair.to_pkcs8v1().ok()?.as_ref());
        let verifying = VerificationKey::new(DecodingKey::from_ed_der(&public), &[Algorithm::EdDSA]).ok()?;
        Some(Self { kid, verifying, public, signed_until: None, signing, seed })
    }

    /// A new key. Its id is the second it was made in and four random bytes, so that ids sort by age.
    pub(crate) fn generate(now: Timestamp, randomness: &dyn Randomness) -> Option<Self> {
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        randomness.fill(seed.as_mut());
        let mut tail = [0; 4];
        randomness.fill(&mut tail);
        Self::new(format!("{}-{:08x}", now.secs().max(0), u32::from_be_bytes(tail)), seed)
    }

    /// A token of this `typ` and these claims; `None` when signing failed.
    pub(crate) fn sign(&self, typ: &str, claims: &impl Serialize) -> Option<Token> {
        let header = Header {
            typ: Some(typ.to_owned()),
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, claims, &self.signing).ok().map(Token::new)
    }
}

fn is_kid(kid: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=MAX_KID_BYTES).contains(&kid.len()) && kid.bytes().all(is_plain)
}

fn decode_seed(text: &str) -> Option<Zeroizing<[u8; SEED_BYTES]>> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
    let mut seed = Zeroizing::new([0; SEED_BYTES]);
    (bytes.len() == SEED_BYTES).then(|| {
        seed.copy_from_slice(&bytes);
        seed
    })
}

/// Why a key file cannot be used. Names keys by their place, from 1, and carries nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SigningKeysError {
    /// Longer than any key file.
    #[error("the signing key file is longer than {MAX_FILE_BYTES} bytes")]
    TooLong,
    /// Not the JSON of a key file.
    #[error(
        "the signing key file is not a JSON object of `version` and `keys`, each key of `kid`, `private_key` and perhaps \
         `signed_until`"
    )]
    Malformed,
    /// Written by another version of this software.
    #[error("the signing key file has format {found}, and only format {FORMAT_VERSION} is known")]
    Version {
        /// The format found.
        found: u32,
    },
    /// No key, or too many.
    #[error("a signing key file has 1 to {MAX_KEYS} keys, and not {found}")]
    Count {
        /// The keys found.
        found: usize,
    },
    /// The key that signs has ended, by the file's word.
    #[error("signing key 1: the first key signs, and this one has a `signed_until`")]
    Ended,
    /// An id outside the grammar.
    #[error("signing key {place}: a kid is 1 to {MAX_KID_BYTES} characters of A-Z a-z 0-9 . _ -")]
    Kid {
        /// Which key of the file.
        place: usize,
    },
    /// An id that an earlier key has.
    #[error("signing key {place}: an earlier key has the same kid")]
    DuplicateKid {
        /// Which key of the file.
        place: usize,
    },
    /// A key that is none.
    #[error("signing key {place}: the private key is not {SEED_BYTES} bytes in base64url without padding")]
    Key {
        /// Which key of the file.
        place: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.1 and A.2.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn file(keys: &[(&str, &str)]) -> String {
        let entry = |(kid, key): &(&str, &str)| format!(r#"{{"kid":"{kid}","private_key":"{key}"}}"#);
        format!(r#"{{"version":1,"keys":[{}]}}"#, keys.iter().map(entry).collect::<Vec<_>>().join(","))
    }

    fn refusal(file: &str) -> SigningKeysError {
        SigningKeys::parse(file.as_bytes()).unwrap_err()
    }

    #[test]
    fn the_public_key_is_the_one_of_the_rfc() {
        let keys = SigningKeys::parse(file(&[("a", SEED)]).as_bytes()).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(&keys.first().unwrap().public), PUBLIC);
    }

    #[test]
    fn what_is_written_reads_back_in_the_same_order() {
        let other = URL_SAFE_NO_PAD.encode([7; 32]);
        let keys = SigningKeys::parse(file(&[("new", &other), ("old", SEED)]).as_bytes()).unwrap();
        let again = SigningKeys::parse(keys.to_json().as_bytes()).unwrap();
        assert_eq!(again.kids().collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!(again.to_json(), keys.to_json());
        assert!(keys.to_json().contains(SEED));
    }

    #[test]
    fn each_offence_in_a_file_is_named_by_its_place() {
        let many: Vec<_> = (0..17).map(|i| format!("k{i}")).collect();
        let many: Vec<_> = many.iter().map(|kid| (kid.as_str(), SEED)).collect();
        for (text, error) in [
            (String::new(), SigningKeysError::Malformed),
            (r#"{"version":1}"#.to_owned(), SigningKeysError::Malformed),
            (r#"{"version":1,"keys":[],"x":1}"#.to_owned(), SigningKeysError::Malformed),
            (r#"{"version":1,"version":1,"keys":[]}"#.to_owned(), SigningKeysError::Malformed),
            (format!(r#"[1,[{{"kid":"a","private_key":"{SEED}"}}]]"#), SigningKeysError::Malformed),
            (format!(r#"{{"version":1,"keys":[["a","{SEED}"]]}}"#), SigningKeysError::Malformed),
            (r#"{"version":2,"keys":[]}"#.to_owned(), SigningKeysError::Version { found: 2 }),
            (file(&[]), SigningKeysError::Count { found: 0 }),
            (file(&many), SigningKeysError::Count { found: 17 }),
            (file(&[("a", SEED), ("", SEED)]), SigningKeysError::Kid { place: 2 }),
            (file(&[("a b", SEED)]), SigningKeysError::Kid { place: 1 }),
            (file(&[("a", SEED), ("a", SEED)]), SigningKeysError::DuplicateKid { place: 2 }),
            (file(&[("a", &SEED[1..])]), SigningKeysError::Key { place: 1 }),
            (file(&[("a", &format!("{SEED}="))]), SigningKeysError::Key { place: 1 }),
            (" ".repeat(MAX_FILE_BYTES + 1), SigningKeysError::TooLong),
        ] {
            assert_eq!(refusal(&text), error, "{text}");
        }
    }

    #[test]
    fn keys_are_printed_by_their_ids_and_nothing_else() {
        let keys = SigningKeys::parse(file(&[("a", SEED)]).as_bytes()).unwrap();
        assert_eq!(format!("{keys:?}"), r#"SigningKeys ["a"]"#);
    }
}
