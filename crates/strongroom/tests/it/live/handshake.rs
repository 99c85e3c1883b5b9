//! The handshake: what is taken, what is refused, and that nothing behind it is lost.

use std::io::Write as _;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::client::{HANDSHAKE, KEY, Live, auth, handshake, is_taken};
use super::frames::text;
use super::{PAGE, Person, world};
use crate::support::http2::{self, Http2Client};
use crate::support::tls::{Authority, SETTINGS, give};
use crate::support::{Answer, Client, Safe, World, wire};

/// A handshake with one of its fields replaced, left out or doubled.
fn with(name: &str, values: &[&str]) -> Vec<u8> {
    let mut fields: Vec<_> = HANDSHAKE.into_iter().filter(|(known, _)| *known != name).collect();
    fields.extend(values.iter().map(|value| (name, *value)));
    wire::request("GET", "/ws", &fields, "")
}

fn answer(safe: &Safe, sent: &[u8]) -> Answer {
    let mut client = safe.connect();
    client.send(sent);
    client.receive("GET")
}

/// A problem of this status.
const UPGRADE_REQUIRED: (u16, &str) = (426, "upgrade_required");
const MALFORMED: (u16, &str) = (400, "malformed_request");
const NOT_ALLOWED: (u16, &str) = (405, "method_not_allowed");

fn is_problem(answer: &Answer, problem: (u16, &str), what: &str) {
    let (status, code) = problem;
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    assert_eq!(answer.json()["code"], code, "{what}");
    assert_eq!(answer.header("sec-websocket-accept"), None, "{what}");
}

#[test]
fn a_request_that_asks_for_no_upgrade_is_told_which_one_there_is() {
    let world = world("");
    let safe = world.serve();
    for (what, sent) in [
        ("no upgrade", with("Upgrade", &[])),
        ("another upgrade", with("Upgrade", &["h2c"])),
        ("a name that begins so", with("Upgrade", &["websocket2"])),
        ("no word of it in `Connection`", with("Connection", &["keep-alive"])),
        ("no `Connection`", with("Connection", &[])),
        ("nothing", wire::request("GET", "/ws", &[], "")),
    ] {
        let answer = answer(&safe, &sent);
        is_problem(&answer, UPGRADE_REQUIRED, what);
        assert_eq!(answer.header("upgrade"), Some("websocket"), "{what}");
        let connection = answer.header("connection").unwrap_or_default().to_ascii_lowercase();
        assert!(connection.contains("upgrade"), "{what}: {connection}");
    }
}

#[test]
fn another_version_is_told_which_one_there_is() {
    let world = world("");
    let safe = world.serve();
    for versions in [&["8"][..], &["14"], &["0"], &["255"], &["013"], &[], &["x"], &["13, 8"]] {
        let answer = answer(&safe, &with("Sec-WebSocket-Version", versions));
        is_problem(&answer, UPGRADE_REQUIRED, &format!("{versions:?}"));
        assert_eq!(answer.header("sec-websocket-version"), Some("13"), "{versions:?}");
    }
}

#[test]
fn a_key_is_sixteen_bytes_once() {
    let world = world("");
    let safe = world.serve();
    let short = STANDARD.encode([7; 15]);
    let long = STANDARD.encode([7; 17]);
    let huge = STANDARD.encode([7; 900]);
    for keys in [
        &[][..],
        &[""],
        &[short.as_str()],
        &[&long],
        &[&huge],
        &[KEY, KEY],
        &[KEY, "AAAAAAAAAAAAAAAAAAAAAA=="],
        &["AAAAAAAAAAAAAAAAAAAAAA"],
        &["AAAAAAAAAAAAAAAAAAAAA==="],
        &["!AAAAAAAAAAAAAAAAAAAAA=="],
        &["-_AAAAAAAAAAAAAAAAAAAA=="],
    ] {
        is_problem(&answer(&safe, &with("Sec-WebSocket-Key", keys)), MALFORMED, &format!("{keys:?}"));
    }
}

#[test]
fn every_key_has_an_answer_of_its_own() {
    let world = world("");
    let safe = world.serve();
    for number in 0..8 {
        let key = STANDARD.encode([number; 16]);
        let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        let accept = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
        is_taken(&answer(&safe, &with("Sec-WebSocket-Key", &[&key])), &accept);
    }
}

