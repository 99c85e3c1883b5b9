//! Heads of HTTP/2: whatever is let through is, written as HTTP/1.1, a head that the gate for those lets through as well and
//! reads in the same way; what that gate lets through is not refused here; and nothing is changed but where the host stands.
//!
//! An input is lines: method, scheme, `:authority`, `:path`, then fields as `name:value`. An empty line of the first is a
//! pseudo-field that is missing.

use std::collections::BTreeMap;

use http::header::{CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue, Method, Request, Uri, Version};
use strongroom_http::head_scan::{BodyKind, HeadLimits, scan};
use strongroom_http::{Refusal, http2_head};

/// What the configuration has by default, and so little that an input of a few hundred bytes meets every limit.
const LIMITS: [HeadLimits; 2] = [
    HeadLimits { head_bytes: 16384, target_bytes: 8192, header_fields: 100 },
    HeadLimits { head_bytes: 256, target_bytes: 64, header_fields: 4 },
];
/// More than any input has: the sizes of a head are judged apart, since the two versions have another line each.
const NO_LIMITS: HeadLimits =
    HeadLimits { head_bytes: 1 << 24, target_bytes: 1 << 24, header_fields: 1 << 16 };
/// Fields that are about a connection, which the library refuses (RFC 9113, section 8.2.2).
const OF_CONNECTION: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
/// The longest method that the other gate reads.
const METHOD_BYTES: usize = 32;

/// Asserts that the head is judged as it must be; returns the verdict, that of the narrow limits where they say no.
pub(crate) fn check(input: &[u8]) -> String {
    let Some(head) = as_the_library_has_it(input) else { return "malformed".to_owned() };
    let [wide, narrow] = LIMITS.map(|limits| {
        let verdict = admit(&head, &limits);
        assert_eq!(admit(&head, &limits).map(seen), verdict.clone().map(seen), "judged differently");
        has_the_size_it_is_judged_by(&head, &verdict, &limits);
        verdict
    });
    if let (Ok(wide), Ok(narrow)) = (&wide, &narrow) {
        assert_eq!(seen(wide.clone()), seen(narrow.clone()), "limits change what a head says");
    }
    if head.method == Method::CONNECT {
        let unlimited = admit(&head, &NO_LIMITS).map(seen);
        assert_eq!(unlimited, Ok(seen(head)), "what has no path is left alone");
    } else {
        means_what_it_would_over_http_1(&head);
    }
    match (wide, narrow) {
        (Err(refusal), _) | (Ok(_), Err(refusal)) => format!("{refusal:?}"),
        (Ok(head), _) if head.method == Method::CONNECT => "tunnel".to_owned(),
        (Ok(head), _) if head.uri.path() == "*" => "*".to_owned(),
        (Ok(_), Ok(_)) => "path".to_owned(),
    }
}

fn admit(head: &Parts, limits: &HeadLimits) -> Result<Parts, Refusal> {
    let mut head = head.clone();
    http2_head::admit(&mut head, limits).map(|()| head)
}

/// All that a head says, to be compared.
fn seen(head: Parts) -> (Method, Uri, Version, Vec<(HeaderName, HeaderValue)>) {
    let fields = head.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    (head.method, head.uri, head.version, fields)
}

