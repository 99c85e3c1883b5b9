//! How long a socket lives: as long as its token, its session and its account, silent or not.

use serde_json::{Value, json};

use super::client::{Live, auth};
use super::{Person, world};
use crate::passkeys::{Device, PAGE, add, sign_in, sign_up, text};
use crate::support::{Safe, foreign_token, foreign_token_for};

/// Ends by its token's end, and without the leeway, which is five minutes: the guard of a read is three.
#[test]
fn a_silent_socket_ends_with_its_token() {
    let world = world("\n[tokens]\nleeway_s = 300");
    let safe = world.serve();
    let (mut live, _) = Live::of(&safe, &foreign_token_for("jane", 2));
    let (mut other, _) = Live::of(&safe, &foreign_token("jane"));
    live.is_well();
    assert_eq!(live.closed_in_the_end(), Some(4002));
    assert!(other.is_open(), "another token of the same person is good");

    // A token that a request may still use, for the leeway, keeps no socket open.
    let mut late = Live::open(&safe);
    late.say(&auth(&foreign_token_for("jane", -10)));
    assert_eq!(late.closed_in_the_end(), Some(4002));
}

#[test]
fn a_socket_that_follows_its_record_ends_with_its_token_too() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let (mut live, _) = Live::of(&safe, &foreign_token_for("jane", 2));
    let mut client = safe.connect();
    let mut number = 0;
    let code = loop {
        number += 1;
        jane.write(&mut client, &json!({ "n": number }));
        match live.try_hear() {
            Ok(message) => assert!(matches!(text(&message["type"]), "user_data_update" | "auth_error")),
            Err(code) => break code,
        }
    };
    assert_eq!(code, Some(4002));
}

#[test]
fn a_fresh_token_of_the_same_person_lets_it_live_on() {
    let world = world("");
    let safe = world.serve();
    let (mut live, _) = Live::of(&safe, &foreign_token_for("jane", 3));
    live.say(&auth(&foreign_token("jane")));
    live.hear_of("auth_success");
    // One that is not renewed tells when the time is over.
    let (mut clock, _) = Live::of(&safe, &foreign_token_for("john", 4));
    assert_eq!(clock.closed_in_the_end(), Some(4002));
    assert!(live.is_open());
    // It follows the record as before, and once.
    let jane = Person::known_as("jane");
    let version = jane.write(&mut safe.connect(), &json!({ "a": 1 }));
    assert_eq!(live.hear_update()["version"], version.as_str());
    live.is_well();
}

#[test]
fn a_token_that_is_older_or_bad_or_of_somebody_else_is_no_fresh_one() {
    let world = world("");
    let safe = world.serve();
    let stranger = Person::signed_up(&safe);
    for (token, code) in [
        (foreign_token("john"), "OTHER_PERSON"),
        (stranger.token, "OTHER_PERSON"),
        ("x".to_owned(), "TOKEN_INVALID"),
        (foreign_token_for("jane", -1000), "TOKEN_EXPIRED"),
    ] {
        let (mut live, _) = Live::of(&safe, &foreign_token("jane"));
        live.say(&auth(&token));
        assert_eq!(live.refused(), code);
    }
    // The places are free again, and nothing of it harms the person.
    let mut eight: Vec<_> = (0..4).map(|_| Live::of(&safe, &foreign_token("jane")).0).collect();
    assert!(eight.iter_mut().all(Live::is_open));
}

#[test]
fn a_socket_ends_with_its_session() {
    let world = world("");
    let safe = world.serve();
    let john = Person::signed_up(&safe);
    let (mut live, _) = Live::of(&safe, &john.token);
    let (mut bystander, _) = Live::of(&safe, &Person::signed_up(&safe).token);
    let out = safe.connect().authorized(&john.token, "POST", "/v1/auth/sign-out", "");
    assert_eq!(out.status, 200);
    assert_eq!(live.closed_in_the_end(), Some(4002));
    assert!(bystander.is_open());
}

fn list(safe: &Safe, token: &str, path: &str, name: &str) -> Vec<Value> {
    safe.connect().authorized(token, "GET", path, "").json()[name].as_array().unwrap().clone()
}

fn token(answer: &Value) -> &str {
    text(&answer["access_token"])
}

