//! Tokens over HTTP: sign up without a passkey, refresh, sign out.

use bytes::Bytes;
use http::header::{HeaderName, ORIGIN};
use http::request::Parts;
use http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use strongroom_app::{SignedIn, Tenant};
use strongroom_domain::scrub;
use strongroom_ports::Principal;

use crate::answer::{self, Body};
use crate::api::Api;
use crate::body;
use crate::gated_body::BodyFault;
use crate::problem::Problem;
use crate::tenant_names::{TenantNames, query_value};

pub(crate) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// `GET …/auth/sign-up?passkeys=FALSE`: an account and tokens at once.
pub(crate) async fn sign_up(api: &Api, head: &Parts, tenant: &Tenant) -> Result<Response<Body>, Problem> {
    let without_passkey =
        query_value(&head.uri, "passkeys")?.is_some_and(|value| value.eq_ignore_ascii_case("false"));
    if !without_passkey {
        return Err(Problem::PasskeyRequired);
    }
    // Fetch Metadata: a browser says where the request comes from, and a page cannot forge it. A page of a registered
    // origin has been let in by its origin; what comes without one is an image, a script or a link of another site.
    let cross_site = !head.headers.contains_key(ORIGIN)
        && head.headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site");
    let signed_in = api.identity()?.sign_up_without_passkey(tenant, cross_site).await?;
    let document = SignUpAnswer {
        tokens: TokenAnswer::of(&signed_in),
        auth_method: "PASSKEY",
        has_passkey: false,
        key_name: None,
        key_display_name: None,
        chain_id: None,
        safe_address: SafeAddresses {},
    };
    Ok(answer::json(StatusCode::OK, &document, "application/json"))
}

/// `POST …/auth/refresh`: a refresh token for a new pair.
pub(crate) async fn refresh<B>(api: &Api, head: &Parts, body: B) -> Result<Response<Body>, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    body::demand_json(&head.headers)?;
    let text = body::collect(body, &head.headers, &api.http_limits, &api.places).await?;
    let token = RefreshRequest::read(&text);
    drop(text);
    let token = token?;
    let claims = api.identity()?.read_refresh(&token.refresh_token)?;
    let names = TenantNames::beside_token(head)?;
    api.tenants.with_token(&claims.caller.tenant, names.as_named())?;
    let signed_in = api.identity()?.refresh(claims).await?;
    Ok(answer::json(StatusCode::OK, &TokenAnswer::of(&signed_in), "application/json"))
}

/// `POST …/auth/sign-out`: ends the token's session.
pub(crate) async fn sign_out(api: &Api, principal: &Principal) -> Result<Response<Body>, Problem> {
    api.identity()?.sign_out(principal).await?;
    Ok(answer::ready_json(StatusCode::OK, Bytes::from_static(br#"{"success":true}"#), "application/json"))
}

#[derive(Deserialize)]
struct RefreshRequest {
    refresh_token: String,
}

impl RefreshRequest {
    fn read(text: &[u8]) -> Result<Self, Problem> {
        let request = serde_json::from_slice(text)
            .map_err(|error| if error.is_data() { Problem::JsonShape } else { Problem::JsonMalformed })?;
        // serde reads a struct from an array as well; the contract knows objects only.
        if text.trim_ascii_start().starts_with(b"{") { Ok(request) } else { Err(Problem::JsonShape) }
    }
}

impl Drop for RefreshRequest {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.refresh_token).into_bytes());
    }
}

/// The token part of every auth answer.
#[derive(Serialize)]
struct TokenAnswer<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    issuer: &'a str,
    audience: &'a str,
    subject: &'a str,
    roles: [&'static str; 1],
}

impl<'a> TokenAnswer<'a> {
    fn of(signed_in: &'a SignedIn) -> Self {
        let SignedIn { caller, tokens } = signed_in;
        Self {
            access_token: tokens.access.as_str(),
            refresh_token: tokens.refresh.as_str(),
            token_type: "Bearer",
            expires_in: tokens.access_lifetime_s,
            issuer: caller.tenant.as_str(),
            audience: caller.tenant.as_str(),
            subject: caller.person.as_str(),
            roles: ["USER"],
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignUpAnswer<'a> {
    #[serde(flatten)]
    tokens: TokenAnswer<'a>,
    auth_method: &'static str,
    has_passkey: bool,
    key_name: Option<&'a str>,
    key_display_name: Option<&'a str>,
    chain_id: Option<u64>,
    safe_address: SafeAddresses,
}

/// Decimal chain id → address; only for people with a passkey, so empty here.
#[derive(Serialize)]
struct SafeAddresses {}
