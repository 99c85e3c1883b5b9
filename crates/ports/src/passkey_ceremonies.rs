//! Passkeys (Web Authentication Level 3): the ceremonies that make one and that show one.
//!
//! A ceremony begins with options for the browser and ends with the one credential that answers its challenge. What is
//! remembered in between is the implementation's: bounded, five minutes, single use, lost at a restart. Nothing here knows an
//! account; who owns a credential is the [`CredentialStore`](crate::CredentialStore)'s to say.

use std::fmt;

use bytes::Bytes;
use thiserror::Error;

use crate::caller::TenantId;

/// The longest credential id, in bytes (Web Authentication, section 4).
pub const MAX_CREDENTIAL_ID_BYTES: usize = 1023;

/// The id that an authenticator gave a credential: 1 to [`MAX_CREDENTIAL_ID_BYTES`] bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CredentialId(Box<[u8]>);

impl CredentialId {
    /// Takes the bytes of an id; `None` when there are none, or too many.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (1..=MAX_CREDENTIAL_ID_BYTES).contains(&bytes.len()).then(|| Self(bytes.into()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Printed by its kind alone: an id leads to a person.
impl fmt::Debug for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialId")
    }
}

/// The longest name of a person or a key that is kept, in characters. Authenticators may cut theirs at 64 bytes (Web
/// Authentication, section 6.4.1); an application's name for a key has a little more room, and four names of four bytes a character are a kibibyte.
pub const MAX_NAME_CHARACTERS: usize = 64;

/// A name as it is kept: trimmed, without control characters, cut to [`MAX_NAME_CHARACTERS`]; `None` where nothing is left. A name
/// is never a reason to refuse a registration.
#[must_use]
pub fn fit_name(name: &str) -> Option<String> {
    let shown = name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARACTERS);
    let name = shown.collect::<String>().trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// What a registration shows to the person, and what it calls the key. Each is text of the caller's, or nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PasskeyNames {
    /// `user.name` of the options.
    pub user_name: Option<String>,
    /// `user.displayName` of the options.
    pub user_display_name: Option<String>,
    /// The application's name for the key.
    pub key_name: Option<String>,
    /// The same, for people.
    pub key_display_name: Option<String>,
}

/// Printed by its kind alone: names are people's.
impl fmt::Debug for PasskeyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasskeyNames")
    }
}

/// A credential that has just been made, and whose registration has been verified.
#[derive(Clone, PartialEq, Eq)]
pub struct MadePasskey {
    /// Its id.
    pub id: CredentialId,
    /// What verifies it from now on: opaque, with a version of its own. At most 4 KiB.
    pub verifier: Bytes,
    /// What its registration was begun with.
    pub names: PasskeyNames,
}

/// Printed by its kind alone.
impl fmt::Debug for MadePasskey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MadePasskey")
    }
}

/// A point of the curve P-256 (SEC 2, `secp256r1`): a passkey's public key, each coordinate big-endian. No secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct P256Point {
    /// The x coordinate.
    pub x: [u8; 32],
    /// The y coordinate.
    pub y: [u8; 32],
}

/// The ceremonies of this process's tenants.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait PasskeyCeremonies: fmt::Debug + Send + Sync {
    /// Begins a registration: the options for `navigator.credentials.create`, a JSON object with binary as base64url
    /// (`PublicKeyCredentialCreationOptionsJSON`), with a random user handle of the credential's own.
    ///
    /// # Errors
    ///
    /// [`CeremonyError::UnknownTenant`].
    fn offer_registration(&self, tenant: &TenantId, names: PasskeyNames) -> Result<Bytes, CeremonyError>;

    /// Ends a registration with what the browser made of its options (`RegistrationResponseJSON`, unknown members
    /// ignored). The challenge is spent, whatever the answer.
    ///
    /// # Errors
    ///
    /// [`CeremonyError`].
    fn finish_registration(&self, tenant: &TenantId, credential: &[u8])
    -> Result<MadePasskey, CeremonyError>;

    /// Begins a sign-in with whatever passkey the person has here: the options for `navigator.credentials.get`, a JSON object
    /// (`PublicKeyCredentialRequestOptionsJSON`).
    ///
    /// # Errors
    ///
    /// [`CeremonyError::UnknownTenant`].
    fn offer_sign_in(&self, tenant: &TenantId) -> Result<Bytes, CeremonyError>;

    /// Takes what the browser made of the options (`AuthenticationResponseJSON`, unknown members ignored), so that its
    /// credential can be looked up. The challenge is spent, whatever follows.
    ///
    /// # Errors
    ///
    /// [`CeremonyError`].
    fn take_assertion(
        &self,
        tenant: &TenantId,
        credential: &[u8],
    ) -> Result<Box<dyn PasskeyAssertion>, CeremonyError>;

    /// The public key of a verifier that was made here, if it is a point of P-256: what a wallet that the passkey owns is
    /// computed from. `None` for a key of another kind, and for what is no verifier.
    fn verification_point(&self, verifier: &[u8]) -> Option<P256Point>;
}

/// An assertion whose challenge was ours, and whose signature has not been looked at.
pub trait PasskeyAssertion: fmt::Debug + Send {
    /// The credential that it claims to be of.
    fn credential(&self) -> &CredentialId;

    /// Verifies it by the verifier of that credential. Gives the verifier to keep from now on where it has changed: a
    /// counter has gone up, a passkey has been backed up.
    ///
    /// # Errors
    ///
    /// [`CeremonyError::Refused`].
    fn verify(self: Box<Self>, verifier: &[u8]) -> Result<Option<Bytes>, CeremonyError>;
}

/// Why there is no ceremony, or no credential. No caller learns more over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CeremonyError {
    /// None of the tenants that have ceremonies here.
    #[error("the tenant has no passkeys here")]
    UnknownTenant,
    /// Not a credential as browsers write them: 400.
    #[error("the credential is malformed")]
    Malformed,
    /// A challenge that is not ours, is spent, too old or of another tenant or kind; a wrong origin, rpId, flag, counter, handle
    /// or signature: 401.
    #[error("the credential was refused")]
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_cut_to_so_many_characters_and_an_empty_one_is_none() {
        let most = "é".repeat(MAX_NAME_CHARACTERS);
        for (name, kept) in [
            ("Jane", Some("Jane")),
            ("  Jane Doe\n", Some("Jane Doe")),
            ("Ja\u{0}ne", Some("Jane")),
            ("\u{1} Jane \u{1}", Some("Jane")),
            ("", None),
            (" \t", None),
            (&format!("{most}x"), Some(&*most)),
            (&most, Some(&*most)),
        ] {
            assert_eq!(fit_name(name).as_deref(), kept, "{name:?}");
        }
    }
}
