//! An e-mail address that a mail server takes as it is.
//!
//! Narrower than RFC 5321 allows, on purpose: quoted local parts, address literals and comments are read differently by different
//! readers, and line breaks would be read as headers. Never says what it holds, in an error neither.

use std::fmt;

use thiserror::Error;

use crate::value::scrub;

/// The longest address, in bytes: a path has 256 octets, its angle brackets included (RFC 5321, section 4.5.3.1.3).
pub const MAX_EMAIL_ADDRESS_BYTES: usize = 254;

/// RFC 5321, section 4.5.3.1.1.
const MAX_LOCAL_PART_BYTES: usize = 64;
/// RFC 1035, section 2.3.4.
const MAX_LABEL_BYTES: usize = 63;

/// An address: `local@domain`, both of dot-separated parts in ASCII (`Dot-string` and `Domain` of RFC 5321, section 4.1.2).
/// Compared byte for byte; overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses an address of at most [`MAX_EMAIL_ADDRESS_BYTES`].
    ///
    /// # Errors
    ///
    /// [`EmailAddressError`] when it is outside the grammar; the address is not repeated.
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        let (local_part, domain) = text.split_once('@').ok_or(EmailAddressError)?;
        let fits = text.len() <= MAX_EMAIL_ADDRESS_BYTES
            && local_part.len() <= MAX_LOCAL_PART_BYTES
            && local_part.split('.').all(is_atom)
            && domain.split('.').all(is_label);
        if fits { Ok(Self(text.to_owned())) } else { Err(EmailAddressError) }
    }

    /// The address as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// The same in small letters. Most servers deliver both to one mailbox, so that whoever counts mails counts by this; whoever
    /// compares addresses does not, since a server may tell them apart (RFC 5321, section 2.4).
    #[must_use]
    pub fn in_small_letters(&self) -> Self {
        Self(self.0.to_ascii_lowercase())
    }
}

impl Drop for EmailAddress {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.0).into_bytes());
    }
}

/// Never printed: an address leads to a person.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress")
    }
}

/// `Atom` of RFC 5322, section 3.2.3.
fn is_atom(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
}

/// `sub-domain` of RFC 5321, section 4.1.2.
fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// The address is outside the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an e-mail address of at most {MAX_EMAIL_ADDRESS_BYTES} bytes")]
pub struct EmailAddressError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_two_dotted_parts_in_ascii_around_one_at_sign() {
        let longest =
            format!("{}@{}", "l".repeat(64), ["d".repeat(63), "d".repeat(63), "d".repeat(61)].join("."));
        assert_eq!(longest.len(), MAX_EMAIL_ADDRESS_BYTES);
        for good in [
            "jane.doe@foo.domain",
            "j@d",
            "jane@localhost",
            "Jane+shop@Foo.Example",
            "!#$%&'*+-/=?^_`{|}~@x-y.example",
            "jane@xn--bcher-kva.example",
            "1@2.3",
            &longest,
        ] {
            assert_eq!(EmailAddress::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "@",
            "jane",
            "jane@",
            "@foo.domain",
            "jane@@foo.domain",
            "jane@foo@bar.domain",
            "jane doe@foo.domain",
            " jane@foo.domain",
            "jane@foo.domain ",
            "jane@foo.domain\n",
            "jane@foo.domain\r\nBcc: john@foo.domain",
            "jane\0@foo.domain",
            "jane\u{7f}@foo.domain",
            "\"jane\"@foo.domain",
            "jane(x)@foo.domain",
            "<jane@foo.domain>",
            "Jane <jane@foo.domain>",
            "jane,john@foo.domain",
            ".jane@foo.domain",
            "jane.@foo.domain",
            "jane..doe@foo.domain",
            "jane@.domain",
            "jane@foo.",
            "jane@foo..domain",
            "jane@-foo.domain",
            "jane@foo-.domain",
            "jane@foo_bar.domain",
            "jane@[127.0.0.1]",
            "jäne@foo.domain",
            "jane@föö.domain",
            &format!("{}@d", "l".repeat(65)),
            &format!("j@{}", "d".repeat(64)),
            &format!("{longest}d"),
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(EmailAddressError), "{bad:?}");
        }
    }

    #[test]
    fn an_address_stays_as_it_was_sent_and_is_printed_by_its_kind_alone() {
        let address = EmailAddress::parse("Jane@Foo.Example").unwrap();
        assert_ne!(address, address.in_small_letters());
        assert_eq!(address.in_small_letters().as_str(), "jane@foo.example");
        assert_eq!(address.domain(), "Foo.Example");
        assert_eq!(format!("{address:?}"), "EmailAddress");
    }
}
