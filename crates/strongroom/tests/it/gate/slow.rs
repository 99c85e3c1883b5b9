//! Clients that take their time. Each wait has its deadline, and the connection beside them goes on.

use crate::support::World;
use crate::support::process::DEMO;

use super::{get_with, post_with};

const SHORT: &str = "[limits]\nfirst_byte_s = 1\nhead_s = 1\nidle_s = 1\nwrite_stall_s = 1\nbody_bytes_per_s = 1000\nbody_s = 30\n";

#[test]
fn each_wait_for_a_client_ends_and_a_request_that_was_begun_is_answered() {
    let world = World::new(SHORT);
    let safe = world.serve();
    let account = safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
    let token = account["access_token"].as_str().unwrap().to_owned();
    let (mut silent, mut idle, mut head, mut body) =
        (safe.connect(), safe.connect(), safe.connect(), safe.connect());
    assert_eq!(idle.request("GET", "/health", &[], "").status, 200);
    head.send(b"GET /health HTTP/1.1\r\nHost: loc");
    body.send(
        post_with("Content-Length: 100\r\n", "{\"externalUserId\"").replace("{token}", &token).as_bytes(),
    );
    // All of them wait at the same time; each is waited for here until its own end.
    assert!(silent.is_closed(), "nobody waits for an answer");
    assert!(idle.is_closed(), "nobody waits for an answer");
    let answer = head.receive("GET");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (408, Some("head_too_slow")));
    assert!(head.is_closed());
    let answer = body.receive("POST");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (408, Some("body_too_slow")));
    assert!(body.is_closed());
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
}

#[test]
fn a_client_that_takes_no_answer_is_closed_and_holds_no_other_up() {
    let world = World::new(SHORT);
    let safe = world.serve();
    let mut deaf = safe.connect();
    // Asked for more than the sockets between us hold, and never read: the server stops reading, then waits, then ends it.
    let many = get_with(&format!("X-Request-Id: {}\r\n", &DEMO[..8])).repeat(100);
    while deaf.try_send(many.as_bytes()).is_ok() {}
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
}
