//! What a browser posts of a passkey: nobody is signed in who did not sign, at a page of the tenant's, present and verified;
//! whatever is taken for a new passkey can be kept; and one text ends one ceremony once.
//!
//! Challenges are the same in every run, so that the corpus can answer them.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use strongroom_passkey::{PasskeyTenant, WebauthnCeremonies};
use strongroom_ports::{CeremonyError, PasskeyCeremonies, PasskeyNames, TenantId};
use strongroom_testkit::fake::{CountingRandomness, ManualClock};
use strongroom_testkit::sample;

const ORIGIN: &str = "http://localhost:8080";
/// Of a credential whose private key only the maker of the corpus has.
const VERIFIER: &str = include_str!("../../passkey/tests/fixtures/verifier-v1.json");
const MAX_VERIFIER_BYTES: usize = 4096;

/// Asserts that both kinds of ceremony keep their promises for this text; returns what it was.
pub(crate) fn check(input: &[u8]) -> &'static str {
    let tenant = sample::tenant(sample::TENANT);
    let Some((registration, sign_in)) = ceremonies(&tenant).zip(ceremonies(&tenant)) else {
        return "no world";
    };
    let Ok(_) = registration.offer_registration(&tenant, PasskeyNames::default()) else { return "no world" };
    let Ok(options) = sign_in.offer_sign_in(&tenant) else { return "no world" };
    let made = registration.finish_registration(&tenant, input);
    if let Ok(made) = &made {
        assert!(made.verifier.len() <= MAX_VERIFIER_BYTES, "a verifier that cannot be kept");
        let again = registration.finish_registration(&tenant, input).err();
        assert_eq!(again, Some(CeremonyError::Refused), "a registration that ended twice");
    }
    let taken = sign_in.take_assertion(&tenant, input);
    assert!(made.is_err() || taken.is_err(), "one text for both kinds");
    let outcome = match taken {
        Ok(assertion) => {
            let again = sign_in.take_assertion(&tenant, input).err();
            assert_eq!(again, Some(CeremonyError::Refused), "an assertion that was taken twice");
            assertion.verify(VERIFIER.as_bytes()).map(drop)
        }
        Err(error) => Err(error),
    };
    match (made, outcome) {
        (Ok(_), _) => "made",
        (_, Ok(())) => {
            assert!(has_signed(input, &options, &sign_in) == Some(true), "somebody who did not sign");
            "signed in"
        }
        (Err(CeremonyError::Malformed), Err(CeremonyError::Malformed)) => "malformed",
        _ => "refused",
    }
}

fn ceremonies(id: &TenantId) -> Option<WebauthnCeremonies> {
    let tenant = PasskeyTenant {
        id: id.clone(),
        name: "Development".to_owned(),
        origins: vec![ORIGIN.to_owned(), "https://app.localhost".to_owned()],
    };
    let (clock, randomness) = (Arc::new(ManualClock::default()), Arc::new(CountingRandomness::new()));
    WebauthnCeremonies::new([tenant], clock, randomness).ok()
}

/// Whether an assertion is what it should be, read anew; `None` where it cannot even be read.
fn has_signed(posted: &[u8], options: &[u8], ceremonies: &WebauthnCeremonies) -> Option<bool> {
    let (posted, options): (Value, Value) =
        (serde_json::from_slice(posted).ok()?, serde_json::from_slice(options).ok()?);
    let bytes = |name: &str| {
        let text = posted["response"][name].as_str()?;
        URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
    };
    let (client_data, data, signature) =
        (bytes("clientDataJSON")?, bytes("authenticatorData")?, bytes("signature")?);
    let page: Value = serde_json::from_slice(&client_data).ok()?;
    let origins = [ORIGIN, "https://app.localhost"];
    let is_ours = page["type"] == "webauthn.get"
        && page["challenge"] == options["challenge"]
        && origins.iter().any(|origin| page["origin"] == *origin)
        && page["crossOrigin"] != true
        && page["topOrigin"].is_null();
    let (rp_id_hash, rest) = data.split_at_checked(32)?;
    let is_person_s = rest.first()? & 0x05 == 0x05;
    let is_party_s = rp_id_hash == digest(&SHA256, sample::TENANT.as_bytes()).as_ref();
    let point = ceremonies.verification_point(VERIFIER.as_bytes())?;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, [&[4], &point.x[..], &point.y].concat());
    let message = [&data, digest(&SHA256, &client_data).as_ref()].concat();
    Some(is_ours && is_person_s && is_party_s && key.verify(&message, &signature).is_ok())
}
