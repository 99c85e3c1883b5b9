//! Hostile bytes against the real binary: tables of what is sent and what must come back.
//!
//! Every case is sent alone on a connection and again behind an ordinary request in the same packet; after each, an ordinary
//! request must still be answered. All of it goes to one server, which is asked at the end whether it is still well.

pub(crate) mod bodies;
mod caps;
mod deadlines;
mod departures;
pub(crate) mod expectations;
mod fields;
mod framing;
mod memory;
mod persistence;
pub(crate) mod pipelining;
mod request_lines;
mod slow;

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::process::DEMO;
use crate::support::{Answer, Client, Safe};

/// What is sent, and what must come back.
pub(crate) struct Case {
    /// The bytes; `{token}` and `{id}` stand for a good token and its person.
    pub(crate) sent: String,
    pub(crate) status: u16,
    /// The problem's code; empty where the answer is none, or was asked for with `HEAD`.
    pub(crate) code: &'static str,
    pub(crate) is_closed: bool,
}

/// A case that is refused and ends its connection.
pub(crate) fn refused(sent: impl Into<String>, status: u16, code: &'static str) -> Case {
    Case { sent: sent.into(), status, code, is_closed: true }
}

/// A case that breaks a rule of the head: 400.
pub(crate) fn malformed(sent: impl Into<String>) -> Case {
    refused(sent, 400, "malformed_request")
}

/// A case that is answered like any other; the connection stays.
pub(crate) fn answered(sent: impl Into<String>, status: u16, code: &'static str) -> Case {
    Case { sent: sent.into(), status, code, is_closed: false }
}

/// A case that is answered like any other and asked itself for the end of its connection.
pub(crate) fn parting(sent: impl Into<String>, status: u16) -> Case {
    Case { sent: sent.into(), status, code: "", is_closed: true }
}

/// An ordinary request with further fields.
pub(crate) fn get_with(fields: &str) -> String {
    format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
}

/// An ordinary write with further fields, and bytes behind the head.
pub(crate) fn post_with(fields: &str, rest: &str) -> String {
    format!(
        "POST /v1/ibexsafe/userdata HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {{token}}\r\n\
         Content-Type: application/json\r\n{fields}\r\n{rest}"
    )
}

/// All tables.
pub(crate) fn all_cases() -> Vec<Case> {
    let tables = [
        request_lines::cases(),
        fields::cases(),
        framing::cases(),
        bodies::cases(),
        persistence::cases(),
        caps::cases(),
    ];
    tables.into_iter().flatten().collect()
}

#[test]
fn every_hostile_case_is_answered_as_its_table_says_and_harms_nobody_else() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let cases = all_cases();
    let tried = AtomicUsize::new(0);
    // A few at a time: a refused client is given a moment to read its answer, and so are we.
    std::thread::scope(|scope| {
        for part in cases.chunks(cases.len().div_ceil(4)) {
            let (safe, tried) = (&safe, &tried);
            scope.spawn(move || {
                let mut bystander = safe.connect();
                for case in part {
                    alone(safe, case);
                    behind_another(safe, case);
                    ordinary(&mut bystander, case);
                    tried.fetch_add(2, Ordering::Relaxed);
                }
            });
        }
    });
    let tried = tried.into_inner();
    writeln!(std::io::stderr(), "{tried} cases over raw sockets").unwrap();
    assert!(tried >= 900, "{tried} cases");
    assert_eq!(safe.connect_admin().request("GET", "/readyz", &[], "").status, 200);
}

fn alone(safe: &Safe, case: &Case) {
    let mut client = safe.connect();
    // The server may have answered and closed before it has read all: that is no fault.
    let _ = client.try_send(&bytes(safe, case));
    check(&mut client, case, "alone");
}

fn behind_another(safe: &Safe, case: &Case) {
    let mut client = safe.connect();
    let mut sent = get_with("X-Request-Id: first\r\n").into_bytes();
    sent.extend(bytes(safe, case));
    let _ = client.try_send(&sent);
    let first = client.receive("GET");
    assert_eq!((first.status, first.header("x-request-id")), (200, Some("first")), "before {:?}", case.sent);
    check(&mut client, case, "pipelined");
}

fn bytes(safe: &Safe, case: &Case) -> Vec<u8> {
    filled(safe, &case.sent)
}

/// A text with the token and the id of the demo person in their places.
fn filled(safe: &Safe, text: &str) -> Vec<u8> {
    text.replace("{token}", &safe.access_token).replace("{id}", DEMO).into_bytes()
}

/// A write of one small string.
pub(crate) const WRITE: &str = r#"{"externalUserId":"{id}","data":{"a":"1"}}"#;

/// Bytes of [`WRITE`], the id in its place.
pub(crate) const WRITE_BYTES: usize = WRITE.len() - "{id}".len() + DEMO.len();

/// The answer is the case's, and the connection goes on or ends as it says.
pub(crate) fn check(client: &mut Client, case: &Case, how: &str) -> Answer {
    let sent = case.sent.chars().take(200).collect::<String>();
    let method = case.sent.split(' ').next().unwrap_or_default();
    let Ok(answer) = client.try_receive(method) else { panic!("no answer, {how}: {sent:?}") };
    assert_eq!((answer.status, code(&answer).as_str()), (case.status, case.code), "{how}: {sent:?}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{how}: {sent:?}");
    assert!(answer.header("x-request-id").is_some(), "{how}: {sent:?}");
    if case.is_closed {
        // HTTP/1.0 ends where nothing is said.
        let is_understood = case.status < 400 && case.sent.contains("HTTP/1.0");
        assert!(is_understood || answer.header("connection") == Some("close"), "{how}: {sent:?}");
        assert!(client.is_closed(), "{how}: {sent:?}");
    } else {
        ordinary(client, case);
    }
    answer
}

fn code(answer: &Answer) -> String {
    if answer.status < 400 || answer.body.is_empty() {
        return String::new();
    }
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn ordinary(client: &mut Client, case: &Case) {
    let answer = client.request("GET", "/health", &[], "");
    assert_eq!(answer.status, 200, "after {:?}", case.sent.chars().take(200).collect::<String>());
}
