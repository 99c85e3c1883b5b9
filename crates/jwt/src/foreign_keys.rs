//! Where the keys of a foreign issuer come from, as an operator gives them.

use std::fmt;

use zeroize::Zeroizing;

use crate::remote_keys::RemoteKeySet;

/// Where keys come from: the content of a key file, or a set that is fetched.
pub enum ForeignKeys {
    /// A JSON Web Key Set (RFC 7517) of public keys. Such a document is made to be published: a secret in it is refused.
    KeySet(Vec<u8>),
    /// One public key in PEM: RSA, P-256, P-384 or Ed25519 as `SubjectPublicKeyInfo`.
    PublicKeyPem(Vec<u8>),
    /// A secret that is shared with the issuer: the raw bytes, as they are.
    Secret(Zeroizing<Vec<u8>>),
    /// A key set that the issuer publishes, kept up to date by a [`KeySetKeeper`](crate::KeySetKeeper).
    Remote(RemoteKeySet),
}

/// Printed by its kind alone.
impl fmt::Debug for ForeignKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeySet(_) => "KeySet",
            Self::PublicKeyPem(_) => "PublicKeyPem",
            Self::Secret(_) => "Secret",
            Self::Remote(_) => "Remote",
        })
    }
}
