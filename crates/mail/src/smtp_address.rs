//! Where a mail server is, and how the way there is kept private, as a URL says it.
//!
//! Holds no password: one in a URL would be in every listing of the configuration.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

/// A mail server: `smtps://USER@HOST:PORT` (TLS from the first byte, port 465, RFC 8314), `smtp://USER@HOST:PORT?tls=required`
/// (STARTTLS or nothing, port 587), or `smtp://HOST:PORT` (in the clear, port 25), which never leaves this machine. User and port
/// may be left away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpAddress {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) privacy: Privacy,
    pub(crate) user: Option<String>,
}

/// How the connection is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Privacy {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said that matters.
    StartTls,
    /// On this machine.
    None,
}

impl SmtpAddress {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`SmtpAddressError`], which repeats nothing of it.
    pub fn parse(text: &str) -> Result<Self, SmtpAddressError> {
        let url = Url::parse(text).map_err(|_| SmtpAddressError::Malformed)?;
        if url.password().is_some() {
            return Err(SmtpAddressError::Password);
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(SmtpAddressError::Malformed);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpAddressError::Malformed)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (privacy, usual_port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Privacy::Tls, 465),
            ("smtp", Some("tls=required")) => (Privacy::StartTls, 587),
            ("smtp", None) if is_this_machine(&host) => (Privacy::None, 25),
            ("smtp", None) => return Err(SmtpAddressError::Clear),
            _ => return Err(SmtpAddressError::Malformed),
        };
        let user = match url.username() {
            "" => None,
            user => {
                let user = percent_decode_str(user).decode_utf8().map_err(|_| SmtpAddressError::Malformed)?;
                Some(user.into_owned())
            }
        };
        Ok(Self { host, port: url.port().unwrap_or(usual_port), privacy, user })
    }

    /// Whether the server is told who we are, which takes a password.
    #[must_use]
    pub fn has_user(&self) -> bool {
        self.user.is_some()
    }

    /// Whether the connection is in the clear.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.privacy == Privacy::None
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Why a URL names no mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SmtpAddressError {
    /// Another form.
    #[error("expected smtps://HOST:PORT, smtp://HOST:PORT?tls=required, or smtp:// of this machine")]
    Malformed,
    /// In the clear, and to another machine.
    #[error("smtp:// is in the clear and never leaves this machine: smtps://…, or smtp://…?tls=required")]
    Clear,
    /// It holds a password.
    #[error("holds a password: that belongs into password_file")]
    Password,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_the_server_is_and_how_the_way_there_is_kept_private() {
        for (text, host, port, privacy, user) in [
            ("smtps://mail.example", "mail.example", 465, Privacy::Tls, None),
            (
                "smtps://me%40x.example@mail.example:99/",
                "mail.example",
                99,
                Privacy::Tls,
                Some("me@x.example"),
            ),
            ("smtp://me@mail.example?tls=required", "mail.example", 587, Privacy::StartTls, Some("me")),
            ("smtp://localhost", "localhost", 25, Privacy::None, None),
            ("smtp://127.0.0.2:2525", "127.0.0.2", 2525, Privacy::None, None),
            ("smtp://[::1]:2525", "::1", 2525, Privacy::None, None),
        ] {
            let user = user.map(str::to_owned);
            let expected = SmtpAddress { host: host.to_owned(), port, privacy, user };
            assert_eq!(SmtpAddress::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_would_be_read_by_others_or_says_something_else_is_refused() {
        for (text, error) in [
            ("smtp://mail.example", SmtpAddressError::Clear),
            ("smtp://10.0.0.1:25", SmtpAddressError::Clear),
            ("smtps://me:secret@mail.example", SmtpAddressError::Password),
            ("smtp://mail.example?tls=opportunistic", SmtpAddressError::Malformed),
            ("smtp://localhost?tls=none", SmtpAddressError::Malformed),
            ("smtps://mail.example?tls=required", SmtpAddressError::Malformed),
            ("smtps://mail.example/ehlo", SmtpAddressError::Malformed),
            ("smtps://mail.example#x", SmtpAddressError::Malformed),
            ("smtps://", SmtpAddressError::Malformed),
            ("smtps:mail.example", SmtpAddressError::Malformed),
            ("https://mail.example", SmtpAddressError::Malformed),
            ("mail.example:465", SmtpAddressError::Malformed),
            ("", SmtpAddressError::Malformed),
        ] {
            assert_eq!(SmtpAddress::parse(text), Err(error), "{text}");
        }
    }
}