#[test]
fn fields_are_read_as_http_reads_them_and_nothing_is_agreed_on_that_nobody_speaks() {
    let world = world("");
    let safe = world.serve();
    let token = Person::known_as("jane").token;
    for (name, values) in [
        ("Upgrade", &["WebSocket"][..]),
        ("Upgrade", &["WEBSOCKET"]),
        ("Connection", &["keep-alive, Upgrade"]),
        ("Connection", &["upgrade"]),
        ("Connection", &["keep-alive", "Upgrade"]),
        ("Origin", &[PAGE]),
        ("Sec-WebSocket-Extensions", &["permessage-deflate; client_max_window_bits"]),
        ("Sec-WebSocket-Protocol", &["chat, superchat"]),
    ] {
        let mut client = safe.connect();
        client.send(&with(name, values));
        let mut live = Live::taken(client);
        live.authenticate(&token);
        live.is_well();
    }
    for name in ["sec-websocket-extensions", "sec-websocket-protocol"] {
        let answer = answer(&safe, &with(name, &["permessage-deflate"]));
        assert_eq!((answer.status, answer.header(name)), (101, None));
    }
}

#[test]
fn other_methods_bodies_and_paths_are_no_handshake() {
    let world = world("");
    let safe = world.serve();
    let post = answer(&safe, &wire::request("POST", "/ws", &HANDSHAKE, ""));
    is_problem(&post, NOT_ALLOWED, "POST");
    assert!(post.header("allow").unwrap().contains("GET"), "{post:?}");
    is_problem(&answer(&safe, &wire::request("DELETE", "/ws", &HANDSHAKE, "")), NOT_ALLOWED, "DELETE");
    is_problem(
        &answer(&safe, &wire::request("GET", "/ws/", &HANDSHAKE, "")),
        (404, "not_found"),
        "another path",
    );
    is_problem(&answer(&safe, &wire::request("GET", "/ws", &HANDSHAKE, "hello")), MALFORMED, "a body");
    let chunked = [&HANDSHAKE[..], &[("Transfer-Encoding", "chunked")]].concat();
    let mut sent = wire::request("GET", "/ws", &chunked, "");
    sent.extend(b"5\r\nhello\r\n0\r\n\r\n");
    is_problem(&answer(&safe, &sent), MALFORMED, "a body in chunks");
    let mut head = safe.connect();
    head.send(&wire::request("HEAD", "/ws", &HANDSHAKE, ""));
    assert_ne!(head.receive("HEAD").status, 101);
    let mut admin = safe.connect_admin();
    admin.send(&handshake(&[]));
    assert_eq!(admin.receive("GET").status, 404);
    assert_eq!(safe.connect().request("OPTIONS", "/ws", &[], "").header("sec-websocket-accept"), None);
}

#[test]
fn http_1_0_has_no_upgrade() {
    let world = world("");
    let safe = world.serve();
    let sent = String::from_utf8(handshake(&[])).unwrap().replacen("HTTP/1.1", "HTTP/1.0", 1);
    let answer = answer(&safe, sent.as_bytes());
    assert!(matches!(answer.status, 400 | 426), "{answer:?}");
    assert_eq!(answer.header("sec-websocket-accept"), None);
}

#[test]
fn a_page_of_another_origin_is_sent_away_before_anything_is_said() {
    let world = world("");
    let safe = world.serve();
    for origin in [
        "https://evil.example",
        "null",
        "https://shop.example",
        "http://www.shop.example",
        "https://www.shop.example:8443",
        "https://www.shop.example.evil.example",
        "https://www.shop.example/",
        "",
    ] {
        is_problem(&answer(&safe, &with("Origin", &[origin])), (403, "foreign_origin"), origin);
    }
    is_problem(&answer(&safe, &with("Origin", &[PAGE, PAGE])), MALFORMED, "two of them");
}

#[test]
fn no_token_counts_that_stands_in_the_head() {
    let world = world("");
    let safe = world.serve();
    let token = Person::known_as("jane").token;
    for name in ["token", "access_token", "authorization", "Token"] {
        let path = format!("/ws?{name}={token}");
        let answer = answer(&safe, &wire::request("GET", &path, &HANDSHAKE, ""));
        is_problem(&answer, (400, "query_refused"), name);
        assert!(!answer.body.contains(&token[..20]));
    }
    for (name, value) in
        [("Authorization", format!("Bearer {token}")), ("Sec-WebSocket-Protocol", token.clone())]
    {
        let mut client = safe.connect();
        client.send(&handshake(&[(name, &value)]));
        let mut live = Live::taken(client);
        live.say(&json!({ "type": "get_user_data" }));
        live.refused();
    }
}

