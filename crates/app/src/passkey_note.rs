//! What is kept of a passkey, before it is sealed: whose it is, its id, what it is called, and what verifies it.
//!
//! `01 ‖ person ‖ credential id ‖ key name ‖ key name for people ‖ verifier`, each as `length (2) ‖ bytes`; the length `ffff`
//! is a name that there is none of. A version that is not known does not open; none is ever written anew in another.

use std::fmt;

use strongroom_domain::ExternalUserId;
use strongroom_ports::CredentialId;

const FORMAT: u8 = 1;
const NO_NAME: u16 = u16::MAX;

/// What a person calls a passkey: text of theirs, or nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyNames {
    /// The application's name for the key.
    pub key_name: Option<String>,
    /// The same, for people.
    pub key_display_name: Option<String>,
}

/// Printed by its kind alone: names are people's.
impl fmt::Debug for KeyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyNames")
    }
}

/// A passkey, opened.
pub(crate) struct PasskeyNote {
    pub(crate) person: ExternalUserId,
    pub(crate) id: CredentialId,
    pub(crate) names: KeyNames,
    pub(crate) verifier: Vec<u8>,
}

impl PasskeyNote {
    /// The bytes to seal; `None` when a part is longer than its length can say.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![FORMAT];
        put(&mut bytes, Some(self.person.as_str().as_bytes()))?;
        put(&mut bytes, Some(self.id.as_bytes()))?;
        put(&mut bytes, self.names.key_name.as_deref().map(str::as_bytes))?;
        put(&mut bytes, self.names.key_display_name.as_deref().map(str::as_bytes))?;
        put(&mut bytes, Some(&self.verifier))?;
        Some(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` for anything else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&[FORMAT])?;
        let mut part = || take(&mut rest);
        let text = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => std::str::from_utf8(bytes).ok().map(|text| Some(text.to_owned())),
            None => Some(None),
        };
        let note = Self {
            person: ExternalUserId::parse(std::str::from_utf8(part()??).ok()?).ok()?,
            id: CredentialId::new(part()??)?,
            names: KeyNames { key_name: text(part()?)?, key_display_name: text(part()?)? },
            verifier: part()??.to_vec(),
        };
        rest.is_empty().then_some(note)
    }
}

fn put(bytes: &mut Vec<u8>, part: Option<&[u8]>) -> Option<()> {
    let length = match part {
        Some(part) => u16::try_from(part.len()).ok().filter(|length| *length != NO_NAME)?,
        None => NO_NAME,
    };
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(part.unwrap_or_default());
    Some(())
}

/// The next part; the outer `None` where the bytes end.
#[expect(clippy::option_option, reason = "a part, none, or the end: there are three answers")]
fn take<'b>(rest: &mut &'b [u8]) -> Option<Option<&'b [u8]>> {
    let (length, behind) = rest.split_first_chunk::<2>()?;
    let length = u16::from_be_bytes(*length);
    if length == NO_NAME {
        *rest = behind;
        return Some(None);
    }
    let (part, behind) = behind.split_at_checked(length.into())?;
    *rest = behind;
    Some(Some(part))
}

#[cfg(test)]
mod tests {
    use strongroom_testkit::sample;

    use super::*;

    fn note(key_name: Option<&str>, key_display_name: Option<&str>) -> PasskeyNote {
        let owned = |name: Option<&str>| name.map(str::to_owned);
        PasskeyNote {
            person: sample::person("jane"),
            id: CredentialId::new(&[7, 8]).unwrap(),
            names: KeyNames { key_name: owned(key_name), key_display_name: owned(key_display_name) },
            verifier: b"v".to_vec(),
        }
    }

    #[test]
    fn a_note_says_what_was_put_into_it() {
        for names in [(None, None), (Some("phone"), None), (Some(""), Some("Jäne's phone"))] {
            let written = note(names.0, names.1);
            let read = PasskeyNote::decode(&written.encode().unwrap()).unwrap();
            assert_eq!((&read.person, &read.id, &read.names), (&written.person, &written.id, &written.names));
            assert_eq!(read.verifier, written.verifier);
        }
    }

    /// A note of the first format, as it lies in stores. It must open for ever.
    #[test]
    fn a_note_of_the_first_format_opens() {
        let kept = b"\x01\x00\x04jane\x00\x02\x07\x08\x00\x05phone\xff\xff\x00\x01v";
        assert_eq!(note(Some("phone"), None).encode().unwrap(), kept);
        assert_eq!(PasskeyNote::decode(kept).unwrap().names.key_name.as_deref(), Some("phone"));
    }

    #[test]
    fn what_was_cut_off_lengthened_or_written_in_another_version_does_not_open() {
        let whole = note(Some("phone"), None).encode().unwrap();
        for length in 0..whole.len() {
            assert!(PasskeyNote::decode(&whole[..length]).is_none(), "{length}");
        }
        assert!(PasskeyNote::decode(&[&whole[..], b"x"].concat()).is_none());
        assert!(PasskeyNote::decode(&[&[2], &whole[1..]].concat()).is_none());
    }

    #[test]
    fn a_part_that_is_too_long_is_not_kept() {
        let long = "x".repeat(usize::from(u16::MAX));
        assert!(note(Some(&long), None).encode().is_none());
    }
}
