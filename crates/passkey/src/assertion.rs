//! An assertion between its look-up and its verification (Web Authentication, section 7.2): whose page asked is known, who
//! answers is not.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use strongroom_ports::{CeremonyError, CredentialId, PasskeyAssertion};
use webauthn_rs_core::proto::{
    AuthenticationExtensionsClientOutputs, AuthenticationState, AuthenticatorAssertionResponseRaw,
    PublicKeyCredential,
};

use crate::challenge::Challenge;
use crate::posted::Shown;
use crate::quiet::quietly;
use crate::tenant::RelyingParty;
use crate::verifier::Verifier;

/// An assertion of a challenge that was ours, and is spent.
pub(crate) struct TakenAssertion {
    pub(crate) party: Arc<RelyingParty>,
    pub(crate) challenge: Challenge,
    pub(crate) client_data_json: Vec<u8>,
    pub(crate) shown: Shown,
}

/// Printed by its kind alone.
impl fmt::Debug for TakenAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TakenAssertion")
    }
}

impl PasskeyAssertion for TakenAssertion {
    fn credential(&self) -> &CredentialId {
        &self.shown.id
    }

    fn verify(self: Box<Self>, verifier: &[u8]) -> Result<Option<Bytes>, CeremonyError> {
        let verifier = Verifier::open(verifier).ok_or(CeremonyError::Refused)?;
        let Self { party, challenge, client_data_json, shown } = *self;
        if shown.user_handle.as_deref().is_some_and(|handle| !verifier.handle().is(handle)) {
            return Err(CeremonyError::Refused);
        }
        let answer = PublicKeyCredential {
            id: String::new(),
            raw_id: shown.id.as_bytes().to_vec(),
            response: AuthenticatorAssertionResponseRaw {
                authenticator_data: shown.authenticator_data,
                client_data_json,
                signature: shown.signature,
                user_handle: shown.user_handle,
            },
            extensions: AuthenticationExtensionsClientOutputs::default(),
            type_: "public-key".to_owned(),
        };
        let (state, credential) = (state(&challenge)?, verifier.credential());
        // It holds against the credential: its id, the tenant's rpId, presence and verification of the person, both flags of
        // backup, the signature, and the counter.
        let outcome = quietly(|| party.library.authenticate_single_credential(&answer, &state, &credential))
            .map_err(|_| CeremonyError::Refused)?;
        Ok(verifier.after(outcome.counter(), outcome.backup_state()).map(|verifier| verifier.to_bytes()))
    }
}

/// What the library would have remembered of our options.
fn state(challenge: &Challenge) -> Result<AuthenticationState, CeremonyError> {
    let state = json!({
        "credentials": [],
        "policy": "required",
        "challenge": challenge.as_str(),
        "appid": null,
        "allow_backup_eligible_upgrade": false,
    });
    serde_json::from_value(state).map_err(|_| CeremonyError::Refused)
}
