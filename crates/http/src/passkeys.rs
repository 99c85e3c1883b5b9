//! Passkeys over HTTP: what begins a ceremony, what ends one, the list, and the end of one of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode, Uri};
use serde::Serialize;
use serde_json::value::RawValue;
use strongroom_app::{OwnPasskey, Tenant};
use strongroom_ports::{CredentialId, PasskeyNames, Principal};

use crate::answer::{self, Body};
use crate::api::{Api, Asked};
use crate::auth_answer::{AuthAnswer, Userdata};
use crate::credential_body::{Registration, SignIn};
use crate::gated_body::BodyFault;
use crate::problem::Problem;
use crate::safe_time::{in_safe_time, to_its_end};
use crate::tenant_names::query_value;
use crate::{body, user_data};

/// `GET …/auth/sign-up`: the options for a new passkey.
pub(crate) fn offer_registration(
    api: &Api,
    head: &Parts,
    tenant: &Tenant,
) -> Result<Response<Body>, Problem> {
    let names = PasskeyNames {
        user_name: either(&head.uri, "user.name", "userName")?,
        user_display_name: either(&head.uri, "user.displayname", "userDisplayName")?,
        key_name: query_value(&head.uri, "keyName")?,
        key_display_name: query_value(&head.uri, "keyDisplayName")?,
    };
    let options = api.passkeys()?.offer_registration(&tenant.id, names)?;
    offer(&options, Some(false))
}

/// Two spellings of one parameter; the first counts.
fn either(uri: &Uri, first: &str, second: &str) -> Result<Option<String>, Problem> {
    let second = query_value(uri, second)?;
    Ok(query_value(uri, first)?.or(second))
}

/// `GET …/auth/sign-in`: the options for whatever passkey the person has here.
pub(crate) fn offer_sign_in(api: &Api, tenant: &Tenant) -> Result<Response<Body>, Problem> {
    let options = api.passkeys()?.offer_sign_in(&tenant.id)?;
    offer(&options, None)
}

fn offer(options: &[u8], email_validation_required: Option<bool>) -> Result<Response<Body>, Problem> {
    let credential_request_options = serde_json::from_slice(options).map_err(|_| Problem::Internal)?;
    let document = Offer { credential_request_options, email_validation_required };
    Ok(answer::json(StatusCode::OK, &document, "application/json"))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Offer<'a> {
    /// For both kinds of ceremony: existing clients read this name.
    credential_request_options: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_validation_required: Option<bool>,
}

/// Whom a registration is for.
pub(crate) enum Registered<'a> {
    /// A new person of a tenant.
    Newcomer(&'a Tenant),
    /// A person who has shown a token.
    Known(&'a Principal),
}

/// `POST …/auth/sign-up`, of which it is known whom it is for.
pub(crate) async fn register(
    api: &Api,
    (text, mut request): (&Bytes, Registration<'_>),
    whom: Registered<'_>,
) -> Result<Response<Body>, Problem> {
    let (names, credential) = (request.take_names(), text.slice_ref(request.credential.get().as_bytes()));
    let passkeys = api.passkeys()?.clone();
    let registered = match whom {
        Registered::Newcomer(tenant) => {
            let tenant = tenant.id.clone();
            let sign_up = async move { passkeys.sign_up(&tenant, &credential, names).await };
            to_its_end(&api.places, sign_up).await?
        }
        Registered::Known(principal) => {
            let principal = principal.clone();
            let add = async move { passkeys.add(&principal, &credential, names).await };
            to_its_end(&api.places, add).await?
        }
    };
    AuthAnswer::by_passkey(&registered, request.chain_id(), Userdata::NotAsked).response()
}

/// `POST …/auth/sign-in`: tokens, and the person's data where the body asks for it.
pub(crate) async fn sign_in<B>(
    (api, safe): (&Api, Asked<'_>),
    head: &Parts,
    body: B,
    tenant: &Tenant,
) -> Result<Response<Body>, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    body::demand_json(&head.headers)?;
    let text = body::collect(body, &head.headers, &api.http_limits, &api.places).await?;
    let request = SignIn::read(&text)?;
    let (passkeys, tenant) = (api.passkeys()?.clone(), tenant.id.clone());
    let credential = text.slice_ref(request.credential.get().as_bytes());
    let by = async move { passkeys.sign_in(&tenant, &credential).await };
    let by = to_its_end(&api.places, by).await?;
    let userdata = if request.include_userdata {
        user_data::beside_tokens(&safe, &by.signed_in.caller).await
    } else {
        Userdata::NotAsked
    };
    AuthAnswer::by_passkey(&by, request.chain_id(), userdata).response()
}

/// `GET …/auth/passkeys`: the caller's, the oldest first.
pub(crate) async fn list(api: &Api, principal: &Principal) -> Result<Response<Body>, Problem> {
    let passkeys = in_safe_time(api.passkeys()?.list(principal)).await?;
    let passkeys = passkeys.iter().map(PasskeyEntry::of).collect();
    Ok(answer::json(StatusCode::OK, &PasskeyList { passkeys }, "application/json"))
}

#[derive(Serialize)]
struct PasskeyList<'a> {
    passkeys: Vec<PasskeyEntry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PasskeyEntry<'a> {
    id: String,
    key_name: Option<&'a str>,
    key_display_name: Option<&'a str>,
    created_at: String,
    current: bool,
}

impl<'a> PasskeyEntry<'a> {
    fn of(passkey: &'a OwnPasskey) -> Self {
        Self {
            id: URL_SAFE_NO_PAD.encode(passkey.id.as_bytes()),
            key_name: passkey.names.key_name.as_deref(),
            key_display_name: passkey.names.key_display_name.as_deref(),
            created_at: answer::time(passkey.created_at),
            current: passkey.is_current,
        }
    }
}

/// `DELETE …/auth/passkeys/{id}`: `id` in base64url without padding, as the list has it.
pub(crate) async fn remove(api: &Api, principal: &Principal, id: &str) -> Result<Response<Body>, Problem> {
    let id = URL_SAFE_NO_PAD.decode(id).ok().and_then(|bytes| CredentialId::new(&bytes));
    let id = id.ok_or(Problem::UnknownPasskey)?;
    let (passkeys, caller) = (api.passkeys()?.clone(), principal.caller.clone());
    to_its_end(&api.places, async move { passkeys.remove(&caller, &id).await }).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
