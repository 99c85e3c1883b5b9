//! Client data: what the browser says of the page that asked (Web Authentication, section 5.8.1).
//!
//! Held against what was offered, letter for letter: the library compares an origin as a URL and a challenge as bytes, lets a
//! page in a foreign frame sign in, and none of that is good enough here.

use serde::Deserialize;
use serde::de::IgnoredAny;
use strongroom_ports::CeremonyError;

use crate::tenant::RelyingParty;

/// The members that decide; others are skipped, as the standard asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    pub(crate) challenge: String,
    origin: String,
    cross_origin: Option<bool>,
    top_origin: Option<IgnoredAny>,
}

/// `type` of a registration.
pub(crate) const CREATE: &str = "webauthn.create";
/// `type` of a sign-in.
pub(crate) const GET: &str = "webauthn.get";

impl ClientData {
    pub(crate) fn read(json: &[u8]) -> Result<Self, CeremonyError> {
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(CeremonyError::Malformed);
        }
        serde_json::from_slice(json).map_err(|_| CeremonyError::Malformed)
    }

    /// Whether a page of the tenant's own asked for this kind of thing, and not from within another's page.
    pub(crate) fn check(&self, kind: &str, party: &RelyingParty) -> Result<(), CeremonyError> {
        let is_framed = self.cross_origin == Some(true) || self.top_origin.is_some();
        if self.kind == kind && party.has_origin(&self.origin) && !is_framed {
            Ok(())
        } else {
            Err(CeremonyError::Refused)
        }
    }
}
