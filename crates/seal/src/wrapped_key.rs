//! The form of a wrapped data key: `01 ‖ length of id ‖ id of the sealing key ‖ nonce ‖ ciphertext ‖ tag`.
//!
//! The id says which key of the keyring unwraps it; the associated data binds it to that id and to one generation of one
//! record. A plain data key never leaves this file but as a prepared cipher.

use aws_lc_rs::aead::LessSafeKey;
use bytes::Bytes;
use strongroom_domain::Generation;
use strongroom_ports::{BoxContext, RecordId, SealError};
use zeroize::Zeroizing;

use crate::gcm;
use crate::key_check;
use crate::key_id::{KeyId, MAX_KEY_ID_BYTES};
use crate::key_material::{KEY_BYTES, KeyMaterial};

const FORMAT: u8 = 1;

const LABEL: &[u8; 24] = b"strongroom/wrapped-key/1";

/// Label, record id and generation, of fixed lengths, and the key's id, filled up with zeros that no id contains.
type Place = [u8; LABEL.len() + 32 + 16 + MAX_KEY_ID_BYTES];

/// A sealing key of the keyring, prepared.
pub(crate) struct WrappingKey {
    id: KeyId,
    cipher: LessSafeKey,
}

impl WrappingKey {
    /// Prepares a sealing key.
    pub(crate) fn new(id: KeyId, material: &KeyMaterial) -> Result<Self, SealError> {
        Ok(Self { id, cipher: gcm::prepare(material.bytes())? })
    }

    /// Makes a random data key and wraps it.
    pub(crate) fn wrap_new(&self, record: &RecordId, generation: Generation) -> Result<Bytes, SealError> {
        let id = self.id.as_str().as_bytes();
        let id_bytes = u8::try_from(id.len()).map_err(|_| SealError::Failed)?;
        let header = [&[FORMAT, id_bytes], id].concat();
        gcm::seal(&self.cipher, &self.place(record, generation), &header, KEY_BYTES, gcm::fill)
    }

    /// Unwraps a data key for the place that a context names, with that one of the keys which wrapped it.
    pub(crate) fn unwrap_with(
        keys: &[Self],
        wrapped: &[u8],
        context: &BoxContext,
    ) -> Result<LessSafeKey, SealError> {
        let (id, sealed) = split(wrapped).ok_or(SealError::Refused)?;
        let key = keys.iter().find(|key| key.id.as_str().as_bytes() == id).ok_or(SealError::UnknownKey)?;
        let place = key.place(&context.record, context.revision.generation);
        let mut data_key = Zeroizing::new([0; KEY_BYTES]);
        gcm::open(&key.cipher, &place, sealed, data_key.as_mut())?;
        gcm::prepare(&data_key)
    }

    /// The associated data: everything that says where a wrapped key belongs.
    fn place(&self, record: &RecordId, generation: Generation) -> Place {
        let id = self.id.as_str().as_bytes();
        let mut place = [0; size_of::<Place>()];
        let (label, rest) = place.split_at_mut(LABEL.len());
        let (record_id, rest) = rest.split_at_mut(32);
        let (generation_id, rest) = rest.split_at_mut(16);
        label.copy_from_slice(LABEL);
        record_id.copy_from_slice(record.as_bytes());
        generation_id.copy_from_slice(&generation.to_bytes());
        rest[..id.len()].copy_from_slice(id);
        place
    }
}

/// The id that a wrapped key names, in the form of its [check](strongroom_ports::KeyCheck): of the sealing key that has
/// wrapped it, if it is what it says. Nothing is unwrapped. `None` for what is no wrapped key.
#[must_use]
pub fn wrapped_by(wrapped: &[u8]) -> Option<String> {
    let (id, _) = split(wrapped)?;
    std::str::from_utf8(id).ok().map(key_check::id_of_sealing_key)
}

/// The id and what is sealed; `None` unless the whole has exactly the length that it says.
fn split(wrapped: &[u8]) -> Option<(&[u8], &[u8])> {
    let [FORMAT, id_bytes, rest @ ..] = wrapped else { return None };
    let (id, sealed) = rest.split_at_checked(usize::from(*id_bytes))?;
    (sealed.len() == KEY_BYTES + gcm::OVERHEAD_BYTES).then_some((id, sealed))
}

#[cfg(test)]
mod tests {
    use strongroom_domain::Revision;
    use strongroom_ports::BoxKind;

    use super::*;
    use crate::system_randomness::SystemRandomness;

    const RECORD: RecordId = RecordId::from_bytes([2; 32]);

    fn generation() -> Generation {
        Generation::from_bytes([3; 16])
    }

    fn context() -> BoxContext {
        BoxContext { record: RECORD, revision: Revision::first(generation()), kind: BoxKind::Public }
    }

    fn key(id: &str) -> WrappingKey {
        WrappingKey::new(KeyId::parse(id).unwrap(), &KeyMaterial::random(&SystemRandomness)).unwrap()
    }

    #[test]
    fn the_associated_data_is_laid_out_as_documented() {
        let expected =
            [&b"strongroom/wrapped-key/1"[..], &[2; 32], &[3; 16], b"key-a", &[0; MAX_KEY_ID_BYTES - 5]]
                .concat();
        assert_eq!(key("key-a").place(&RECORD, generation()).as_slice(), expected);
    }

    #[test]
    fn a_wrapped_key_names_its_sealing_key_and_is_no_longer_than_it_must_be() {
        let wrapped = key("key-a").wrap_new(&RECORD, generation()).unwrap();
        assert!(wrapped.starts_with(b"\x01\x05key-a"));
        assert_eq!(wrapped.len(), 2 + 5 + 12 + 32 + 16);
    }

    #[test]
    fn a_wrapped_key_tells_the_check_of_its_sealing_key_and_noise_tells_nothing() {
        let (id, material) = (KeyId::parse("key-a").unwrap(), KeyMaterial::random(&SystemRandomness));
        let check = key_check::of_sealing_key(id.as_str(), &material);
        let wrapped = WrappingKey::new(id, &material).unwrap().wrap_new(&RECORD, generation()).unwrap();
        assert_eq!(wrapped_by(&wrapped), Some(check.id));
        for noise in [&[][..], &[1, 5], &[0; 67], &wrapped[1..]] {
            assert_eq!(wrapped_by(noise), None);
        }
    }

    #[test]
    fn the_same_key_under_another_id_does_not_unwrap() {
        let material = KeyMaterial::random(&SystemRandomness);
        let prepared = |id| WrappingKey::new(KeyId::parse(id).unwrap(), &material).unwrap();
        let mut wrapped = prepared("key-a").wrap_new(&RECORD, generation()).unwrap().to_vec();
        wrapped[6] = b'b';
        let renamed = WrappingKey::unwrap_with(&[prepared("key-b")], &wrapped, &context());
        assert_eq!(renamed.err(), Some(SealError::Refused));
    }

    #[test]
    fn a_key_of_another_length_than_it_says_is_refused_before_its_id_is_looked_up() {
        let keys = [key("a")];
        let wrapped = keys[0].wrap_new(&RECORD, generation()).unwrap().to_vec();
        for length in 0..wrapped.len() {
            let cut = WrappingKey::unwrap_with(&keys, &wrapped[..length], &context());
            assert_eq!(cut.err(), Some(SealError::Refused), "{length}");
        }
        let longer = [wrapped, vec![0]].concat();
        assert_eq!(WrappingKey::unwrap_with(&keys, &longer, &context()).err(), Some(SealError::Refused));
    }
}
