//! The form of a box: `01 ‖ nonce ‖ ciphertext ‖ tag`, bound to its place by the associated data.

use aws_lc_rs::aead::LessSafeKey;
use bytes::Bytes;
use strongroom_ports::{BoxContext, BoxKind, Plaintext, SealError};
use zeroize::Zeroizing;

use crate::{gcm, padding};

/// The longest plaintext that is sealed or opened. Far above any record, and a bound on what a damaged store can make
/// `open` allocate.
pub const MAX_PLAINTEXT_BYTES: usize = 16 * 1024 * 1024;

const FORMAT: u8 = 1;

const LABEL: &[u8; 16] = b"strongroom/box/1";

/// Label, record id, generation, version and kind, each of a fixed length.
type Place = [u8; LABEL.len() + 32 + 16 + 8 + 1];

/// Seals a plaintext into its place.
pub(crate) fn seal(key: &LessSafeKey, context: &BoxContext, plaintext: &[u8]) -> Result<Bytes, SealError> {
    if plaintext.len() > MAX_PLAINTEXT_BYTES {
        return Err(SealError::Failed);
    }
    gcm::seal(key, &place(context), &[FORMAT], padding::padded_bytes(plaintext.len()), |room| {
        padding::pad(plaintext, room);
        Ok(())
    })
}

/// Opens a box in its place. The only allocation is the plaintext that is handed out.
pub(crate) fn open(key: &LessSafeKey, context: &BoxContext, sealed: &[u8]) -> Result<Plaintext, SealError> {
    let [FORMAT, body @ ..] = sealed else { return Err(SealError::Refused) };
    let padded_bytes = body
        .len()
        .checked_sub(gcm::OVERHEAD_BYTES)
        .filter(|bytes| *bytes <= padding::padded_bytes(MAX_PLAINTEXT_BYTES))
        .ok_or(SealError::Refused)?;
    // Zeroizing: a refusal may leave some of the plaintext behind.
    let mut plaintext = Zeroizing::new(vec![0; padded_bytes]);
    gcm::open(key, &place(context), body, &mut plaintext)?;
    padding::unpad(&mut plaintext)?;
    Ok(Plaintext::new(std::mem::take(&mut *plaintext)))
}

/// The associated data: everything that says where a box belongs.
fn place(context: &BoxContext) -> Place {
    let kind = match context.kind {
        BoxKind::Public => 1,
        BoxKind::Private => 2,
        BoxKind::Event => 3,
        BoxKind::Credential => 4,
        BoxKind::Mail => 5,
    };
    let mut place = [0; size_of::<Place>()];
    let (label, rest) = place.split_at_mut(LABEL.len());
    let (record, rest) = rest.split_at_mut(32);
    let (generation, rest) = rest.split_at_mut(16);
    let (version, rest) = rest.split_at_mut(8);
    label.copy_from_slice(LABEL);
    record.copy_from_slice(context.record.as_bytes());
    generation.copy_from_slice(&context.revision.generation.to_bytes());
    version.copy_from_slice(&context.revision.version.to_be_bytes());
    rest[0] = kind;
    place
}

#[cfg(test)]
mod tests {
    use strongroom_domain::{Generation, Revision};
    use strongroom_ports::RecordId;

    use super::*;

    fn context() -> BoxContext {
        BoxContext {
            record: RecordId::from_bytes([2; 32]),
            revision: Revision { generation: Generation::from_bytes([3; 16]), version: 0x0405 },
            kind: BoxKind::Event,
        }
    }

    #[test]
    fn the_associated_data_is_laid_out_as_documented() {
        let expected =
            [&b"strongroom/box/1"[..], &[2; 32], &[3; 16], &[0, 0, 0, 0, 0, 0, 4, 5], &[3]].concat();
        assert_eq!(place(&context()).as_slice(), expected);
    }

    #[test]
    fn a_plaintext_over_the_limit_is_neither_sealed_nor_opened() {
        let key = gcm::prepare(&[1; 32]).unwrap();
        let long = vec![0; MAX_PLAINTEXT_BYTES + 1];
        assert_eq!(seal(&key, &context(), &long), Err(SealError::Failed));
        let room = padding::padded_bytes(MAX_PLAINTEXT_BYTES) + 1;
        let sealed = gcm::seal(&key, &place(&context()), &[FORMAT], room, |room| {
            padding::pad(b"", room);
            Ok(())
        })
        .unwrap();
        assert_eq!(open(&key, &context(), &sealed).err(), Some(SealError::Refused));
    }

    #[test]
    fn another_format_is_refused() {
        let key = gcm::prepare(&[1; 32]).unwrap();
        let mut sealed = seal(&key, &context(), b"{}").unwrap().to_vec();
        assert_eq!(sealed[0], FORMAT);
        sealed[0] += 1;
        assert_eq!(open(&key, &context(), &sealed).err(), Some(SealError::Refused));
    }
}