#[test]
fn what_stands_behind_a_handshake_in_the_same_packet_is_heard() {
    let world = world("");
    let safe = world.serve();
    let token = Person::known_as("jane").token;
    let first = text(&auth(&token).to_string());
    let ping = text(r#"{"type":"ping"}"#);
    let health = wire::request("GET", "/health", &[], "");
    for (before, sent) in [
        (0, [handshake(&[]), first.clone(), ping.clone()].concat()),
        (1, [health.clone(), handshake(&[]), first.clone(), ping.clone()].concat()),
        (2, [health.clone(), health, handshake(&[]), first, ping].concat()),
    ] {
        let mut client = safe.connect();
        client.send(&sent);
        for _ in 0..before {
            assert_eq!(client.receive("GET").status, 200);
        }
        let mut live = Live::taken(client);
        live.hear_burst();
        live.hear_of("pong");
    }
}

#[test]
fn a_handshake_and_frames_that_come_byte_by_byte_are_the_same() {
    let world = world("");
    let safe = world.serve();
    let token = Person::known_as("jane").token;
    let mut client = safe.connect();
    client.send_at_once();
    for byte in [handshake(&[]), text(&auth(&token).to_string()), text(r#"{"type":"ping"}"#)].concat() {
        client.send(&[byte]);
    }
    let mut live = Live::taken(client);
    live.hear_burst();
    live.hear_of("pong");
}

#[test]
fn behind_a_handshake_requests_are_no_frames_and_are_not_answered() {
    let world = world("");
    let safe = world.serve();
    for behind in [handshake(&[]), wire::request("GET", "/health", &[], "")] {
        let mut client = safe.connect();
        client.send(&[handshake(&[]), behind].concat());
        assert_eq!(Live::taken(client).closed(), Some(1002));
    }
}

#[test]
fn behind_a_refused_handshake_frames_are_no_requests() {
    let world = world("");
    let safe = world.serve();
    let token = Person::known_as("jane").token;
    let mut client = safe.connect();
    client.send(&[with("Sec-WebSocket-Version", &["8"]), text(&auth(&token).to_string())].concat());
    assert_eq!(client.receive("GET").status, 426);
    // Frames are no head: whatever is said of them, it is no success, and it is the end.
    if let Ok(answer) = client.try_receive("GET") {
        assert_eq!(answer.status, 400);
    }
    assert!(client.is_closed());
}

#[test]
fn over_http_2_the_answer_is_clear_and_the_connection_goes_on() {
    let world = world("");
    let safe = world.serve();
    let mut client = Http2Client::connect(safe.address);
    let answer = client.try_request(http2::request("GET", "/ws", &[]), "").expect("an answer");
    is_problem(&answer, UPGRADE_REQUIRED, "HTTP/2");
    assert_eq!((answer.header("upgrade"), answer.header("connection")), (None, None));
    let with_origin = http2::request("GET", "/ws", &[("origin", "https://evil.example")]);
    let answer = client.try_request(with_origin, "").expect("an answer");
    assert!(matches!(answer.status, 403 | 426), "{answer:?}");
    let health = client.try_request(http2::request("GET", "/health", &[]), "").expect("an answer");
    assert_eq!(health.status, 200);
}

#[test]
fn through_tls_it_is_the_same() {
    let authority = Authority::new();
    let world = World::new(SETTINGS);
    give(&world, &authority.server("localhost"));
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut live = Live::begin(authority.connect(safe.address), &[("Origin", PAGE)]);
    live.authenticate(&jane.token);
    let mut client = authority.connect(safe.address);
    let written = client.authorized(&jane.token, "POST", super::USERDATA, &jane.body(&json!({ "a": 1 })));
    assert_eq!(written.status, 200);
    assert_eq!(live.hear_update()["changed"], json!({ "a": 1 }));
    live.is_well();
}

#[test]
fn clients_that_leave_in_the_middle_of_a_handshake_harm_nobody() {
    let world = world("");
    let safe = world.serve();
    let sent = handshake(&[]);
    for length in [1, 10, sent.len() - 1, sent.len()] {
        let mut client = Client::connect(safe.address);
        client.send(&sent[..length]);
        client.sender().flush().unwrap();
    }
    Live::of(&safe, &Person::known_as("jane").token).0.is_well();
}
