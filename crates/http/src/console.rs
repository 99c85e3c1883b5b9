//! The console at `/console`: a page for the person whose data is kept here, and what it is made of.
//!
//! It is a client like any other: what it may do, the API decides. Whoever asks gets the same bytes, so nothing of a person, a tenant
//! or this process may ever stand in one of them.

use std::hash::{DefaultHasher, Hasher};

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use strongroom_domain::EntityTag;

use crate::answer::{self, Body};
use crate::conditional;
use crate::problem::Problem;

mod files;
#[cfg(test)]
mod tests;

use files::{FILES, File, PAGE};

/// What the page may load, and from where: its own files, and the API beside it. No inline script or style, no text that becomes
/// a script (Trusted Types), no form that a browser sends by itself, no frame around it (CSP Level 3).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// What else the browser is told. `no-cache`: it may keep a file, and asks each time whether that is still the one.
const HEADERS: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "no-cache"),
    (CONTENT_SECURITY_POLICY, POLICY),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "publickey-credentials-create=(self), publickey-credentials-get=(self), camera=(), geolocation=(), microphone=()",
    ),
];

/// Whether there is such a file; `None` is the page itself.
pub(crate) fn has(file: Option<&str>) -> bool {
    find(file).is_some()
}

/// `GET /console` and what is below it.
pub(crate) fn show(headers: &HeaderMap, file: Option<&str>) -> Result<Response<Body>, Problem> {
    let file = find(file).ok_or(Problem::NotFound)?;
    let tag = file.tag();
    let is_held = tag.as_ref().is_some_and(|tag| conditional::is_not_modified(headers, tag));
    let mut response = if is_held {
        answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        answer::ready_file(file.bytes, file.media_type)
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(answer::tagged(response, tag.as_ref()))
}

fn find(file: Option<&str>) -> Option<&'static File> {
    match file {
        None => Some(&PAGE),
        Some(name) => FILES.iter().find(|file| file.name == name),
    }
}

impl File {
    /// Its `ETag`: another for other bytes, as far as anybody can tell who does not choose them.
    fn tag(&self) -> Option<EntityTag> {
        let mut hasher = DefaultHasher::new();
        hasher.write(self.bytes);
        EntityTag::strong(&format!("{:016x}", hasher.finish())).ok()
    }
}
