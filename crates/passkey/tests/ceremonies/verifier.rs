//! Verifiers: what was kept by an earlier version opens for ever, and what is none opens nothing.

use serde_json::{Value, json};
use strongroom_ports::{CeremonyError, CredentialId, MadePasskey, PasskeyCeremonies, PasskeyNames};

use crate::forge::{Answer, Key};
use crate::world::{Passkey, World};

/// Version 1, of the credentials `fixture-1` and `fixture-2`, whose private keys are below. Never change them.
const ES256_V1: &str = include_str!("../fixtures/verifier-v1.json");
const ES256_PRIVATE_KEY: [u8; 32] = [7; 32];
const RS256_V1: &str = include_str!("../fixtures/verifier-v1-rs256.json");
const RS256_PRIVATE_KEY: &str = include_str!("../fixtures/rs256-private-key.txt");

/// A change of a verifier.
type Change = fn(&mut Value);

/// The passkey of a fixture.
fn fixture(mut key: Key, id: &[u8], verifier: &'static str) -> Passkey {
    key.id = id.to_vec();
    let verifier = verifier.trim_end();
    let id = CredentialId::new(id).unwrap();
    let made = MadePasskey { id, verifier: verifier.into(), names: PasskeyNames::default() };
    let handle: Value = serde_json::from_str(verifier).unwrap();
    Passkey { key, made, handle: handle["handle"].as_str().unwrap().to_owned() }
}

#[test]
fn a_verifier_of_version_1_opens_for_ever() {
    let world = World::new();
    let point = world.ceremonies.verification_point(ES256_V1.trim_end().as_bytes()).unwrap();
    let es256 = Key::es256_of(&ES256_PRIVATE_KEY, &[&[4], &point.x[..], &point.y].concat());
    let rs256 = Key::rs256_of(RS256_PRIVATE_KEY.trim_end());
    for mut passkey in [fixture(es256, b"fixture-1", ES256_V1), fixture(rs256, b"fixture-2", RS256_V1)] {
        assert!(world.sign_in(&mut passkey, |answer| answer.counter = 42).unwrap().is_some(), "it has 41");
        let back = world.sign_in(&mut passkey, |answer| answer.counter = 41);
        assert_eq!(back.err(), Some(CeremonyError::Refused), "its counter is read");
    }
}

#[test]
fn what_is_written_today_is_of_version_1() {
    let world = World::new();
    let shape =
        |value: &Value| value.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
    for (key, fixture) in [(Key::es256(), ES256_V1), (Key::rs256(), RS256_V1)] {
        let passkey = world.register_key(key, |_| ()).unwrap();
        let written: Value = serde_json::from_slice(&passkey.made.verifier).unwrap();
        let fixture: Value = serde_json::from_str(fixture).unwrap();
        assert_eq!((shape(&written), &written["v"]), (shape(&fixture), &json!(1)));
        assert_eq!(shape(&written["key"]), shape(&fixture["key"]));
    }
}

#[test]
fn a_verifier_of_another_version_or_form_is_refused() {
    let world = World::new();
    let fixture: Value = serde_json::from_str(ES256_V1).unwrap();
    let changes: [(&str, Change); 9] = [
        ("the next version", |verifier| verifier["v"] = json!(2)),
        ("version 0", |verifier| verifier["v"] = json!(0)),
        ("a version too large", |verifier| verifier["v"] = json!(257)),
        ("no version", |verifier| verifier["v"] = json!(null)),
        ("another member", |verifier| verifier["more"] = json!(1)),
        ("another algorithm", |verifier| verifier["key"]["alg"] = json!("none")),
        ("a short coordinate", |verifier| verifier["key"]["x"] = json!("AAAA")),
        ("a short handle", |verifier| verifier["handle"] = json!("AAAA")),
        ("no id", |verifier| verifier["id"] = json!("")),
    ];
    let mut texts =
        vec![("nothing", String::new()), ("a list", "[1]".to_owned()), ("null", "null".to_owned())];
    texts.extend(changes.map(|(what, change)| {
        let mut verifier = fixture.clone();
        change(&mut verifier);
        (what, verifier.to_string())
    }));
    texts.push(("white space beyond 4 KiB", format!("{ES256_V1}{}", " ".repeat(4096))));
    for (what, text) in texts {
        let passkey = world.registered();
        let shown = Answer::to_request(&world.request_options(), &passkey.handle).shown(&passkey.key);
        let assertion = world.ceremonies.take_assertion(&world.tenant, &shown).unwrap();
        assert_eq!(assertion.verify(text.as_bytes()), Err(CeremonyError::Refused), "{what}");
        assert_eq!(world.ceremonies.verification_point(text.as_bytes()), None, "{what}");
    }
}

#[test]
fn a_verifier_tells_the_point_of_its_key() {
    let world = World::new();
    let passkey = world.registered();
    let point = world.ceremonies.verification_point(&passkey.made.verifier).unwrap();
    assert_eq!((point.x, point.y), passkey.key.coordinates());
}
