//! What a request head must mean before anything looks at it: one method that we know, one host that is ours, one opinion
//! about everything that decides. What needs the raw bytes is `head_scan`'s.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, HOST, ORIGIN, REFERER};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};

use crate::auth::SEC_FETCH_SITE;
use crate::refusal::Refusal;
use crate::target;

/// Headers that decide something: two of them are two opinions, and nobody may choose.
const AT_MOST_ONE: [HeaderName; 8] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    EXPECT,
    ORIGIN,
    REFERER,
    SEC_FETCH_SITE,
    HeaderName::from_static("x-rpid"),
    HeaderName::from_static("x-rp-id"),
];

/// Refuses a head that is ambiguous or asks for what no route has. `is_ours`: whether a host that a target names is one of
/// ours, so that nobody takes us for a proxy.
pub(crate) fn check(head: &Parts, is_ours: impl FnOnce(&str) -> bool) -> Result<(), Refusal> {
    if !is_known(&head.method) {
        return Err(Refusal::Method);
    }
    let fields = Fields::of(&head.headers);
    let host = fields.host(head.version)?;
    if let Some(authority) = head.uri.authority() {
        let is_same = host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_str().as_bytes()));
        if !is_same || !is_ours(authority.host()) {
            return Err(Refusal::ForeignTarget);
        }
    }
    // Nearly always no field at all comes twice, which the map knows by two numbers.
    let repeats = head.headers.len() != head.headers.keys_len();
    if repeats && AT_MOST_ONE.iter().any(|name| comes_twice(&head.headers, name)) {
        return Err(Refusal::RepeatedField);
    }
    if fields.is_coded {
        return Err(Refusal::ContentCoding);
    }
    match fields.expectation {
        Some(expectation) if !expectation.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
            Err(Refusal::Expectation)
        }
        _ => Ok(()),
    }
}

/// The methods that HTTP has for resources (RFC 9110, RFC 5789); a route says which of them it takes. CONNECT and TRACE are
/// about the connection itself.
fn is_known(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET
            | Method::HEAD
            | Method::POST
            | Method::PUT
            | Method::PATCH
            | Method::DELETE
            | Method::OPTIONS
    )
}

/// The fields that decide here, found in one pass: a head has few, and a look-up hashes its name, to find nothing mostly.
#[derive(Default)]
struct Fields<'h> {
    /// The first of so many.
    host: Option<&'h HeaderValue>,
    hosts: usize,
    expectation: Option<&'h HeaderValue>,
    /// Whether the body is said to be compressed, or the like.
    is_coded: bool,
}

impl<'h> Fields<'h> {
    fn of(headers: &'h HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            match *name {
                HOST => {
                    fields.host.get_or_insert(value);
                    fields.hosts += 1;
                }
                EXPECT => {
                    fields.expectation.get_or_insert(value);
                }
                CONTENT_ENCODING => fields.is_coded = true,
                _ => {}
            }
        }
        fields
    }

    /// The one `Host`, which only HTTP/1.0 may leave away (RFC 9112, section 3.2).
    fn host(&self, version: Version) -> Result<Option<&'h [u8]>, Refusal> {
        match (self.host.map(HeaderValue::as_bytes), self.hosts) {
            (None, _) if version == Version::HTTP_10 => Ok(None),
            (Some(host), 1) if target::is_host_and_port(host) => Ok(Some(host)),
            _ => Err(Refusal::Host),
        }
    }
}

fn comes_twice(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(name).iter().nth(1).is_some()
}

/// Whether the caller takes plain `application/json` and nothing else.
pub(crate) fn takes_json_only(head: &Parts) -> bool {
    let mut ranges = head
        .headers
        .get_all(ACCEPT)
        .iter()
        .flat_map(|field| field.as_bytes().split(|b| *b == b','))
        .map(|range| range.split(|b| *b == b';').next().unwrap_or(range).trim_ascii())
        .peekable();
    ranges.peek().is_some() && ranges.all(|range| range.eq_ignore_ascii_case(b"application/json"))
}
