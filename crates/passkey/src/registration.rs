//! The end of a registration (Web Authentication, section 7.1): the library verifies, and the verifier is made of what it found.
//!
//! The attestation statement is put aside unread. None is asked for, nothing here would act on who made an authenticator, and
//! browsers leave some statements in place all the same: to read them is to parse certificates of strangers, and to refuse
//! people for theirs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_cbor_2::Value;
use serde_json::json;
use strongroom_ports::CeremonyError;
use webauthn_rs_core::proto::{
    AuthenticatorAttestationResponseRaw, RegisterPublicKeyCredential, RegistrationExtensionsClientOutputs,
    RegistrationState,
};

use crate::challenge::Challenge;
use crate::posted::Made;
use crate::quiet::quietly;
use crate::tenant::RelyingParty;
use crate::user_handle::UserHandle;
use crate::verifier::Verifier;

/// Verifies what was made for this challenge.
pub(crate) fn verify(
    party: &RelyingParty,
    challenge: &Challenge,
    handle: UserHandle,
    client_data_json: Vec<u8>,
    made: &Made,
) -> Result<Verifier, CeremonyError> {
    let response = AuthenticatorAttestationResponseRaw {
        attestation_object: without_statement(&made.attestation_object)?,
        client_data_json,
        transports: None,
    };
    let answer = RegisterPublicKeyCredential {
        id: String::new(),
        raw_id: made.id.as_bytes().to_vec(),
        response,
        type_: "public-key".to_owned(),
        extensions: RegistrationExtensionsClientOutputs::default(),
    };
    let state = state(challenge)?;
    let credential = quietly(|| party.library.register_credential(&answer, &state, None))
        .map_err(|_| CeremonyError::Refused)?;
    // The id that was posted is the browser's word, that in the authenticator's data is the authenticator's.
    if credential.cred_id != made.id.as_bytes() {
        return Err(CeremonyError::Refused);
    }
    Verifier::of_new(&credential, handle).ok_or(CeremonyError::Refused)
}

/// What the library would have remembered of our options. It draws a challenge of its own where it makes the state.
fn state(challenge: &Challenge) -> Result<RegistrationState, CeremonyError> {
    let state = json!({
        "policy": "required",
        "exclude_credentials": [],
        "challenge": challenge.as_str(),
        "credential_algorithms": ["ES256", "RS256"],
        "require_resident_key": true,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": true,
    });
    serde_json::from_value(state).map_err(|_| CeremonyError::Refused)
}

/// An attestation object with the authenticator's data of this one, and the statement `none` (section 8.7).
fn without_statement(attestation_object: &[u8]) -> Result<Vec<u8>, CeremonyError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Made<'a> {
        auth_data: &'a [u8],
    }
    let made: Made<'_> =
        serde_cbor_2::from_slice(attestation_object).map_err(|_| CeremonyError::Malformed)?;
    let member = |name: &str, value| (Value::Text(name.to_owned()), value);
    let stripped = Value::Map(
        [
            member("fmt", Value::Text("none".to_owned())),
            member("attStmt", Value::Map(BTreeMap::new())),
            member("authData", Value::Bytes(made.auth_data.to_vec())),
        ]
        .into(),
    );
    serde_cbor_2::to_vec(&stripped).map_err(|_| CeremonyError::Malformed)
}
