//! Fields that requests to a safe and to an identity service share. A value that no field can hold makes no request.

use std::net::{IpAddr, Ipv4Addr};

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

/// A request, or why there is none. Boxed: it is handed on many times, and whoever waits for an answer keeps room for it.
pub(crate) type Built = Result<Box<Request<Full<Bytes>>>, UpstreamError>;

/// A token as it is shown; never printed.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, UpstreamError> {
    let mut value = HeaderValue::try_from(["Bearer ", token].concat()).map_err(|_| UpstreamError::Failed)?;
    value.set_sensitive(true);
    Ok(value)
}

/// `for=192.0.2.43`, or `for="[2001:db8::17]"` (RFC 7239, section 6).
pub(crate) fn forwarded(client: IpAddr) -> Result<HeaderValue, UpstreamError> {
    let value = match client.to_canonical() {
        IpAddr::V4(address) => forwarded_v4(address),
        IpAddr::V6(address) => format!("for=\"[{address}]\""),
    };
    HeaderValue::try_from(value).map_err(|_| UpstreamError::Failed)
}

/// Without the formatter, which takes a tenth of all that a request to a safe is built with.
fn forwarded_v4(address: Ipv4Addr) -> String {
    let mut value = String::with_capacity("for=255.255.255.255".len());
    value.push_str("for=");
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            value.push('.');
        }
        for (unit, least) in [(100, 100), (10, 10), (1, 0)] {
            if octet >= least {
                value.push(char::from(b'0' + octet / unit % 10));
            }
        }
    }
    value
}

/// Text as the value of a field.
pub(crate) fn text(text: &str) -> Result<HeaderValue, UpstreamError> {
    HeaderValue::try_from(text).map_err(|_| UpstreamError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_as_rfc_7239_writes_addresses() {
        for (client, value) in [
            ("192.0.2.43", "for=192.0.2.43"),
            ("0.9.10.99", "for=0.9.10.99"),
            ("100.101.200.255", "for=100.101.200.255"),
            ("::ffff:192.0.2.43", "for=192.0.2.43"),
            ("2001:db8::17", "for=\"[2001:db8::17]\""),
        ] {
            assert_eq!(forwarded(client.parse().unwrap()).unwrap(), value);
        }
        for octet in 0..=u8::MAX {
            let address = Ipv4Addr::new(octet, 1, 1, 1);
            assert_eq!(forwarded_v4(address), format!("for={address}"));
        }
    }
}
