//! Many requests at once on one connection: each is answered, in order, up to the first that is refused.

use super::{WRITE, WRITE_BYTES, filled, get_with, post_with};
use crate::support::Safe;
use crate::support::process::DEMO;

/// One of every kind of answer, none of which ends the connection: its method, its status, and the request.
fn kinds() -> [(&'static str, u16, String); 7] {
    let read = |method: &str, fields: &str| {
        let authorization = "Authorization: Bearer {token}";
        format!(
            "{method} /v1/ibexsafe/userdata/external/{DEMO} HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n{fields}\r\n"
        )
    };
    let counted = |body: &str, bytes: usize| post_with(&format!("Content-Length: {bytes}\r\n"), body);
    [
        ("GET", 200, get_with("")),
        ("POST", 200, counted(WRITE, WRITE_BYTES)),
        ("HEAD", 200, read("HEAD", "")),
        ("GET", 304, read("GET", "If-None-Match: *\r\n")),
        ("OPTIONS", 204, "\r\nOPTIONS /health HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned()),
        // A body that looks like a request.
        ("POST", 400, counted(&get_with(""), get_with("").len())),
        ("GET", 200, read("GET", "")),
    ]
}

fn safe() -> (tempfile::TempDir, Safe) {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    (data, safe)
}

/// A request with its number in its request id.
fn numbered(request: &str, number: usize) -> String {
    request.replacen("Host:", &format!("X-Request-Id: n{number}\r\nHost:"), 1)
}

#[test]
fn requests_of_every_kind_that_come_together_are_answered_in_order() {
    let (_data, safe) = safe();
    let kinds = kinds();
    let all: String = (0..400).map(|number| numbered(&kinds[number % kinds.len()].2, number)).collect();
    let mut client = safe.connect();
    client.send(&filled(&safe, &all));
    for number in 0..400 {
        let (method, status, request) = &kinds[number % kinds.len()];
        let answer = client.receive(method);
        let expected = (*status, Some(format!("n{number}")));
        assert_eq!(
            (answer.status, answer.header("x-request-id").map(str::to_owned)),
            expected,
            "{request:?}"
        );
    }
    assert_eq!(client.request("GET", "/health", &[], "").status, 200);
}

#[test]
fn ten_thousand_tiny_requests_are_answered_while_they_are_sent() {
    const REQUESTS: usize = 10_000;
    let (_data, safe) = safe();
    let mut client = safe.connect();
    let mut sender = client.sender();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let all = "GET /x HTTP/1.1\r\nHost:x\r\n\r\n".repeat(REQUESTS);
            std::io::Write::write_all(&mut sender, all.as_bytes()).unwrap();
        });
        for number in 0..REQUESTS {
            assert_eq!(client.receive("GET").status, 404, "{number}");
        }
    });
    assert_eq!(client.request("GET", "/health", &[], "").status, 200);
}

/// One request for each status that ends a connection.
pub(crate) fn refusals() -> Vec<(u16, String)> {
    vec![
        (400, get_with("A : 1\r\n")),
        (400, get_with("Host: localhost\r\n")),
        (400, "GET /health HTTP/1.1\nHost: localhost\n\n".to_owned()),
        (400, post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
        (405, get_with("").replace("GET", "TRACE")),
        (414, get_with("").replace("/health", &format!("/{}", "a".repeat(8192)))),
        (415, post_with("Content-Encoding: gzip\r\nContent-Length: 0\r\n", "")),
        (417, get_with("Expect: x\r\n")),
        (431, get_with(&"A: 1\r\n".repeat(101))),
        (413, post_with("Content-Length: 10000000\r\n", "")),
    ]
}

#[test]
fn what_is_behind_a_refused_request_is_thrown_away_whatever_it_is() {
    let (_data, safe) = safe();
    let kinds = kinds();
    let marked = post_with(
        &format!("Content-Length: {WRITE_BYTES}\r\n"),
        &WRITE.replace("\"a\":\"1\"", "\"z\":\"1\""),
    );
    for (status, refused) in refusals() {
        // In the middle: behind one of each kind, and before a write.
        for depth in [0, 1, kinds.len(), 5 * kinds.len()] {
            let before: String =
                (0..depth).map(|number| numbered(&kinds[number % kinds.len()].2, number)).collect();
            let mut client = safe.connect();
            // The server may have closed before it has read all.
            let _ = client.try_send(&filled(&safe, &format!("{before}{refused}{marked}")));
            for number in 0..depth {
                let (method, expected, _) = &kinds[number % kinds.len()];
                assert_eq!(client.receive(method).status, *expected, "{number} before {refused:?}");
            }
            let answer = client.receive("GET");
            assert_eq!((answer.status, answer.header("connection")), (status, Some("close")), "{refused:?}");
            assert!(client.is_closed(), "{refused:?}");
        }
    }
    let read = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    let record = safe.connect().authorized(&safe.access_token, "GET", &read, "").json();
    assert_eq!(record.get("z"), None, "a write behind a refusal was served");
}
