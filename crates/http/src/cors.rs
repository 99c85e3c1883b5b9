//! CORS (Fetch standard): exact registered origins, no credentials, the same headers on errors as on answers.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, ORIGIN,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use strongroom_app::Tenants;

use crate::answer::{self, Body};

const ALLOWED_HEADERS: &str = "authorization, content-type, if-match, if-none-match, idempotency-key, traceparent, \
                               x-rpid, x-rp-id, x-ibex-auth, x-blockchain-id, x-request-id";
const EXPOSED_HEADERS: &str = "ETag, Retry-After, WWW-Authenticate, X-Request-Id";
/// How long a browser may remember a preflight: two hours is the most that Chromium honours.
const MAX_AGE_S: &str = "7200";

/// The answer to `OPTIONS` on a route: for any tenant's origin the permissions, for anybody else the methods alone.
pub(crate) fn preflight(tenants: &Tenants, headers: &HeaderMap, allow: &str) -> Response<Body> {
    let mut response = answer::empty(StatusCode::NO_CONTENT);
    let methods = HeaderValue::try_from(allow).unwrap_or(HeaderValue::from_static("OPTIONS"));
    response.headers_mut().insert(ALLOW, methods.clone());
    if registered(tenants, headers).is_some() {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_S));
    }
    response
}

/// Lets a page of a registered origin read the answer, whatever it is.
pub(crate) fn open(tenants: &Tenants, request: Option<&HeaderValue>, response: &mut Response<Body>) {
    let Some(origin) = request else { return };
    if origin.to_str().is_ok_and(|origin| tenants.of_origin(origin).is_some()) {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    }
}

fn registered<'h>(tenants: &Tenants, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    tenants.of_origin(origin.to_str().ok()?).map(|_| origin)
}
