//! The keys of a foreign issuer: read from a document, each bound to what it may do, found by a token's `kid`.

use std::collections::BTreeSet;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use thiserror::Error;

use crate::verification_key::{KeyError, VerificationKey};

/// The longest key document: room for 64 keys with certificate chains.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
/// The most keys of one set; the large providers publish fewer than ten.
const MAX_KEYS: usize = 64;
/// How a PEM of a public key begins (RFC 7468, section 13).
const PEM_BEGIN: &[u8] = b"-----BEGIN PUBLIC KEY-----";

/// Keys that can be used, by their names.
pub(crate) struct KeyRing(Vec<(Option<String>, VerificationKey)>);

impl KeyRing {
    /// The one key of a PEM file, bound to those of the allowed algorithms that fit it.
    pub(crate) fn read_pem(pem: &[u8], allowed: &[Algorithm]) -> Result<Self, KeySetError> {
        Self::of_one(public_key(pem)?, allowed)
    }

    /// A shared secret, likewise.
    pub(crate) fn read_secret(secret: &[u8], allowed: &[Algorithm]) -> Result<Self, KeySetError> {
        Self::of_one(DecodingKey::from_secret(secret), allowed)
    }

    fn of_one(key: DecodingKey, allowed: &[Algorithm]) -> Result<Self, KeySetError> {
        Ok(Self(vec![(None, VerificationKey::new(key, allowed)?)]))
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether both would find the same key for every token.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same = |((name, key), (other_name, other)): (&(_, VerificationKey), &(_, VerificationKey))| {
            name == other_name && key.is_same(other)
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(is_same)
    }

    /// The key that a token means. With a `kid`, the key of that name, or the only key where it has no name. Without, the
    /// only key: among several, none is tried at a venture.
    pub(crate) fn find(&self, kid: Option<&str>) -> Option<&VerificationKey> {
        let is_named = |name: &Option<String>| kid.is_some() && name.as_deref() == kid;
        match self.0.as_slice() {
            [(name, key)] => (kid.is_none() || name.is_none() || is_named(name)).then_some(key),
            keys => keys.iter().find(|(name, _)| is_named(name)).map(|(_, key)| key),
        }
    }

    /// Reads a set, each key bound to those of the allowed algorithms that fit it. Keys for other purposes or of kinds unknown
    /// are left out, as RFC 7517, section 5, has it; an unsound key among those that would be used is an error.
    pub(crate) fn read_set(document: &[u8], allowed: &[Algorithm]) -> Result<Self, KeySetError> {
        if document.len() > MAX_DOCUMENT_BYTES {
            return Err(KeySetError::TooLong);
        }
        let set: JwkSet = serde_json::from_slice(document).map_err(|_| KeySetError::Malformed)?;
        let private: PrivateParts = serde_json::from_slice(document).map_err(|_| KeySetError::Malformed)?;
        if set.keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany { found: set.keys.len() });
        }
        let mut names = BTreeSet::new();
        let mut keys = Vec::new();
        for (index, jwk) in set.keys.iter().enumerate() {
            let algorithms = algorithms_of(jwk, allowed);
            if algorithms.is_empty() {
                continue;
            }
            let place = index + 1;
            let is_private = private.keys.get(index).is_none_or(|key| key.d.is_some());
            if is_private || matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_)) {
                return Err(KeySetError::Secret { place });
            }
            let unsound = |problem| KeySetError::Unsound { place, problem };
            let key = DecodingKey::from_jwk(jwk).map_err(|_| unsound(KeyError::Malformed))?;
            let key = VerificationKey::new(key, &algorithms).map_err(unsound)?;
            let name = jwk.common.key_id.clone();
            if name.as_ref().is_some_and(|name| !names.insert(name.clone())) {
                return Err(KeySetError::DuplicateKid { place });
            }
            keys.push((name, key));
        }
        if keys.is_empty() { Err(KeySetError::NoKey) } else { Ok(Self(keys)) }
    }
}

/// The private parts of a set's keys, which the library does not look at: `d` of all kinds (RFC 7518, section 6; RFC 8037).
#[derive(Deserialize)]
struct PrivateParts {
    keys: Vec<PrivatePart>,
}

#[derive(Deserialize)]
struct PrivatePart {
    d: Option<IgnoredAny>,
}

/// The allowed algorithms that a key's own words leave: `kty`, `crv`, `use`, `key_ops` and `alg`.
fn algorithms_of(jwk: &Jwk, allowed: &[Algorithm]) -> Vec<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
    let by_kind: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => &[ES256],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => &[ES384],
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[EdDSA],
        AlgorithmParameters::OctetKey(_) => &[HS256, HS384, HS512],
        _ => &[],
    };
    let common = &jwk.common;
    let verifies = common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|it| it.contains(&KeyOperations::Verify));
    let does = |it: Algorithm| common.key_algorithm.is_none_or(|own| own == it.into());
    by_kind.iter().copied().filter(|it| verifies && allowed.contains(it) && does(*it)).collect()
}

/// Reads exactly one block, of a public key: a private key or a certificate here is a mistake worth telling.
fn public_key(pem: &[u8]) -> Result<DecodingKey, KeySetError> {
    let pem = pem.trim_ascii();
    let blocks = pem.windows(PEM_BEGIN.len()).filter(|it| it.starts_with(b"-----BEGIN ")).count();
    if pem.len() > MAX_DOCUMENT_BYTES || !pem.starts_with(PEM_BEGIN) || blocks != 1 {
        return Err(KeySetError::NotPublicKeyPem);
    }
    DecodingKey::from_rsa_pem(pem)
        .or_else(|_| DecodingKey::from_ec_pem(pem))
        .or_else(|_| DecodingKey::from_ed_pem(pem))
        .map_err(|_| KeySetError::Key(KeyError::Malformed))
}

/// Why an issuer's keys cannot be used. Names keys by their place, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeySetError {
    /// Longer than any key document.
    #[error("the key set is longer than {MAX_DOCUMENT_BYTES} bytes")]
    TooLong,
    /// Not a key set.
    #[error("not a JSON Web Key Set")]
    Malformed,
    /// More keys than any issuer has.
    #[error("a key set has at most {MAX_KEYS} keys, and this one has {found}")]
    TooMany {
        /// The keys found.
        found: usize,
    },
    /// Two keys of one name.
    #[error("key {place} of the set: an earlier key has the same kid")]
    DuplicateKid {
        /// Which key of the set.
        place: usize,
    },
    /// A shared secret or a private key among public keys: whoever can read the set can sign.
    #[error("key {place} of the set is a secret, or has its private part: it belongs in a file of its own")]
    Secret {
        /// Which key of the set.
        place: usize,
    },
    /// A key that would be used, and cannot be.
    #[error("key {place} of the set: {problem}")]
    Unsound {
        /// Which key of the set.
        place: usize,
        /// Why not.
        problem: KeyError,
    },
    /// No key for signatures by an allowed algorithm.
    #[error("the set has no key for signatures that the allowed algorithms fit")]
    NoKey,
    /// Not one public key in PEM.
    #[error("not exactly one PEM block, beginning with `-----BEGIN PUBLIC KEY-----`")]
    NotPublicKeyPem,
    /// The one key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}
