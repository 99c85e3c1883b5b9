//! Header fields: their syntax, and those that decide something.

use super::{Case, WRITE, WRITE_BYTES, answered, get_with, malformed, post_with, refused};

const ODD_FIELDS: [&str; 33] = [
    "A : 1",
    "A\t: 1",
    " A: 1",
    "\tA: 1",
    "A: 1\r\n 2",
    "A: 1\r\n\t2",
    ": 1",
    ":",
    "A",
    "A B: 1",
    "A\0: 1",
    "A\u{7f}: 1",
    "\u{e9}: 1",
    "A(: 1",
    "A): 1",
    "\"A\": 1",
    "A@: 1",
    "A/B: 1",
    "A[0]: 1",
    "A: \0",
    "A: 1\0",
    "A: \u{1}",
    "A: \u{b}",
    "A: \u{c}",
    "A: \u{1b}[2J",
    "A: \u{7f}",
    "A: 1\rB: 2",
    "A: 1\r\rB: 2",
    "A\r: 1",
    "A: 1\nB: 2",
    "A: 1\n\nGET / HTTP/1.1",
    "A: 1\n",
    "\nA: 1",
];

const LOOKALIKES: [&str; 17] = [
    "Content_Length: 5",
    "content_length: 0",
    "Transfer_Encoding: chunked",
    "TRANSFER_ENCODING: chunked",
    "Content_Type: text/plain",
    "Content_Encoding: gzip",
    "X_RpId: localhost",
    "X_Rp_Id: localhost",
    "X-Rp_Id: localhost",
    "Idempotency_Key: 1",
    "X_Request_Id: 1",
    "X_Forwarded_For: 127.0.0.1",
    "X_Ibex_Auth: 1",
    "X_Blockchain_Id: 1",
    "If_Match: *",
    "If_None_Match: *",
    "Sec_Fetch_Site: same-origin",
];

const ODD_HOSTS: [&str; 16] = [
    "",
    "Host:",
    "Host: \t",
    "Host: localhost\r\nHost: localhost",
    "Host: localhost\r\nHost: evil.example",
    "Host: localhost\r\nhost:",
    "Host: user@localhost",
    "Host: user:password@localhost",
    "Host: localhost/health",
    "Host: http://localhost",
    "Host: local host",
    "Host: localhost, evil.example",
    "Host: localhost:port",
    "Host: localhost:123456",
    "Host: [::1",
    "Host: l\u{f6}calhost",
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(ODD_FIELDS.map(|field| malformed(get_with(&format!("{field}\r\n")))));
    cases.extend(
        ODD_FIELDS
            .map(|field| malformed(format!("GET /health HTTP/1.1\r\n{field}\r\nHost: localhost\r\n\r\n"))),
    );
    cases.extend(LOOKALIKES.map(|field| malformed(get_with(&format!("{field}\r\n")))));
    cases.extend(ODD_HOSTS.map(|host| {
        let host = if host.is_empty() { String::new() } else { format!("{host}\r\n") };
        malformed(format!("GET /health HTTP/1.1\r\n{host}\r\n"))
    }));
    for name in [
        "Authorization",
        "Content-Type",
        "Origin",
        "Sec-Fetch-Site",
        "X-RpId",
        "X-Rp-Id",
        "Expect",
        "Referer",
    ] {
        for (one, two) in [("100-continue", "100-continue"), ("100-continue", ""), ("a", "b")] {
            cases.push(malformed(get_with(&format!("{name}: {one}\r\n{}: {two}\r\n", name.to_lowercase()))));
        }
    }
    // A second opinion about who asks, on a request that the first would open the door to.
    for second in ["Bearer {token}", "Bearer x", "Basic eDp5", ""] {
        cases.push(malformed(post_with(
            &format!("authorization: {second}\r\nContent-Length: {WRITE_BYTES}\r\n"),
            WRITE,
        )));
    }
    for coding in ["gzip", "br", "deflate", "identity", "zstd, gzip", "", "aws-chunked"] {
        let field = format!("Content-Encoding: {coding}\r\nContent-Length: 2\r\n");
        cases.push(refused(post_with(&field, "{}"), 415, "content_coding"));
    }
    for expectation in
        ["200-ok", "100-continue, 100-continue", "100-continue;a", "101", "", "100-cont\u{ef}nue"]
    {
        let field = format!("Expect: {expectation}\r\n");
        cases.push(refused(get_with(&field), 417, "expectation_failed"));
    }
    let many = |count: usize| get_with(&"A: 1\r\n".repeat(count - 1));
    let long = |bytes: usize| get_with(&format!("A: {}\r\n", "a".repeat(bytes - get_with("A: \r\n").len())));
    cases.extend([
        answered(many(100), 200, ""),
        refused(many(101), 431, "head_too_large"),
        refused(many(5000), 431, "head_too_large"),
        answered(long(16384), 200, ""),
        refused(long(16385), 431, "head_too_large"),
        refused(long(100_000), 431, "head_too_large"),
        refused(long(1_000_000), 431, "head_too_large"),
        refused(format!("GET /health HTTP/1.1\r\nA: {}", "a".repeat(20_000)), 431, "head_too_large"),
        malformed(format!("GET /health HTTP/1.1\nA: {}", "a".repeat(20_000))),
        // What is odd and yet ordinary.
        answered(
            get_with("A:\r\nB:1\r\nC:  2 \t\r\nMy_Header: 1\r\nD: caf\u{e9}\r\nE: a:b;c=\"d\"\r\n"),
            200,
            "",
        ),
        answered(get_with("Expect: 100-continue\r\n"), 200, ""),
        answered("GET /health HTTP/1.1\r\nhOST: \tlocalhost:8080 \r\n\r\n", 200, ""),
        answered("GET /health HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 200, ""),
    ]);
    cases
}
