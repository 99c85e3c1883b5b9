//! What a request head must be before anything looks at it: the part of the gate that needs no raw bytes.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderName, Method, Version};

use crate::auth::SEC_FETCH_SITE;
use crate::problem::Problem;

/// Headers that decide something: two of them are two opinions, and nobody may choose.
const AT_MOST_ONE: [HeaderName; 7] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HOST,
    ORIGIN,
    SEC_FETCH_SITE,
    HeaderName::from_static("x-rpid"),
    HeaderName::from_static("x-rp-id"),
];

/// Refuses an ambiguous head.
pub(crate) fn check(head: &Parts) -> Result<(), Problem> {
    let doubled = AT_MOST_ONE.iter().any(|name| head.headers.get_all(name).iter().nth(1).is_some());
    let homeless = head.version == Version::HTTP_11 && !head.headers.contains_key(HOST);
    // An absolute form names a host of its own, and CONNECT names nothing else.
    let foreign_form = head.uri.authority().is_some() || head.method == Method::CONNECT;
    if doubled || homeless || foreign_form { Err(Problem::MalformedRequest) } else { Ok(()) }
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
