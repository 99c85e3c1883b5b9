//! A key that verifies, bound to the algorithms it may do.
//!
//! The binding is made once, from what the key is and what is allowed; a token's header never widens it (RFC 8725,
//! sections 3.1 and 3.2). So a public key is never taken for a shared secret, nor one curve for another.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, VerificationAlgorithm,
};
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use thiserror::Error;

/// RSA keys below this are within reach (RFC 7518, section 3.3).
const MIN_RSA_BITS: usize = 2048;
/// RSA keys above this cost more to use than they give.
const MAX_RSA_BITS: usize = 8192;
/// The longest RSA exponent; 65537 has three bytes.
const MAX_RSA_EXPONENT_BYTES: usize = 4;

/// A key and its algorithms.
pub(crate) struct VerificationKey {
    key: DecodingKey,
    /// The key of a curve, read and found to be a point of it: once, and not again with every token.
    point: Option<ParsedPublicKey>,
    algorithms: Vec<Algorithm>,
}

impl VerificationKey {
    /// Binds a key to those of the allowed algorithms that fit it.
    pub(crate) fn new(key: DecodingKey, allowed: &[Algorithm]) -> Result<Self, KeyError> {
        let (fitting, point) = fitting(&key)?;
        let algorithms: Vec<_> = fitting.iter().copied().filter(|it| allowed.contains(it)).collect();
        if algorithms.is_empty() {
            return Err(KeyError::NoAlgorithm);
        }
        if key.family() == AlgorithmFamily::Hmac {
            let have_bytes = key.try_get_as_bytes().map_or(0, <[u8]>::len);
            let need_bytes = algorithms.iter().copied().map(hash_bytes).max().unwrap_or_default();
            if have_bytes < need_bytes {
                return Err(KeyError::ShortSecret { need_bytes });
            }
        }
        Ok(Self { key, point, algorithms })
    }

    /// Whether both are one key for the same algorithms.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        use DecodingKeyKind::{RsaModulusExponent, SecretOrDer};
        let is_one_key = match (self.key.kind(), other.key.kind()) {
            (SecretOrDer(a), SecretOrDer(b)) => a == b,
            (RsaModulusExponent { n, e }, RsaModulusExponent { n: other_n, e: other_e }) => {
                (n, e) == (other_n, other_e)
            }
            _ => false,
        };
        is_one_key && self.key.family() == other.key.family() && self.algorithms == other.algorithms
    }

    /// Whether this key may do the algorithm and confirms the signature.
    pub(crate) fn verify(&self, algorithm: Algorithm, signed: &[u8], signature: &Vec<u8>) -> bool {
        if !self.algorithms.contains(&algorithm) {
            return false;
        }
        match &self.point {
            // A key of a curve does one algorithm, and was read for it.
            Some(point) => point.verify_sig(signed, signature).is_ok(),
            None => (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm, &self.key)
                .is_ok_and(|verifier| verifier.verify(signed, signature).is_ok()),
        }
    }
}

/// Why a key cannot be used. Tells nothing of the key but its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// No key of a kind that is known.
    #[error("not an RSA, P-256, P-384 or Ed25519 public key")]
    Malformed,
    /// An RSA key of another size.
    #[error("an RSA key has {MIN_RSA_BITS} to {MAX_RSA_BITS} bits, and this one has {bits}")]
    RsaBits {
        /// The bits of its modulus.
        bits: usize,
    },
    /// A shared secret that is shorter than the hash it goes with (RFC 7518, section 3.2).
    #[error("a shared secret for these algorithms has at least {need_bytes} bytes")]
    ShortSecret {
        /// The bytes of the longest hash.
        need_bytes: usize,
    },
    /// The key can do nothing that is allowed.
    #[error("none of the allowed algorithms fits the key")]
    NoAlgorithm,
}

/// What a key can do, by its kind, once it is known to be a sound one of its kind; and its point, where it is one.
fn fitting(key: &DecodingKey) -> Result<(&'static [Algorithm], Option<ParsedPublicKey>), KeyError> {
    let on_curve =
        |curve: &'static dyn VerificationAlgorithm, algorithms: &'static [Algorithm], point: &[u8]| {
            let point = ParsedPublicKey::new(curve, point).map_err(|_| KeyError::Malformed)?;
            Ok((algorithms, Some(point)))
        };
    match (key.family(), key.kind()) {
        (AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point)) => {
            on_curve(&ECDSA_P256_SHA256_FIXED, &[Algorithm::ES256], point)
                .or_else(|_| on_curve(&ECDSA_P384_SHA384_FIXED, &[Algorithm::ES384], point))
        }
        (AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(point)) => {
            on_curve(&ED25519, &[Algorithm::EdDSA], point)
        }
        _ => Ok((fitting_no_curve(key)?, None)),
    }
}

