//! What browsers post, and what is no credential.

use serde_json::{Value, json};
use strongroom_passkey::MAX_CREDENTIAL_BYTES;
use strongroom_ports::{CeremonyError, PasskeyCeremonies};

use crate::forge::{Answer, Key};
use crate::world::{Passkey, World};

const MALFORMED: Option<CeremonyError> = Some(CeremonyError::Malformed);

/// How a registration and a sign-in end after a change of what is posted.
fn both(change: impl Fn(Value) -> String) -> [Option<CeremonyError>; 2] {
    let world = World::new();
    let Passkey { key, made, handle } = world.registered();
    let shown = Answer::to_request(&world.request_options(), &handle).shown(&key);
    let shown = change(serde_json::from_slice(&shown).unwrap());
    let taken = world.ceremonies.take_assertion(&world.tenant, shown.as_bytes());
    let signed_in = taken.and_then(|assertion| assertion.verify(&made.verifier));
    let new = Answer::to_creation(&world.creation_options()).made(&Key::es256());
    let new = change(serde_json::from_slice(&new).unwrap());
    let registered = world.ceremonies.finish_registration(&world.tenant, new.as_bytes());
    [registered.err(), signed_in.err()]
}

#[test]
fn what_chromium_adds_is_accepted() {
    let outcome = both(|mut posted| {
        posted["authenticatorAttachment"] = json!("platform");
        posted["clientExtensionResults"] = json!({ "credProps": { "rk": true }, "new": [1.5] });
        let response = &mut posted["response"];
        response["transports"] = json!(["hybrid", "internal", "smart-card", "of tomorrow"]);
        response["publicKey"] = json!("AAAA");
        response["publicKeyAlgorithm"] = json!(-7);
        response["attestationObject"] = response.get("attestationObject").cloned().unwrap_or_default();
        if response.get("authenticatorData").is_none() {
            response["authenticatorData"] = json!("AAAA");
        }
        posted.to_string()
    });
    assert_eq!(outcome, [None; 2]);
}

#[test]
fn further_members_are_skipped_whatever_they_are() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for more in [r#""a":1,"a":2"#.to_owned(), r#""":{"a":{}}"#.to_owned(), format!(r#""deep":{deep}"#)] {
        let outcome = both(|posted| posted.to_string().replacen('{', &format!("{{{more},"), 1));
        assert_eq!(outcome, [None; 2], "{more:.20}");
    }
}

#[test]
fn an_id_without_a_raw_id_is_enough_and_a_raw_id_says_the_same() {
    let without = both(|mut posted| {
        posted.as_object_mut().unwrap().remove("rawId");
        posted.to_string()
    });
    assert_eq!(without, [None; 2]);
    let differing = both(|mut posted| {
        posted["rawId"] = json!("AAAA");
        posted.to_string()
    });
    assert_eq!(differing, [MALFORMED; 2]);
}

#[test]
fn padding_is_accepted() {
    let outcome = both(|mut posted| {
        let pad = |text: &mut Value| {
            let padding = (4 - text.as_str().unwrap().len() % 4) % 4;
            *text = json!(format!("{}{}", text.as_str().unwrap(), "=".repeat(padding)));
        };
        pad(&mut posted["id"]);
        posted["response"].as_object_mut().unwrap().values_mut().for_each(pad);
        posted.to_string()
    });
    assert_eq!(outcome, [None; 2]);
}

#[test]
fn what_is_no_credential_is_malformed() {
    let removed = |name: &'static str| {
        move |mut posted: Value| {
            let top = posted.as_object_mut().unwrap();
            top.remove(name);
            top["response"].as_object_mut().map(|response| response.remove(name));
            posted.to_string()
        }
    };
    for name in ["id", "type", "clientDataJSON"] {
        assert_eq!(both(removed(name)), [MALFORMED; 2], "without {name}");
    }
    assert_eq!(both(removed("attestationObject")), [MALFORMED, None]);
    for name in ["authenticatorData", "signature"] {
        assert_eq!(both(removed(name)), [None, MALFORMED], "without {name}");
    }
    for (what, change) in [
        ("id twice", r#"{"id":"AAAA","#),
        ("type twice", r#"{"type":"public-key","#),
        ("response twice", r#"{"response":{},"#),
        ("another thing", "[{"),
        ("a byte order mark", "\u{feff}{"),
    ] {
        assert_eq!(both(|posted| posted.to_string().replacen('{', change, 1)), [MALFORMED; 2], "{what}");
    }
    let other_kind = |mut posted: Value| {
        posted["type"] = json!("password");
        posted.to_string()
    };
    assert_eq!(both(other_kind), [MALFORMED; 2]);
    assert_eq!(both(|posted| format!("{posted} x")), [MALFORMED; 2], "trailing bytes");
}

#[test]
fn a_credential_has_so_many_bytes_and_no_more() {
    let padded = |bytes: usize| {
        both(move |posted| {
            let posted = posted.to_string();
            let room = bytes - posted.len();
            format!("{posted}{}", " ".repeat(room))
        })
    };
    assert_eq!(padded(MAX_CREDENTIAL_BYTES), [None; 2]);
    assert_eq!(padded(MAX_CREDENTIAL_BYTES + 1), [MALFORMED; 2]);
}

#[test]
fn an_attestation_object_that_is_none_is_malformed() {
    let world = World::new();
    for object in ["", "AA", "oA", "o2NmbXQ", "_____w", "W____w"] {
        let made = Answer::to_creation(&world.creation_options()).made(&Key::es256());
        let mut made: Value = serde_json::from_slice(&made).unwrap();
        made["response"]["attestationObject"] = json!(object);
        let outcome = world.ceremonies.finish_registration(&world.tenant, made.to_string().as_bytes());
        assert_eq!(outcome.err(), MALFORMED, "{object}");
    }
}
