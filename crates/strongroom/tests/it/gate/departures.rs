//! Clients that leave: politely, half-way, or with a reset.

use std::net::Ipv4Addr;

use super::{WRITE, WRITE_BYTES, filled, get_with, post_with};
use crate::overload::metric;
use crate::support::{Client, Safe, World, comes_true};

#[test]
fn a_client_that_has_said_all_and_closed_its_side_gets_every_answer_and_then_the_end() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let chunked = format!("{WRITE_BYTES:x}\r\n{WRITE}\r\n0\r\n\r\n");
    for (sent, statuses) in [
        (get_with(""), &[200][..]),
        (post_with(&format!("Content-Length: {WRITE_BYTES}\r\n"), WRITE), &[200]),
        (post_with("Transfer-Encoding: chunked\r\n", &chunked), &[200]),
        (get_with("").repeat(3), &[200, 200, 200]),
        (get_with("") + "GET /a%2fb HTTP/1.1\r\n\r\n", &[200, 400]),
        // Half a request behind whole ones asks for nothing.
        (get_with("") + "GET /health HTTP/1.1\r\nHost: loc", &[200]),
        (get_with("") + "\r\n", &[200]),
    ] {
        let mut client = safe.connect();
        client.send(&filled(&safe, &sent));
        client.end();
        for status in statuses {
            assert_eq!(client.receive("GET").status, *status, "{sent:?}");
        }
        assert!(client.is_closed(), "{sent:?}");
    }
    let mut client = safe.connect();
    client.end();
    assert!(client.is_closed(), "nobody asked");
}

#[test]
fn a_reset_in_the_middle_of_a_body_gives_its_place_and_its_room_back() {
    // One place: whoever kept it would be the last that was served.
    let world = World::new("[limits]\nrequests_in_flight = 1\nbody_s = 600\nbody_bytes_per_s = 1\n");
    let safe = world.serve();
    let account = safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
    let token = account["access_token"].as_str().unwrap();
    let ask = |from: u8| {
        let mut client = Client::connect_from(Ipv4Addr::new(127, 0, 2, from).into(), safe.address);
        client.request("GET", "/health", &[], "").status
    };
    let holds = |bytes: u64| comes_true(|| metric(&safe, "strongroom_http_body_bytes_in_flight") == bytes);
    for (framing, body, bytes) in [
        ("Content-Length: 1000", "", 0),
        ("Content-Length: 1000", "{", 1),
        ("Transfer-Encoding: chunked", "", 0),
        ("Transfer-Encoding: chunked", "300\r\n{", 1),
    ] {
        let mut leaving = safe.connect();
        let head = post_with(&format!("{framing}\r\nExpect: 100-continue\r\n"), body);
        leaving.send(head.replace("{token}", token).as_bytes());
        // Its body is waited for once it is asked for. Left unread, that word makes a reset of the close.
        leaving.wait_for_bytes();
        assert!(holds(bytes), "what has come is counted: {framing}, {body:?}");
        drop(leaving);
        assert!(comes_true(|| metric(&safe, "strongroom_http_connections") == 0), "{framing}, {body:?}");
        assert!(holds(0), "the room was kept: {framing}, {body:?}");
        assert!(comes_true(|| ask(2) == 200), "the place was kept: {framing}, {body:?}");
    }
    // Resets in any other place harm nobody either.
    for sent in ["", "GET", "GET /health HTTP/1.1\r\nHost: loc"] {
        let mut leaving = safe.connect();
        leaving.send(format!("{}{sent}", get_with("")).as_bytes());
        leaving.wait_for_bytes();
    }
    assert_eq!(ask(1), 200);
}
