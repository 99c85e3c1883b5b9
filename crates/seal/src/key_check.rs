//! Check values of keys: HMAC-SHA256 of a fixed label under the key.

use aws_lc_rs::hmac;
use strongroom_ports::KeyCheck;

use crate::key_material::KeyMaterial;

const LABEL: &[u8] = b"strongroom/key-check/1";

/// The check of the index key.
pub(crate) fn of_index_key(key: &KeyMaterial) -> KeyCheck {
    KeyCheck { id: "index".to_owned(), value: value(key) }
}

/// The check of a sealing key.
pub(crate) fn of_sealing_key(id: &str, key: &KeyMaterial) -> KeyCheck {
    KeyCheck { id: id_of_sealing_key(id), value: value(key) }
}

/// No sealing key's id has a slash, so none passes for another.
pub(crate) fn id_of_sealing_key(id: &str) -> String {
    format!("sealing/{id}")
}

fn value(key: &KeyMaterial) -> [u8; 32] {
    let mut value = [0; 32];
    value.copy_from_slice(hmac::sign(&key.hmac_key(), LABEL).as_ref());
    value
}
