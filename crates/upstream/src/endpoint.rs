//! Where a request goes: a URL of the configuration, read once.
//!
//! Only `https` leaves the machine. Plain `http` is for loopback, where there is nobody between. What would be sent along or
//! cut off in silence, user names and fragments, is refused. Never printed: a query may hold a key.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;
use thiserror::Error;
use tokio_rustls::rustls::pki_types::ServerName;

/// The longest URL; RFC 9110, section 4.1, asks for 8000, and no honest one of a configuration comes near.
const MAX_URL_BYTES: usize = 2048;

/// A URL that requests may go to.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `None`: plain HTTP, on this machine.
    server_name: Option<ServerName<'static>>,
    host: String,
    port: u16,
    authority: String,
    target: String,
}

impl Endpoint {
    /// Reads an absolute `https` URL, or an `http` URL of a loopback host (127.0.0.0/8, `[::1]`, `localhost`).
    ///
    /// # Errors
    ///
    /// [`EndpointError`], which does not repeat the URL.
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        if url.len() > MAX_URL_BYTES {
            return Err(EndpointError::TooLong);
        }
        // The library cuts a fragment off in silence.
        if url.contains('#') {
            return Err(EndpointError::Fragment);
        }
        let uri: Uri = url.parse().map_err(|_| EndpointError::Malformed)?;
        let authority = uri.authority().ok_or(EndpointError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(EndpointError::UserInfo);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let (server_name, default_port) = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => {
                let name = ServerName::try_from(host.clone()).map_err(|_| EndpointError::Malformed)?;
                (Some(name), 443)
            }
            Some(scheme) if *scheme == Scheme::HTTP && is_loopback(&host) => (None, 80),
            Some(scheme) if *scheme == Scheme::HTTP => return Err(EndpointError::Plain),
            _ => return Err(EndpointError::Scheme),
        };
        // An empty or impossible port reads as none.
        let has_port = authority.as_str().len() > authority.host().len();
        let port = match authority.port_u16() {
            Some(0) => return Err(EndpointError::Malformed),
            None if has_port => return Err(EndpointError::Malformed),
            given => given.unwrap_or(default_port),
        };
        Ok(Self {
            server_name,
            host,
            port,
            authority: authority.as_str().to_owned(),
            target: uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        })
    }

    /// Whether nothing is encrypted on the way, which stays on this machine.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.server_name.is_none()
    }

    /// Whether the other is at the same server: scheme, host and port, as they are configured.
    #[must_use]
    pub fn is_at_the_server_of(&self, other: &Self) -> bool {
        self.is_plain() == other.is_plain() && self.place() == other.place()
    }

    /// Whose certificate the server must show; `None` without TLS.
    pub(crate) fn server_name(&self) -> Option<&ServerName<'static>> {
        self.server_name.as_ref()
    }

    /// Where to connect to, by name or address, without brackets.
    pub(crate) fn place(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// The value of `Host`, as configured.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Another path of the same server; `None` unless it is one of plain segments.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<Self> {
        (!path.is_empty() && is_plain_path(path)).then(|| Self { target: path.to_owned(), ..self.clone() })
    }

    /// The request's target in origin form.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }
}

/// Printed by its kind alone.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint")
    }
}

