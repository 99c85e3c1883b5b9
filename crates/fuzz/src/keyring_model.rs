//! What a keyring file must be, read anew.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_seal::{MAX_KEY_ID_BYTES, MAX_KEYRING_BYTES, MAX_SEALING_KEYS};

use crate::json_model::{items, members};

/// Whether a text is `{"version":1,"index_key":"…","sealing_keys":[{"id":"…","key":"…"}]}`, in any order of members, with
/// no member besides, and no key and no id twice.
pub(crate) fn is_keyring(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.len() <= MAX_KEYRING_BYTES && read(text).is_some())
}

fn read(text: &str) -> Option<()> {
    let [index_key, sealing_keys, version] = exactly(["index_key", "sealing_keys", "version"], text)?;
    (version == "1").then_some(())?;
    let mut keys = BTreeSet::from([key(&index_key)?]);
    let mut ids = BTreeSet::new();
    let sealing_keys = items(&sealing_keys)?;
    for sealing_key in &sealing_keys {
        let [id, material] = exactly(["id", "key"], sealing_key.get())?;
        let is_new = ids.insert(plain(&id).filter(|id| is_id(id))?) && keys.insert(key(&material)?);
        is_new.then_some(())?;
    }
    (1..=MAX_SEALING_KEYS).contains(&sealing_keys.len()).then_some(())
}

/// The values of exactly these members, which are given in their alphabetical order.
fn exactly<const N: usize>(names: [&str; N], text: &str) -> Option<[String; N]> {
    let mut members = members(text)?;
    members.sort();
    let is_each = members.iter().map(|(name, _)| name.as_str()).eq(names);
    let values: Vec<String> = members.into_iter().map(|(_, value)| value).collect();
    is_each.then(|| values.try_into().ok())?
}

/// A string without escapes, which neither a key nor an id needs.
fn plain(text: &str) -> Option<String> {
    serde_json::from_str(text).ok().filter(|_| !text.contains('\\'))
}

fn key(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(plain(text)?).ok().filter(|key| key.len() == 32)
}

fn is_id(id: &str) -> bool {
    let has_only = id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    has_only && (1..=MAX_KEY_ID_BYTES).contains(&id.len())
}
