//! Who is let in: whoever says first who it is, with a good token, and nobody else.

use serde_json::json;

use super::client::{HANDSHAKE, Live, auth};
use super::frames::{CONTINUATION, FIN, PING, TEXT, frame, text};
use super::{PAGE, Person, world};
use crate::support::{comes_true, foreign_token, foreign_token_for, wire};

#[test]
fn whoever_is_let_in_hears_so_and_then_what_there_is() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let (mut live, found) = Live::of(&safe, &jane.token);
    assert_eq!(found, json!({ "id": "jane", "userdata": {}, "version": null }));
    live.is_well();
    let data = json!({ "language": "en", "optin": true, "n": 1.5, "private.pin": "1234" });
    let version = jane.write(&mut safe.connect(), &data);
    let (_, found) = Live::of(&safe, &jane.token);
    let readable = json!({ "language": "en", "optin": true, "n": 1.5 });
    assert_eq!(found, json!({ "id": "jane", "userdata": readable, "version": version }));

    let john = Person::signed_up(&safe);
    let (_, found) = Live::of(&safe, &john.token);
    assert_eq!(found, json!({ "id": john.id, "userdata": {}, "version": null }));
}

#[test]
fn a_client_may_say_its_name_and_more_that_nobody_knows() {
    let world = world("");
    let safe = world.serve();
    let token = foreign_token("jane");
    for message in [
        json!({ "type": "auth", "token": token, "clientName": "web" }),
        json!({ "type": "auth", "token": token, "clientName": "" }),
        json!({ "token": token, "since": [1, { "a": null }], "type": "auth" }),
    ] {
        let mut live = Live::open(&safe);
        live.say(&message);
        live.hear_burst();
        live.is_well();
    }
    // In parts, with a ping before it and one between.
    let mut live = Live::open(&safe);
    let message = auth(&token).to_string();
    let (one, two) = message.as_bytes().split_at(10);
    live.send(&frame(FIN | PING, b""));
    live.send(&frame(TEXT, one));
    live.send(&frame(FIN | PING, b""));
    live.send(&frame(FIN | CONTINUATION, two));
    live.hear_burst();
}

