//! What every [`Sealer`] must do.

use std::collections::BTreeSet;

use strongroom_domain::Revision;
use strongroom_ports::{BoxContext, BoxKind, Caller, CredentialId, SealError, Sealer, Subject};

use super::granted;
use crate::sample;

const KINDS: [BoxKind; 5] =
    [BoxKind::Public, BoxKind::Private, BoxKind::Event, BoxKind::Credential, BoxKind::Mail];
/// Plaintexts of these lengths are sealed: none, around likely steps, and a full part.
const LENGTHS_BYTES: [usize; 9] = [0, 1, 63, 64, 65, 255, 256, 1_000, 65_536];
/// Of so many lengths in a row, a box may tell no more than one in sixteen apart.
const LENGTHS_IN_A_ROW: usize = 1_024;

/// Runs every rule of [`Sealer`] that a stand-in can keep as well; [`sealer_secrecy`] has the rest.
///
/// # Panics
///
/// At the first rule that the sealer breaks.
pub fn sealer(sealer: &dyn Sealer) {
    a_record_id_belongs_to_one_person_of_one_tenant_for_ever(sealer);
    a_pseudonym_belongs_to_one_subject_for_ever(sealer);
    a_box_opens_in_its_own_place(sealer);
    a_box_opens_in_no_other_place(sealer);
    a_box_opens_under_no_other_key(sealer);
    a_box_cut_off_or_changed_does_not_open(sealer);
    a_key_cut_off_or_changed_opens_nothing(sealer);
    lengths_show_in_steps_only(sealer);
}

/// Runs the rules that only a cipher can keep.
///
/// # Panics
///
/// At the first rule that the sealer breaks.
pub fn sealer_secrecy(sealer: &dyn Sealer) {
    let (key, place) = new_place(sealer);
    let plaintext = b"a plaintext that nobody but its owner may read";
    let closed = granted("a box is sealed", sealer.seal(&key, &place, plaintext));
    for part in plaintext.windows(8) {
        assert!(!closed.windows(8).any(|window| window == part), "a box shows nothing of its plaintext");
    }
    let again = granted("a box is sealed", sealer.seal(&key, &place, plaintext));
    assert_ne!(closed, again, "two boxes of one plaintext do not look alike");
    let keys: BTreeSet<_> = (0..8).map(|_| new_key(sealer, &place)).collect();
    assert_eq!(keys.len(), 8, "no two keys are alike");
}

fn a_record_id_belongs_to_one_person_of_one_tenant_for_ever(sealer: &dyn Sealer) {
    let of = |tenant: &str, person: &str| {
        sealer.record_id(&Caller { tenant: sample::tenant(tenant), person: sample::person(person) })
    };
    let ids =
        [of("a.example", "jane"), of("b.example", "jane"), of("a.example", "Jane"), of("a.exampl", "ejane")];
    assert_eq!(BTreeSet::from(ids).len(), ids.len(), "another person, or another tenant, is another record");
    assert_eq!(ids[0], of("a.example", "jane"), "a person's record id is the same for ever");
}

fn a_pseudonym_belongs_to_one_subject_for_ever(sealer: &dyn Sealer) {
    let (one, other) = (sample::tenant("a.example"), sample::tenant("b.example"));
    let id = |bytes: &[u8]| CredentialId::new(bytes).unwrap_or_else(|| unreachable!("it has bytes"));
    let (jane, john) = (sample::record_id("jane"), sample::record_id("john"));
    let credential = |tenant, bytes: &[u8]| sealer.pseudonym(&Subject::Credential { tenant, id: &id(bytes) });
    let address = |tenant, address| sealer.pseudonym(&Subject::Address { tenant, address });
    let (there, elsewhere) = (address(&one, "jane@a.example"), address(&other, "jane@a.example"));
    let code = |owner, address, code| sealer.pseudonym(&Subject::Code { owner, address, code });
    let all = [
        credential(&one, b"jane@a.example"),
        credential(&other, b"jane@a.example"),
        credential(&one, b"jane@a.exampl"),
        there,
        elsewhere,
        address(&one, "john@a.example"),
        code(&jane, &there, "123456"),
        code(&john, &there, "123456"),
        code(&jane, &elsewhere, "123456"),
        code(&jane, &there, "123457"),
    ];
    assert_eq!(BTreeSet::from(all).len(), all.len(), "another subject has another pseudonym");
    assert_eq!(all[0], credential(&one, b"jane@a.example"), "a pseudonym is the same for ever");
}

fn a_box_opens_in_its_own_place(sealer: &dyn Sealer) {
    for kind in KINDS {
        let (key, place) = new_place(sealer);
        let place = BoxContext { kind, ..place };
        for length in LENGTHS_BYTES {
            let plaintext: Vec<u8> = (0..=255).cycle().take(length).collect();
            let closed = granted("a box is sealed", sealer.seal(&key, &place, &plaintext));
            let opened = granted("a box opens in its own place", sealer.open(&key, &place, &closed));
            assert!(opened.as_bytes() == plaintext, "{length} bytes come out of a box as they went in");
        }
    }
}

