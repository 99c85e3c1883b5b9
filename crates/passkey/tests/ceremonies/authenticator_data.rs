//! What the authenticator says and signs: each rule for both kinds of ceremony, where both have it.

use strongroom_ports::CeremonyError;

use crate::forge::{Answer, BACKED_UP, BACKUP_ELIGIBLE, EXTENSIONS, Key, PRESENT, VERIFIED, altered};
use crate::world::World;

const REFUSED: Option<CeremonyError> = Some(CeremonyError::Refused);

/// A change of bytes.
type Alteration = fn(&mut Vec<u8>);

/// How a registration and a sign-in end after one and the same lie.
fn both(lie: impl Fn(&mut Answer)) -> [Option<CeremonyError>; 2] {
    let world = World::new();
    let mut passkey = world.registered();
    [world.register(&lie).err(), world.sign_in(&mut passkey, &lie).err()]
}

#[test]
fn the_rp_id_is_the_tenant_s() {
    for rp_id in ["shop.example", "app.localhost", "LOCALHOST", "localhost.", "http://localhost:8080", ""] {
        assert_eq!(both(|answer| answer.rp_id = rp_id.to_owned()), [REFUSED; 2], "{rp_id:?}");
    }
    assert_eq!(both(|answer| answer.rp_id = "localhost".to_owned()), [None; 2]);
}

#[test]
fn the_person_was_present_and_verified() {
    for missing in [PRESENT, VERIFIED, PRESENT | VERIFIED] {
        assert_eq!(both(|answer| answer.flags &= !missing), [REFUSED; 2], "without {missing:#04x}");
    }
}

#[test]
fn what_is_backed_up_may_be_backed_up() {
    let outcome = both(|answer| answer.flags = (answer.flags & !BACKUP_ELIGIBLE) | BACKED_UP);
    assert_eq!(outcome, [REFUSED; 2]);
    let world = World::new();
    let mut passkey = world.register(|answer| answer.flags &= !(BACKUP_ELIGIBLE | BACKED_UP)).unwrap();
    let alone = world.sign_in(&mut passkey, |answer| answer.flags = PRESENT | VERIFIED | BACKED_UP);
    assert_eq!(alone.err(), REFUSED);
}

#[test]
fn whether_a_passkey_may_be_backed_up_never_changes() {
    let world = World::new();
    let mut bound = world.register(|answer| answer.flags &= !(BACKUP_ELIGIBLE | BACKED_UP)).unwrap();
    assert_eq!(world.sign_in(&mut bound, |answer| answer.flags = PRESENT | VERIFIED).err(), None);
    let upgraded = world.sign_in(&mut bound, |answer| answer.flags = PRESENT | VERIFIED | BACKUP_ELIGIBLE);
    assert_eq!(upgraded.err(), REFUSED);
    let mut synced = world.registered();
    let bound = world.sign_in(&mut synced, |answer| answer.flags = PRESENT | VERIFIED);
    assert_eq!(bound.err(), REFUSED);
}

#[test]
fn whether_a_passkey_is_backed_up_may_change_and_is_kept() {
    let world = World::new();
    let mut passkey = world.register(|answer| answer.flags &= !BACKED_UP).unwrap();
    let not_yet = |answer: &mut Answer| answer.flags &= !BACKED_UP;
    assert_eq!(world.sign_in(&mut passkey, not_yet), Ok(None));
    assert!(world.sign_in(&mut passkey, |_| ()).unwrap().is_some(), "it is backed up now");
    assert_eq!(world.sign_in(&mut passkey, |_| ()), Ok(None));
    assert!(world.sign_in(&mut passkey, not_yet).unwrap().is_some(), "it is not any more");
}

#[test]
fn a_counter_that_stays_at_zero_is_legal() {
    let world = World::new();
    let mut passkey = world.registered();
    for _ in 0..3 {
        assert_eq!(world.sign_in(&mut passkey, |_| ()), Ok(None), "nothing has changed");
    }
}

#[test]
fn a_counter_that_counts_goes_up_and_never_stays_or_goes_back() {
    let world = World::new();
    let mut passkey = world.register(|answer| answer.counter = 7).unwrap();
    for (counter, ends) in [
        (7, REFUSED),
        (6, REFUSED),
        (0, REFUSED),
        (8, None),
        (8, REFUSED),
        (7, REFUSED),
        (u32::MAX, None),
        (u32::MAX, REFUSED),
        (0, REFUSED),
        (1, REFUSED),
    ] {
        let outcome = world.sign_in(&mut passkey, |answer| answer.counter = counter);
        assert_eq!(outcome.err(), ends, "{counter}");
    }
}

#[test]
fn a_counter_may_begin_to_count() {
    let world = World::new();
    let mut passkey = world.registered();
    assert!(world.sign_in(&mut passkey, |answer| answer.counter = 5).unwrap().is_some());
    assert_eq!(world.sign_in(&mut passkey, |_| ()).err(), REFUSED);
}

#[test]
fn extensions_that_an_authenticator_adds_are_accepted() {
    // {"credProtect": 2}; {"hmac-secret": true} or, signing in, 32 bytes.
    let protected = [&[0xa1, 0x6b], &b"credProtect"[..], &[0x02]].concat();
    let world = World::new();
    let mut passkey = world
        .register(|answer| {
            answer.flags |= EXTENSIONS;
            answer.extensions = protected;
        })
        .unwrap();
    let outcome = world.sign_in(&mut passkey, |answer| {
        answer.flags |= EXTENSIONS;
        answer.extensions = [&[0xa1, 0x6b], &b"hmac-secret"[..], &[0x58, 32], &[7; 32]].concat();
    });
    assert_eq!(outcome, Ok(None));
}

#[test]
fn what_was_altered_after_it_was_signed_is_refused() {
    let world = World::new();
    let mut passkey = world.registered();
    world.sign_in(&mut passkey, |_| ()).unwrap();
    let alterations: [(&str, &str, Alteration); 8] = [
        ("the rpId", "authenticatorData", |data| data[0] ^= 1),
        ("a flag", "authenticatorData", |data| data[32] ^= BACKED_UP),
        ("an unknown flag", "authenticatorData", |data| data[32] ^= 0x02),
        ("the counter", "authenticatorData", |data| data[36] ^= 1),
        ("the data's length", "authenticatorData", |data| data.push(0)),
        ("the client data", "clientDataJSON", |data| data.push(b' ')),
        ("the signature", "signature", |data| *data.last_mut().unwrap() ^= 1),
        ("all of the signature", "signature", Vec::clear),
    ];
    for (what, member, alter) in alterations {
        let answer = Answer::to_request(&world.request_options(), &passkey.handle);
        let shown = altered(&answer.shown(&passkey.key), member, alter);
        assert_eq!(world.verify(&passkey, &shown).err(), REFUSED, "{what}");
    }
}

#[test]
fn another_s_signature_is_refused() {
    let world = World::new();
    let (passkey, thief) = (world.registered(), Key::es256());
    let mut answer = Answer::to_request(&world.request_options(), &passkey.handle);
    answer.id = Some(passkey.key.id.clone());
    assert_eq!(world.verify(&passkey, &answer.shown(&thief)).err(), REFUSED);
}

#[test]
fn a_verifier_verifies_its_own_credential_alone() {
    let world = World::new();
    let (passkey, other) = (world.registered(), world.registered());
    let mut answer = Answer::to_request(&world.request_options(), &passkey.handle);
    answer.user_handle = None;
    answer.id = Some(other.key.id.clone());
    assert_eq!(world.verify(&passkey, &answer.shown(&passkey.key)).err(), REFUSED);
}
