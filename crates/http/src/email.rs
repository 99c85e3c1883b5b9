//! E-mail validation at a safe: a code is asked for, and sent back.
//!
//! The answer to an address that can be mailed to is one, byte for byte, whoever is behind it. Addresses and codes are
//! overwritten when the request has been answered.

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use strongroom_app::{Confirmed, NamedTenant};
use strongroom_domain::{EmailAddress, JsonError, Key, check_verb_body, scrub};
use strongroom_ports::Principal;

use crate::answer::{self, Body};
use crate::api::Api;
use crate::body::{self, Naming};
use crate::gated_body::BodyFault;
use crate::problem::Problem;
use crate::safe_time::in_safe_time;
use crate::user_data::SUCCESS;

const ASKED: &[u8] = br#"{"success":true,"message":"If mail reaches this address, a code is on its way."}"#;

/// Where an address is kept when nothing else is said (guide, section 1).
const USUAL_KEY: &str = "marketing.email";

/// `POST …/validateEmail`: has a code mailed.
pub(crate) async fn validate<B>(
    api: &Api,
    head: &Parts,
    body: B,
    (principal, naming): (&Principal, Naming),
) -> Result<Response<Body>, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    let request: ValidateRequest = read(api, head, body, principal).await?;
    naming.demand(request.external_user_id.is_some())?;
    let address = EmailAddress::parse(&request.email)?;
    let tenant = api.tenants.with_token(&principal.caller.tenant, NamedTenant::default())?;
    let asked = api.email()?.validate(&principal.caller, &tenant.name, &address);
    in_safe_time(asked).await?;
    Ok(answer::ready_json(StatusCode::OK, Bytes::from_static(ASKED), "application/json"))
}

/// `POST …/confirmEmail`: sends a code back, and says where the address is to be kept.
pub(crate) async fn confirm<B>(
    api: &Api,
    head: &Parts,
    body: B,
    (principal, naming): (&Principal, Naming),
) -> Result<Response<Body>, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    let request: ConfirmRequest = read(api, head, body, principal).await?;
    naming.demand(request.external_user_id.is_some())?;
    let address = EmailAddress::parse(&request.email)?;
    let key = Key::parse(request.user_data_name.as_deref().unwrap_or(USUAL_KEY)).map_err(JsonError::Key)?;
    let confirmed = Confirmed {
        address: &address,
        code: &request.code,
        key,
        news: request.optin_news,
        notifications: request.optin_notifications,
    };
    in_safe_time(api.email()?.confirm(&principal.caller, confirmed)).await?;
    Ok(answer::ready_json(StatusCode::OK, Bytes::from_static(SUCCESS), "application/json"))
}

/// The body: one object that names no member twice and nobody but the caller, as a verb's is wherever it is forwarded.
async fn read<B, T>(api: &Api, head: &Parts, body: B, principal: &Principal) -> Result<T, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
    T: DeserializeOwned,
{
    body::demand_json(&head.headers)?;
    let text = body::collect_known(api, head, body).await?;
    check_verb_body(&text, &principal.caller.person)?;
    serde_json::from_slice(&text).map_err(|_| Problem::JsonShape)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ValidateRequest {
    email: String,
    /// Whose it is, has been checked.
    external_user_id: Option<IgnoredAny>,
}

impl Drop for ValidateRequest {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.email).into_bytes());
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfirmRequest {
    email: String,
    code: String,
    external_user_id: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "given")]
    user_data_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    optin_news: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    optin_notifications: Option<bool>,
}

/// A member may be left away; one that is there has its type, and is not null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Drop for ConfirmRequest {
    fn drop(&mut self) {
        for text in [&mut self.email, &mut self.code] {
            scrub(std::mem::take(text).into_bytes());
        }
    }
}
