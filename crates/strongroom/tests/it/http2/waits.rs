//! What is waited for over HTTP/2, and for how long: each wait has the limit of its like over HTTP/1.1.

use h2::client::Builder;

use super::{get_health, refused};
use crate::support::http2::{Http2Client, request};
use crate::support::process::DEMO;
use crate::support::tls::{Authority, SETTINGS, connect_with, give};
use crate::support::{World, contains, foreign_token};

#[test]
fn a_connection_without_a_request_is_told_goodbye_after_its_idle_time() {
    let world = World::new("[limits]\nidle_s = 1\n");
    let safe = world.serve();
    let mut client = Http2Client::connect(safe.address);
    assert_eq!(get_health(&mut client).status, 200);
    assert!(client.ends_with_goodbye());
    assert_eq!(refused(&safe, "idle"), 1);
}

#[test]
fn a_body_that_does_not_go_on_is_408_and_its_neighbours_are_answered_meanwhile() {
    let world = World::new("[limits]\nbody_s = 1\n");
    let safe = world.serve();
    let mut client = Http2Client::connect(safe.address);
    let token = format!("Bearer {}", foreign_token(DEMO));
    let fields = [("authorization", token.as_str()), ("content-type", "application/json")];
    let (slow, _rest) = client.begin(request("POST", "/v1/ibexsafe/userdata", &fields), None);
    assert_eq!(get_health(&mut client).status, 200);
    let answer = client.finish(slow).unwrap();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (408, Some("body_too_slow")));
    assert_eq!(get_health(&mut client).status, 200);
}

#[test]
fn an_answer_that_is_not_taken_resets_its_stream_and_no_other() {
    let world = World::new("[limits]\nwrite_stall_s = 1\n");
    let safe = world.serve();
    let token = format!("Bearer {}", foreign_token(DEMO));
    let data: serde_json::Map<_, _> =
        (0..7).map(|key| (format!("k{key}"), "x".repeat(8000).into())).collect();
    let body = serde_json::json!({ "externalUserId": DEMO, "data": data }).to_string();
    let mut writer = Http2Client::connect(safe.address);
    let fields = [("authorization", token.as_str()), ("content-type", "application/json")];
    let written = writer.try_request(request("POST", "/v1/ibexsafe/userdata", &fields), &body).unwrap();
    assert_eq!(written.status, 200);

    // A window of ten bytes that is never opened further.
    let mut client = Http2Client::connect_with(safe.address, Builder::new().initial_window_size(10));
    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    let stalled = client.try_request_without_room(request("GET", &path, &fields));
    assert!(stalled.is_some(), "the stream was reset");
    assert_eq!(refused(&safe, "write_stalled"), 1);
    let answer = client.try_request(request("DELETE", &path, &fields), "").unwrap();
    assert_eq!(answer.status, 204);
}

#[test]
fn a_drain_answers_what_is_in_hand_and_says_goodbye() {
    let world = World::new("");
    let safe = world.serve();
    let mut client = Http2Client::connect(safe.address);
    let token = format!("Bearer {}", foreign_token(DEMO));
    let fields = [("authorization", token.as_str()), ("content-type", "application/json")];
    let (answer, mut rest) = client.begin(request("POST", "/v1/ibexsafe/userdata", &fields), None);
    assert_eq!(get_health(&mut client).status, 200);
    safe.signal("TERM");
    assert!(safe.says("draining", 1));
    let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{"a":1}}}}"#);
    rest.send_data(body.into(), true).unwrap();
    assert_eq!(client.finish(answer).unwrap().status, 200);
    assert!(client.ends_with_goodbye());
    let (status, log) = safe.wait();
    assert!(status.success(), "{log}");
}

#[test]
fn a_request_whose_stream_is_given_up_is_brought_to_its_end_all_the_same() {
    let world = World::new("");
    let safe = world.serve();
    let mut client = Http2Client::connect(safe.address);
    let token = format!("Bearer {}", foreign_token(DEMO));
    let fields = [("authorization", token.as_str()), ("content-type", "application/json")];
    let (answer, mut sending) = client.begin(request("POST", "/v1/ibexsafe/userdata", &fields), None);
    // It is in hand when a later one has been answered.
    assert_eq!(get_health(&mut client).status, 200);
    sending.send_reset(h2::Reason::CANCEL);
    drop(answer);
    assert_eq!(get_health(&mut client).status, 200);
    // Whoever is dropped half-way leaves no line.
    assert!(safe.says("\"method\":\"POST\"", 1));
}

#[test]
fn a_preface_that_does_not_go_on_is_given_up_whatever_the_handshake_chose() {
    let authority = Authority::new();
    let world = World::new(&format!("[limits]\nhead_s = 1\nfirst_byte_s = 1\n{SETTINGS}"));
    give(&world, &authority.server("localhost"));
    let safe = world.serve();
    for protocol in [&b"h2"[..], b"http/1.1"] {
        let mut config = authority.client_config(None);
        config.alpn_protocols = vec![protocol.to_vec()];
        let mut client = connect_with(config, safe.address).unwrap();
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM");
        let mut answer = Vec::new();
        // To its end, with or without a word.
        let _ = std::io::Read::read_to_end(client.stream(), &mut answer);
        assert!(!contains(&answer, b" 200 "), "{answer:?}");
    }
}
