//! The sealer: record ids, a key per person, and boxes under that key.
//!
//! A plain data key lives inside one call and is overwritten before the call returns.

use std::fmt;

use aws_lc_rs::hmac;
use bytes::Bytes;
use quick_cache::sync::Cache;
use strongroom_domain::Generation;
use strongroom_ports::{BoxContext, Caller, Plaintext, Pseudonym, RecordId, SealError, Sealer, Subject};

use crate::keyring::Keyring;
use crate::sealed_box;
use crate::wrapped_key::WrappingKey;

/// Says what the hash is for, so that it equals no other hash under the index key.
const RECORD_ID_LABEL: &[u8] = b"strongroom/record-id/1";
const CREDENTIAL_LABEL: &[u8] = b"strongroom/credential/1";
const ADDRESS_LABEL: &[u8] = b"strongroom/address/1";
const CODE_LABEL: &[u8] = b"strongroom/code/1";

/// Callers whose record's id is remembered, at some 250 bytes each: as many as a busy quarter of an hour has.
const REMEMBERED_IDS: usize = 20_000;

/// [`Sealer`] with AES-256-GCM under two layers of keys, and HMAC-SHA256 for record ids.
pub struct EnvelopeSealer {
    index_key: hmac::Key,
    /// Ids that have been computed. One is the same for ever, so that nothing here ever gets old; what is used least goes.
    record_ids: Cache<Caller, RecordId>,
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
        Ok(Self { index_key, record_ids: Cache::new(REMEMBERED_IDS), wrapping_keys })
    }

    fn compute_record_id(&self, caller: &Caller) -> RecordId {
        let parts = [caller.tenant.as_str().as_bytes(), caller.person.as_str().as_bytes()];
        RecordId::from_bytes(self.keyed_hash(RECORD_ID_LABEL, &parts))
    }

    /// HMAC-SHA256 under the index key. Each part stands behind its length: no other parts read the same.
    fn keyed_hash(&self, label: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let mut hash = hmac::Context::with_key(&self.index_key);
        hash.update(label);
        for part in parts {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.sign().as_ref());
        bytes
    }
}

impl Sealer for EnvelopeSealer {
    /// Remembered: the hash costs four blocks, and every read asks for it.
    fn record_id(&self, caller: &Caller) -> RecordId {
        if let Some(id) = self.record_ids.get(caller) {
            return id;
        }
        let id = self.compute_record_id(caller);
        self.record_ids.insert(caller.clone(), id);
        id
    }

    fn pseudonym(&self, subject: &Subject<'_>) -> Pseudonym {
        Pseudonym::from_bytes(match subject {
            Subject::Credential { tenant, id } => {
                self.keyed_hash(CREDENTIAL_LABEL, &[tenant.as_str().as_bytes(), id.as_bytes()])
            }
            Subject::Address { tenant, address } => {
                self.keyed_hash(ADDRESS_LABEL, &[tenant.as_str().as_bytes(), address.as_bytes()])
            }
            Subject::Code { owner, address, code } => {
                self.keyed_hash(CODE_LABEL, &[owner.as_bytes(), address.as_bytes(), code.as_bytes()])
            }
        })
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
    use strongroom_ports::{CredentialId, TenantId};

    use super::*;

    /// Index key `00 01 … 1f`.
    const KEYRING: &str = r#"{"version":1,
        "index_key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "sealing_keys":[{"id":"a","key":"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"}]}"#;

    fn sealer() -> EnvelopeSealer {
        EnvelopeSealer::new(Keyring::parse(KEYRING.as_bytes()).unwrap()).unwrap()
    }

    fn caller(tenant: &str, person: &str) -> Caller {
        Caller { tenant: TenantId::parse(tenant).unwrap(), person: ExternalUserId::parse(person).unwrap() }
    }

    fn record_id(tenant: &str, person: &str) -> RecordId {
        sealer().record_id(&caller(tenant, person))
    }

    #[test]
    fn an_id_is_computed_once_and_each_caller_is_given_their_own() {
        let (sealer, callers) = (sealer(), [caller("ab", "c"), caller("a", "bc"), caller("ab", "C")]);
        for _ in 0..2 {
            for caller in &callers {
                assert_eq!(sealer.record_id(caller), sealer.compute_record_id(caller));
            }
        }
        assert_eq!(sealer.record_ids.len(), 3);
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
    fn a_pseudonym_is_the_same_for_ever() {
        // Computed apart from this code, like the record id's.
        let expected = [
            "47ad78e6ca09c32f30e0ce9b9ce959b2e9c9cf466e6fa2d1c5adf5899cb721b6",
            "39f998e01b235f16bb87061e107102638d76a3f691d174c1ce5675627a8116d8",
            "0fe6f7f673dce8d686a1011d8e4e709af2a1831baf9a009597685c30d131da81",
        ];
        let sealer = EnvelopeSealer::new(Keyring::parse(KEYRING.as_bytes()).unwrap()).unwrap();
        let tenant = TenantId::parse("shop.example").unwrap();
        let id = CredentialId::new(b"\x01\x02\x03").unwrap();
        let address = sealer.pseudonym(&Subject::Address { tenant: &tenant, address: "jane@shop.example" });
        let owner = record_id("shop.example", "jane");
        let hashes = [
            sealer.pseudonym(&Subject::Credential { tenant: &tenant, id: &id }),
            address,
            sealer.pseudonym(&Subject::Code { owner: &owner, address: &address, code: "123456" }),
        ];
        let hex = |hash: Pseudonym| hash.as_bytes().map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(hashes.map(hex), expected);
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