#[test]
fn a_session_that_is_ended_from_another_takes_its_own_sockets_and_no_others() {
    let world = world("");
    let safe = world.serve();
    let mut client = safe.connect();
    let mut device = Device::at(PAGE);
    let here = sign_up(&mut client, &mut device);
    let there = sign_in(&mut client, &mut device, &json!({})).json();
    let (mut mine, _) = Live::of(&safe, token(&here));
    let mut theirs: Vec<_> = (0..3).map(|_| Live::of(&safe, token(&there)).0).collect();
    let sessions = list(&safe, token(&here), "/v1/auth/sessions", "sessions");
    let other = sessions.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/v1/auth/sessions/{}", text(&other["id"]));
    assert_eq!(client.authorized(token(&here), "DELETE", &path, "").status, 204);
    for live in &mut theirs {
        assert_eq!(live.closed_in_the_end(), Some(4002));
    }
    assert!(mine.is_open());
}

#[test]
fn a_passkey_that_is_removed_takes_the_sockets_of_its_sessions() {
    let world = world("");
    let safe = world.serve();
    let mut client = safe.connect();
    let (mut phone, mut laptop) = (Device::at(PAGE), Device::at(PAGE));
    let first = sign_up(&mut client, &mut phone);
    let second = add(&mut client, &mut laptop, &first).json();
    let (mut lost, _) = Live::of(&safe, token(&first));
    let (mut kept, _) = Live::of(&safe, token(&second));
    let passkeys = list(&safe, token(&second), "/v1/auth/passkeys", "passkeys");
    let old = passkeys.iter().find(|passkey| passkey["current"] == false).unwrap();
    let path = format!("/v1/auth/passkeys/{}", text(&old["id"]));
    assert_eq!(client.authorized(token(&second), "DELETE", &path, "").status, 204);
    assert_eq!(lost.closed_in_the_end(), Some(4002));
    assert!(kept.is_open());
}

#[test]
fn a_refresh_keeps_the_sockets_of_its_session_and_a_replay_ends_them() {
    let world = world("");
    let safe = world.serve();
    let mut client = safe.connect();
    let signed_up = client.request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
    let (mut live, _) = Live::of(&safe, token(&signed_up));
    let body = json!({ "refresh_token": signed_up["refresh_token"] }).to_string();
    let mut refresh =
        || client.request("POST", "/v1/auth/refresh", &[("Content-Type", "application/json")], &body);
    let fresh = refresh();
    assert_eq!(fresh.status, 200);
    live.say(&auth(token(&fresh.json())));
    live.hear_of("auth_success");
    assert!(live.is_open());
    assert_eq!(refresh().status, 401);
    assert_eq!(live.closed_in_the_end(), Some(4002), "whoever has the token may be a thief");
}

#[test]
fn a_socket_ends_with_its_account_whoever_has_issued_its_token() {
    let world = world("");
    let safe = world.serve();
    let mut client = safe.connect();
    let (john, jane) = (Person::signed_up(&safe), Person::known_as("jane"));
    let bystander = Person::known_as("bystander");
    let (mut others, _) = Live::of(&safe, &bystander.token);
    for person in [&john, &jane] {
        person.write(&mut client, &json!({ "a": 1 }));
        let mut lives = [(); 2].map(|()| Live::of(&safe, &person.token).0);
        assert_eq!(client.authorized(&person.token, "DELETE", "/v1/users/me", "").status, 204);
        for live in &mut lives {
            assert_eq!(live.closed_in_the_end(), Some(4002));
        }
    }
    // Whoever the issuer calls jane is jane still, without a record.
    let (_, found) = Live::of(&safe, &jane.token);
    assert!(found["version"].is_null());
    assert!(others.is_open());
}

#[test]
fn the_end_of_a_socket_has_a_line_that_says_whose_it_was() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut client = safe.connect();
    jane.write(&mut client, &json!({ "a": 1 }));
    let mut nobodys = Live::open(&safe);
    nobodys.say(&json!({ "type": "ping" }));
    assert_eq!(nobodys.closed_in_the_end(), Some(4002));
    let (mut janes, _) = Live::of(&safe, &jane.token);
    safe.signal("TERM");
    assert_eq!(janes.closed_in_the_end(), Some(1001));
    drop((janes, nobodys, client));
    let log = safe.wait().1;
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let jane = &lines.iter().find(|line| line["status"] == 200).unwrap()["person"];
    assert!(jane.is_string());
    let ends: Vec<_> = lines.iter().filter(|line| line["message"] == "socket ended").collect();
    let [nobodys, janes] = ends[..] else { panic!("{ends:?}") };
    assert_eq!((&nobodys["close"], &nobodys["person"]), (&json!(4002), &Value::Null));
    assert_eq!((&janes["close"], &janes["person"], &janes["route"]), (&json!(1001), jane, &json!("/ws")));
    let handshake = lines.iter().find(|line| line["request_id"] == janes["request_id"]).unwrap();
    assert_eq!(handshake["status"], 101);
}
