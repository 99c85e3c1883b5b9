//! Bodies: chunks, ends that come early, answers that do.

use super::{Case, answered, get_with, malformed, post_with, refused};
use crate::support::process::DEMO;
use crate::support::{Client, Safe};

const WRITE: &str = r#"{"externalUserId":"{id}","data":{"a":"1"}}"#;

/// Chunked bodies that are none.
const BROKEN_CHUNKS: [&str; 14] = [
    "g\r\nx\r\n0\r\n\r\n",
    "-1\r\nx\r\n0\r\n\r\n",
    "+1\r\nx\r\n0\r\n\r\n",
    "0x1\r\nx\r\n0\r\n\r\n",
    " \r\nx\r\n0\r\n\r\n",
    "\r\nx\r\n0\r\n\r\n",
    "1 1\r\nx\r\n0\r\n\r\n",
    "1\rx\r\n0\r\n\r\n",
    "1\r\nxx\r\n0\r\n\r\n",
    "2\r\nx\r\n0\r\n\r\n",
    "1\r\nx0\r\n\r\n",
    "10000000000000000\r\nx\r\n0\r\n\r\n",
    "fffffffffffffffff\r\nx\r\n0\r\n\r\n",
    "1;a\nb\r\nx\r\n0\r\n\r\n",
];

fn chunked(body: &str) -> String {
    post_with("Transfer-Encoding: chunked\r\n", body)
}

/// A write in one chunk, with these extensions and trailers.
fn in_one_chunk(extension: &str, trailers: &str) -> String {
    let length = WRITE.len() - "{id}".len() + DEMO.len();
    chunked(&format!("{length:x}{extension}\r\n{WRITE}\r\n0\r\n{trailers}\r\n"))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> =
        BROKEN_CHUNKS.iter().map(|body| refused(chunked(body), 400, "body_incomplete")).collect();
    let stranger = |fields: &str, rest: &str| {
        format!("POST /v1/ibexsafe/userdata HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{rest}")
    };
    cases.extend([
        answered(in_one_chunk("", ""), 200, ""),
        answered(in_one_chunk(";a=b", ""), 200, ""),
        answered(in_one_chunk("", "X-Trailer: 1\r\n"), 200, ""),
        answered(chunked("0\r\n\r\n"), 400, "json_malformed"),
        refused(in_one_chunk(&format!(";{}", "a".repeat(20_000)), ""), 400, "body_incomplete"),
        refused(chunked(&format!("{}0\r\n\r\n", "1\r\n \r\n".repeat(5000))), 413, "body_in_too_many_chunks"),
        refused(chunked(&format!("fffff\r\n{}\r\n0\r\n\r\n", " ".repeat(0xf_ffff))), 413, "body_too_large"),
        refused(post_with("Content-Length: 10000000\r\n", "{"), 413, "body_too_large"),
        refused(post_with("Content-Length: 999999999999999999\r\n", "{"), 413, "body_too_large"),
        // Nobody is asked for a body that nobody will read.
        refused(stranger("Content-Length: 1000000\r\n", &"x".repeat(1000)), 401, "token_missing"),
        refused(stranger("Transfer-Encoding: chunked\r\n", "1000\r\nx"), 401, "token_missing"),
        refused(stranger("Content-Length: 5\r\nExpect: 100-continue\r\n", ""), 401, "token_missing"),
        answered(stranger("Content-Length: 5\r\n", "hello"), 401, "token_missing"),
    ]);
    cases
}

fn safe() -> (tempfile::TempDir, Safe) {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    (data, safe)
}

fn send(client: &mut Client, safe: &Safe, text: &str) {
    client.send(text.replace("{token}", &safe.access_token).replace("{id}", DEMO).as_bytes());
}