#[test]
fn whoever_says_anything_else_first_is_sent_away() {
    let world = world("");
    let safe = world.serve();
    let token = foreign_token("jane");
    for message in [
        r#"{"type":"ping"}"#.to_owned(),
        r#"{"type":"get_user_data"}"#.to_owned(),
        r#"{"type":"resume","since":"x.1"}"#.to_owned(),
        format!(r#"{{"type":"Auth","token":"{token}"}}"#),
        format!(r#"{{"type":"auth ","token":"{token}"}}"#),
        format!(r#"{{"token":"{token}"}}"#),
        r#"{"type":"auth"}"#.to_owned(),
        r#"{"type":"auth","token":null}"#.to_owned(),
        format!(r#"{{"type":"auth","token":["{token}"]}}"#),
        format!(r#"[{{"type":"auth","token":"{token}"}}]"#),
        format!(r#"{{"type":"auth","token":"{token}"}} x"#),
        format!(r#"{{"type":"auth","token":"{token}""#),
        // Whoever read another of the two would let in somebody else.
        format!(r#"{{"type":"auth","token":"{token}","token":"{token}"}}"#),
        format!(r#"{{"type":"ping","type":"auth","token":"{token}"}}"#),
        format!(r#"{{"type":"auth","token":"x","to\u006ben":"{token}"}}"#),
        format!("Bearer {token}"),
        token.clone(),
        "null".to_owned(),
        String::new(),
        "{".repeat(10_000),
    ] {
        let mut live = Live::open(&safe);
        live.send(&text(&message));
        assert_eq!(live.refused(), "AUTH_REQUIRED", "{}", &message[..message.len().min(100)]);
    }
}

#[test]
fn a_token_that_is_not_good_lets_nobody_in() {
    let world = world("");
    let safe = world.serve();
    let good = foreign_token("jane");
    let john = Person::signed_up(&safe);
    let sign_up = safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
    let refresh = sign_up["refresh_token"].as_str().unwrap();
    let ended = Person::signed_up(&safe);
    let out = safe.connect().authorized(&ended.token, "POST", "/v1/auth/sign-out", "");
    assert_eq!(out.status, 200);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (_, of_other) = john.token.rsplit_once('.').unwrap();
    for (what, token, code) in [
        ("nothing", "", "TOKEN_INVALID"),
        ("nonsense", "x", "TOKEN_INVALID"),
        ("three parts", "a.b.c", "TOKEN_INVALID"),
        ("without a signature", &format!("{head}."), "TOKEN_INVALID"),
        ("signed otherwise", &format!("{head}.{of_other}"), "TOKEN_INVALID"),
        ("cut", &good[..good.len() - 2], "TOKEN_INVALID"),
        ("with a scheme", &format!("Bearer {good}"), "TOKEN_INVALID"),
        ("with a space", &format!("{good} "), "TOKEN_INVALID"),
        ("of the other kind", refresh, "TOKEN_INVALID"),
        ("of a session that has ended", &ended.token, "TOKEN_INVALID"),
        ("expired", &foreign_token_for("jane", -1000), "TOKEN_EXPIRED"),
    ] {
        let mut live = Live::open(&safe);
        live.say(&auth(token));
        assert_eq!(live.refused(), code, "{what}");
        assert!(signature.is_empty() || !contains(&live.received, signature), "{what}");
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    crate::support::contains(bytes, text.as_bytes())
}

#[test]
fn a_page_lets_in_people_of_its_own_tenant_only() {
    let world = world("");
    let safe = world.serve();
    let (jane, john) = (Person::known_as("jane"), Person::signed_up(&safe));
    for (page, own, foreign) in [(PAGE, &jane, &john), ("http://localhost:3000", &john, &jane)] {
        let mut live = Live::begin(safe.connect(), &[("Origin", page)]);
        live.authenticate(&own.token);
        live.is_well();
        let mut live = Live::begin(safe.connect(), &[("Origin", page)]);
        live.say(&auth(&foreign.token));
        assert_eq!(live.refused(), "TENANT_MISMATCH");
    }
    // A client that is no page may say where it belongs.
    for (path, name) in [("/ws?rpId=shop.example", None), ("/ws", Some(("X-RpId", "shop.example")))] {
        for (person, is_own) in [(&jane, true), (&john, false)] {
            let fields: Vec<_> = HANDSHAKE.into_iter().chain(name).collect();
            let mut client = safe.connect();
            client.send(&wire::request("GET", path, &fields, ""));
            let mut live = Live::taken(client);
            live.say(&auth(&person.token));
            if is_own {
                live.hear_burst();
            } else {
                assert_eq!(live.refused(), "TENANT_MISMATCH");
            }
        }
    }
}

#[test]
fn whoever_says_nothing_is_sent_away_in_time() {
    let world = world("auth_s = 1");
    let safe = world.serve();
    let mut silent = Live::open(&safe);
    let mut busy = Live::open(&safe);
    // Pings are no message, and a message that is not whole is none.
    busy.send(&frame(FIN | PING, b""));
    busy.send(&frame(TEXT, br#"{"type":"#));
    assert_eq!(silent.closed_in_the_end(), Some(4001));
    assert_eq!(busy.closed_in_the_end(), Some(4001));
    // Whoever was let in has all the time there is: others come and go meanwhile.
    let (mut live, _) = Live::of(&safe, &foreign_token("jane"));
    for _ in 0..2 {
        assert_eq!(Live::open(&safe).closed_in_the_end(), Some(4001));
    }
    live.is_well();
}

#[test]
fn one_person_has_eight_sockets_and_the_ninth_is_refused() {
    let world = world("");
    let safe = world.serve();
    let token = foreign_token("jane");
    let mut eight: Vec<_> = (0..8).map(|_| Live::of(&safe, &token).0).collect();
    for _ in 0..3 {
        let mut ninth = Live::open(&safe);
        ninth.say(&auth(&token));
        assert_eq!(ninth.hear_of("auth_error")["error_code"], "TOO_MANY_CONNECTIONS");
        assert_eq!(ninth.closed(), Some(4003));
    }
    for live in &mut eight {
        live.is_well();
    }
    Live::of(&safe, &foreign_token("john")).0.is_well();
    // A place is free when its socket has gone.
    let mut one = eight.pop().unwrap();
    one.send(&super::frames::close(1000, b""));
    assert_eq!(one.closed(), Some(1000));
    assert!(comes_true(|| {
        let mut again = Live::open(&safe);
        again.say(&auth(&token));
        again.try_hear().is_ok_and(|message| message["type"] == "auth_success")
    }));
}
