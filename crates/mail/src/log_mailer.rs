//! Says that there is a mail, and nothing of what it says.

use async_trait::async_trait;
use strongroom_ports::{Mail, MailError, Mailer};

/// Sends nothing: the log has a line for each mail. For those who never ask for one.
#[derive(Debug, Default)]
pub struct LogMailer;

#[async_trait]
impl Mailer for LogMailer {
    async fn send(&self, _: &Mail) -> Result<(), MailError> {
        tracing::info!(r#"a mail goes nowhere: mail.transport is "log""#);
        Ok(())
    }
}
