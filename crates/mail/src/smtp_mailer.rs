//! Mail by SMTP (RFC 5321), to the one server that is configured, which delivers it.
//!
//! A connection for each mail: codes are few, and a kept connection would have to be known to be alive. What the server says is
//! read for its code and never repeated: it likes to name the address.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use strongroom_ports::{Mail, MailError, Mailer};
use thiserror::Error;

use crate::letter::Letterhead;
use crate::smtp_address::{Privacy, SmtpAddress};

/// For a connection. The library has no other time limit.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// For all of a mail, name and connection included. RFC 5321 (section 4.5.3.2) would have a client wait for minutes, where mails
/// are long and queued by hand; ours is one line that is tried again.
const SEND_TIME: Duration = Duration::from_secs(30);

/// Sends mails to a server.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    letterhead: Letterhead,
}

/// Why there is no mailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SmtpMailerError {
    /// A user without a password, or the other way about.
    #[error("a user and a password go together")]
    HalfCredentials,
    /// The authorities cannot be read.
    #[error("not certificates in PEM")]
    Authorities,
    /// TLS cannot be set up for this host.
    #[error("TLS cannot be set up for this host")]
    Tls,
}

impl SmtpMailer {
    /// To a server. `authorities`: certificates in PEM that are trusted besides those of the system.
    ///
    /// # Errors
    ///
    /// [`SmtpMailerError`]. Nobody is asked here.
    pub fn new(
        address: SmtpAddress,
        password: Option<&str>,
        authorities: Option<&[u8]>,
        letterhead: Letterhead,
    ) -> Result<Self, SmtpMailerError> {
        let tls = match address.privacy {
            Privacy::None => Tls::None,
            Privacy::StartTls => Tls::Required(tls(&address.host, authorities)?),
            Privacy::Tls => Tls::Wrapper(tls(&address.host, authorities)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.host)
            .port(address.port)
            .tls(tls)
            .timeout(Some(CONNECT_TIME))
            .hello_name(ClientId::Domain(letterhead.domain().to_owned()));
        builder = match (address.user, password) {
            (Some(user), Some(password)) => builder.credentials(Credentials::new(user, password.to_owned())),
            (None, None) => builder,
            _ => return Err(SmtpMailerError::HalfCredentials),
        };
        Ok(Self { transport: builder.build(), letterhead })
    }
}

fn tls(host: &str, authorities: Option<&[u8]>) -> Result<TlsParameters, SmtpMailerError> {
    let mut parameters = TlsParameters::builder(host.to_owned());
    if let Some(pem) = authorities {
        // A file without any would be taken for one, and trust nobody.
        if !pem.windows(BEGIN.len()).any(|it| it == BEGIN) {
            return Err(SmtpMailerError::Authorities);
        }
        let certificates = Certificate::from_pem(pem).map_err(|_| SmtpMailerError::Authorities)?;
        parameters = parameters.add_root_certificate(certificates);
    }
    parameters.build_rustls().map_err(|_| SmtpMailerError::Tls)
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let letter = self.letterhead.write(mail)?;
        let sending = self.transport.send_raw(&letter.envelope, &letter.bytes);
        match tokio::time::timeout(SEND_TIME, sending).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judged(&error)),
            Err(_) => {
                tracing::warn!("the mail server did not take a mail in time");
                Err(MailError::NotNow)
            }
        }
    }
}

/// What an error means for its mail. The error itself may hold what the server has said, and goes no further.
fn judged(error: &lettre::transport::smtp::Error) -> MailError {
    let Some(code) = error.status().map(u16::from) else {
        let is_tls = error.is_tls();
        tracing::warn!(is_tls, "the mail server cannot be reached or understood");
        return MailError::NotNow;
    };
    tracing::warn!(code, "the mail server did not take a mail");
    if error.is_permanent() && !IS_ABOUT_US.contains(&code) { MailError::Refused } else { MailError::NotNow }
}

/// Permanent replies that no other mail would fare better with: no mail is taken here (RFC 7504), and we have not said, or not
/// rightly, who we are (RFC 4954, section 6). The operator may mend it while the code is good.
const IS_ABOUT_US: [u16; 5] = [521, 530, 534, 535, 538];

/// The transport knows a password.
impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpMailer")
    }
}
