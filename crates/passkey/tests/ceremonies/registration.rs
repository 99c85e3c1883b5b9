//! Registrations: their options, the keys that are taken, and the statements that nobody reads.

use serde_json::{Value, json};
use strongroom_ports::{
    CeremonyError, MAX_CREDENTIAL_ID_BYTES, MAX_NAME_CHARACTERS, PasskeyCeremonies, PasskeyNames,
};

use crate::forge::{Answer, Key, cose_ec2};
use crate::world::World;

const REFUSED: Option<CeremonyError> = Some(CeremonyError::Refused);

fn options(world: &World, names: PasskeyNames) -> Value {
    let options = world.ceremonies.offer_registration(&world.tenant, names).unwrap();
    serde_json::from_slice(&options).unwrap()
}

#[test]
fn the_options_of_a_registration_are_these_and_no_others() {
    let world = World::new();
    let names = PasskeyNames {
        user_name: Some("jane".to_owned()),
        user_display_name: Some("Jane Doe".to_owned()),
        ..PasskeyNames::default()
    };
    let options = options(&world, names);
    let (challenge, handle) = (&options["challenge"], &options["user"]["id"]);
    for random in [challenge, handle] {
        assert_eq!(random.as_str().unwrap().len(), 43, "32 bytes as base64url without padding");
    }
    let expected = json!({
        "rp": { "id": "localhost", "name": "Development" },
        "user": { "id": handle, "name": "jane", "displayName": "Jane Doe" },
        "challenge": challenge,
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }, { "type": "public-key", "alg": -257 }],
        "authenticatorSelection": { "residentKey": "required", "userVerification": "required" },
        "attestation": "none",
        "excludeCredentials": [],
        "timeout": 300_000,
    });
    assert_eq!(options, expected);
}

#[test]
fn the_options_of_a_sign_in_are_these_and_no_others() {
    let world = World::new();
    let options: Value = serde_json::from_slice(&world.request_options()).unwrap();
    let expected = json!({
        "challenge": options["challenge"],
        "rpId": "localhost",
        "userVerification": "required",
        "timeout": 300_000,
        "allowCredentials": [],
    });
    assert_eq!(options, expected);
    assert_eq!(options["challenge"].as_str().unwrap().len(), 43);
}

#[test]
fn a_person_without_a_name_is_shown_the_tenant_s() {
    let options = options(&World::new(), PasskeyNames::default());
    assert_eq!(
        (&options["user"]["name"], &options["user"]["displayName"]),
        (&json!("Development"), &json!("Development"))
    );
}

#[test]
fn a_name_that_is_too_long_is_cut_and_kept_so() {
    let world = World::new();
    let long = Some("x".repeat(MAX_NAME_CHARACTERS + 1));
    let names = PasskeyNames { user_name: long.clone(), key_name: long, ..PasskeyNames::default() };
    let options = world.ceremonies.offer_registration(&world.tenant, names).unwrap();
    let made = Answer::to_creation(&options).made(&Key::es256());
    let made = world.ceremonies.finish_registration(&world.tenant, &made).unwrap();
    let cut = "x".repeat(MAX_NAME_CHARACTERS);
    let shown: Value = serde_json::from_slice(&options).unwrap();
    assert_eq!(shown["user"]["name"], cut);
    assert!(made.names.user_name.as_ref() == Some(&cut) && made.names.key_name == Some(cut));
}

#[test]
fn an_attestation_statement_is_not_read_whatever_it_is() {
    let world = World::new();
    // {"alg": -7, "sig": h'00'}: a self attestation that is none.
    let false_statement = [&[0xa2, 0x63], &b"alg"[..], &[0x26, 0x63], b"sig", &[0x41, 0x00]].concat();
    for format in
        ["none", "packed", "tpm", "android-key", "android-safetynet", "fido-u2f", "apple", "compound"]
    {
        let outcome = world.register(|answer| {
            answer.statement_format = format;
            answer.statement.clone_from(&false_statement);
        });
        assert_eq!(outcome.err(), None, "{format}");
    }
}

#[test]
fn an_rsa_key_signs_in() {
    let world = World::new();
    let mut passkey = world.register_key(Key::rs256(), |_| ()).unwrap();
    assert_eq!(world.ceremonies.verification_point(&passkey.made.verifier), None);
    assert_eq!(world.sign_in(&mut passkey, |_| ()), Ok(None));
}

#[test]
fn a_key_that_was_not_asked_for_is_refused() {
    let (x, y) = Key::es256().coordinates();
    // {1: 1, 3: -8, -1: 6, -2: x}
    let ed25519 = [&[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 32], &x[..]].concat();
    for (what, cose) in [
        ("EdDSA", ed25519),
        ("no point of the curve", cose_ec2(0x26, 1, &[1; 32], &[1; 32])),
        ("the point at infinity", cose_ec2(0x26, 1, &[0; 32], &[0; 32])),
        ("short coordinates", cose_ec2(0x26, 1, &x[1..], &y)),
        ("another curve", cose_ec2(0x26, 2, &x, &y)),
        ("another curve's length", cose_ec2(0x26, 2, &[1; 48], &[1; 48])),
        ("no map", vec![0x80]),
        ("an empty map", vec![0xa0]),
        ("nothing", Vec::new()),
    ] {
        assert_eq!(World::new().register(|answer| answer.cose = Some(cose)).err(), REFUSED, "{what}");
    }
}

#[test]
fn the_id_that_is_posted_is_the_one_that_is_attested() {
    let outcome = World::new().register(|answer| answer.id = Some(b"another".to_vec()));
    assert_eq!(outcome.err(), REFUSED);
    let outcome = World::new().register(|answer| answer.attested_id = Some(b"another".to_vec()));
    assert_eq!(outcome.err(), REFUSED);
}

#[test]
fn an_id_has_as_many_bytes_as_the_standard_allows_and_its_verifier_fits() {
    let world = World::new();
    let with_id = |bytes: usize| {
        let mut key = Key::rs256();
        key.id = vec![0xff; bytes];
        world.register_key(key, |_| ())
    };
    let mut longest = with_id(MAX_CREDENTIAL_ID_BYTES).unwrap();
    assert!(longest.made.verifier.len() <= 4096, "{} bytes", longest.made.verifier.len());
    assert_eq!(world.sign_in(&mut longest, |_| ()), Ok(None));
    for bytes in [0, MAX_CREDENTIAL_ID_BYTES + 1] {
        assert_eq!(with_id(bytes).err(), Some(CeremonyError::Malformed), "{bytes}");
    }
}
