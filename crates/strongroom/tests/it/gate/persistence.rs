//! Whether a connection goes on behind an answer: the client's word, the version's, ours.

use super::{Case, answered, get_with, parting, post_with, refused};

/// What is refused of a `HEAD`: the same status, and no body.
const HEADS: [(u16, &str, &str); 10] = [
    (400, "HEAD /a%2fb HTTP/1.1", ""),
    (400, "HEAD /health HTTP/1.2", ""),
    (400, "HEAD  /health HTTP/1.1", ""),
    (400, "HEAD /health HTTP/1.1", "A : 1\r\n"),
    (400, "HEAD /health HTTP/1.1", "Host: localhost\r\n"),
    (400, "HEAD http://evil.example/health HTTP/1.1", ""),
    (400, "HEAD /health HTTP/1.1", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
    (415, "HEAD /health HTTP/1.1", "Content-Encoding: gzip\r\n"),
    (417, "HEAD /health HTTP/1.1", "Expect: 200-ok\r\n"),
    (431, "HEAD /health HTTP/1.1", "A: {16 KiB}\r\n"),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = HEADS
        .into_iter()
        .map(|(status, line, fields)| {
            let fields = fields.replace("{16 KiB}", &"a".repeat(16384));
            refused(format!("{line}\r\nHost: localhost\r\n{fields}\r\n"), status, "")
        })
        .collect();
    let http_10 = |fields: &str| format!("GET /health HTTP/1.0\r\n{fields}\r\n");
    cases.extend([
        refused(format!("HEAD /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(8192)), 414, ""),
        refused(format!("HEAD /{}", "a".repeat(9000)), 414, ""),
        // What the client says.
        parting(get_with("Connection: close\r\n"), 200),
        parting(get_with("Connection: Close\r\n"), 200),
        parting(get_with("Connection: keep-alive, close\r\n"), 200),
        parting(get_with("Connection: x\r\nConnection: close\r\n"), 200),
        parting("HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 200),
        parting("OPTIONS /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 204),
        // Nothing behind the last request is looked at.
        parting(get_with("Connection: close\r\n") + &get_with(""), 200),
        parting(get_with("Connection: close\r\n") + "GET /a%2fb HTTP/9\r\n\r\n", 200),
        answered(get_with("Connection: keep-alive\r\n"), 200, ""),
        answered(get_with("Connection: x-hop\r\nX-Hop: 1\r\n"), 200, ""),
        // HTTP/1.0 goes on when it asks to.
        parting(http_10(""), 200),
        parting(http_10("Host: localhost\r\n"), 200),
        parting(http_10("Connection: close\r\n"), 200),
        answered(http_10("Connection: keep-alive\r\n"), 200, ""),
        answered(http_10("Connection: Keep-Alive\r\nHost: localhost\r\n"), 200, ""),
        refused(http_10("Host: a\r\nHost: a\r\n"), 400, "malformed_request"),
        // Nobody changes protocols here.
        answered(get_with("Connection: upgrade\r\nUpgrade: websocket\r\n"), 200, ""),
        answered(get_with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"), 200, ""),
        // A body that no handler asks for is read when it is there, and is no request.
        answered(post_with("Content-Length: 4\r\n", "GET ").replace("/v1/", "/v9/"), 404, "not_found"),
        refused(post_with("Content-Length: 4\r\n", "GE").replace("/v1/", "/v9/"), 404, "not_found"),
    ]);
    cases
}
