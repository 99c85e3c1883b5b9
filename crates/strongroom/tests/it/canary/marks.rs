//! The marks, in every spelling that careless code may have written them in.

use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value as Json;

use super::{
    KEY_NAME, PERSON, PRIVATE_KEY, PRIVATE_NUMBER, PRIVATE_VALUE, PUBLIC_KEY, PUBLIC_VALUE, STRAY, hex, text,
};
use crate::support::World;

/// The bytes of a piece: long enough that none is found by chance, and no longer than the shortest mark.
const PIECE_BYTES: usize = 15;

/// What is searched for: each mark in every spelling, cut into pieces, so that most of a mark is found like the whole.
pub(super) struct Marks(HashMap<Vec<u8>, &'static str>);

impl Marks {
    /// Those that are the same in every test.
    pub(super) fn of_texts() -> Self {
        let mut marks = Self(HashMap::new());
        for (name, mark) in [
            ("private value", PRIVATE_VALUE),
            ("private number", PRIVATE_NUMBER),
            ("public value", PUBLIC_VALUE),
            ("public key", PUBLIC_KEY),
            ("private key", PRIVATE_KEY),
            ("person", PERSON),
            ("stray", STRAY),
            ("key name", KEY_NAME),
        ] {
            marks.add(name, mark);
        }
        marks
    }

    /// And the tokens that were sent and issued, and the secrets in the configuration.
    pub(super) fn of_this_test(world: &World, token: &str, issued: &[Json]) -> Self {
        let mut marks = Self::of_texts();
        marks.add_token("token", token);
        for answer in issued {
            marks.add_token("own token", text(&answer["access_token"]));
            marks.add_token("own token", text(&answer["refresh_token"]));
            let payload = text(&answer["access_token"]).split('.').nth(1).unwrap();
            let claims: Json = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
            marks.add("own person", text(&claims["sub"]));
            // The session, which stands in no answer but as a part of its tokens.
            marks.add("own token", text(&claims["fid"]));
            if let Some(sid) = claims["sid"].as_str() {
                marks.add("credential", sid);
                marks.add("credential", URL_SAFE_NO_PAD.decode(sid).unwrap());
            }
        }
        let read = |name| std::fs::read(world.path(name)).unwrap();
        marks.add("issuer's secret", read("issuer.secret"));
        marks.add_keys("keyring", &read("keyring.json"));
        marks.add_keys("signing keys", &read("signing.json"));
        marks
    }

    pub(super) fn add(&mut self, name: &'static str, mark: impl AsRef<[u8]>) {
        for spelling in spellings(mark.as_ref()) {
            for piece in spelling.chunks_exact(PIECE_BYTES) {
                self.0.entry(piece.to_vec()).or_insert(name);
            }
        }
    }

    /// A token's claims and signature; its header is the same for all.
    pub(super) fn add_token(&mut self, name: &'static str, token: &str) {
        let (_, claims_and_signature) = token.split_once('.').unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        self.add(name, claims_and_signature);
        self.add(name, signature);
        self.add(name, URL_SAFE_NO_PAD.decode(signature).unwrap());
    }

    /// Every key of a key file, as text and as bytes: 43 characters of base64url are 32 bytes.
    pub(super) fn add_keys(&mut self, name: &'static str, file: &[u8]) {
        let file = std::str::from_utf8(file).unwrap();
        let keys: Vec<_> = file.split('"').filter(|text| text.len() == 43).collect();
        assert!(!keys.is_empty());
        for key in keys {
            self.add(name, key);
            self.add(name, URL_SAFE_NO_PAD.decode(key).unwrap());
        }
    }

    pub(super) fn found_in(&self, bytes: &[u8]) -> BTreeSet<&'static str> {
        bytes.windows(PIECE_BYTES).filter_map(|piece| self.0.get(piece).copied()).collect()
    }
}

/// A mark as it is, and as careless code may have written it: in UTF-16, hexadecimal, base64 (each of three alignments), as
/// a list of numbers.
fn spellings(mark: &[u8]) -> Vec<Vec<u8>> {
    let utf_16 = mark.iter().flat_map(|byte| [*byte, 0]).collect();
    let list = format!("{mark:?}");
    let (hex, list) = (hex(mark), list.trim_matches(['[', ']']));
    let mut spellings =
        vec![mark.to_vec(), utf_16, hex.to_uppercase().into(), hex.into(), list.as_bytes().to_vec()];
    for shift in 0..3 {
        let inner = &mark[shift..];
        spellings.push(STANDARD_NO_PAD.encode(&inner[..inner.len() / 3 * 3]).into_bytes());
    }
    spellings
}
