//! Sealed boxes, wrapped keys and the keyring: what was sealed opens in its own place and unchanged, and nothing else does.
//!
//! The first line of an input names, by its first letter, what the rest is: a box (`box`) or a wrapped key (`wrapped`) of
//! the input's own; edits of a good box (`edits`), of a good wrapped key (`unwrap`), or of the place they are opened in
//! (`place`); a plaintext (`seal`); a keyring (`keyring`).

use std::cell::OnceCell;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_domain::{Generation, Revision};
use strongroom_ports::{BoxContext, BoxKind, RecordId, SealError, Sealer};
use strongroom_seal::{EnvelopeSealer, Keyring};

use crate::edits::edited;
use crate::keyring_model;

/// The index key `00 01 … 1f`, and the sealing key `a`, `20 21 … 3f`.
const KEYRING: &[u8] = br#"{"version":1,"index_key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "sealing_keys":[{"id":"a","key":"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"}]}"#;
const PLAINTEXT: &[u8] = br#"{"language":"en"}"#;
/// A key that was wrapped by this keyring, and a box under it, both for the place of zeros: what was sealed once must open
/// in every later build.
const WRAPPED: &str = "AQFhzK8n7VsPC1Ic3Wnym3cnGp84bNaS6rjfu9Dda5WPVHvsypYCXfNT6tILyCh0KnXsWyaeV5ua5buum2vK";
const SEALED: &str = "\
    AbMKHuOhpMJNYBJ9_510utHXMkKwRzD9v93KfkgGjDEkLtMUc4OB_JUVfUJeEYCVY_dPfs-lKPg3DwWF20V73FzwYsWDumlZjh3s\
    XccwF8TI7l99X-rzAItCoUE-_jjsUxaWwuZm6YauAzwHSvA7YU4HqTmOdzoBvS-FLsCNzU4cRZD51cTvTo2wXX0BgshRkekig2wL\
    nMuWQ17edbu0KJcEmWDXJwWlBuO7ajCEEAhhMhX7gX2uTthBaro1S23vWkKx8J0bHYds9mblZ62eKP5Tmty9LrNjkOtvJrL_eXGn\
    wdOIjvEqvcACe7j6Mj0DXWRewzILbBkq9vF43_QQXDi6kIgd_cMSS0dxwCv5YyaDc1B9qSleee4vw0Ip";
/// What a box is longer than what is in it: a format byte, a nonce and a tag.
const BOX_OVERHEAD_BYTES: usize = 1 + 12 + 16;
/// No box is shorter inside.
const MIN_PADDED_BYTES: usize = 256;
/// The bytes that say where a box belongs: record, generation, version and kind.
const PLACE_BYTES: usize = 32 + 16 + 8 + 1;

thread_local! {
    static SAFE: OnceCell<Option<Safe>> = const { OnceCell::new() };
}

/// One box, its key, and whoever opens it.
struct Safe {
    sealer: EnvelopeSealer,
    wrapped: Vec<u8>,
    sealed: Vec<u8>,
}

impl Safe {
    fn new() -> Option<Self> {
        let sealer = EnvelopeSealer::new(Keyring::parse(KEYRING).ok()?).ok()?;
        let decoded = |text| URL_SAFE_NO_PAD.decode(text).ok();
        Some(Self { sealer, wrapped: decoded(WRAPPED)?, sealed: decoded(SEALED)? })
    }

    /// Whether it opens; if so, to the plaintext and nothing else.
    fn opens(&self, wrapped: &[u8], place: &BoxContext, sealed: &[u8]) -> Result<(), SealError> {
        let opened = self.sealer.open(wrapped, place, sealed)?;
        assert_eq!(opened.as_bytes(), PLAINTEXT, "a box opens to something else");
        Ok(())
    }
}

/// Asserts that sealing keeps its promises for this input; returns what it says, by its kind.
pub(crate) fn check(input: &[u8]) -> String {
    let end = input.iter().position(|b| *b == b'\n').unwrap_or(input.len());
    let rest = input.get(end + 1..).unwrap_or_default();
    if input.first() == Some(&b'k') {
        return keyring(rest).map_or_else(|refusal| refusal, |keys| format!("Ok({keys})"));
    }
    SAFE.with(|safe| match safe.get_or_init(Safe::new) {
        None => unreachable!("keyring, key and box above are what they say"),
        Some(safe) => match input.first() {
            Some(b's') => seal(safe, rest).to_owned(),
            Some(kind) => format!("{:?}", open(safe, *kind, rest)),
            None => "nothing".to_owned(),
        },
    })
}

