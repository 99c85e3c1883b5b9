//! The way out for mail.

use std::fmt;

use async_trait::async_trait;
use strongroom_domain::scrub;
use thiserror::Error;

/// A mail in plain text, to one address.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Lines of text.
    pub text: String,
}

/// What a mail says is a secret while it may still be used.
impl Drop for Mail {
    fn drop(&mut self) {
        for text in [&mut self.to, &mut self.subject, &mut self.text] {
            scrub(std::mem::take(text).into_bytes());
        }
    }
}

/// Printed by its kind alone.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail")
    }
}

/// Sends mails. Bounds its own time.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Mailer: fmt::Debug + Send + Sync {
    /// Hands a mail over to whoever delivers it.
    ///
    /// # Errors
    ///
    /// [`MailError`].
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// Why a mail was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MailError {
    /// Later may be better. Whether it was sent all the same may be unknown.
    #[error("the mail could not be sent now")]
    NotNow,
    /// It will never be sent: no such address, for one.
    #[error("the mail was refused")]
    Refused,
}
