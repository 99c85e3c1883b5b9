//! Tokens over HTTP without a passkey: sign up where that is allowed, refresh, sign out.

use bytes::Bytes;
use http::header::{HeaderName, ORIGIN};
use http::request::Parts;
use http::{Response, StatusCode};
use serde::Deserialize;
use strongroom_app::Tenant;
use strongroom_domain::scrub;
use strongroom_ports::Principal;

use crate::answer::{self, Body};
use crate::api::Api;
use crate::auth_answer::{self, AuthAnswer, TokenAnswer};
use crate::gated_body::BodyFault;
use crate::problem::Problem;
use crate::safe_time::{in_safe_time, to_its_end};
use crate::tenant_names::{TenantNames, query_value};
use crate::user_data::SUCCESS;
use crate::{body, passkeys};

pub(crate) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// `GET …/auth/sign-up`: the options for a passkey, or with `passkeys=FALSE` an account and tokens at once.
pub(crate) async fn sign_up(api: &Api, head: &Parts, tenant: &Tenant) -> Result<Response<Body>, Problem> {
    let without_passkey =
        query_value(&head.uri, "passkeys")?.is_some_and(|value| value.eq_ignore_ascii_case("false"));
    if !without_passkey {
        return passkeys::offer_registration(api, head, tenant);
    }
    // Fetch Metadata: a browser says where the request comes from, and a page cannot forge it. A page of a registered
    // origin has been let in by its origin; what comes without one is an image, a script or a link of another site.
    let cross_site = !head.headers.contains_key(ORIGIN)
        && head.headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site");
    let signed_in = in_safe_time(api.identity()?.sign_up_without_passkey(tenant, cross_site)).await?;
    AuthAnswer::without_passkey(&signed_in).response()
}

/// `POST …/auth/refresh`: a refresh token for a new pair.
pub(crate) async fn refresh<B>(api: &Api, head: &Parts, body: B) -> Result<Response<Body>, Problem>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    body::demand_json(&head.headers)?;
    let text = body::collect(body, &head.headers, &api.http_limits, &api.places).await?;
    let token: Result<RefreshRequest, _> = body::object(&text);
    drop(text);
    let token = token?;
    let claims = api.identity()?.read_refresh(&token.refresh_token)?;
    let names = TenantNames::beside_token(head)?;
    api.tenants.with_token(&claims.caller.tenant, names.as_named())?;
    let identity = api.identity()?.clone();
    let signed_in = to_its_end(&api.places, async move { identity.refresh(claims).await }).await?;
    auth_answer::response(&TokenAnswer::of(&signed_in))
}

/// `POST …/auth/sign-out`: ends the token's session.
pub(crate) async fn sign_out(api: &Api, principal: &Principal) -> Result<Response<Body>, Problem> {
    let (identity, principal) = (api.identity()?.clone(), principal.clone());
    to_its_end(&api.places, async move { identity.sign_out(&principal).await }).await?;
    Ok(answer::ready_json(StatusCode::OK, Bytes::from_static(SUCCESS), "application/json"))
}

#[derive(Deserialize)]
struct RefreshRequest {
    refresh_token: String,
}

impl Drop for RefreshRequest {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.refresh_token).into_bytes());
    }
}
