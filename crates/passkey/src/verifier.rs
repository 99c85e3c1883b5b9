//! A verifier: what is kept of a credential, as versioned JSON.
//!
//! ```json
//! {"v":1,"id":"…","handle":"…","key":{"alg":"ES256","x":"…","y":"…"},"counter":0,"backup_eligible":true,"backed_up":true}
//! {"v":1,"id":"…","handle":"…","key":{"alg":"RS256","n":"…","e":"…"},"counter":7,"backup_eligible":false,"backed_up":false}
//! ```
//!
//! Binary is base64url without padding. The form is ours and not the library's, so that another version of the library, or
//! another library, opens what was kept before; a fixture of each version is opened by the tests for ever. What has another
//! version, or another member, opens nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use strongroom_ports::{CredentialId, P256Point};
use webauthn_rs_core::proto::{
    AttestationFormat, COSEAlgorithm, COSEEC2Key, COSEKey, COSEKeyType, COSERSAKey, Credential, ECDSACurve,
    ParsedAttestation, RegisteredExtensions, UserVerificationPolicy,
};

use crate::user_handle::UserHandle;

/// The version that is written.
const VERSION: u8 = 1;

/// The longest verifier, in bytes: the longest id and the longest key take half of it.
const MAX_BYTES: usize = 4096;

/// A credential, as far as it takes to verify it.
pub(crate) struct Verifier {
    id: CredentialId,
    handle: UserHandle,
    key: Key,
    counter: u32,
    backup_eligible: bool,
    backed_up: bool,
}

enum Key {
    Es256(P256Point),
    Rs256 { n: Vec<u8>, e: [u8; 3] },
}

/// Version 1, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    v: u8,
    id: String,
    handle: String,
    key: WrittenKey,
    counter: u32,
    backup_eligible: bool,
    backed_up: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "alg", deny_unknown_fields)]
enum WrittenKey {
    #[serde(rename = "ES256")]
    Es256 { x: String, y: String },
    #[serde(rename = "RS256")]
    Rs256 { n: String, e: String },
}

impl Verifier {
    /// Of what the library has verified; `None` for a key that was not asked for.
    pub(crate) fn of_new(credential: &Credential, handle: UserHandle) -> Option<Self> {
        let key = match (credential.cred.type_, &credential.cred.key) {
            (
                COSEAlgorithm::ES256,
                COSEKeyType::EC_EC2(COSEEC2Key { curve: ECDSACurve::SECP256R1, x, y }),
            ) => Key::Es256(P256Point { x: x.as_slice().try_into().ok()?, y: y.as_slice().try_into().ok()? }),
            (COSEAlgorithm::RS256, COSEKeyType::RSA(COSERSAKey { n, e })) => {
                Key::Rs256 { n: n.clone(), e: *e }
            }
            _ => return None,
        };
        let verifier = Self {
            id: CredentialId::new(&credential.cred_id)?,
            handle,
            key,
            counter: credential.counter,
            backup_eligible: credential.backup_eligible,
            backed_up: credential.backup_state,
        };
        Some(verifier)
    }

    /// Reads a verifier; `None` for anything that is none.
    pub(crate) fn open(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_BYTES {
            return None;
        }
        let written: Written =
            serde_json::from_slice(bytes).ok().filter(|written: &Written| written.v == VERSION)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let key = match &written.key {
            WrittenKey::Es256 { x, y } => {
                Key::Es256(P256Point { x: decode(x)?.try_into().ok()?, y: decode(y)?.try_into().ok()? })
            }
            WrittenKey::Rs256 { n, e } => Key::Rs256 { n: decode(n)?, e: decode(e)?.try_into().ok()? },
        };
        let verifier = Self {
            id: CredentialId::new(&decode(&written.id)?)?,
            handle: UserHandle::parse(&written.handle)?,
            key,
            counter: written.counter,
            backup_eligible: written.backup_eligible,
            backed_up: written.backed_up,
        };
        Some(verifier)
    }

    /// Writes it in the form of today.
    pub(crate) fn to_bytes(&self) -> Bytes {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = match &self.key {
            Key::Es256(P256Point { x, y }) => WrittenKey::Es256 { x: encode(x), y: encode(y) },
            Key::Rs256 { n, e } => WrittenKey::Rs256 { n: encode(n), e: encode(e) },
        };
        let written = Written {
            v: VERSION,
            id: encode(self.id.as_bytes()),
            handle: self.handle.text(),
            key,
            counter: self.counter,
            backup_eligible: self.backup_eligible,
            backed_up: self.backed_up,
        };
        // Writing text and numbers to memory does not fail.
        serde_json::to_vec(&written).unwrap_or_default().into()
    }

    pub(crate) fn handle(&self) -> &UserHandle {
        &self.handle
    }

    /// The public key, where it is a point.
    pub(crate) fn point(&self) -> Option<P256Point> {
        match &self.key {
            Key::Es256(point) => Some(*point),
            Key::Rs256 { .. } => None,
        }
    }

    /// What is to be kept after a sign-in, where that is something else.
    pub(crate) fn after(self, counter: u32, backed_up: bool) -> Option<Self> {
        let has_changed = counter != self.counter || backed_up != self.backed_up;
        has_changed.then_some(Self { counter, backed_up, ..self })
    }

    /// As the library takes it.
    pub(crate) fn credential(&self) -> Credential {
        let (type_, key) = match &self.key {
            Key::Es256(P256Point { x, y }) => {
                let key = COSEEC2Key { curve: ECDSACurve::SECP256R1, x: x.to_vec(), y: y.to_vec() };
                (COSEAlgorithm::ES256, COSEKeyType::EC_EC2(key))
            }
            Key::Rs256 { n, e } => {
                (COSEAlgorithm::RS256, COSEKeyType::RSA(COSERSAKey { n: n.clone(), e: *e }))
            }
        };
        Credential {
            cred_id: self.id.as_bytes().to_vec(),
            cred: COSEKey { type_, key },
            counter: self.counter,
            transports: None,
            user_verified: true,
            backup_eligible: self.backup_eligible,
            backup_state: self.backed_up,
            registration_policy: UserVerificationPolicy::Required,
            extensions: RegisteredExtensions::none(),
            attestation: ParsedAttestation::default(),
            attestation_format: AttestationFormat::None,
        }
    }
}
