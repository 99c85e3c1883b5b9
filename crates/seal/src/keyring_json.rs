//! The keyring's file format. Nothing is accepted but the one form; serde's own messages, which repeat what they met, go
//! no further than this file.

use serde::Deserialize;
use serde_json::error::Category;
use zeroize::Zeroizing;

use crate::key_id::{KeyId, MAX_KEY_ID_BYTES};
use crate::key_material::{KEY_TEXT_BYTES, KeyMaterial};
use crate::keyring_rules::{KeyringError, MAX_KEYRING_BYTES};
use crate::object::Object;

/// Borrowed strings: no copy of a key is made while reading, and an escaped one, which no key needs, is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyringJson<'a> {
    version: u64,
    index_key: &'a str,
    #[serde(borrow)]
    sealing_keys: Vec<Object<SealingKeyJson<'a>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealingKeyJson<'a> {
    id: &'a str,
    key: &'a str,
}

/// A sealing key and its id.
pub(crate) type SealingKey = (KeyId, KeyMaterial);

/// Reads an index key and sealing keys.
pub(crate) fn parse(json: &[u8]) -> Result<(KeyMaterial, Vec<SealingKey>), KeyringError> {
    if json.len() > MAX_KEYRING_BYTES {
        return Err(KeyringError::TooLarge);
    }
    let Object(read): Object<KeyringJson<'_>> = serde_json::from_slice(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Data => KeyringError::Shape { line, column },
            Category::Io | Category::Syntax | Category::Eof => KeyringError::NotJson { line, column },
        }
    })?;
    if read.version != 1 {
        return Err(KeyringError::Version);
    }
    let index_key = KeyMaterial::parse(read.index_key).ok_or(KeyringError::IndexKey)?;
    let sealing_keys = read.sealing_keys.iter().enumerate().map(|(position, Object(sealing))| {
        let id = KeyId::parse(sealing.id).ok_or(KeyringError::KeyId { position })?;
        let key = KeyMaterial::parse(sealing.key).ok_or(KeyringError::SealingKey { position })?;
        Ok((id, key))
    });
    Ok((index_key, sealing_keys.collect::<Result<_, _>>()?))
}

/// Writes keys, a sealing key a line. By hand, since a growing buffer would leave copies of keys behind, and
/// neither ids nor base64url need escapes.
pub(crate) fn write(index_key: &KeyMaterial, sealing_keys: &[SealingKey]) -> Zeroizing<Vec<u8>> {
    const ENTRY_BYTES: usize = MAX_KEY_ID_BYTES + KEY_TEXT_BYTES + 32;
    let mut json = Zeroizing::new(Vec::with_capacity((sealing_keys.len() + 2) * ENTRY_BYTES));
    json.extend_from_slice(b"{\n  \"version\": 1,\n  \"index_key\": \"");
    json.extend_from_slice(index_key.text().as_slice());
    json.extend_from_slice(b"\",\n  \"sealing_keys\": [");
    for (position, (id, key)) in sealing_keys.iter().enumerate() {
        json.extend_from_slice(if position == 0 { b"\n    " } else { b",\n    " });
        json.extend_from_slice(b"{\"id\": \"");
        json.extend_from_slice(id.as_str().as_bytes());
        json.extend_from_slice(b"\", \"key\": \"");
        json.extend_from_slice(key.text().as_slice());
        json.extend_from_slice(b"\"}");
    }
    json.extend_from_slice(b"\n  ]\n}\n");
    json
}

#[cfg(test)]
mod tests {
    use strongroom_ports::Timestamp;

    use super::*;
    use crate::keyring::Keyring;
    use crate::keyring_rules::MAX_SEALING_KEYS;
    use crate::system_randomness::SystemRandomness;

    const A: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const B: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
    const C: &str = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8";

    fn refusal(json: &str) -> KeyringError {
        let error = Keyring::parse(json.as_bytes()).expect_err(json);
        for print in [error.to_string(), format!("{error:?}")] {
            assert!(![A, B, C].iter().any(|key| print.contains(&key[..8])), "{print}");
        }
        error
    }

