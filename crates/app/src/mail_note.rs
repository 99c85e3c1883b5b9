//! A mail as it lies sealed in the outbox: `to`, `subject` and `text`, the first two each a line.
//!
//! What it says in the clear lives in memory only, and is overwritten.

use std::time::Duration;

use bytes::Bytes;
use strongroom_domain::{EmailAddress, scrub};
use strongroom_ports::{BoxKind, Mail, Randomness, RecordId, SealError, Sealer};

use crate::sealed_note::NotePlace;

/// How long a code is good: as long as a mail may be on its way and be looked for, and no longer.
pub(crate) const CODE_LIFETIME: Duration = Duration::from_mins(15);

/// The mail that carries a code.
pub(crate) fn of_code(address: &EmailAddress, tenant_name: &str, code: &str) -> Mail {
    const MINUTE: Duration = Duration::from_mins(1);
    let minutes = CODE_LIFETIME.as_secs() / MINUTE.as_secs();
    Mail {
        to: address.as_str().to_owned(),
        subject: format!("Confirm your e-mail address for {}", one_line(tenant_name)),
        text: format!(
            "Your code for {tenant_name} is {code}\n\nIt is good for {minutes} minutes and for nothing but this address. If you did not \
             ask for it, ignore this mail: without the code nothing happens.\n"
        ),
    }
}

/// Names of tenants are the operator's, who has no reason to break a line.
fn one_line(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect()
}

/// Seals a mail for its owner's outbox.
///
/// # Errors
///
/// [`SealError`].
pub(crate) fn seal(
    (sealer, randomness): (&dyn Sealer, &dyn Randomness),
    owner: RecordId,
    mail: &Mail,
) -> Result<Bytes, SealError> {
    let plaintext = [&mail.to, "\n", &mail.subject, "\n", &mail.text].concat().into_bytes();
    let note = place(owner).seal(sealer, randomness, &plaintext);
    scrub(plaintext);
    note
}

/// Opens a mail; `None` where it is none that was sealed here for this owner.
pub(crate) fn open(sealer: &dyn Sealer, owner: RecordId, note: &[u8]) -> Option<Mail> {
    let plaintext = place(owner).open(sealer, note).ok()?;
    let text = std::str::from_utf8(plaintext.as_bytes()).ok()?;
    let (to, rest) = text.split_once('\n')?;
    let (subject, text) = rest.split_once('\n')?;
    Some(Mail { to: to.to_owned(), subject: subject.to_owned(), text: text.to_owned() })
}

/// A mail is written once.
fn place(owner: RecordId) -> NotePlace {
    NotePlace { owner, kind: BoxKind::Mail, edition: 1 }
}

#[cfg(test)]
mod tests {
    use strongroom_testkit::fake::{CountingRandomness, TransparentSealer};

    use super::*;

    #[test]
    fn a_mail_opens_as_it_was_sealed_and_for_its_owner_only() {
        let (sealer, owner) = (TransparentSealer::new(), RecordId::from_bytes([7; 32]));
        let address = EmailAddress::parse("jane@foo.domain").unwrap();
        let mail = of_code(&address, "Demo\nBcc: x", "012345");
        assert!(mail.text.contains(" is 012345\n") && mail.text.contains(" 15 minutes "), "{}", mail.text);
        assert_eq!(mail.subject, "Confirm your e-mail address for DemoBcc: x");
        let note = seal((&sealer, &CountingRandomness::new()), owner, &mail).unwrap();
        assert!(open(&sealer, owner, &note).unwrap() == mail);
        assert!(open(&sealer, RecordId::from_bytes([8; 32]), &note).is_none());
        assert!(open(&sealer, owner, &note[1..]).is_none());
    }
}
