//! The user handle that an authenticator shows.

use serde_json::{Value, json};
use strongroom_ports::CeremonyError;

use crate::forge::base64url;
use crate::world::World;

#[test]
fn a_user_handle_is_absent_null_or_the_credential_s_own_plain_or_encoded_twice() {
    let world = World::new();
    let mut passkey = world.registered();
    let own = passkey.handle.clone();
    let twice = base64url(own.as_bytes());
    let thrice = base64url(twice.as_bytes());
    let another = world.registered().handle;
    let (refused, malformed) = (Some(CeremonyError::Refused), Some(CeremonyError::Malformed));
    let table: [(&str, Option<Value>, Option<CeremonyError>); 10] = [
        ("no handle", None, None),
        ("null", Some(Value::Null), None),
        ("its own", Some(json!(own)), None),
        ("its own, encoded twice", Some(json!(twice)), None),
        ("its own, encoded three times", Some(json!(thrice)), refused),
        ("another's", Some(json!(another)), refused),
        ("another's, encoded twice", Some(json!(base64url(another.as_bytes()))), refused),
        ("an empty one", Some(json!("")), refused),
        ("no base64url", Some(json!("/+/+")), malformed),
        ("a number", Some(json!(7)), malformed),
    ];
    for (what, handle, ends) in table {
        let outcome = world.sign_in(&mut passkey, |answer| answer.user_handle = handle);
        assert_eq!(outcome.err(), ends, "{what}");
    }
}

#[test]
fn no_two_user_handles_are_alike() {
    let world = World::new();
    assert_ne!(world.registered().handle, world.registered().handle);
}