#[test]
fn a_client_is_asked_for_its_body_once_its_token_is_good_and_not_before() {
    let (_data, safe) = safe();
    let length = WRITE.len() - "{id}".len() + DEMO.len();
    let head = post_with(&format!("Content-Length: {length}\r\nExpect: 100-Continue\r\n"), "");
    let mut client = safe.connect();
    send(&mut client, &safe, &head);
    assert_eq!(client.receive("POST").status, 100);
    send(&mut client, &safe, WRITE);
    assert_eq!(client.receive("POST").status, 200);

    let mut client = safe.connect();
    send(&mut client, &safe, &head.replace("{token}", "bad"));
    assert_eq!(client.receive("POST").status, 401, "no 100 before it");
    assert!(client.is_closed());
}

#[test]
fn requests_that_come_together_are_answered_in_order() {
    let (_data, safe) = safe();
    let length = WRITE.len() - "{id}".len() + DEMO.len();
    let request = |number: usize| match number % 3 {
        0 => get_with(&format!("X-Request-Id: n{number}\r\n")),
        1 => post_with(&format!("Content-Length: {length}\r\nX-Request-Id: n{number}\r\n"), WRITE),
        _ => format!("\r\nHEAD /health HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: n{number}\r\n\r\n"),
    };
    let all: String = (0..300).map(request).collect();
    let mut client = safe.connect();
    send(&mut client, &safe, &all);
    for number in 0..300 {
        let answer = client.receive(["GET", "POST", "HEAD"][number % 3]);
        assert_eq!((answer.status, answer.header("x-request-id")), (200, Some(&*format!("n{number}"))));
    }
}

#[test]
fn a_request_is_the_same_however_it_is_cut() {
    let (_data, safe) = safe();
    let length = WRITE.len() - "{id}".len() + DEMO.len();
    let counted = post_with(&format!("Content-Length: {length}\r\n"), WRITE);
    let mut client = safe.connect();
    client.send_at_once();
    for request in [counted, in_one_chunk(";a=b", "X-Trailer: 1\r\n")] {
        for part in request.replace("{token}", &safe.access_token).replace("{id}", DEMO).bytes() {
            client.send(&[part]);
        }
        assert_eq!(client.receive("POST").status, 200);
    }
}

#[test]
fn what_comes_read_ahead_behind_a_chunked_body_is_refused_and_never_served() {
    let (_data, safe) = safe();
    // Whole, and cut where what is left would be a request of its own.
    for next in [&get_with(""), "GET /x HTTP/1.1\r\nA: ", "GET /smuggled?"] {
        let mut client = safe.connect();
        send(&mut client, &safe, &format!("{}{next}", in_one_chunk("", "")));
        assert_eq!(client.receive("POST").status, 200);
        if let Ok(answer) = client.try_receive("GET") {
            assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("malformed_request")));
        }
        assert!(client.is_closed(), "{next:?}");
    }
}

#[test]
fn a_body_that_ends_early_is_no_request() {
    let (_data, safe) = safe();
    for cut in [post_with("Content-Length: 100\r\n", "{\"a"), chunked("5\r\nab"), chunked("2\r\nab\r\n")] {
        let mut client = safe.connect();
        send(&mut client, &safe, &cut);
        client.end();
        let answer = client.receive("POST");
        assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("body_incomplete")));
        assert!(client.is_closed());
    }
    let mut client = safe.connect();
    send(&mut client, &safe, "GET /health HTTP/1.1\r\nHost: loc");
    client.end();
    assert!(client.is_closed(), "half a head asks for nothing");
}

#[test]
fn an_answer_reaches_a_client_that_is_still_sending() {
    let (_data, safe) = safe();
    let body = "x".repeat(900_000);
    for head in [
        "POST /v1/ibexsafe/userdata HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n",
        "POST /a%2fb HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n",
    ] {
        let mut client = safe.connect();
        send(&mut client, &safe, head);
        client.send(body.as_bytes());
        assert!(matches!(client.receive("POST").status, 400 | 401), "{head:?}");
        assert!(client.is_closed());
    }
}

#[test]
fn a_request_behind_a_refused_one_is_never_served() {
    let (_data, safe) = safe();
    let case = malformed(get_with("A : 1\r\n"));
    let mut client = safe.connect();
    send(&mut client, &safe, &format!("{}{}", case.sent, get_with("")));
    assert_eq!(client.receive("GET").status, 400);
    assert!(client.is_closed());
}
