//! AES-256-GCM under random nonces, as `header ‖ nonce ‖ ciphertext ‖ tag`.
//!
//! Nonces are 96 random bits, which NIST SP 800-38D (section 8.3) allows for 2³² messages under one key: two of them
//! share a nonce with a chance below 2⁻³². What keeps us under it:
//! - a data key belongs to one generation of one person's record and seals at most three boxes per attempted commit:
//!   2³² boxes are eleven months of fifty writes each second, without a pause, by one person;
//! - a sealing key wraps one data key per generation, so 2³² wraps are four thousand million records made under one
//!   key: put a new sealing key first long before that.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use bytes::Bytes;
use strongroom_ports::SealError;
use zeroize::Zeroizing;

use crate::key_material::KEY_BYTES;

const TAG_BYTES: usize = 16;

/// What a nonce and a tag add to the plaintext.
pub(crate) const OVERHEAD_BYTES: usize = NONCE_LEN + TAG_BYTES;

/// Prepares a key.
pub(crate) fn prepare(key: &[u8; KEY_BYTES]) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| SealError::Failed)
}

/// Seals behind a header, which stays readable. `write` is given `plaintext_bytes` zeros in the very place where they
/// are encrypted, so that no copy of the plaintext is left behind.
pub(crate) fn seal(
    key: &LessSafeKey,
    associated: &[u8],
    header: &[u8],
    plaintext_bytes: usize,
    write: impl FnOnce(&mut [u8]) -> Result<(), SealError>,
) -> Result<Bytes, SealError> {
    let mut nonce = [0; NONCE_LEN];
    fill(&mut nonce)?;

    let body_at = header.len() + NONCE_LEN;
    // Zeroizing: on an early return it may hold a plaintext.
    let mut sealed = Zeroizing::new(Vec::with_capacity(body_at + plaintext_bytes + TAG_BYTES));
    sealed.extend_from_slice(header);
    sealed.extend_from_slice(&nonce);
    sealed.resize(body_at + plaintext_bytes, 0);
    let body = &mut sealed[body_at..];
    write(body)?;
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), body)
        .map_err(|_| SealError::Failed)?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(std::mem::take(&mut *sealed).into())
}

/// Opens `nonce ‖ ciphertext ‖ tag` into `plaintext`, which is [`OVERHEAD_BYTES`] shorter. After a refusal it may hold
/// anything: overwriting it is the caller's.
pub(crate) fn open(
    key: &LessSafeKey,
    associated: &[u8],
    sealed: &[u8],
    plaintext: &mut [u8],
) -> Result<(), SealError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Refused)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(SealError::Refused)?;
    let nonce = Nonce::assume_unique_for_key(*nonce);
    key.open_separate_gather(nonce, Aad::from(associated), ciphertext, tag, plaintext)
        .map_err(|_| SealError::Refused)
}

/// Random bytes of the operating system, through AWS-LC.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), SealError> {
    rand::fill(bytes).map_err(|_| SealError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &LessSafeKey) -> Bytes {
        seal(key, b"place", b"head", 5, |room| {
            room.copy_from_slice(b"hello");
            Ok(())
        })
        .unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let key = prepare(&[1; KEY_BYTES]).unwrap();
        let sealed = sealed(&key);
        assert!(sealed.starts_with(b"head"));
        let mut out = [0; 5];
        assert_eq!(open(&key, b"place", &sealed[4..], &mut out), Ok(()));
        assert_eq!(&out, b"hello");
        assert_eq!(open(&key, b"elsewhere", &sealed[4..], &mut out), Err(SealError::Refused));
        assert_eq!(open(&key, b"place", &sealed[4..], &mut [0; 4]), Err(SealError::Refused));
    }

    #[test]
    fn every_message_has_a_nonce_of_its_own() {
        let key = prepare(&[1; KEY_BYTES]).unwrap();
        let nonce = |sealed: &Bytes| sealed[4..4 + NONCE_LEN].to_vec();
        assert_ne!(nonce(&sealed(&key)), nonce(&sealed(&key)));
    }
}