/// A head as the library hands it on, by its own words for what it refuses; `None` where it would.
fn as_the_library_has_it(input: &[u8]) -> Option<Parts> {
    let mut lines = input.split(|b| *b == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (method, scheme, authority, path) = (line(), line(), line(), line());
    let method = Method::from_bytes(method).ok()?;
    let is_connect = method == Method::CONNECT;
    let mut uri = http::uri::Parts::default();
    if !authority.is_empty() {
        uri.authority = Some(Authority::try_from(authority).ok()?);
    }
    if scheme.is_empty() != is_connect || path.is_empty() != is_connect {
        return None;
    }
    if !is_connect {
        let scheme = Scheme::try_from(scheme).ok()?;
        // Without a host it is dropped.
        uri.scheme = uri.authority.is_some().then_some(scheme);
        uri.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    }
    let (mut head, ()) = Request::new(()).into_parts();
    (head.method, head.version) = (method, Version::HTTP_2);
    head.uri = Uri::from_parts(uri).ok()?;
    for field in lines.filter(|line| !line.is_empty()) {
        let colon = field.iter().position(|b| *b == b':')?;
        let (name, value) = (field.get(..colon)?, field.get(colon + 1..)?);
        let (name, value) = (HeaderName::from_lowercase(name).ok()?, HeaderValue::from_bytes(value).ok()?);
        let is_of_connection =
            OF_CONNECTION.contains(&name.as_str()) || (name == "te" && value != "trailers");
        if is_of_connection {
            return None;
        }
        head.headers.try_append(name, value).ok()?;
    }
    Some(head)
}

/// The verdicts about sizes, both ways.
fn has_the_size_it_is_judged_by(head: &Parts, verdict: &Result<Parts, Refusal>, limits: &HeadLimits) {
    let fields = head.headers.iter().count();
    let lines = head.headers.iter().map(|(name, value)| format!("{name}: ").len() + value.len() + 2);
    let bytes: usize = lines.sum();
    let expected = if fields > limits.header_fields {
        Some(Refusal::TooManyFields)
    } else {
        (bytes > limits.head_bytes).then_some(Refusal::HeadTooLarge)
    };
    let is_about_fields =
        |refusal: &Refusal| matches!(refusal, Refusal::TooManyFields | Refusal::HeadTooLarge);
    let said = verdict.as_ref().err().filter(|refusal| is_about_fields(refusal)).copied();
    assert_eq!(said, expected, "another size");
    let target = head.uri.path_and_query().map_or(0, |path| path.as_str().len());
    match verdict {
        Err(Refusal::TargetTooLong) => assert!(target > limits.target_bytes),
        Ok(head) if head.method != Method::CONNECT => assert!(target <= limits.target_bytes),
        _ => {}
    }
}

/// Compares the verdict with that of the gate for HTTP/1.1, which reads bytes.
fn means_what_it_would_over_http_1(head: &Parts) {
    let verdict = admit(head, &NO_LIMITS);
    let path = head.uri.path_and_query().map_or("", PathAndQuery::as_str);
    let hosts: Vec<_> = head.headers.get_all(HOST).iter().collect();
    let authority = head.uri.authority().map(Authority::as_str);
    let is_one_host = authority.is_none_or(|authority| {
        hosts.iter().all(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()))
    });
    match &verdict {
        Ok(admitted) => {
            assert!(admitted.uri.scheme().is_none() && admitted.uri.authority().is_none());
            assert_eq!(admitted.uri.path_and_query().map(PathAndQuery::as_str), Some(path), "another path");
            assert!(is_plain(path), "a path that others may read in another way");
            assert!(is_one_host, "two hosts pass");
            let mut fields = grouped(head);
            if let (Some(authority), []) = (authority, hosts.as_slice()) {
                fields.insert(HOST.to_string(), vec![authority.as_bytes().to_vec()]);
            }
            assert_eq!(grouped(admitted), fields, "other fields");
        }
        Err(refusal) => assert!(*refusal != Refusal::ForeignTarget || !is_one_host, "one host is two"),
    }
    if head.method.as_str().len() > METHOD_BYTES {
        return;
    }
    // As a client of HTTP/1.1 would write it: the authority is the host.
    let mut text = format!("{} {path} HTTP/1.1\r\n", head.method).into_bytes();
    if let (Some(authority), []) = (authority, hosts.as_slice()) {
        text.extend(format!("host: {authority}\r\n").into_bytes());
    }
    for (name, value) in &head.headers {
        text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    text.extend(b"\r\n");
    let is_http = head.uri.scheme().is_none_or(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
    let is_in_origin_form = path.starts_with('/') || path == "*";
    match (scan(&text, &NO_LIMITS), verdict) {
        (Ok(Some(scanned)), Ok(admitted)) => {
            assert_eq!(scanned.length, text.len(), "another end");
            assert_eq!(scanned.body, body(&admitted), "another length");
        }
        (Ok(Some(_)), Err(refusal)) => {
            assert!(!is_http || !is_one_host || !is_in_origin_form, "{refusal:?} over HTTP/2 alone");
        }
        (Err(refusal), Ok(_)) => panic!("{refusal:?} over HTTP/1.1 alone"),
        (Err(_), Err(_)) => {}
        (Ok(None), _) => panic!("a head without an end"),
    }
}

/// Fields by name, the values of each in their order.
fn grouped(head: &Parts) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut fields: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for (name, value) in &head.headers {
        fields.entry(name.to_string()).or_default().push(value.as_bytes().to_vec());
    }
    fields
}

/// Whether a path stays what it is when somebody decodes it and takes dots and doubled slashes out.
fn is_plain(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let Some(rest) = path.strip_prefix('/') else { return path == "*" };
    let lower = path.to_ascii_lowercase();
    let has_meaningful_escape = ["%2e", "%2f", "%5c", "%00"].iter().any(|escape| lower.contains(escape));
    let last = rest.split('/').count() - 1;
    let segments = rest.split('/').enumerate();
    let has_odd_segment =
        segments.into_iter().any(|(at, it)| matches!(it, "." | "..") || (it.is_empty() && at < last));
    !has_meaningful_escape && !has_odd_segment && !path.contains(['\\', '#'])
}

fn body(head: &Parts) -> BodyKind {
    let length =
        head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.trim().parse().ok());
    match length {
        None | Some(0) => BodyKind::None,
        Some(length) => BodyKind::Length(length),
    }
}