fn a_box_opens_in_no_other_place(sealer: &dyn Sealer) {
    for kind in KINDS {
        let (key, place) = new_place(sealer);
        let place = BoxContext { kind, ..place };
        let closed = granted("a box is sealed", sealer.seal(&key, &place, b"in its place"));
        let generation = sample::fresh_generation();
        let elsewhere = [
            ("another record", BoxContext { record: sample::record_id("elsewhere"), ..place }),
            ("another generation", at(place, Revision { generation, ..place.revision })),
            ("the version after", at(place, place.revision.next())),
            (
                "the version before",
                at(place, Revision { version: place.revision.version - 1, ..place.revision }),
            ),
        ];
        let kinds = KINDS.into_iter().filter(|other| *other != kind);
        let other_kinds = kinds.map(|kind| ("another kind", BoxContext { kind, ..place }));
        for (why, other) in elsewhere.into_iter().chain(other_kinds) {
            let opened = sealer.open(&key, &other, &closed);
            assert_eq!(opened.err(), Some(SealError::Refused), "a {kind:?} box refuses {why}");
        }
    }
}

fn a_box_opens_under_no_other_key(sealer: &dyn Sealer) {
    let (key, place) = new_place(sealer);
    let closed = granted("a box is sealed", sealer.seal(&key, &place, b"under its key"));
    let sibling = new_key(sealer, &place);
    let opened = sealer.open(&sibling, &place, &closed);
    assert_eq!(opened.err(), Some(SealError::Refused), "a box refuses another key of its own place");
    let (foreign, elsewhere) = new_place(sealer);
    let opened = sealer.open(&foreign, &place, &closed);
    assert_eq!(opened.err(), Some(SealError::Refused), "a box refuses the key of another place");
    let closed = sealer.seal(&key, &elsewhere, b"under another's key");
    assert_eq!(closed.err(), Some(SealError::Refused), "a key seals in its own place only");
}

fn a_box_cut_off_or_changed_does_not_open(sealer: &dyn Sealer) {
    let (key, place) = new_place(sealer);
    let closed = granted("a box is sealed", sealer.seal(&key, &place, b"whole"));
    for length in 0..closed.len() {
        let opened = sealer.open(&key, &place, &closed[..length]);
        assert_eq!(opened.err(), Some(SealError::Refused), "a box cut off at byte {length} does not open");
    }
    for at in 0..closed.len() {
        let mut changed = Vec::from(&closed[..]);
        changed[at] ^= 1;
        let opened = sealer.open(&key, &place, &changed);
        assert_eq!(opened.err(), Some(SealError::Refused), "a box changed at byte {at} does not open");
    }
    let longer = [&closed[..], &[0]].concat();
    let opened = sealer.open(&key, &place, &longer);
    assert_eq!(opened.err(), Some(SealError::Refused), "a box with a byte more does not open");
}

/// A change may hit the name of the operator's key, which is then unknown: any error will do.
fn a_key_cut_off_or_changed_opens_nothing(sealer: &dyn Sealer) {
    let (key, place) = new_place(sealer);
    let closed = granted("a box is sealed", sealer.seal(&key, &place, b"whole"));
    for at in 0..key.len() {
        let cut = &key[..at];
        let mut changed = key.clone();
        changed[at] ^= 1;
        for (how, broken) in [("cut off", cut), ("changed", &changed)] {
            let opened = sealer.open(broken, &place, &closed);
            assert!(opened.is_err(), "a wrapped key {how} at byte {at} opens nothing");
            let resealed = sealer.seal(broken, &place, b"");
            assert!(resealed.is_err(), "a wrapped key {how} at byte {at} seals nothing");
        }
    }
}

fn lengths_show_in_steps_only(sealer: &dyn Sealer) {
    let (key, place) = new_place(sealer);
    let plaintext = vec![b'x'; LENGTHS_IN_A_ROW];
    let lengths: BTreeSet<_> = (0..LENGTHS_IN_A_ROW)
        .map(|length| granted("a box is sealed", sealer.seal(&key, &place, &plaintext[..length])).len())
        .collect();
    let told = lengths.len();
    assert!(told <= LENGTHS_IN_A_ROW / 16, "{LENGTHS_IN_A_ROW} lengths show as {told}: in steps only");
}

/// A key and a place of a record nobody else has; its version has one before it.
fn new_place(sealer: &dyn Sealer) -> (Vec<u8>, BoxContext) {
    let revision = Revision::first(sample::fresh_generation()).next();
    let place = BoxContext { record: sample::record_id("sealer"), revision, kind: BoxKind::Public };
    (new_key(sealer, &place), place)
}

fn new_key(sealer: &dyn Sealer, place: &BoxContext) -> Vec<u8> {
    granted("a key is made", sealer.new_key(&place.record, place.revision.generation)).to_vec()
}

fn at(place: BoxContext, revision: Revision) -> BoxContext {
    BoxContext { revision, ..place }
}