/// Opens what the input makes of a box, a wrapped key and a place: it opens exactly when all three are the good ones.
fn open(safe: &Safe, kind: u8, rest: &[u8]) -> Result<(), SealError> {
    let (mut wrapped, mut where_at, mut sealed) =
        (safe.wrapped.clone(), vec![0; PLACE_BYTES], safe.sealed.clone());
    match kind {
        b'b' => sealed = rest.to_vec(),
        b'w' => wrapped = rest.to_vec(),
        b'e' => sealed = edited(&sealed, rest),
        b'u' => wrapped = edited(&wrapped, rest),
        _ => where_at = edited(&where_at, rest),
    }
    where_at.resize(PLACE_BYTES, 0);
    let at = place(&where_at);
    let opened = safe.opens(&wrapped, &at, &sealed);
    let is_good = wrapped == safe.wrapped && at == place(&[0; PLACE_BYTES]) && sealed == safe.sealed;
    assert_eq!(opened.is_ok(), is_good, "it opens, or does not, where it should not");
    opened
}

/// What is sealed opens to itself, is no shorter than the least, and shows nothing of itself.
fn seal(safe: &Safe, plaintext: &[u8]) -> &'static str {
    let at = place(&[0; PLACE_BYTES]);
    let sealed = safe.sealer.seal(&safe.wrapped, &at, plaintext);
    let sealed = sealed.unwrap_or_else(|_| unreachable!("a plaintext of an input's length is sealed"));
    let opened = safe.sealer.open(&safe.wrapped, &at, &sealed);
    assert!(opened.is_ok_and(|opened| opened.as_bytes() == plaintext), "a box lost what it holds");

    let padded_bytes = sealed.len() - BOX_OVERHEAD_BYTES;
    let most = MIN_PADDED_BYTES.max(plaintext.len() + 1 + plaintext.len() / 8 + 1);
    assert!(padded_bytes > plaintext.len() && (MIN_PADDED_BYTES..=most).contains(&padded_bytes));
    let is_shown = |window: &[u8]| sealed.windows(window.len()).any(|other| other == window);
    assert!(!plaintext.chunks_exact(16).any(is_shown), "a box shows what it holds");
    "sealed"
}

/// A keyring is read exactly when the second reader reads it, and is written as what is read again.
fn keyring(text: &[u8]) -> Result<usize, String> {
    let read = Keyring::parse(text);
    assert_eq!(read.is_ok(), keyring_model::is_keyring(text), "another opinion what a keyring is");
    let keyring =
        read.map_err(|refusal| format!("{refusal:?}").split(' ').next().unwrap_or_default().to_owned())?;
    let written = keyring.to_json();
    let again = Keyring::parse(&written);
    assert!(again.is_ok_and(|again| {
        *again.to_json() == *written
            && again.key_ids().eq(keyring.key_ids())
            && again.key_checks() == keyring.key_checks()
    }));
    let ids = keyring.key_ids().len();
    assert!(EnvelopeSealer::new(keyring).is_ok(), "a keyring is read and cannot be used");
    Ok(ids)
}

/// The place that these bytes name.
fn place(bytes: &[u8]) -> BoxContext {
    fn field<const N: usize>(bytes: &[u8], range: Range<usize>) -> [u8; N] {
        bytes.get(range).and_then(|field| field.try_into().ok()).unwrap_or([0; N])
    }
    let kinds = [BoxKind::Public, BoxKind::Private, BoxKind::Event, BoxKind::Credential, BoxKind::Mail];
    let kind = bytes.get(56).map_or(0, |kind| usize::from(*kind) % kinds.len());
    BoxContext {
        record: RecordId::from_bytes(field(bytes, 0..32)),
        revision: Revision {
            generation: Generation::from_bytes(field(bytes, 32..48)),
            version: u64::from_be_bytes(field(bytes, 48..56)),
        },
        kind: kinds[kind],
    }
}
