//! Clients that take their time. Each wait has its deadline, and the connection beside them goes on.

use crate::support::process::{DEMO, strongroom};
use crate::support::{Safe, World};

use super::{get_with, post_with};

const SHORT: &str = "[limits]\nfirst_byte_s = 1\nhead_s = 1\nidle_s = 1\nwrite_stall_s = 1\nbody_bytes_per_s = 1000\nbody_s = 30\nrate_per_address_per_s = 0\n";

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

#[test]
fn a_client_that_takes_no_answers_is_asked_for_no_more_and_closed_whatever_it_asks() {
    let world = World::new(SHORT);
    let safe = world.serve();
    let mut deaf = safe.connect();
    let many = "OPTIONS /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx".repeat(1000);
    // Bounded: some sixty megabytes would be taken from it if nobody stopped it.
    let sent = (0..1000).take_while(|_| deaf.try_send(many.as_bytes()).is_ok()).count();
    assert!(sent < 1000, "all of it was taken");
    // And one that asks for much before it reads is served, every answer in its turn.
    let mut slow = safe.connect();
    slow.send(&many.as_bytes()[..many.len() / 2]);
    for _ in 0..500 {
        assert_eq!(slow.receive("OPTIONS").status, 204);
    }
    assert_eq!(slow.request("GET", "/health", &[], "").status, 200);
    assert!(slow.is_closed(), "idle, and its time is up");
}

#[test]
fn connections_that_wait_in_a_crowd_are_served_when_they_speak_again() {
    let world = World::new("[limits]\nrate_per_person_per_s = 0\nrate_per_address_per_s = 0\n");
    let mut command = strongroom();
    command.env("STRONGROOM_SERVER__WORKERS", "1");
    let safe = Safe::serve_with(command, &world.config());
    let account = safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
    let (token, person) = (account["access_token"].as_str().unwrap(), account["subject"].as_str().unwrap());
    // More than one core keeps warm: the later ones are parked after each answer.
    let mut crowd: Vec<_> = (0..400).map(|_| safe.connect()).collect();
    let write = format!(r#"{{"externalUserId":"{person}","data":{{}}}}"#);
    let chunked = format!("{:x}\r\n{write}\r\n0\r\n\r\n", write.len());
    let chunked = post_with("Transfer-Encoding: chunked\r\n", &chunked).replace("{token}", token);
    for _ in 0..2 {
        for client in &mut crowd {
            assert_eq!(client.request("GET", "/health", &[], "").status, 200);
        }
        for client in &mut crowd {
            client.send(chunked.as_bytes());
            assert_eq!(client.receive("POST").status, 204);
        }
        for client in &mut crowd {
            client.send(get_with("").repeat(3).as_bytes());
            for _ in 0..3 {
                assert_eq!(client.receive("GET").status, 200);
            }
        }
    }
    for client in &mut crowd {
        client.send(b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n");
        assert_eq!(client.receive("GET").status, 400);
        assert!(client.is_closed());
    }
    assert!(safe.stop().0.success());
}
