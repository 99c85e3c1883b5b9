//! Small sealed things beside records: a passkey, a mail that waits. Each has a data key of its own, which lies beside its box and
//! dies with it.
//!
//! A note: `01 ‖ generation (16) ‖ length of the wrapped key (2) ‖ wrapped key ‖ box`. It opens for its owner, kind and edition only.

use bytes::Bytes;
use strongroom_domain::{Generation, Revision};
use strongroom_ports::{BoxContext, BoxKind, Plaintext, Randomness, RecordId, SealError, Sealer};

const FORMAT: u8 = 1;
const GENERATION_BYTES: usize = 16;

/// Where a note belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotePlace {
    /// Whose it is.
    pub(crate) owner: RecordId,
    /// What it is.
    pub(crate) kind: BoxKind,
    /// How often it has been written anew.
    pub(crate) edition: u64,
}

impl NotePlace {
    fn context(self, generation: Generation) -> BoxContext {
        let revision = Revision { generation, version: self.edition };
        BoxContext { record: self.owner, revision, kind: self.kind }
    }

    /// Seals a note under a new key.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub(crate) fn seal(
        self,
        sealer: &dyn Sealer,
        randomness: &dyn Randomness,
        plaintext: &[u8],
    ) -> Result<Bytes, SealError> {
        let mut generation = [0; GENERATION_BYTES];
        randomness.fill(&mut generation);
        let context = self.context(Generation::from_bytes(generation));
        let key = sealer.new_key(&self.owner, context.revision.generation)?;
        let length = u16::try_from(key.len()).map_err(|_| SealError::Failed)?;
        let closed = sealer.seal(&key, &context, plaintext)?;
        Ok([&[FORMAT], &generation[..], &length.to_be_bytes(), &key, &closed].concat().into())
    }

    /// Opens a note.
    ///
    /// # Errors
    ///
    /// [`SealError::Refused`] for one of another place, cut off or changed, or [`SealError::UnknownKey`].
    pub(crate) fn open(self, sealer: &dyn Sealer, note: &[u8]) -> Result<Plaintext, SealError> {
        let (key, closed, generation) = split(note).ok_or(SealError::Refused)?;
        sealer.open(key, &self.context(generation), closed)
    }
}

fn split(note: &[u8]) -> Option<(&[u8], &[u8], Generation)> {
    let rest = note.strip_prefix(&[FORMAT])?;
    let (generation, rest) = rest.split_first_chunk::<GENERATION_BYTES>()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (key, sealed) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
    Some((key, sealed, Generation::from_bytes(*generation)))
}

/// The wrapped key that lies beside a note's box, for whoever counts what a sealing key has wrapped. The note's beginning is
/// enough. `None` for what is no note.
#[must_use]
pub fn wrapped_key_of_note(note: &[u8]) -> Option<&[u8]> {
    split(note).map(|(key, ..)| key)
}

#[cfg(test)]
mod tests {
    use strongroom_testkit::fake::{CountingRandomness, TransparentSealer};

    use super::*;

    fn place() -> NotePlace {
        NotePlace { owner: RecordId::from_bytes([7; 32]), kind: BoxKind::Credential, edition: 3 }
    }

    #[test]
    fn a_note_opens_in_its_own_place_only() {
        let sealer = TransparentSealer::new();
        let note = place().seal(&sealer, &CountingRandomness::new(), b"said").unwrap();
        assert_eq!(place().open(&sealer, &note).unwrap().as_bytes(), b"said");
        for other in [
            NotePlace { owner: RecordId::from_bytes([8; 32]), ..place() },
            NotePlace { kind: BoxKind::Mail, ..place() },
            NotePlace { edition: 2, ..place() },
        ] {
            assert_eq!(other.open(&sealer, &note).unwrap_err(), SealError::Refused, "{other:?}");
        }
    }

    #[test]
    fn the_beginning_of_a_note_tells_its_wrapped_key() {
        let sealer = TransparentSealer::new();
        let note = place().seal(&sealer, &CountingRandomness::new(), &[7; 5000]).unwrap();
        let key = wrapped_key_of_note(&note).unwrap();
        let begins = 1 + GENERATION_BYTES + 2;
        assert_eq!(wrapped_key_of_note(&note[..begins + key.len()]), Some(key));
        assert_eq!(wrapped_key_of_note(&note[..begins + key.len() - 1]), None);
        assert_eq!(wrapped_key_of_note(b"none"), None);
        let generation = Generation::from_bytes(note[1..=GENERATION_BYTES].try_into().unwrap());
        assert!(sealer.open(key, &place().context(generation), &note[begins + key.len()..]).is_ok());
    }

    #[test]
    fn a_note_that_was_cut_off_or_changed_does_not_open() {
        let sealer = TransparentSealer::new();
        let note = place().seal(&sealer, &CountingRandomness::new(), b"said").unwrap();
        for length in 0..note.len() {
            assert_eq!(place().open(&sealer, &note[..length]).unwrap_err(), SealError::Refused, "{length}");
        }
        for position in 0..note.len() {
            let mut changed = note.to_vec();
            changed[position] ^= 1;
            assert_eq!(place().open(&sealer, &changed).unwrap_err(), SealError::Refused, "{position}");
        }
    }
}
