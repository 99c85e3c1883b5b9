//! The options that begin a ceremony, as browsers read them (Web Authentication, sections 5.4 and 5.5; `api.md`, section
//! 3).
//!
//! Written here, not by the library: it discourages resident keys, asks for extensions and names a mediation, on which
//! public clients break. Nothing in them depends on who asks.

use bytes::Bytes;
use serde::Serialize;
use strongroom_ports::PasskeyNames;

use crate::challenge::Challenge;
use crate::names;
use crate::open_ceremonies::TIMEOUT;
use crate::tenant::RelyingParty;
use crate::user_handle::UserHandle;

/// The signature algorithms, the preferred one first (RFC 9053; RFC 8812): ES256, which all authenticators have but some
/// of Windows Hello, and RS256, which those have. The library verifies no `EdDSA`, so none is asked for.
pub(crate) const ALGORITHMS: [i32; 2] = [-7, -257];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationOptions<'a> {
    rp: Party<'a>,
    user: User<'a>,
    challenge: &'a str,
    pub_key_cred_params: [Parameters; ALGORITHMS.len()],
    authenticator_selection: Selection,
    attestation: &'static str,
    exclude_credentials: [(); 0],
    timeout: u128,
}

#[derive(Serialize)]
struct Party<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    id: &'a str,
    name: &'a str,
    display_name: &'a str,
}

#[derive(Serialize)]
struct Parameters {
    #[serde(rename = "type")]
    kind: &'static str,
    alg: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Selection {
    resident_key: &'static str,
    user_verification: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOptions<'a> {
    challenge: &'a str,
    rp_id: &'a str,
    user_verification: &'static str,
    timeout: u128,
    allow_credentials: [(); 0],
}

/// The options for `navigator.credentials.create`.
pub(crate) fn creation(
    party: &RelyingParty,
    challenge: &Challenge,
    handle: &UserHandle,
    names: &PasskeyNames,
) -> Bytes {
    let (name, display_name) = names::shown(names, &party.name);
    json(&CreationOptions {
        rp: Party { id: party.id.as_str(), name: &party.name },
        user: User { id: &handle.text(), name, display_name },
        challenge: challenge.as_str(),
        pub_key_cred_params: ALGORITHMS.map(|alg| Parameters { kind: "public-key", alg }),
        authenticator_selection: Selection { resident_key: "required", user_verification: "required" },
        attestation: "none",
        exclude_credentials: [],
        timeout: TIMEOUT.as_millis(),
    })
}

/// The options for `navigator.credentials.get`.
pub(crate) fn request(party: &RelyingParty, challenge: &Challenge) -> Bytes {
    json(&RequestOptions {
        challenge: challenge.as_str(),
        rp_id: party.id.as_str(),
        user_verification: "required",
        timeout: TIMEOUT.as_millis(),
        allow_credentials: [],
    })
}

/// Writing text and numbers to memory does not fail.
fn json(options: &impl Serialize) -> Bytes {
    serde_json::to_vec(options).unwrap_or_default().into()
}
