//! Nothing that can be printed prints a key, in any of the forms a key can take.

use strongroom_ports::{Randomness, Timestamp};
use strongroom_seal::{EnvelopeSealer, Keyring, SystemRandomness};

/// Gives 0xc1, 0xc2, … in turn, so that each key is recognisable.
#[derive(Debug, Default)]
struct Marks(std::sync::atomic::AtomicU8);

impl Randomness for Marks {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0xc1 + self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    }
}

#[test]
fn no_debug_prints_key_material() {
    let keyring = Keyring::generate(&Marks::default(), Timestamp::from_secs(0));
    let json = String::from_utf8(keyring.to_json().to_vec()).unwrap();
    let mut prints = vec![
        format!("{keyring:?} {keyring:#?}"),
        format!("{:?}", keyring.key_checks()),
        format!("{:?}", keyring.to_json()),
        format!("{SystemRandomness:?}"),
    ];
    let values = keyring.key_checks().into_iter().map(|check| check.value);
    let mut forms: Vec<String> = values.flat_map(|value| forms_of(&value)).collect();
    // Drawn in this order: the index key, the suffix of the id, the sealing key.
    for key in [[0xc1; 32], [0xc3; 32]] {
        forms.extend(forms_of(&key));
    }
    let sealer = EnvelopeSealer::new(keyring).unwrap();
    prints.push(format!("{sealer:?} {sealer:#?}"));

    // "wcHB…" is c1 c1 c1 … in base64url: the forms are those that the file really has.
    assert!(json.contains("wcHB") && forms.iter().any(|form| form == "wcHB"));
    for print in prints {
        assert!(!forms.iter().any(|form| print.contains(form.as_str())), "{print}");
    }
}

/// The beginning of a key as hexadecimal, as a list of numbers, and in base64url.
fn forms_of(key: &[u8; 32]) -> Vec<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hex = format!("{:08x}", u32::from_be_bytes([key[0], key[1], key[2], key[3]]));
    let list = format!("{}, {}, {}", key[0], key[1], key[2]);
    let word = u32::from_be_bytes([0, key[0], key[1], key[2]]);
    let base64 = [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(word >> shift) as usize & 63]));
    vec![hex, list, base64.iter().collect()]
}