/// Nothing that a server in between might decode, normalise or cut off; empty is the root.
pub(crate) fn is_plain_path(path: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-');
    let is_plain = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(unreserved) && segment != "." && segment != ".."
    };
    match path.strip_prefix('/') {
        Some(segments) => segments.split('/').all(is_plain),
        None => path.is_empty(),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Why a URL is no endpoint. For the operator, who knows the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// Longer than any.
    #[error("a URL has at most {MAX_URL_BYTES} bytes")]
    TooLong,
    /// Not an absolute URL of ASCII with a host.
    #[error("expected an absolute URL, such as https://id.example/jwks.json")]
    Malformed,
    /// Neither `https` nor `http`.
    #[error("expected an https URL")]
    Scheme,
    /// `http` to somewhere else.
    #[error("http is for loopback hosts only: expected an https URL")]
    Plain,
    /// `user:password@`.
    #[error("a URL must not hold a user name or password")]
    UserInfo,
    /// `#fragment`.
    #[error("a URL must not have a fragment: it would never be sent")]
    Fragment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere_and_http_to_loopback_only() {
        for (url, host, port, target) in [
            ("https://id.example/jwks.json", "id.example", 443, "/jwks.json"),
            ("https://id.example", "id.example", 443, "/"),
            ("https://ID.Example:8443/a?b=c", "id.example", 8443, "/a?b=c"),
            ("https://192.0.2.7/", "192.0.2.7", 443, "/"),
            ("https://[2001:db8::7]:8443/", "2001:db8::7", 8443, "/"),
            ("HTTPS://id.example/", "id.example", 443, "/"),
            ("http://127.0.0.1:9/x", "127.0.0.1", 9, "/x"),
            ("http://127.255.0.1/", "127.255.0.1", 80, "/"),
            ("http://[::1]:9/", "::1", 9, "/"),
            ("http://LocalHost/", "localhost", 80, "/"),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!((endpoint.place(), endpoint.target()), ((host, port), target), "{url}");
            assert_eq!(endpoint.is_plain(), url.starts_with("http:"), "{url}");
        }
    }

    #[test]
    fn the_same_server_is_the_same_scheme_host_and_port() {
        let safe = Endpoint::parse("https://safe.example/v1/ibexsafe").unwrap();
        for (url, is_same) in [
            ("https://safe.example", true),
            ("https://SAFE.example:443/other", true),
            ("https://safe.example:8443", false),
            ("https://id.safe.example", false),
            ("http://localhost:443", false),
        ] {
            assert_eq!(Endpoint::parse(url).unwrap().is_at_the_server_of(&safe), is_same, "{url}");
        }
        let of = |url| Endpoint::parse(url).unwrap();
        assert!(!of("https://localhost:80").is_at_the_server_of(&of("http://localhost:80")));
    }

    #[test]
    fn plain_http_beyond_this_machine_is_refused_whatever_it_is_called() {
        for host in [
            "id.example",
            "192.0.2.7",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
            "localhost.example",
            "localhost.",
            "127.0.0.1.example",
            "127.1",
            "2130706433",
            "0x7f000001",
        ] {
            assert_eq!(Endpoint::parse(&format!("http://{host}/")), Err(EndpointError::Plain), "{host}");
        }
    }

    #[test]
    fn another_path_of_a_server_has_plain_segments() {
        let base = Endpoint::parse("https://a.example:8443/v1").unwrap();
        let health = base.at("/health").unwrap();
        assert_eq!((health.target(), health.place()), ("/health", ("a.example", 8443)));
        for path in ["", "health", "//health", "/health?a", "/../health", "/ health"] {
            assert_eq!(base.at(path), None, "{path}");
        }
    }

    #[test]
    fn what_would_be_sent_along_cut_off_or_misread_is_refused() {
        for (url, error) in [
            ("https://user@id.example/", EndpointError::UserInfo),
            ("https://user:password@id.example/", EndpointError::UserInfo),
            ("http://id.example@127.0.0.1/", EndpointError::UserInfo),
            ("https://id.example/#keys", EndpointError::Fragment),
            ("https://id.example#@127.0.0.1/", EndpointError::Fragment),
            ("ftp://id.example/", EndpointError::Scheme),
            ("file:///etc/keys.json", EndpointError::Malformed),
            ("id.example/jwks.json", EndpointError::Malformed),
            ("/jwks.json", EndpointError::Malformed),
            ("", EndpointError::Malformed),
            ("https://", EndpointError::Malformed),
            ("https:///jwks.json", EndpointError::Malformed),
            ("https://id.example:0/", EndpointError::Malformed),
            ("https://id.example:/", EndpointError::Malformed),
            ("https://id.example:65536/", EndpointError::Malformed),
            ("https://id example/", EndpointError::Malformed),
            ("https://id_\u{e9}.example/", EndpointError::Malformed),
            ("https://id..example/", EndpointError::Malformed),
            ("https://id.example/\r\nX: y", EndpointError::Malformed),
        ] {
            assert_eq!(Endpoint::parse(url), Err(error), "{url}");
        }
        let long = format!("https://id.example/{}", "x".repeat(MAX_URL_BYTES));
        assert_eq!(Endpoint::parse(&long), Err(EndpointError::TooLong));
    }

    #[test]
    fn neither_an_endpoint_nor_a_refusal_shows_the_url() {
        let endpoint = Endpoint::parse("https://id.example/?key=hush").unwrap();
        assert_eq!(format!("{endpoint:?}"), "Endpoint");
        let error = Endpoint::parse("https://hush@id.example/").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"));
    }
}
