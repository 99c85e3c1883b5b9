//! Reading keys from where the configuration says they are.

use std::path::Path;

use strongroom_jwt::{ForeignIssuer, ForeignKeys, SigningKeys};
use strongroom_seal::Keyring;
use strongroom_seal::secret_file::{MAX_SECRET_FILE_BYTES, read_secret_file};
use zeroize::Zeroizing;

use crate::config::{Issuer, IssuerKeys, KeySource};
use crate::failure::Failure;

/// The keyring.
///
/// # Errors
///
/// [`Failure::Keys`], which names the file or variable and never its content.
pub(crate) fn keyring(source: &KeySource) -> Result<Keyring, Failure> {
    let (place, bytes) = read(source, "STRONGROOM_SAFE__KEYRING")?;
    Keyring::parse(&bytes).map_err(|error| Failure::Keys(format!("{place}: {error}")))
}

/// The keys that sign our own tokens.
///
/// # Errors
///
/// As [`keyring`].
pub(crate) fn signing_keys(source: &KeySource) -> Result<SigningKeys, Failure> {
    let (place, bytes) = read(source, "STRONGROOM_TOKENS__SIGNING_KEYS")?;
    SigningKeys::parse(&bytes).map_err(|error| Failure::Keys(format!("{place}: {error}")))
}

/// An issuer with its keys read in.
///
/// # Errors
///
/// As [`keyring`].
pub(crate) fn issuer(configured: &Issuer) -> Result<ForeignIssuer, Failure> {
    let keys = match &configured.keys {
        IssuerKeys::Jwks(path) => ForeignKeys::KeySet(read_public(path)?),
        IssuerKeys::PublicKey(path) => ForeignKeys::PublicKeyPem(read_public(path)?),
        IssuerKeys::Secret(path) => ForeignKeys::Secret(without_newline(read_secret(path)?)),
    };
    Ok(ForeignIssuer {
        issuer: configured.iss.clone(),
        audience: configured.audience.clone(),
        keys,
        algorithms: configured.algorithms.clone(),
        subject_claim: configured.subject_claim.clone(),
        token_type: configured.token_type.clone(),
        tenant: configured.tenant.clone(),
    })
}

/// The bytes, and what to call their place in an error.
fn read(source: &KeySource, variable: &str) -> Result<(String, Zeroizing<Vec<u8>>), Failure> {
    Ok(match source {
        KeySource::File(path) => (path.display().to_string(), read_secret(path)?),
        KeySource::Environment(secret) => (variable.to_owned(), Zeroizing::new(secret.as_bytes().to_vec())),
    })
}

fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_secret_file(path).map_err(|error| Failure::Keys(error.to_string()))
}

/// A public key may be read by anybody; its file is bounded like any other.
fn read_public(path: &Path) -> Result<Vec<u8>, Failure> {
    let refused = |why: &dyn std::fmt::Display| Failure::Keys(format!("{}: {why}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| refused(&error))?.len();
    if usize::try_from(length).is_ok_and(|length| length <= 4 * MAX_SECRET_FILE_BYTES) {
        std::fs::read(path).map_err(|error| refused(&error))
    } else {
        Err(refused(&"larger than any key document"))
    }
}

/// Editors and `echo` end a file with a newline, which nobody means to be part of a secret.
fn without_newline(mut secret: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    if secret.last() == Some(&b'\n') {
        secret.pop();
    }
    secret
}
