//! The sealer: record ids, a key per person, and boxes under that key.
//!
//! A plain data key lives inside one call and is overwritten before the call returns.

use std::fmt;

use aws_lc_rs::hmac;
use bytes::Bytes;
use strongroom_domain::Generation;
use strongroom_ports::{BoxContext, Caller, Plaintext, RecordId, SealError, Sealer};

use crate::keyring::Keyring;
use crate::sealed_box;
use crate::wrapped_key::WrappingKey;

/// Says what the hash is for, so that it equals no other hash under the index key.
const RECORD_ID_LABEL: &[u8] = b"strongroom/record-id/1";

/// [`Sealer`] with AES-256-GCM under two layers of keys, and HMAC-SHA256 for record ids.
pub struct EnvelopeSealer {
    index_key: hmac::Key,
    /// The first wraps new keys, all unwrap. At most [`MAX_SEALING_KEYS`](crate::MAX_SEALING_KEYS), mostly one or two:
    /// looked through in order.
    wrapping_keys: Vec<WrappingKey>,
}

impl EnvelopeSealer {
    /// Prepares the keys of a keyring, whose own bytes are overwritten when this returns.
    ///
    /// # Errors
    ///
    /// [`SealError::Failed`] when the cipher does not take a key.
    pub fn new(keyring: Keyring) -> Result<Self, SealError> {
        let wrapping_keys = keyring
            .sealing_keys()
            .iter()
            .map(|(id, material)| WrappingKey::new(id.clone(), material))
            .collect::<Result<_, _>>()?;
        let index_key = keyring.index_key().hmac_key();
        drop(keyring);
        Ok(Self { index_key, wrapping_keys })
    }
}

impl Sealer for EnvelopeSealer {
    fn record_id(&self, caller: &Caller) -> RecordId {
        let mut hash = hmac::Context::with_key(&self.index_key);
        hash.update(RECORD_ID_LABEL);
        // Each part behind its length: no other pair of tenant and person reads the same.
        for part in [caller.tenant.as_str(), caller.person.as_str()] {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut id = [0; 32];
        id.copy_from_slice(hash.sign().as_ref());
        RecordId::from_bytes(id)
    }

    fn new_key(&self, record: &RecordId, generation: Generation) -> Result<Bytes, SealError> {
        self.wrapping_keys.first().ok_or(SealError::UnknownKey)?.wrap_new(record, generation)
    }

    fn seal(&self, wrapped_key: &[u8], context: &BoxContext, plaintext: &[u8]) -> Result<Bytes, SealError> {
        let data_key = WrappingKey::unwrap_with(&self.wrapping_keys, wrapped_key, context)?;
        sealed_box::seal(&data_key, context, plaintext)
    }

    fn open(&self, wrapped_key: &[u8], context: &BoxContext, sealed: &[u8]) -> Result<Plaintext, SealError> {
        let data_key = WrappingKey::unwrap_with(&self.wrapping_keys, wrapped_key, context)?;
        sealed_box::open(&data_key, context, sealed)
    }
}

/// Printed by the number of its keys.
impl fmt::Debug for EnvelopeSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvelopeSealer")
            .field("sealing_keys", &self.wrapping_keys.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use strongroom_domain::ExternalUserId;
    use strongroom_ports::TenantId;

    use super::*;

    /// Index key `00 01 … 1f`.
    const KEYRING: &str = r#"{"version":1,
        "index_key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "sealing_keys":[{"id":"a","key":"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"}]}"#;

    fn record_id(tenant: &str, person: &str) -> RecordId {
        let sealer = EnvelopeSealer::new(Keyring::parse(KEYRING.as_bytes()).unwrap()).unwrap();
        sealer.record_id(&Caller {
            tenant: TenantId::parse(tenant).unwrap(),
            person: ExternalUserId::parse(person).unwrap(),
        })
    }

    #[test]
    fn the_record_id_is_the_same_for_ever() {
        // Computed apart from this code: HMAC-SHA256 of label, u64 lengths and parts, under the key 00 01 … 1f.
        let expected = "2a48587f4f117d3d90d6e5d3c95c943c50d4a19f4aab1b09f0e04a2ab784343b";
        let hash = *record_id("shop.example", "jane").as_bytes();
        let hex = hash.map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(hex, expected);
    }

    #[test]
    fn no_two_pairs_of_tenant_and_person_share_a_record() {
        let ids = [
            record_id("ab", "c"),
            record_id("a", "bc"),
            record_id("abc", "c"),
            record_id("ab", "C"),
            record_id("c", "ab"),
        ];
        for (i, a) in ids.iter().enumerate() {
            assert!(ids[i + 1..].iter().all(|b| a != b));
        }
    }
}
