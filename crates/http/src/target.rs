//! What a request target may look like: one spelling, that every reader before and behind us reads the same way.
//!
//! Refused is whatever some proxies decode, normalise or cut off and others do not (RFC 3986, section 6): an escaped dot,
//! slash, backslash or NUL, an empty segment, a dot segment, a fragment.

use memchr::{memchr, memchr_iter};

use crate::characters::Characters;
use crate::refusal::Refusal;

/// Escapes that stand for a character with a meaning in a path, in lower case.
const MEANINGFUL_ESCAPES: [[u8; 2]; 4] = [*b"2e", *b"2f", *b"5c", *b"00"];

/// What RFC 3986 has in a path, and `|`, `[`, `]`, which browsers leave as they are.
const PATH: Characters = Characters::alphanumeric_and(b"-._~!$&'()*+,;=:@%/|[]");
/// The same of a query; browsers leave some more as they are there.
const QUERY: Characters = Characters::alphanumeric_and(b"-._~!$&'()*+,;=:@%/|[]?^`{}");

/// Checks a target. `is_connect`: only `CONNECT` names an authority alone (and is refused for its method later).
pub(crate) fn check(target: &[u8], is_connect: bool) -> Result<(), Refusal> {
    let fits = match target {
        [b'/', ..] => is_path_and_query(target),
        b"*" => true,
        _ if is_connect => is_host_and_port(target),
        _ => is_absolute(target),
    };
    if fits { Ok(()) } else { Err(Refusal::Target) }
}

/// `host` or `host:port`: a name, an IPv4 address or a bracketed IPv6 address, and no user before it.
pub(crate) fn is_host_and_port(authority: &[u8]) -> bool {
    let (host, rest) = if authority.first() == Some(&b'[') {
        let Some(end) = authority.iter().position(|b| *b == b']') else { return false };
        let (address, rest) = authority.split_at(end + 1);
        if !address[1..end].iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')) {
            return false;
        }
        (&address[1..end], rest)
    } else {
        let end = authority.iter().position(|b| *b == b':').unwrap_or(authority.len());
        let (name, rest) = authority.split_at(end);
        if !name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
            return false;
        }
        (name, rest)
    };
    let port_fits = match rest {
        [] => true,
        [b':', port @ ..] => (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    !host.is_empty() && port_fits
}

/// `http://host[:port]/path?query`; whose host that is, a handler decides.
fn is_absolute(target: &[u8]) -> bool {
    let scheme = [&b"http://"[..], b"https://"]
        .into_iter()
        .find(|scheme| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let Some(rest) = scheme.and_then(|scheme| target.get(scheme.len()..)) else { return false };
    let (authority, path) = rest.split_at(rest.iter().position(|b| *b == b'/').unwrap_or(rest.len()));
    is_host_and_port(authority) && (path.is_empty() || is_path_and_query(path))
}

fn is_path_and_query(target: &[u8]) -> bool {
    let (path, query) = target.split_at(memchr(b'?', target).unwrap_or(target.len()));
    PATH.has_all(path)
        && QUERY.has_all(query)
        && escapes(query).all(|escape| escape.is_some_and(|escape| escape != *b"00"))
        && escapes(path).all(|escape| escape.is_some_and(|escape| !MEANINGFUL_ESCAPES.contains(&escape)))
        && !has_odd_segment(path)
}

/// An empty segment before the last, or a `.` or `..` anywhere: what stands behind each slash tells.
fn has_odd_segment(path: &[u8]) -> bool {
    // Hardly any path has either pair, and all of them are looked at together.
    let pairs = path.iter().zip(path.get(1..).unwrap_or_default());
    let is_suspect = |first: u8, second: u8| first == b'/' && matches!(second, b'/' | b'.');
    if !pairs.fold(false, |so_far, (first, second)| so_far | is_suspect(*first, *second)) {
        return false;
    }
    memchr_iter(b'/', path)
        .filter_map(|slash| path.get(slash + 1..))
        .any(|behind| matches!(behind, b"." | b".." | [b'/', ..] | [b'.', b'/', ..] | [b'.', b'.', b'/', ..]))
}

/// What stands behind each `%`, in lower case; `None` where that is no escape.
fn escapes(text: &[u8]) -> impl Iterator<Item = Option<[u8; 2]>> {
    memchr_iter(b'%', text).map(|at| match text.get(at + 1..at + 3) {
        Some([high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            Some([high.to_ascii_lowercase(), low.to_ascii_lowercase()])
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_is_taken() {
        for target in [
            "/",
            "/health",
            "/v1.1/ibexsafe/userdata/external/c76302cb-f845-40f4-9c56-29710323afba",
            "/.well-known/jwks.json",
            "/a/..b/b../.../c",
            "/a/",
            "/a%20b/%c3%a9?x=%2F%2e%5C&y=//../.",
            "/a?b=c?d",
            "/?user[name]={x}|^`",
            "*",
            "http://localhost:8080/health",
            "HTTPS://[::1]:8080/health?x",
            "http://localhost",
        ] {
            assert_eq!(check(target.as_bytes(), false), Ok(()), "{target}");
        }
        assert_eq!(check(b"localhost:443", true), Ok(()));
    }

    #[test]
    fn whatever_two_readers_could_read_differently_is_refused() {
        for target in [
            "",
            "health",
            "localhost:443",
            "**",
            "/a\\b",
            "/a?b\\c",
            "/%2e",
            "/%2E%2e/",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a%5Cb",
            "/a%00",
            "/a?b=%00",
            "//a",
            "/a//b",
            "/a//",
            "//",
            "/.",
            "/./a",
            "/a/.",
            "/..",
            "/a/../b",
            "/a/..?b",
            "/a#b",
            "/a?b#c",
            "/#",
            "/é",
            "/a?é",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a?b=%",
            "/a\tb",
            "/a\"b",
            "/<a>",
            "/a\u{7f}",
            "/\0",
            "http:/a",
            "http:///a",
            "http://a@b/",
            "http://a b/",
            "http://a:b/",
            "http://a:123456/",
            "http://a?b",
            "http://a//b",
            "http://a/../b",
            "http://a/b#c",
            "http://[::1/",
            "http://[x]/",
            "ftp://localhost/health",
            "file:///etc/passwd",
        ] {
            assert_eq!(check(target.as_bytes(), false), Err(Refusal::Target), "{target:?}");
        }
        assert_eq!(check(b"user@localhost:443", true), Err(Refusal::Target));
    }
}
