//! Ways out for mail, each behind [`strongroom_ports::Mailer`]: [`SmtpMailer`], and for development [`FileMailer`] and
//! [`LogMailer`].
//!
//! Which one, the configuration says. None retries: that is the outbox's. No address, and nothing of what a mail or a server
//! says, is ever in an error or a log.

mod file_mailer;
mod letter;
mod log_mailer;
mod smtp_address;
mod smtp_mailer;

pub use file_mailer::FileMailer;
pub use letter::Letterhead;
pub use log_mailer::LogMailer;
pub use smtp_address::{SmtpAddress, SmtpAddressError};
pub use smtp_mailer::{SmtpMailer, SmtpMailerError};