    fn with_sealing_keys(list: &str) -> String {
        format!(r#"{{"version":1,"index_key":"{A}","sealing_keys":[{list}]}}"#)
    }

    fn entry(id: &str, key: &str) -> String {
        format!(r#"{{"id":"{id}","key":"{key}"}}"#)
    }

    #[test]
    fn a_keyring_in_the_one_form_is_read() {
        let json = with_sealing_keys(&[entry("new", B), entry("old", C)].join(","));
        let keyring = Keyring::parse(json.as_bytes()).unwrap();
        assert_eq!(keyring.key_ids().collect::<Vec<_>>(), ["new", "old"]);
    }

    #[test]
    fn what_is_written_reads_back_up_to_the_largest_keyring() {
        let mut keyring = Keyring::generate(&SystemRandomness, Timestamp::from_secs(0));
        for seconds in 1.. {
            let json = keyring.to_json();
            assert!(json.len() * 4 <= MAX_KEYRING_BYTES);
            assert_eq!(Keyring::parse(&json).unwrap().to_json(), json);
            if keyring.key_ids().len() == MAX_SEALING_KEYS {
                break;
            }
            keyring.add_sealing_key(&SystemRandomness, Timestamp::from_secs(seconds)).unwrap();
        }
    }

    #[test]
    fn the_buffer_written_into_never_grows() {
        let ids = (0..MAX_SEALING_KEYS).map(|n| format!("{n:0>64}"));
        let keys = ids.map(|id| (KeyId::parse(&id).unwrap(), KeyMaterial::random(&SystemRandomness)));
        let keyring = Keyring::of(KeyMaterial::random(&SystemRandomness), keys.collect()).unwrap();
        let json = keyring.to_json();
        let entry_bytes = MAX_KEY_ID_BYTES + KEY_TEXT_BYTES + 32;
        assert_eq!(json.capacity(), (MAX_SEALING_KEYS + 2) * entry_bytes);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let whole = with_sealing_keys(&entry("a", B));
        for cut in 0..whole.len() {
            assert!(matches!(refusal(&whole[..cut]), KeyringError::NotJson { .. }), "{cut}");
        }
        for text in [&format!("{whole}{{}}"), &format!("\u{feff}{whole}"), A] {
            assert!(matches!(refusal(text), KeyringError::NotJson { .. }), "{text}");
        }
        assert!(matches!(Keyring::parse(b"\xff"), Err(KeyringError::NotJson { .. })));
    }

    #[test]
    fn unknown_missing_repeated_and_mistyped_members_are_refused() {
        let sealing = entry("a", B);
        for json in [
            "null".to_owned(),
            "{}".to_owned(),
            format!(r#""{A}""#),
            format!(r#"{{"version":1,"index_key":"{A}"}}"#),
            format!(r#"{{"version":1,"sealing_keys":[{sealing}]}}"#),
            format!(r#"{{"index_key":"{A}","sealing_keys":[{sealing}]}}"#),
            format!(r#"{{"version":"1","index_key":"{A}","sealing_keys":[{sealing}]}}"#),
            format!(r#"{{"version":1,"index_key":["{A}"],"sealing_keys":[{sealing}]}}"#),
            format!(r#"{{"version":1,"index_key":"{A}","sealing_keys":{sealing}}}"#),
            format!(r#"{{"version":1,"index_key":"{A}","sealing_keys":[{sealing}],"{C}":1}}"#),
            format!(r#"{{"version":1,"index_key":"{A}","index_key":"{C}","sealing_keys":[{sealing}]}}"#),
            format!(r#"{{"version":1,"index_key":"\u0041{}","sealing_keys":[{sealing}]}}"#, &A[1..]),
            with_sealing_keys(r#"{"id":"a"}"#),
            with_sealing_keys(&format!(r#"{{"id":1,"key":"{B}"}}"#)),
            with_sealing_keys(&format!(r#"{{"id":"a","key":"{B}","use":"sig"}}"#)),
            with_sealing_keys(&format!(r#""{B}""#)),
            with_sealing_keys(&format!(r#"["a","{B}"]"#)),
            format!(r#"[1,"{A}",[{sealing}]]"#),
        ] {
            assert!(matches!(refusal(&json), KeyringError::Shape { line: 1, .. }), "{json}");
        }
    }

    #[test]
    fn what_has_the_shape_must_obey_the_rules() {
        let too_many = (0..=MAX_SEALING_KEYS)
            .map(|n| {
                let key = KeyMaterial::random(&SystemRandomness);
                entry(&n.to_string(), std::str::from_utf8(key.text().as_slice()).unwrap())
            })
            .collect::<Vec<_>>()
            .join(",");
        let good = entry("a", B);
        for (json, expected) in [
            (with_sealing_keys(&good).replace(":1,", ":2,"), KeyringError::Version),
            (with_sealing_keys(&good).replace(A, &A[1..]), KeyringError::IndexKey),
            (with_sealing_keys(&good).replace(A, ""), KeyringError::IndexKey),
            (with_sealing_keys(""), KeyringError::NoSealingKey),
            (with_sealing_keys(&too_many), KeyringError::TooManySealingKeys),
            (with_sealing_keys(&entry("", B)), KeyringError::KeyId { position: 0 }),
            (with_sealing_keys(&[&good, &*entry("b/c", C)].join(",")), KeyringError::KeyId { position: 1 }),
            (with_sealing_keys(&entry("a", &format!("{B}="))), KeyringError::SealingKey { position: 0 }),
            (with_sealing_keys(&entry("a", &B[..22])), KeyringError::SealingKey { position: 0 }),
            (
                with_sealing_keys(&[&good, &*entry("a", C)].join(",")),
                KeyringError::DuplicateId { position: 1 },
            ),
            (
                with_sealing_keys(&[&good, &*entry("b", B)].join(",")),
                KeyringError::DuplicateKey { position: 1 },
            ),
            (with_sealing_keys(&entry("a", A)), KeyringError::DuplicateKey { position: 0 }),
            (with_sealing_keys(&" ".repeat(MAX_KEYRING_BYTES)), KeyringError::TooLarge),
        ] {
            assert_eq!(refusal(&json), expected);
        }
    }
}
