//! Clients that take their time. Each wait has its deadline, and the connection beside them goes on.

use std::io::Write;
use std::net::Shutdown;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::process::{DEMO, strongroom};
use crate::support::{Safe, World, comes_true};

use super::{get_with, post_with};

/// Short to wait for, and long beside a client's next step on a busy machine.
const SHORT: &str =
    "[limits]\nfirst_byte_s = 5\nhead_s = 5\nidle_s = 5\nbody_bytes_per_s = 1000\nbody_s = 30\n";
/// Clients here ask for much, from one address.
const NO_RATES: &str = "rate_per_person_per_s = 0\nrate_per_address_per_s = 0\n";
const OPTIONS: &str = "OPTIONS /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";

#[test]
fn each_wait_for_a_client_ends_and_a_request_that_was_begun_is_answered() {
    let world = World::new(SHORT);
    let safe = world.serve();
    let account = safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
    let token = account["access_token"].as_str().unwrap().to_owned();
    let mut silent = safe.connect();
    let mut idle = safe.connect();
    assert_eq!(idle.request("GET", "/health", &[], "").status, 200);
    let mut head = safe.connect();
    head.send(b"GET /health HTTP/1.1\r\nHost: loc");
    let mut body = safe.connect();
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
fn a_client_that_takes_no_answer_holds_no_other_up() {
    // It is closed long after the other has lost patience, and both are on the only core.
    let world = World::new(&format!("[limits]\nwrite_stall_s = 300\n{NO_RATES}"));
    let mut command = strongroom();
    command.env("STRONGROOM_SERVER__WORKERS", "1");
    let safe = Safe::serve_with(command, &world.config());
    let deaf = safe.connect();
    let mut sender = deaf.sender();
    let sent = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        // Asked for more than the sockets between us hold, and never read: the server stops reading, and waits.
        scope.spawn(|| {
            let many = get_with(&format!("X-Request-Id: {}\r\n", &DEMO[..8])).repeat(100);
            while sender.write_all(many.as_bytes()).is_ok() {
                sent.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut other = safe.connect();
        // It is stuck when it has sent nothing more while the other was answered a thousand times.
        let is_stuck = || {
            let before = sent.load(Ordering::Relaxed);
            for _ in 0..1000 {
                assert_eq!(other.request("GET", "/health", &[], "").status, 200);
            }
            before > 0 && sent.load(Ordering::Relaxed) == before
        };
        let is_stuck = comes_true(is_stuck);
        deaf.sender().shutdown(Shutdown::Both).unwrap();
        assert!(is_stuck, "all of it was taken");
    });
}

#[test]
fn a_client_that_takes_no_answers_is_asked_for_no_more_and_closed_whatever_it_asks() {
    let world = World::new(&format!("[limits]\nwrite_stall_s = 1\n{NO_RATES}"));
    let safe = world.serve();
    let get = get_with(&format!("X-Request-Id: {}\r\n", &DEMO[..8]));
    for request in [get.as_str(), OPTIONS] {
        let mut deaf = safe.connect();
        let many = request.repeat(1000);
        // Bounded: some sixty megabytes would be taken from it if nobody stopped it.
        let sent = (0..1000).take_while(|_| deaf.try_send(many.as_bytes()).is_ok()).count();
        assert!(sent < 1000, "all of it was taken: {request:?}");
    }
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
}

#[test]
fn a_client_that_asks_for_much_before_it_reads_is_served_every_answer_in_its_turn() {
    let world = World::new(&format!("[limits]\n{NO_RATES}"));
    let safe = world.serve();
    let mut slow = safe.connect();
    slow.send(OPTIONS.repeat(500).as_bytes());
    for _ in 0..500 {
        assert_eq!(slow.receive("OPTIONS").status, 204);
    }
    assert_eq!(slow.request("GET", "/health", &[], "").status, 200);
}

#[test]
fn connections_that_wait_in_a_crowd_are_served_when_they_speak_again() {
    let world = World::new(&format!("[limits]\n{NO_RATES}"));
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
