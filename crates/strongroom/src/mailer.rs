//! The way out for mail that the configuration names.

use std::sync::Arc;

use strongroom_mail::{FileMailer, Letterhead, LogMailer, SmtpMailer};
use strongroom_ports::Mailer;
use strongroom_seal::SystemRandomness;

use crate::config::{Mail, Transport};
use crate::failure::Failure;
use crate::key_files::{read_public, read_secret, without_newline};
use crate::system_clock::SystemClock;

/// Makes it. No server is asked here.
///
/// # Errors
///
/// [`Failure::Keys`] or [`Failure::Running`]: a file cannot be used, or a directory cannot be made.
pub(crate) fn mailer(mail: Mail) -> Result<Arc<dyn Mailer>, Failure> {
    let Mail { transport, from, .. } = mail;
    let letterhead = Letterhead::new(from, Arc::new(SystemClock), Arc::new(SystemRandomness));
    Ok(match transport {
        Transport::Log => Arc::new(LogMailer),
        Transport::File(directory) => {
            let place = directory.display().to_string();
            let made = FileMailer::new(directory, letterhead);
            Arc::new(made.map_err(|error| Failure::Running(format!("could not make {place}: {error}")))?)
        }
        Transport::Smtp { address, password, authorities } => {
            let secret = password.as_deref().map(read_secret).transpose()?.map(without_newline);
            let password = match (&secret, &password) {
                (Some(secret), Some(file)) => Some(
                    std::str::from_utf8(secret)
                        .map_err(|_| Failure::Keys(format!("{}: not a password in UTF-8", file.display())))?,
                ),
                _ => None,
            };
            let authorities = authorities.as_deref().map(read_public).transpose()?;
            let made = SmtpMailer::new(address, password, authorities.as_deref(), letterhead);
            Arc::new(made.map_err(|error| Failure::Keys(format!("[mail]: {error}")))?)
        }
    })
}
