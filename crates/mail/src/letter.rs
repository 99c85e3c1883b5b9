//! A mail as it goes out: in the format of RFC 5322, from the sender that is configured.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::{Address, Message};
use strongroom_domain::{EmailAddress, scrub};
use strongroom_ports::{Clock, Mail, MailError, Randomness};

/// What every mail has: who sends it, when, and an id of its own.
#[derive(Debug)]
pub struct Letterhead {
    from: EmailAddress,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Letterhead {
    /// `from`: the address that mails come from.
    #[must_use]
    pub fn new(from: EmailAddress, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { from, clock, randomness }
    }

    /// The domain that mails come from.
    pub(crate) fn domain(&self) -> &str {
        self.from.domain()
    }

    /// A name that no other mail has.
    pub(crate) fn new_id(&self) -> String {
        let mut bytes = [0; 16];
        self.randomness.fill(&mut bytes);
        format!("{:032x}", u128::from_be_bytes(bytes))
    }

    /// Writes a mail.
    ///
    /// # Errors
    ///
    /// [`MailError::Refused`]: what it says does not fit into a mail, its address for one.
    pub(crate) fn write(&self, mail: &Mail) -> Result<Letter, MailError> {
        let address = |text: &str| text.parse::<Address>().map_err(|_| MailError::Refused);
        let mailbox = |text: &str| Ok(Mailbox::new(None, address(text)?));
        // No person wrote it, and no answering machine is to answer (RFC 3834, section 5).
        let generated =
            HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let message = Message::builder()
            .from(mailbox(self.from.as_str())?)
            .to(mailbox(&mail.to)?)
            .subject(mail.subject.as_str())
            .date(SystemTime::from(self.clock.now()))
            .message_id(Some(format!("<{}@{}>", self.new_id(), self.domain())))
            .raw_header(generated)
            .singlepart(SinglePart::plain(mail.text.clone()))
            .map_err(|_| MailError::Refused)?;
        Ok(Letter { envelope: message.envelope().clone(), bytes: message.formatted() })
    }
}

/// A mail as it goes out; overwritten when it has gone.
pub(crate) struct Letter {
    pub(crate) envelope: Envelope,
    pub(crate) bytes: Vec<u8>,
}

impl Drop for Letter {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.bytes));
    }
}

/// Printed by its size.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use strongroom_testkit::fake::{CountingRandomness, ManualClock};

    use super::*;

    fn letterhead() -> Letterhead {
        let from = EmailAddress::parse("no-reply@shop.example").unwrap();
        Letterhead::new(from, Arc::new(ManualClock::default()), Arc::new(CountingRandomness::new()))
    }

    fn mail(to: &str, subject: &str) -> Mail {
        Mail { to: to.to_owned(), subject: subject.to_owned(), text: "Your code is 012345\n".to_owned() }
    }

    #[test]
    fn a_letter_has_what_mail_readers_expect_and_an_id_of_its_own() {
        let letterhead = letterhead();
        let write = || {
            let letter = letterhead.write(&mail("jane@foo.domain", "Confirm")).unwrap();
            String::from_utf8(letter.bytes.clone()).unwrap()
        };
        let (one, other) = (write(), write());
        for line in [
            "From: no-reply@shop.example\r\n",
            "To: jane@foo.domain\r\n",
            "Subject: Confirm\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Date: ",
            "\r\n\r\nYour code is 012345\r\n",
        ] {
            assert!(one.contains(line), "{line:?} in {one}");
        }
        let id = |text: &str| text.lines().find(|line| line.starts_with("Message-ID: <")).unwrap().to_owned();
        assert!(id(&one).ends_with("@shop.example>"));
        assert_ne!(id(&one), id(&other));
    }

    #[test]
    fn no_subject_and_no_address_begins_another_line() {
        let letter = letterhead().write(&mail("jane@foo.domain", "a\r\nBcc: john@foo.domain")).unwrap();
        let text = String::from_utf8(letter.bytes.clone()).unwrap();
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        for to in ["jane@foo.domain\r\nBcc: john@foo.domain", "", "jane"] {
            assert_eq!(letterhead().write(&mail(to, "a")).unwrap_err(), MailError::Refused, "{to:?}");
        }
    }

    #[test]
    fn every_address_of_the_grammar_can_be_written_to() {
        let longest =
            format!("{}@{}", "l".repeat(64), ["d".repeat(63), "d".repeat(63), "d".repeat(61)].join("."));
        for to in ["!#$%&'*+-/=?^_`{|}~@x-y.example", "j@d", "1@2.3", "a.b@localhost", &longest] {
            EmailAddress::parse(to).unwrap();
            let letter = letterhead().write(&mail(to, "a")).unwrap();
            assert_eq!(letter.envelope.to()[0].to_string(), to);
        }
    }
}
