//! The bytes of a key: on the heap, so that a move leaves no copy, and overwritten when dropped.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_ports::Randomness;
use zeroize::{Zeroize, Zeroizing};

/// The length of every key here: AES-256, and HMAC-SHA256 at full strength.
pub(crate) const KEY_BYTES: usize = 32;

/// The length of a key in base64url without padding (RFC 4648, section 5).
pub(crate) const KEY_TEXT_BYTES: usize = 43;

/// Thirty-two secret bytes.
pub(crate) struct KeyMaterial(Box<[u8; KEY_BYTES]>);

impl KeyMaterial {
    /// A new random key.
    pub(crate) fn random(randomness: &dyn Randomness) -> Self {
        let mut key = Self(Box::new([0; KEY_BYTES]));
        randomness.fill(key.0.as_mut_slice());
        key
    }

    /// Reads a key from base64url; `None` for anything but the one form that [`text`](Self::text) writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != KEY_TEXT_BYTES {
            return None;
        }
        let mut key = Self(Box::new([0; KEY_BYTES]));
        let decoded = URL_SAFE_NO_PAD.decode_slice(text, key.0.as_mut_slice());
        (decoded == Ok(KEY_BYTES)).then_some(key)
    }

    /// The key in base64url.
    pub(crate) fn text(&self) -> Zeroizing<[u8; KEY_TEXT_BYTES]> {
        let mut text = Zeroizing::new([0; KEY_TEXT_BYTES]);
        // The buffer has exactly the length of the text: there is nothing to fail.
        let _ = URL_SAFE_NO_PAD.encode_slice(self.0.as_slice(), text.as_mut_slice());
        text
    }

    /// The bytes, for preparing a cipher.
    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The key, prepared for HMAC-SHA256.
    pub(crate) fn hmac_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice())
    }

    /// Whether two keys are the same, in constant time.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(self.0.as_slice(), other.0.as_slice()).is_ok()
    }
}

impl Drop for KeyMaterial {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Printed by its kind alone.
impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaterial")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system_randomness::SystemRandomness;

    #[test]
    fn a_key_reads_back_from_its_text() {
        let key = KeyMaterial::random(&SystemRandomness);
        let text = String::from_utf8(key.text().to_vec()).unwrap();
        assert!(KeyMaterial::parse(&text).unwrap().is_same_as(&key));
        assert!(!KeyMaterial::random(&SystemRandomness).is_same_as(&key));
    }

    #[test]
    fn a_key_has_one_form_of_text() {
        let good = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        assert!(KeyMaterial::parse(good).is_some());
        let (short, long) = (&good[..42], format!("{good}A"));
        let (padded, trailing_bits) = (format!("{good}="), good.replace("Hh8", "Hh9"));
        let (standard_alphabet, spaced) = (good.replace("AAEC", "+/EC"), good.replace("AAEC", "AA C"));
        for bad in ["", short, &long, &padded, &trailing_bits, &standard_alphabet, &spaced] {
            assert!(KeyMaterial::parse(bad).is_none(), "{bad}");
        }
    }
}