fn fitting_no_curve(key: &DecodingKey) -> Result<&'static [Algorithm], KeyError> {
    match (key.family(), key.kind()) {
        (AlgorithmFamily::Hmac, _) => Ok(&[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512]),
        (AlgorithmFamily::Rsa, DecodingKeyKind::SecretOrDer(der)) => {
            let components = aws_lc::DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_public_key;
            let (modulus, exponent) = components(der).map_err(|_| KeyError::Malformed)?;
            sound_rsa(&modulus, &exponent)
        }
        (AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => sound_rsa(n, e),
        _ => Err(KeyError::Malformed),
    }
}

fn sound_rsa(modulus: &[u8], exponent: &[u8]) -> Result<&'static [Algorithm], KeyError> {
    let bits = bits(modulus);
    if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
        return Err(KeyError::RsaBits { bits });
    }
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    // The verifier takes no leading zeros (RFC 7518, section 6.3.1), and an exponent of 1 would sign everything.
    let is_sound = [modulus, exponent].iter().all(|number| is_odd(number) && number.first() != Some(&0))
        && exponent.len() <= MAX_RSA_EXPONENT_BYTES
        && exponent != [1];
    if !is_sound {
        return Err(KeyError::Malformed);
    }
    Ok(&[
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
    ])
}

/// The bits of a big-endian number.
fn bits(number: &[u8]) -> usize {
    match number.iter().position(|&byte| byte != 0) {
        Some(at) => (number.len() - at) * 8 - number[at].leading_zeros() as usize,
        None => 0,
    }
}

/// The bytes of an HMAC algorithm's hash.
fn hash_bytes(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS384 => 48,
        Algorithm::HS512 => 64,
        _ => 32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: [Algorithm; 2] = [Algorithm::RS256, Algorithm::PS256];

    fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<KeyError> {
        VerificationKey::new(DecodingKey::from_rsa_raw_components(modulus, exponent), &RSA).err()
    }

    #[test]
    fn an_rsa_key_is_held_to_its_size_and_to_a_sound_exponent() {
        const F4: [u8; 3] = [1, 0, 1];
        assert_eq!(rsa(&[0xff; 256], &F4), None);
        assert_eq!(rsa(&[0x7f; 256], &F4), Some(KeyError::RsaBits { bits: 2047 }));
        assert_eq!(rsa(&[0xff; 128], &F4), Some(KeyError::RsaBits { bits: 1024 }));
        assert_eq!(rsa(&[0xff; 1025], &F4), Some(KeyError::RsaBits { bits: 8200 }));
        assert_eq!(rsa(&[], &F4), Some(KeyError::RsaBits { bits: 0 }));
        for exponent in [&[][..], &[1], &[0, 1, 0, 1], &[2], &[1, 0, 0, 0, 1]] {
            assert_eq!(rsa(&[0xff; 256], exponent), Some(KeyError::Malformed), "{exponent:?}");
        }
    }

    #[test]
    fn a_secret_is_at_least_as_long_as_the_longest_hash_it_may_serve() {
        let secret = |len: usize, allowed: &[Algorithm]| {
            VerificationKey::new(DecodingKey::from_secret(&vec![7; len]), allowed).err()
        };
        assert_eq!(secret(32, &[Algorithm::HS256]), None);
        assert_eq!(secret(31, &[Algorithm::HS256]), Some(KeyError::ShortSecret { need_bytes: 32 }));
        assert_eq!(secret(47, &[Algorithm::HS384]), Some(KeyError::ShortSecret { need_bytes: 48 }));
        assert_eq!(
            secret(63, &[Algorithm::HS256, Algorithm::HS512]),
            Some(KeyError::ShortSecret { need_bytes: 64 })
        );
        assert_eq!(secret(64, &[Algorithm::HS512]), None);
    }

    #[test]
    fn a_key_does_nothing_that_its_kind_cannot_do() {
        let secret =
            VerificationKey::new(DecodingKey::from_secret(&[7; 64]), &[Algorithm::RS256, Algorithm::EdDSA]);
        assert_eq!(secret.err(), Some(KeyError::NoAlgorithm));
        let ed = VerificationKey::new(DecodingKey::from_ed_der(&[7; 31]), &[Algorithm::EdDSA]);
        assert_eq!(ed.err(), Some(KeyError::Malformed));
        let ec = VerificationKey::new(DecodingKey::from_ec_der(&[4; 65]), &[Algorithm::ES256]);
        assert_eq!(ec.err(), Some(KeyError::Malformed));
    }
}
