//! What a client may ask, and that a socket outlives what it may not.

use serde_json::json;

use super::client::Live;
use super::frames::text;
use super::{Person, world};
use crate::support::{Safe, World};

fn jane() -> (World, Safe, Person, Live) {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let (live, _) = Live::of(&safe, &jane.token);
    (world, safe, jane, live)
}

#[test]
fn a_ping_is_answered_with_a_pong() {
    let (_world, _safe, _, mut live) = jane();
    live.say(&json!({ "type": "ping" }));
    live.say(&json!({ "timestamp": 1, "type": "ping", "data": {} }));
    live.hear_of("pong");
    live.hear_of("pong");
}

#[test]
fn user_data_is_told_again_with_the_name_of_the_request() {
    let (_world, safe, jane, mut live) = jane();
    live.say(&json!({ "type": "get_user_data", "requestId": "one" }));
    let found = json!({ "id": "jane", "userdata": {}, "version": null, "requestId": "one" });
    assert_eq!(live.hear_of("user_data"), found);
    live.say(&json!({ "type": "get_user_data" }));
    assert!(live.hear_of("user_data").get("requestId").is_none());

    let version = jane.write(&mut safe.connect(), &json!({ "b": 2, "a": "1", "private.pin": 1234 }));
    live.hear_update();
    live.say(&json!({ "type": "get_user_data", "requestId": "two" }));
    let data = json!({ "a": "1", "b": 2 });
    let found = json!({ "id": "jane", "userdata": data, "version": version, "requestId": "two" });
    assert_eq!(live.hear_of("user_data"), found);
}

#[test]
fn what_is_no_request_is_an_error_and_the_socket_lives() {
    let (_world, safe, jane, live) = jane();
    drop(live);
    let deep = "[".repeat(8000);
    for (message, code) in [
        ("", "MALFORMED"),
        ("{", "MALFORMED"),
        ("null", "MALFORMED"),
        ("[]", "MALFORMED"),
        ("1", "MALFORMED"),
        ("\"ping\"", "MALFORMED"),
        ("ping", "MALFORMED"),
        (&deep, "MALFORMED"),
        ("{}", "MALFORMED"),
        (r#"{"type":1}"#, "MALFORMED"),
        (r#"{"type":null}"#, "MALFORMED"),
        (r#"{"type":["ping"]}"#, "MALFORMED"),
        (r#"{"type":"\ud800"}"#, "MALFORMED"),
        (r#"{"Type":"ping"}"#, "MALFORMED"),
        (r#"{"type":"ping"} x"#, "MALFORMED"),
        (r#"{"type":"ping"}{"type":"ping"}"#, "MALFORMED"),
        // Whoever read the other would do something else.
        (r#"{"type":"ping","type":"ping"}"#, "MALFORMED"),
        (r#"{"type":"ping","t\u0079pe":"auth"}"#, "MALFORMED"),
        (r#"{"type":"get_user_data","requestId":1,"requestId":2}"#, "MALFORMED"),
        (r#"{"type":"get_user_data","requestId":{"a":1}}"#, "MALFORMED"),
        (r#"{"type":"auth"}"#, "MALFORMED"),
        (r#"{"type":"resume"}"#, "MALFORMED"),
        ("\u{feff}{\"type\":\"ping\"}", "MALFORMED"),
        (r#"{"type":""}"#, "UNKNOWN_TYPE"),
        (r#"{"type":"pong"}"#, "UNKNOWN_TYPE"),
        (r#"{"type":"Ping"}"#, "UNKNOWN_TYPE"),
        (r#"{"type":"ping "}"#, "UNKNOWN_TYPE"),
        (r#"{"type":"user_data"}"#, "UNKNOWN_TYPE"),
        (r#"{"type":"user_data_update","data":{"changed":{"a":1}}}"#, "UNKNOWN_TYPE"),
    ] {
        let (mut live, _) = Live::of(&safe, &jane.token);
        live.send(&text(message));
        assert_eq!(live.hear_error(), code, "{}", &message[..message.len().min(100)]);
        live.is_well();
    }
}

#[test]
fn a_name_of_a_request_that_is_too_long_is_not_echoed() {
    let (_world, _safe, _, mut live) = jane();
    let long = "x".repeat(10_000);
    live.say(&json!({ "type": "get_user_data", "requestId": long }));
    live.hear_error();
    live.say(&json!({ "type": long }));
    live.hear_error();
    assert!(!crate::support::contains(&live.received, "x".repeat(200).as_bytes()));
    live.is_well();
}

#[test]
fn requests_are_answered_in_their_order() {
    let (_world, _safe, _, mut live) = jane();
    let mut sent = Vec::new();
    for number in 0..5 {
        sent.extend(text(&format!(r#"{{"type":"get_user_data","requestId":"{number}"}}"#)));
        sent.extend(text(r#"{"type":"ping"}"#));
    }
    live.send(&sent);
    for number in 0..5 {
        assert_eq!(live.hear_of("user_data")["requestId"], number.to_string());
        live.hear_of("pong");
    }
}
