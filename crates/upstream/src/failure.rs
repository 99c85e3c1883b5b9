//! How a request fails, in fixed words: the operator learns what to look at, and nothing of what the other side sent.

use std::io;

use strongroom_ports::UpstreamError;
use tokio_rustls::rustls::{self, CertificateError};

/// Why there is no answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestFailure {
    /// The host's name has no address; for plain HTTP: none on this machine.
    NoAddress,
    /// Nobody listens there.
    Unreachable,
    /// Somebody does, and reset the connection before anything was asked.
    Reset,
    /// Connected, and no TLS came of it.
    Tls,
    /// The certificate has ended, or has not begun.
    CertificateOutOfDate,
    /// The certificate is somebody else's.
    CertificateOfAnother,
    /// Signed by nobody that is believed here.
    CertificateUntrusted,
    /// Anything else about the certificate.
    CertificateUnsound,
    /// What came back is no HTTP, has too long a head, or ended before its end.
    Broken,
    /// No connection within the deadline.
    ConnectTooSlow,
    /// Connected, and no answer has begun within the deadline.
    HeadTooSlow,
    /// An answer has begun, and not ended within the deadline.
    AnswerTooSlow,
    /// More than may be read.
    TooLong,
}

impl RequestFailure {
    /// What to tell the operator, of the server.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NoAddress => "its host has no address",
            Self::Unreachable => "its host cannot be reached",
            Self::Reset => "its host resets connections",
            Self::Tls => "TLS cannot be agreed on",
            Self::CertificateOutOfDate => "its certificate is out of date",
            Self::CertificateOfAnother => "its certificate is for another name",
            Self::CertificateUntrusted => "its certificate is signed by nobody who is trusted here",
            Self::CertificateUnsound => "its certificate is not sound",
            Self::Broken => "its answer is no whole HTTP answer, or has too long a head",
            Self::ConnectTooSlow | Self::HeadTooSlow | Self::AnswerTooSlow => "it takes too long",
            Self::TooLong => "its answer is too long",
        }
    }

    /// What a connection means that was not made, or is no more.
    pub(crate) fn of_connection(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::ConnectionReset { Self::Reset } else { Self::Unreachable }
    }

    /// As the port says it.
    pub(crate) fn of_upstream(self) -> UpstreamError {
        match self {
            Self::ConnectTooSlow | Self::HeadTooSlow | Self::AnswerTooSlow => UpstreamError::TooSlow,
            _ => UpstreamError::Failed,
        }
    }

    /// What a failed handshake means.
    pub(crate) fn of_handshake(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::ConnectionReset {
            return Self::Reset;
        }
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let Some(rustls::Error::InvalidCertificate(certificate)) = tls else { return Self::Tls };
        match certificate {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::CertificateOutOfDate,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::CertificateOfAnother
            }
            CertificateError::UnknownIssuer => Self::CertificateUntrusted,
            _ => Self::CertificateUnsound,
        }
    }
}
