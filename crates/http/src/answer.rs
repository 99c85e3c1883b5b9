//! Building answers: bodies, media types, and the headers that every answer carries.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use strongroom_domain::EntityTag;
use strongroom_ports::Timestamp;

use crate::request_id::{RequestId, X_REQUEST_ID};

/// Every body here is whole before its head is sent: no answer is ever cut in half by our own doing.
pub(crate) type Body = Full<Bytes>;

/// Fields that an answer has room for from the start: a record's has no more, but for those of CORS. Room for a seventh is
/// twice as large, and of a size that an allocator takes longer to find.
const FIELDS: usize = 6;

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    with_body(status, Body::default())
}

fn with_body(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().reserve(FIELDS);
    response
}

/// An answer with a body that is JSON already.
pub(crate) fn ready_json(status: StatusCode, body: Bytes, media_type: &'static str) -> Response<Body> {
    let mut response = with_body(status, Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// An answer with bytes that are part of the program.
pub(crate) fn ready_file(bytes: &'static [u8], media_type: &'static str) -> Response<Body> {
    let mut response = with_body(StatusCode::OK, Body::new(Bytes::from_static(bytes)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// An answer with a document of ours.
pub(crate) fn json(
    status: StatusCode,
    document: &impl Serialize,
    media_type: &'static str,
) -> Response<Body> {
    match serde_json::to_vec(document) {
        Ok(body) => ready_json(status, body.into(), media_type),
        // Plain structs of strings and numbers always serialise; should one not, the status still tells.
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// A time as answers write it (RFC 3339).
pub(crate) fn time(at: Timestamp) -> String {
    humantime::format_rfc3339_millis(SystemTime::from(at)).to_string()
}

/// Adds the `ETag` of a state, where it has one.
pub(crate) fn tagged(mut response: Response<Body>, tag: Option<&EntityTag>) -> Response<Body> {
    if let Some(Ok(tag)) = tag.map(|tag| HeaderValue::try_from(tag.to_field())) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The headers of every answer, errors included.
pub(crate) fn finish(response: &mut Response<Body>, request_id: &RequestId) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // What says otherwise is the same for everybody.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Authorization, Origin"));
    headers.insert(X_REQUEST_ID, request_id.header());
}
