//! The end of a socket: said and answered, half closed, or torn.

use serde_json::json;

use super::client::{Live, Received};
use super::frames::{CLOSE, FIN, PING, close, frame, text};
use super::resume::come_back;
use super::{Person, USERDATA, world};
use crate::support::{Safe, World, comes_true};

fn jane() -> (World, Safe, Person) {
    let world = world("");
    let safe = world.serve();
    (world, safe, Person::known_as("jane"))
}

#[test]
fn a_close_is_answered_with_its_code_and_the_end() {
    let (_world, safe, jane) = jane();
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        for reason in ["", "goodbye", &"é".repeat(61)] {
            let (mut live, _) = Live::of(&safe, &jane.token);
            live.send(&close(code, reason.as_bytes()));
            let Received::Close(answered, _) = live.receive() else { panic!("no close for {code}") };
            assert_eq!(answered, Some(code));
            assert_eq!(live.receive(), Received::End);
        }
    }
    let mut stranger = Live::open(&safe);
    stranger.send(&close(1000, b""));
    assert!(matches!(stranger.receive(), Received::Close(Some(1000), _)));
    assert_eq!(stranger.receive(), Received::End);
}

#[test]
fn a_close_without_a_code_is_answered() {
    let (_world, safe, jane) = jane();
    let (mut live, _) = Live::of(&safe, &jane.token);
    live.send(&frame(FIN | CLOSE, b""));
    let answered = live.receive();
    assert!(matches!(answered, Received::Close(None | Some(1000), _)), "{answered:?}");
    assert_eq!(live.receive(), Received::End);
}

#[test]
fn what_stands_behind_a_close_is_not_heard() {
    let (_world, safe, jane) = jane();
    let (mut live, _) = Live::of(&safe, &jane.token);
    live.send(&[close(1000, b""), text(r#"{"type":"ping"}"#), frame(FIN | PING, b"x")].concat());
    assert!(matches!(live.receive(), Received::Close(Some(1000), _)));
    assert_eq!(live.receive(), Received::End);
}

#[test]
fn what_stands_before_a_close_is_answered() {
    let (_world, safe, jane) = jane();
    let (mut live, _) = Live::of(&safe, &jane.token);
    live.send(&[text(r#"{"type":"ping"}"#), close(1000, b"")].concat());
    live.hear_of("pong");
    assert!(matches!(live.receive(), Received::Close(Some(1000), _)));
    assert_eq!(live.receive(), Received::End);
}

#[test]
fn a_client_that_has_closed_its_side_is_let_go() {
    let (_world, safe, jane) = jane();
    let mut stranger = Live::open(&safe);
    stranger.end();
    stranger.closed_in_the_end();
    let (mut live, _) = Live::of(&safe, &jane.token);
    live.send(&frame(FIN | PING, b"last"));
    live.end();
    assert_eq!(live.receive(), Received::Pong(b"last".to_vec()));
    live.closed_in_the_end();
    // In the middle of a frame.
    let (mut live, _) = Live::of(&safe, &jane.token);
    live.send(&text(r#"{"type":"ping"}"#)[..7]);
    live.end();
    live.closed_in_the_end();
}

#[test]
fn sockets_that_are_torn_give_their_places_back() {
    let (_world, safe, jane) = jane();
    let mut client = safe.connect();
    for round in 0..5 {
        for _ in 0..8 {
            let mut live = Live::open(&safe);
            // Those that were torn may not be gone yet.
            while !is_let_in(&mut live, &jane) {
                live = Live::open(&safe);
            }
            // What is sent and never read makes a reset of the end.
            live.send(&text(r#"{"type":"get_user_data"}"#));
            let answer = client.authorized(&jane.token, "POST", USERDATA, &jane.body(&json!({ "a": round })));
            assert_eq!(answer.status, 200);
        }
    }
    assert!(comes_true(|| is_let_in(&mut Live::open(&safe), &jane)));
}

/// Whether there is a place for one more.
fn is_let_in(live: &mut Live, person: &Person) -> bool {
    live.say(&super::client::auth(&person.token));
    live.try_hear().is_ok_and(|message| message["type"] == "auth_success")
}

#[test]
fn a_drain_says_that_it_goes_away() {
    let (_world, safe, jane) = jane();
    let (mut live, _) = Live::of(&safe, &jane.token);
    let mut stranger = Live::open(&safe);
    let mut half = Live::of(&safe, &jane.token).0;
    half.send(&text(r#"{"type":"ping"}"#)[..7]);
    // One that will answer no close.
    let mut silent = Live::of(&safe, &jane.token).0;
    safe.signal("TERM");
    assert_eq!(live.closed(), Some(1001));
    assert_eq!(stranger.closed(), Some(1001));
    assert_eq!(half.closed(), Some(1001));
    let (status, log) = safe.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(matches!(silent.receive(), Received::Close(Some(1001), _)));
}

/// A drain waits for nobody: what it had no time for, the next process says.
#[test]
fn what_was_written_before_a_drain_is_told_before_it_or_to_whoever_comes_back() {
    let (world, safe, jane) = jane();
    let mut client = safe.connect();
    let first = jane.write(&mut client, &json!({ "a": 0 }));
    let (mut live, _) = Live::of(&safe, &jane.token);
    let versions: Vec<_> = (1..20).map(|number| jane.write(&mut client, &json!({ "a": number }))).collect();
    safe.signal("TERM");
    let mut seen = vec![first];
    let code = loop {
        match live.try_hear() {
            Ok(message) => seen.push(message["data"]["version"].as_str().unwrap().to_owned()),
            Err(code) => break code,
        }
    };
    assert_eq!(code, Some(1001));
    assert_eq!(safe.wait().0.code(), Some(0));

    let safe = world.serve();
    let mut live = come_back(&safe, &jane.token, &json!(seen.last()));
    live.hear_burst();
    while seen.last() != versions.last() {
        seen.push(live.hear_update()["version"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen[1..], versions);
    live.is_well();
}
