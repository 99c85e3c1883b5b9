//! A box and a wrapped key open in the place they were made for, with the keyring they were made under, and nowhere else.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

use bytes::Bytes;
use strongroom_domain::{ExternalUserId, Generation, Revision};
use strongroom_ports::{BoxContext, BoxKind, Caller, RecordId, SealError, Sealer, TenantId, Timestamp};
use strongroom_seal::{EnvelopeSealer, Keyring, SystemRandomness};

const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);
/// Another second, so that keys made then have other ids for certain.
const LATER: Timestamp = Timestamp::from_secs(1_795_000_001);
const PLAINTEXT: &[u8] = br#"{"language":"fr"}"#;

/// One person's record, one box of each kind in it.
struct Sealed {
    sealer: EnvelopeSealer,
    record: RecordId,
    revision: Revision,
    wrapped_key: Bytes,
}

impl Sealed {
    fn new() -> Self {
        Self::under(EnvelopeSealer::new(Keyring::generate(&SystemRandomness, NOW)).unwrap())
    }

    fn under(sealer: EnvelopeSealer) -> Self {
        let record = record_of(&sealer, "jane");
        let revision = Revision { generation: Generation::from_bytes([9; 16]), version: 41 };
        let wrapped_key = sealer.new_key(&record, revision.generation).unwrap();
        Self { sealer, record, revision, wrapped_key }
    }

    fn context(&self, kind: BoxKind) -> BoxContext {
        BoxContext { record: self.record, revision: self.revision, kind }
    }

    fn seal(&self, kind: BoxKind) -> Bytes {
        self.sealer.seal(&self.wrapped_key, &self.context(kind), PLAINTEXT).unwrap()
    }

    fn open(&self, context: &BoxContext, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.sealer.open(&self.wrapped_key, context, sealed).map(strongroom_ports::Plaintext::into_vec)
    }
}

fn record_of(sealer: &EnvelopeSealer, person: &str) -> RecordId {
    sealer.record_id(&Caller {
        tenant: TenantId::parse("shop.example").unwrap(),
        person: ExternalUserId::parse(person).unwrap(),
    })
}

#[test]
fn a_box_opens_in_its_place() {
    let sealed = Sealed::new();
    for kind in [BoxKind::Public, BoxKind::Private, BoxKind::Event] {
        assert_eq!(sealed.open(&sealed.context(kind), &sealed.seal(kind)).unwrap(), PLAINTEXT);
    }
}

#[test]
fn no_kind_of_box_passes_for_another() {
    let sealed = Sealed::new();
    let kinds = [BoxKind::Public, BoxKind::Private, BoxKind::Event];
    for made_as in kinds {
        let swapped = sealed.seal(made_as);
        for opened_as in kinds.into_iter().filter(|kind| *kind != made_as) {
            assert_eq!(sealed.open(&sealed.context(opened_as), &swapped), Err(SealError::Refused));
        }
    }
}

#[test]
fn a_box_rolled_back_alone_is_refused() {
    let sealed = Sealed::new();
    let old = sealed.seal(BoxKind::Public);
    for version in [0, 40, 42, u64::MAX] {
        let mut context = sealed.context(BoxKind::Public);
        context.revision.version = version;
        assert_eq!(sealed.open(&context, &old), Err(SealError::Refused), "{version}");
    }
}

#[test]
fn a_box_moved_to_another_record_or_generation_is_refused_even_with_its_key() {
    let sealed = Sealed::new();
    let moved = sealed.seal(BoxKind::Public);
    let mut other_record = sealed.context(BoxKind::Public);
    other_record.record = record_of(&sealed.sealer, "joe");
    let mut other_generation = sealed.context(BoxKind::Public);
    other_generation.revision.generation = Generation::from_bytes([8; 16]);
    for context in [other_record, other_generation] {
        // The key does not move, and under the key of the other place the box is noise.
        assert_eq!(sealed.open(&context, &moved), Err(SealError::Refused));
        let key_there = sealed.sealer.new_key(&context.record, context.revision.generation).unwrap();
        assert_eq!(sealed.sealer.open(&key_there, &context, &moved).err(), Some(SealError::Refused));
        // Nor is anything sealed under a key that has moved.
        assert_eq!(sealed.sealer.seal(&sealed.wrapped_key, &context, b"{}"), Err(SealError::Refused));
    }
}

#[test]
fn a_box_under_another_persons_key_is_refused() {
    let sealed = Sealed::new();
    let joe = record_of(&sealed.sealer, "joe");
    let context = BoxContext { record: joe, ..sealed.context(BoxKind::Public) };
    let joes_key = sealed.sealer.new_key(&joe, sealed.revision.generation).unwrap();
    let joes_box = sealed.sealer.seal(&joes_key, &context, PLAINTEXT).unwrap();
    assert_eq!(sealed.open(&sealed.context(BoxKind::Public), &joes_box), Err(SealError::Refused));
}

#[test]
fn a_new_key_for_the_same_place_opens_nothing_of_the_old() {
    let sealed = Sealed::new();
    let context = sealed.context(BoxKind::Public);
    let new_key = sealed.sealer.new_key(&sealed.record, sealed.revision.generation).unwrap();
    let opened = sealed.sealer.open(&new_key, &context, &sealed.seal(BoxKind::Public));
    assert_eq!(opened.err(), Some(SealError::Refused));
}

