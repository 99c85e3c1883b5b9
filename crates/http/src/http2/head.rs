//! The same rules for a head that came over HTTP/2 as for one of HTTP/1.1, so far as it has been read by a library already.
//!
//! Frames say where everything ends, so there is no second opinion about that. The library refuses by itself what RFC 9113,
//! section 8, calls malformed: names in upper case, fields of the connection, control characters, pseudo-fields that are
//! missing, unknown or repeated, and lengths that do not fit the data. What is left is made to look like a request of
//! HTTP/1.1 in origin form: `Host` from `:authority`, and a target that is a path.

use http::header::{CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderValue, Method, Uri};

use crate::head_scan::{self, HeadLimits};
use crate::refusal::Refusal;
use crate::target;

/// What HTTP/1.1 writes around a field: a colon, a space, a line's end.
const AROUND_FIELD_BYTES: usize = 4;

/// Checks a head and brings it into shape.
///
/// # Errors
///
/// [`Refusal`], and then the head is no more to be used.
pub fn admit(head: &mut Parts, limits: &HeadLimits) -> Result<(), Refusal> {
    check_size(head, limits)?;
    if head.method == Method::CONNECT {
        // Has no path to look at; `gate` refuses it for what it is.
        return Ok(());
    }
    if head.uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS) {
        return Err(Refusal::Target);
    }
    check_fields(head)?;
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    if path.len() > limits.target_bytes {
        return Err(Refusal::TargetTooLong);
    }
    if !(path.starts_with('/') || path == "*") {
        return Err(Refusal::Target);
    }
    target::check(path.as_bytes(), false)?;
    take_authority(head)
}

/// Fields and bytes, counted as HTTP/1.1 would have them.
fn check_size(head: &Parts, limits: &HeadLimits) -> Result<(), Refusal> {
    if head.headers.len() > limits.header_fields {
        return Err(Refusal::TooManyFields);
    }
    let fields = head.headers.iter();
    let bytes: usize =
        fields.map(|(name, value)| name.as_str().len() + value.len() + AROUND_FIELD_BYTES).sum();
    if bytes > limits.head_bytes { Err(Refusal::HeadTooLarge) } else { Ok(()) }
}

fn check_fields(head: &Parts) -> Result<(), Refusal> {
    // The library has a quotation mark in names, too.
    if !head.headers.keys().all(|name| head_scan::is_name(name.as_str().as_bytes())) {
        return Err(Refusal::HeaderField);
    }
    if head.headers.keys().any(|name| head_scan::is_lookalike(name.as_str().as_bytes())) {
        return Err(Refusal::NameLookalike);
    }
    let mut lengths = head.headers.get_all(CONTENT_LENGTH).iter();
    match (lengths.next(), lengths.next()) {
        (Some(length), None) if head_scan::content_length(length.as_bytes()).is_some() => Ok(()),
        (None, _) => Ok(()),
        _ => Err(Refusal::Framing),
    }
}

/// One host: `:authority`, or `Host`, or both when they are the same. Where there is none, or no host in it, `gate` says so.
fn take_authority(head: &mut Parts) -> Result<(), Refusal> {
    let mut parts = std::mem::take(&mut head.uri).into_parts();
    parts.scheme = None;
    if let Some(authority) = parts.authority.take() {
        let authority = HeaderValue::from_str(authority.as_str()).map_err(|_| Refusal::Host)?;
        let others = head.headers.get_all(HOST);
        if !others.iter().all(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes())) {
            return Err(Refusal::ForeignTarget);
        }
        if !head.headers.contains_key(HOST) {
            head.headers.insert(HOST, authority);
        }
    }
    head.uri = Uri::from_parts(parts).map_err(|_| Refusal::Target)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, Request};

    use super::*;

    const LIMITS: HeadLimits = HeadLimits { head_bytes: 256, target_bytes: 64, header_fields: 4 };

    fn head(uri: &str, fields: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn admitted(uri: &str, fields: &[(&str, &str)]) -> Result<(String, String), Refusal> {
        let mut head = head(uri, fields);
        admit(&mut head, &LIMITS)?;
        let host = head.headers.get(HOST).map_or("", |host| host.to_str().unwrap());
        Ok((head.uri.to_string(), host.to_owned()))
    }

    #[test]
    fn a_head_comes_out_in_origin_form_with_one_host() {
        let expected = Ok(("/a?b=c".to_owned(), "localhost:8080".to_owned()));
        assert_eq!(admitted("https://localhost:8080/a?b=c", &[]), expected);
        assert_eq!(
            admitted("http://localhost:8080/a?b=c", &[("host", "LOCALHOST:8080")]).map(|it| it.0),
            Ok("/a?b=c".to_owned())
        );
        assert_eq!(admitted("/a?b=c", &[("host", "localhost:8080")]), expected);
        assert_eq!(
            admitted("/a", &[]),
            Ok(("/a".to_owned(), String::new())),
            "and it is the gate that misses the host"
        );
    }

    #[test]
    fn what_is_refused_over_http_1_is_refused_here() {
        for (uri, fields, refusal) in [
            ("https://a/b/../c", &[][..], Refusal::Target),
            ("https://a//b", &[], Refusal::Target),
            ("https://a/%2e%2e/b", &[], Refusal::Target),
            ("https://a/b%2Fc", &[], Refusal::Target),
            ("ftp://a/b", &[], Refusal::Target),
            ("https://a/b", &[("host", "c")], Refusal::ForeignTarget),
            ("https://a/b", &[("host", "a"), ("host", "c")], Refusal::ForeignTarget),
            ("https://a/b", &[("content_length", "1")], Refusal::NameLookalike),
            ("https://a/b", &[("x_forwarded_for", "1")], Refusal::NameLookalike),
            ("https://a/b", &[("content-length", "1"), ("content-length", "1")], Refusal::Framing),
            ("https://a/b", &[("content-length", "+1")], Refusal::Framing),
            (
                "https://a/b",
                &[("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"), ("e", "1")],
                Refusal::TooManyFields,
            ),
        ] {
            assert_eq!(admitted(uri, fields), Err(refusal), "{uri} {fields:?}");
        }
        let long = "a".repeat(300);
        assert_eq!(admitted("https://a/b", &[("c", &long)]), Err(Refusal::HeadTooLarge));
        assert_eq!(admitted(&format!("https://a/{}", &long[..64]), &[]), Err(Refusal::TargetTooLong));
        let mut quoted = head("https://a/b", &[]);
        let name = HeaderName::from_lowercase(b"a\"b").unwrap();
        quoted.headers.insert(name, HeaderValue::from_static("1"));
        assert_eq!(admit(&mut quoted, &LIMITS), Err(Refusal::HeaderField));
        let mut other = head("https://a/b", &[]);
        other.uri = Uri::from_static("*");
        assert_eq!(admit(&mut other, &LIMITS), Ok(()));
    }
}
