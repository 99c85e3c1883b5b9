//! Bodies: chunks, ends that come early, answers that do.

use super::{Case, WRITE, WRITE_BYTES, answered, filled, get_with, post_with, refused};
use crate::support::{Client, Safe};

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
pub(crate) fn in_one_chunk(extension: &str, trailers: &str) -> String {
    chunked(&format!("{WRITE_BYTES:x}{extension}\r\n{WRITE}\r\n0\r\n{trailers}\r\n"))
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
        refused(in_one_chunk(&format!(";{}", "a".repeat(20_000)), ""), 413, "body_overhead"),
        refused(in_one_chunk("", &format!("A: {}\r\n", "a".repeat(20_000))), 413, "body_overhead"),
        // Sizes that say nothing for ever: no extension, no data, and not for ever.
        refused(chunked(&format!("{}1\r\n", "0".repeat(1_100_000))), 413, "body_too_large"),
        refused(chunked(&format!("1{}\r\n", " ".repeat(1_100_000))), 413, "body_too_large"),
        // Trailers decide nothing: not where a body ends, and not whose it is.
        answered(in_one_chunk("", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 200, ""),
        answered(in_one_chunk("", "Authorization: Bearer x\r\nHost: evil.example\r\n"), 200, ""),
        refused(in_one_chunk("", "A\0: 1\r\n"), 400, "body_incomplete"),
        refused(in_one_chunk("", "A : 1\r\n"), 400, "body_incomplete"),
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
    client.send(&filled(safe, text));
}

#[test]
fn a_request_is_the_same_however_it_is_cut() {
    let (_data, safe) = safe();
    let counted = post_with(&format!("Content-Length: {WRITE_BYTES}\r\n"), WRITE);
    let mut client = safe.connect();
    client.send_at_once();
    for request in [counted, in_one_chunk(";a=b", "X-Trailer: 1\r\n")] {
        for part in filled(&safe, &request) {
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

/// Writes that end before their end.
pub(crate) fn cut_short() -> [String; 3] {
    [post_with("Content-Length: 100\r\n", "{\"a"), chunked("5\r\nab"), chunked("2\r\nab\r\n")]
}

#[test]
fn a_body_that_ends_early_is_no_request() {
    let (_data, safe) = safe();
    for cut in cut_short() {
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