#[test]
fn a_box_cut_off_at_any_length_or_made_longer_is_refused() {
    let sealed = Sealed::new();
    let context = sealed.context(BoxKind::Public);
    let whole = sealed.seal(BoxKind::Public);
    for length in 0..whole.len() {
        assert_eq!(sealed.open(&context, &whole[..length]), Err(SealError::Refused), "{length}");
    }
    assert_eq!(sealed.open(&context, &[&whole[..], &[0]].concat()), Err(SealError::Refused));
}

#[test]
fn a_box_with_any_bit_changed_is_refused() {
    let sealed = Sealed::new();
    let context = sealed.context(BoxKind::Public);
    let whole = sealed.seal(BoxKind::Public);
    for at in 0..whole.len() * 8 {
        let mut changed = whole.to_vec();
        changed[at / 8] ^= 1 << (at % 8);
        assert_eq!(sealed.open(&context, &changed), Err(SealError::Refused), "bit {at}");
    }
}

#[test]
fn a_wrapped_key_cut_off_or_changed_is_refused() {
    let sealed = Sealed::new();
    let (context, whole) = (sealed.context(BoxKind::Public), sealed.seal(BoxKind::Public));
    let open = |wrapped_key: &[u8]| sealed.sealer.open(wrapped_key, &context, &whole).err();
    for length in 0..sealed.wrapped_key.len() {
        assert_eq!(open(&sealed.wrapped_key[..length]), Some(SealError::Refused), "{length}");
    }
    let id = 2..2 + usize::from(sealed.wrapped_key[1]);
    for at in 0..sealed.wrapped_key.len() * 8 {
        let mut changed = sealed.wrapped_key.to_vec();
        changed[at / 8] ^= 1 << (at % 8);
        let expected = if id.contains(&(at / 8)) { SealError::UnknownKey } else { SealError::Refused };
        assert_eq!(open(&changed), Some(expected), "bit {at}");
    }
}

#[test]
fn a_keyring_without_the_key_says_that_it_lacks_it() {
    let sealed = Sealed::new();
    let stranger = EnvelopeSealer::new(Keyring::generate(&SystemRandomness, LATER)).unwrap();
    let (context, whole) = (sealed.context(BoxKind::Public), sealed.seal(BoxKind::Public));
    assert_eq!(stranger.open(&sealed.wrapped_key, &context, &whole).err(), Some(SealError::UnknownKey));
    assert_eq!(stranger.seal(&sealed.wrapped_key, &context, b"{}"), Err(SealError::UnknownKey));
}

#[test]
fn a_sealing_key_put_first_seals_while_the_old_one_still_opens() {
    let mut keyring = Keyring::generate(&SystemRandomness, NOW);
    let copy = Keyring::parse(&keyring.to_json()).unwrap();
    let old = Sealed::under(EnvelopeSealer::new(copy).unwrap());
    let (context, old_box) = (old.context(BoxKind::Private), old.seal(BoxKind::Private));

    let new_id = keyring.add_sealing_key(&SystemRandomness, LATER).unwrap().to_owned();
    let new = Sealed::under(EnvelopeSealer::new(keyring).unwrap());
    assert_eq!(new.record, old.record);
    assert_eq!(new.sealer.open(&old.wrapped_key, &context, &old_box).unwrap().as_bytes(), PLAINTEXT);
    assert_eq!(&new.wrapped_key[2..2 + new_id.len()], new_id.as_bytes());
    assert_eq!(
        old.sealer.open(&new.wrapped_key, &context, &new.seal(BoxKind::Private)).err(),
        Some(SealError::UnknownKey)
    );
}

#[test]
fn the_length_of_a_box_tells_the_plaintexts_only_in_steps() {
    let sealed = Sealed::new();
    let context = sealed.context(BoxKind::Public);
    let box_bytes = |plaintext_bytes: usize| {
        let plaintext = vec![b'x'; plaintext_bytes];
        let sealed_box = sealed.sealer.seal(&sealed.wrapped_key, &context, &plaintext).unwrap();
        assert_eq!(sealed.open(&context, &sealed_box).unwrap(), plaintext);
        sealed_box.len()
    };
    assert_eq!(box_bytes(0), box_bytes(255));
    assert!(box_bytes(255) < box_bytes(256));
    assert_eq!(box_bytes(60_000), box_bytes(61_000));
}

#[test]
fn one_plaintext_sealed_twice_is_two_boxes() {
    let sealed = Sealed::new();
    let (first, second) = (sealed.seal(BoxKind::Public), sealed.seal(BoxKind::Public));
    let in_common = first[13..].iter().zip(&second[13..]).filter(|(a, b)| a == b).count();
    assert!(in_common < first.len() / 8, "{in_common} of {} bytes", first.len());
}

#[test]
fn a_box_holds_nothing_of_its_plaintext() {
    let sealed = Sealed::new();
    let whole = sealed.seal(BoxKind::Public);
    assert!(!whole.windows(8).any(|window| PLAINTEXT.windows(8).any(|part| part == window)));
}
