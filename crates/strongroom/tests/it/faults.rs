//! Faults below and above: a disk that fails a sync, bodies that do not come, more requests than may be in hand.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::support::process::DEMO;
use crate::support::{Client, Safe, World, foreign_token, wire};

/// Syncs fail from the moment this exists.
struct FailingSyncs {
    strace: Child,
    /// Held open: it would end if nobody could hear it.
    _says: BufReader<ChildStderr>,
}

impl FailingSyncs {
    /// Attaches to every thread of the process, and comes back when it holds them.
    fn of(safe: &Safe) -> Self {
        let mut strace = Command::new("strace")
            .args([
                "-f",
                "-e",
                "trace=fsync,fdatasync",
                "-e",
                "inject=fsync,fdatasync:error=EIO",
                "-o",
                "/dev/null",
                "-p",
            ])
            .arg(safe.pid().to_string())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut says = BufReader::new(strace.stderr.take().unwrap());
        let mut line = String::new();
        says.read_line(&mut line).unwrap();
        assert!(line.contains("attached"), "{line}");
        Self { strace, _says: says }
    }
}

impl Drop for FailingSyncs {
    fn drop(&mut self) {
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_until_a_restart_and_reads_go_on() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    let mut client = safe.connect();
    let mut write = |value: u32| {
        let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{"n":{value}}}}}"#);
        client.authorized(&safe.access_token, "POST", "/v1/ibexsafe/userdata", &body)
    };
    assert_eq!(write(1).status, 200);
    let failing = FailingSyncs::of(&safe);
    let refused = write(2);
    assert_eq!((refused.status, refused.json()["code"].as_str()), (503, Some("unavailable")));
    assert_eq!(refused.header("retry-after"), Some("1"));
    drop(failing);

    assert_eq!(write(3).status, 503, "the disk is well again, what it holds is unknown: no retry");
    assert_eq!(safe.connect_admin().request("GET", "/readyz", &[], "").status, 503);
    assert_eq!(safe.connect().authorized(&safe.access_token, "GET", &path, "").body, r#"{"n":1}"#);
    let token = safe.access_token.clone();
    safe.kill();

    let safe = Safe::dev(data.path());
    let read = safe.connect().authorized(&token, "GET", &path, "").body;
    assert!(read == r#"{"n":1}"# || read == r#"{"n":2}"#, "the write in doubt, or none: {read}");
    let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{"n":4}}}}"#);
    assert_eq!(safe.connect().authorized(&token, "POST", "/v1/ibexsafe/userdata", &body).status, 200);
}

/// The head of a write whose body is still to come.
fn head(token: &str, length: usize) -> Vec<u8> {
    let authorization = format!("Bearer {token}");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/json"),
        ("Expect", "100-continue"),
    ];
    let request = wire::request("POST", "/v1/ibexsafe/userdata", &headers, &"x".repeat(length));
    request[..request.len() - length].to_vec()
}

/// A request in hand: its head is taken, its body is asked for.
fn in_hand(safe: &Safe, token: &str) -> Client {
    let mut client = safe.connect();
    client.send(&head(token, 100));
    assert_eq!(client.receive("HEAD").status, 100);
    client
}

#[test]
fn a_body_that_does_not_come_is_408_and_one_that_breaks_off_is_400() {
    let world = World::new("[limits]\nbody_s = 3\n");
    let safe = world.serve();
    let token = foreign_token("jane");
    let mut slow = in_hand(&safe, &token);
    let mut broken = in_hand(&safe, &token);
    broken.send(b"{");
    broken.finish();
    let answer = broken.receive("POST");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("body_incomplete")));
    let answer = slow.receive("POST");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (408, Some("body_too_slow")));
    assert!(slow.is_closed());
}
