//! A way out for mail that keeps what it is given.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use strongroom_ports::{Mail, MailError, Mailer};

use super::locked;

/// A [`Mailer`] that sends nothing: it takes every mail and keeps it, but for those that a test has it refuse.
///
/// ```
/// use strongroom_ports::{Mail, MailError, Mailer};
/// use strongroom_testkit::fake::RecordingMailer;
///
/// # futures_executor::block_on(async {
/// let mailer = RecordingMailer::new();
/// let mail = Mail { to: "jane@foo.domain".into(), subject: "Hello".into(), text: "…".into() };
/// mailer.refuse_next(&[MailError::NotNow]);
/// assert_eq!(mailer.send(&mail).await, Err(MailError::NotNow));
/// assert_eq!(mailer.send(&mail).await, Ok(()));
/// assert!(mailer.sent() == [mail]);
/// # });
/// ```
#[derive(Debug, Default)]
pub struct RecordingMailer {
    refusals: Mutex<VecDeque<MailError>>,
    sent: Mutex<Vec<Mail>>,
}

impl RecordingMailer {
    /// One that takes every mail.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses the next mails, each in its way.
    pub fn refuse_next(&self, refusals: &[MailError]) {
        locked(&self.refusals).extend(refusals);
    }

    /// What it took, in this order.
    #[must_use]
    pub fn sent(&self) -> Vec<Mail> {
        locked(&self.sent).clone()
    }
}

#[async_trait]
impl Mailer for RecordingMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        if let Some(refusal) = locked(&self.refusals).pop_front() {
            return Err(refusal);
        }
        locked(&self.sent).push(mail.clone());
        Ok(())
    }
}
