//! Keyed hashes that stand for what a store must find and must not know.

use std::fmt;

use crate::caller::TenantId;
use crate::passkey_ceremonies::CredentialId;
use crate::record_store::RecordId;

/// A keyed hash; the key never rotates. Tells nothing of what it stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pseudonym([u8; 32]);

impl Pseudonym {
    /// From the bytes of the hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Printed by its kind alone.
impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonym")
    }
}

/// What a [`Pseudonym`] stands for. No two subjects share one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A passkey.
    Credential {
        /// Whose world it belongs to.
        tenant: &'a TenantId,
        /// Its id.
        id: &'a CredentialId,
    },
    /// An e-mail address, as it is mailed to.
    Address {
        /// In whose world it is used.
        tenant: &'a TenantId,
        /// The address.
        address: &'a str,
    },
    /// The code that was mailed to confirm an address.
    Code {
        /// Who asked for it.
        owner: &'a RecordId,
        /// Where it was mailed.
        address: &'a Pseudonym,
        /// The code.
        code: &'a str,
    },
}

/// Printed by its kind alone.
impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credential { .. } => "Credential",
            Self::Address { .. } => "Address",
            Self::Code { .. } => "Code",
        })
    }
}
