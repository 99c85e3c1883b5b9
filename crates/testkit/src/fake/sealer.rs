//! A sealer that seals nothing: its boxes are glass.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use strongroom_domain::Generation;
use strongroom_ports::{
    BoxContext, BoxKind, Caller, Plaintext, Pseudonym, RecordId, SealError, Sealer, Subject,
};

use super::checksum;

/// Plaintexts are padded to a multiple of this many bytes.
const STEP_BYTES: usize = 64;
/// A box begins with a checksum over all else, then comes the plaintext's length.
const CHECK_BYTES: usize = 8;

/// A stand-in for a [`Sealer`]: it refuses wrong places and damage as a real one does, by checksum, and **hides
/// nothing**. For tests of what is done with boxes.
#[derive(Debug, Default)]
pub struct TransparentSealer {
    keys_made: AtomicU64,
}

impl TransparentSealer {
    /// A sealer without a key: it needs none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Sealer for TransparentSealer {
    fn record_id(&self, caller: &Caller) -> RecordId {
        RecordId::from_bytes(name(&[
            b"record",
            caller.tenant.as_str().as_bytes(),
            caller.person.as_str().as_bytes(),
        ]))
    }

    fn pseudonym(&self, subject: &Subject<'_>) -> Pseudonym {
        Pseudonym::from_bytes(match subject {
            Subject::Credential { tenant, id } => {
                name(&[b"credential", tenant.as_str().as_bytes(), id.as_bytes()])
            }
            Subject::Address { tenant, address } => {
                name(&[b"address", tenant.as_str().as_bytes(), address.as_bytes()])
            }
            Subject::Code { owner, address, code } => {
                name(&[b"code", owner.as_bytes(), address.as_bytes(), code.as_bytes()])
            }
        })
    }

    fn new_key(&self, record: &RecordId, generation: Generation) -> Result<Bytes, SealError> {
        let serial = self.keys_made.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        Ok(Bytes::from([serial, key_check(&serial, record, generation)].concat()))
    }

    fn seal(&self, wrapped_key: &[u8], context: &BoxContext, plaintext: &[u8]) -> Result<Bytes, SealError> {
        unwrap(wrapped_key, context)?;
        let mut body = (plaintext.len() as u64).to_be_bytes().to_vec();
        body.extend_from_slice(plaintext);
        body.resize(8 + plaintext.len().next_multiple_of(STEP_BYTES), 0);
        let check = box_check(wrapped_key, context, &body);
        Ok(Bytes::from([&check[..], &body].concat()))
    }

    fn open(&self, wrapped_key: &[u8], context: &BoxContext, sealed: &[u8]) -> Result<Plaintext, SealError> {
        unwrap(wrapped_key, context)?;
        let (check, body) = sealed.split_at_checked(CHECK_BYTES).ok_or(SealError::Refused)?;
        let (length, padded) = body.split_first_chunk().ok_or(SealError::Refused)?;
        if check != box_check(wrapped_key, context, body) {
            return Err(SealError::Refused);
        }
        let length = usize::try_from(u64::from_be_bytes(*length)).map_err(|_| SealError::Refused)?;
        padded.get(..length).map(|plaintext| Plaintext::new(plaintext.to_vec())).ok_or(SealError::Refused)
    }
}

/// Thirty-two bytes that stand for some parts.
fn name(parts: &[&[u8]]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (seed, chunk) in (0..).zip(bytes.chunks_mut(8)) {
        chunk.copy_from_slice(&checksum(seed, parts).to_be_bytes());
    }
    bytes
}

/// A key opens in the record and generation it was made for.
fn unwrap(wrapped_key: &[u8], context: &BoxContext) -> Result<(), SealError> {
    let (serial, check) = wrapped_key.split_at_checked(8).ok_or(SealError::Refused)?;
    let fits = check == key_check(serial, &context.record, context.revision.generation);
    if fits { Ok(()) } else { Err(SealError::Refused) }
}

fn key_check(serial: &[u8], record: &RecordId, generation: Generation) -> [u8; 8] {
    checksum(1, &[serial, record.as_bytes(), &generation.to_bytes()]).to_be_bytes()
}

fn box_check(wrapped_key: &[u8], context: &BoxContext, body: &[u8]) -> [u8; 8] {
    let kind = match context.kind {
        BoxKind::Public => 0,
        BoxKind::Private => 1,
        BoxKind::Event => 2,
        BoxKind::Credential => 3,
        BoxKind::Mail => 4,
    };
    let version = context.revision.version.to_be_bytes();
    checksum(2, &[wrapped_key, &version, &[kind], body]).to_be_bytes()
}
