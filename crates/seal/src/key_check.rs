//! Check values: what a database keeps of each key, so that a wrong or missing one is noticed before anything is written.

use std::fmt;

use aws_lc_rs::hmac;

use crate::key_material::KeyMaterial;

const LABEL: &[u8] = b"strongroom/key-check/1";

/// A keyed one-way value: equal for equal keys, and telling nothing else of the key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyCheck {
    /// `index`, or `sealing/` and the id of the sealing key. No sealing key's id has a slash, so none passes for
    /// another.
    pub id: String,
    /// HMAC-SHA256 of a fixed label under the key.
    pub value: [u8; 32],
}

impl KeyCheck {
    /// The check of the index key.
    pub(crate) fn of_index_key(key: &KeyMaterial) -> Self {
        Self { id: "index".to_owned(), value: value(key) }
    }

    /// The check of a sealing key.
    pub(crate) fn of_sealing_key(id: &str, key: &KeyMaterial) -> Self {
        Self { id: format!("sealing/{id}"), value: value(key) }
    }
}

fn value(key: &KeyMaterial) -> [u8; 32] {
    let mut value = [0; 32];
    value.copy_from_slice(hmac::sign(&key.hmac_key(), LABEL).as_ref());
    value
}

/// Printed by its id.
impl fmt::Debug for KeyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCheck").field("id", &self.id).finish_non_exhaustive()
    }
}
