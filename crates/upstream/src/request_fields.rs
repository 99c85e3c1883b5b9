//! Fields that requests to a safe and to an identity service share. A value that no field can hold makes no request.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;
use strongroom_ports::UpstreamError;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Whoever asks for plain JSON alone is told problems as plain JSON, and the type is lost (`api.md`, section 7).
pub(crate) const JSON_OR_PROBLEM: HeaderValue =
    HeaderValue::from_static("application/json, application/problem+json");

/// A request, or why there is none.
pub(crate) type Built = Result<Request<Full<Bytes>>, UpstreamError>;

/// A token as it is shown; never printed.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, UpstreamError> {
    let mut value = text(&["Bearer ", token].concat())?;
    value.set_sensitive(true);
    Ok(value)
}

/// `for=192.0.2.43`, or `for="[2001:db8::17]"` (RFC 7239, section 6).
pub(crate) fn forwarded(client: IpAddr) -> Result<HeaderValue, UpstreamError> {
    let value = match client.to_canonical() {
        IpAddr::V4(address) => format!("for={address}"),
        IpAddr::V6(address) => format!("for=\"[{address}]\""),
    };
    HeaderValue::try_from(value).map_err(|_| UpstreamError::Failed)
}

/// Text as the value of a field.
pub(crate) fn text(text: &str) -> Result<HeaderValue, UpstreamError> {
    HeaderValue::try_from(text).map_err(|_| UpstreamError::Failed)
}
