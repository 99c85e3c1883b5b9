//! What a browser posts: a `PublicKeyCredential` as JSON (Web Authentication, section 5.1), read tolerantly where the standard
//! leaves room and not a step further.
//!
//! Members that nobody needs are skipped, whatever they hold: browsers add some, and extensions answer to nobody here. A member
//! that is needed and named twice is refused, as is one of another type. Nothing is believed yet.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use strongroom_ports::{CeremonyError, CredentialId};

/// The longest text of a credential, in bytes: as much as a body may have.
pub const MAX_CREDENTIAL_BYTES: usize = 64 * 1024;

/// base64url as JavaScript writes it, with or without the padding that some libraries add.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The client data of a credential, before anything else of it is looked at: in it stands whose answer this is.
pub(crate) fn client_data(text: &[u8]) -> Result<Vec<u8>, CeremonyError> {
    #[derive(Deserialize)]
    struct Shell {
        response: Response,
    }
    #[derive(Deserialize)]
    struct Response {
        #[serde(rename = "clientDataJSON")]
        client_data_json: String,
    }
    let shell: Shell = read(text)?;
    decode(&shell.response.client_data_json)
}

/// A new credential (`RegistrationResponseJSON`).
pub(crate) struct Made {
    pub(crate) id: CredentialId,
    pub(crate) attestation_object: Vec<u8>,
}

impl Made {
    pub(crate) fn read(text: &[u8]) -> Result<Self, CeremonyError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Response {
            attestation_object: String,
        }
        let posted: Posted<Response> = read(text)?;
        Ok(Self { id: posted.id()?, attestation_object: decode(&posted.response.attestation_object)? })
    }
}

/// A credential that is shown (`AuthenticationResponseJSON`).
pub(crate) struct Shown {
    pub(crate) id: CredentialId,
    pub(crate) authenticator_data: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) user_handle: Option<Vec<u8>>,
}

impl Shown {
    pub(crate) fn read(text: &[u8]) -> Result<Self, CeremonyError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Response {
            authenticator_data: String,
            signature: String,
            user_handle: Option<String>,
        }
        let posted: Posted<Response> = read(text)?;
        let response = &posted.response;
        Ok(Self {
            id: posted.id()?,
            authenticator_data: decode(&response.authenticator_data)?,
            signature: decode(&response.signature)?,
            user_handle: response.user_handle.as_deref().map(decode).transpose()?,
        })
    }
}

/// What both kinds have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted<R> {
    id: String,
    raw_id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    response: R,
}

impl<R> Posted<R> {
    /// The id; where it is there twice, both must say the same.
    fn id(&self) -> Result<CredentialId, CeremonyError> {
        let id = decode(&self.id)?;
        let raw_id = self.raw_id.as_deref().map(decode).transpose()?;
        if self.kind != "public-key" || raw_id.is_some_and(|raw_id| raw_id != id) {
            return Err(CeremonyError::Malformed);
        }
        CredentialId::new(&id).ok_or(CeremonyError::Malformed)
    }
}

fn read<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, CeremonyError> {
    if text.len() > MAX_CREDENTIAL_BYTES || text.trim_ascii_start().first() != Some(&b'{') {
        return Err(CeremonyError::Malformed);
    }
    serde_json::from_slice(text).map_err(|_| CeremonyError::Malformed)
}

fn decode(text: &str) -> Result<Vec<u8>, CeremonyError> {
    BASE64URL.decode(text).map_err(|_| CeremonyError::Malformed)
}
