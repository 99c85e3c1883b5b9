//! Whether a client is there: the server asks, and lets go whoever says nothing.

use super::client::{HANDSHAKE, Live, Received};
use super::frames::{FIN, PONG, frame};
use super::{Person, world};
use crate::support::{comes_true, wire};

#[test]
fn a_client_that_answers_no_ping_is_let_go_and_one_that_does_is_kept() {
    let world = world("ping_s = 1");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let (mut silent, _) = Live::of(&safe, &jane.token);
    let (mut present, _) = Live::of(&safe, &jane.token);
    // The one is asked and answers, for longer than the other is waited for.
    for _ in 0..4 {
        let Received::Ping(payload) = present.receive() else { panic!("no ping") };
        present.send(&frame(FIN | PONG, &payload));
    }
    assert!(matches!(silent.receive(), Received::Ping(_)));
    let ended = silent.receive();
    assert!(matches!(&ended, Received::Close(Some(1008), reason) if reason == "no pong"), "{ended:?}");
    assert!(present.is_open());
}

#[test]
fn there_are_as_many_sockets_as_may_be_and_one_more_is_told_so_before_it_begins() {
    let world = world("sockets = 3");
    let safe = world.serve();
    let ask = || {
        let mut client = safe.connect();
        client.send(&wire::request("GET", "/ws", &HANDSHAKE, ""));
        (client.receive("GET"), client)
    };
    let jane = Person::known_as("jane");
    let (mut live, _) = Live::of(&safe, &jane.token);
    let two = [ask(), ask()];
    assert!(two.iter().all(|(answer, _)| answer.status == 101));
    let (answer, _) = ask();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("overloaded")));
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    live.is_well();
    drop(two);
    assert!(comes_true(|| ask().0.status == 101), "the places were kept");
}
