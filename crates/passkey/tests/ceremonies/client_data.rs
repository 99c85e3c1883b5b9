//! What the browser says of the page: each rule for both kinds of ceremony.

use strongroom_ports::{CeremonyError, PasskeyCeremonies};

use crate::forge::Answer;
use crate::world::{OTHER_ORIGIN, SECOND_ORIGIN, World};

const REFUSED: Option<CeremonyError> = Some(CeremonyError::Refused);
const MALFORMED: Option<CeremonyError> = Some(CeremonyError::Malformed);

/// Something that is not so.
type Untruth = fn(&mut Answer);
/// Another text for a challenge.
type Lie = fn(&str) -> String;

/// How a registration and a sign-in end after one and the same lie.
fn both(lie: impl Fn(&mut Answer)) -> [Option<CeremonyError>; 2] {
    let world = World::new();
    let mut passkey = world.registered();
    [world.register(&lie).err(), world.sign_in(&mut passkey, &lie).err()]
}

#[test]
fn an_origin_is_a_registered_one_byte_for_byte() {
    for origin in [
        "http://localhost",
        "http://localhost:8081",
        "https://localhost:8080",
        "http://localhost:8080/",
        "http://localhost:08080",
        "HTTP://localhost:8080",
        "http://LOCALHOST:8080",
        "http://localhost:8080 ",
        " http://localhost:8080",
        "http://localhost.:8080",
        "http://user@localhost:8080",
        "http://localhost:8080/page",
        "http://localhost:8080#",
        "http://evil.localhost:8080",
        "https://app.localhost:443",
        "https://APP.localhost",
        OTHER_ORIGIN,
        "null",
        "",
    ] {
        assert_eq!(both(|answer| answer.origin = origin.to_owned()), [REFUSED; 2], "{origin:?}");
    }
    assert_eq!(both(|answer| answer.origin = SECOND_ORIGIN.to_owned()), [None; 2]);
}

#[test]
fn a_challenge_is_the_one_that_was_given_as_text() {
    let lies: [(&str, Lie); 7] = [
        ("padded", |challenge| format!("{challenge}=")),
        ("another", |_| "A".repeat(43)),
        ("cut", |challenge| challenge[..42].to_owned()),
        ("longer", |challenge| format!("{challenge}A")),
        ("in another case", str::to_uppercase),
        ("with white space", |challenge| format!(" {challenge}")),
        // The last letter of 32 bytes has two bits that mean nothing.
        ("the same bytes in another spelling", |challenge| {
            const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let last = LETTERS.find(challenge.chars().last().unwrap()).unwrap();
            format!("{}{}", &challenge[..42], LETTERS.chars().nth(last + 1).unwrap())
        }),
    ];
    for (what, lie) in lies {
        let outcome = both(|answer| answer.challenge = lie(&answer.challenge));
        assert_eq!(outcome, [REFUSED; 2], "a challenge {what}");
    }
}

#[test]
fn the_type_is_that_of_the_ceremony() {
    for kind in ["webauthn.Create", "webauthn.Get", "payment.get", "navigator.id.getAssertion", ""] {
        assert_eq!(both(|answer| answer.kind = kind), [REFUSED; 2], "{kind:?}");
    }
    let swapped = both(|answer| {
        answer.kind = if answer.kind == "webauthn.get" { "webauthn.create" } else { "webauthn.get" };
    });
    assert_eq!(swapped, [REFUSED; 2]);
}

#[test]
fn a_page_in_a_foreign_frame_is_refused() {
    for (more, ends) in [
        (r#","crossOrigin":true"#, REFUSED),
        (r#","crossOrigin":true,"topOrigin":"https://evil.example""#, REFUSED),
        (r#","crossOrigin":false,"topOrigin":"https://evil.example""#, REFUSED),
        (r#","topOrigin":"http://localhost:8080""#, REFUSED),
        (r#","crossOrigin":false"#, None),
        (r#","crossOrigin":false,"topOrigin":null"#, None),
    ] {
        assert_eq!(both(|answer| answer.more_client_data = more.to_owned()), [ends; 2], "{more}");
    }
}

#[test]
fn further_members_of_client_data_are_accepted() {
    for more in [
        r#","crossOrigin":false,"other_keys_can_be_added_here":"do not compare clientDataJSON against a template""#,
        r#","tokenBinding":{"status":"supported"}"#,
        r#","clientExtensions":{},"hashAlgorithm":"SHA-256""#,
        r#","androidPackageName":"com.android.chrome","a":[{"b":[null,1.5]}]"#,
    ] {
        assert_eq!(both(|answer| answer.more_client_data = more.to_owned()), [None; 2], "{more}");
    }
}

#[test]
fn a_member_that_decides_is_named_once_and_of_its_type() {
    for more in [
        r#","origin":"http://localhost:8080""#,
        r#","\u006frigin":"http://localhost:8080""#,
        r#","type":"webauthn.get""#,
        r#","challenge":"AAAA""#,
        r#","crossOrigin":false,"crossOrigin":false"#,
        r#","crossOrigin":"true""#,
        r#","crossOrigin":1"#,
    ] {
        assert_eq!(both(|answer| answer.more_client_data = more.to_owned()), [MALFORMED; 2], "{more}");
    }
}

#[test]
fn a_refusal_for_the_page_comes_before_any_look_up() {
    let world = World::new();
    let passkey = world.registered();
    let lies: [(&str, Untruth); 3] = [
        ("an origin", |answer| answer.origin = OTHER_ORIGIN.to_owned()),
        ("a type", |answer| answer.kind = "webauthn.create"),
        ("a frame", |answer| answer.more_client_data = r#","crossOrigin":true"#.to_owned()),
    ];
    for (what, lie) in lies {
        let mut answer = Answer::to_request(&world.request_options(), &passkey.handle);
        lie(&mut answer);
        let taken = world.ceremonies.take_assertion(&world.tenant, &answer.shown(&passkey.key));
        assert_eq!(taken.err(), REFUSED, "{what}");
    }
}
