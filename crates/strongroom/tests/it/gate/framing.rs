//! Where a body ends: one opinion, or none is taken.

use super::{Case, answered, malformed, post_with};

/// Fields that leave room for two opinions.
const AMBIGUOUS: [&str; 44] = [
    "Content-Length: 2\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 2",
    "Transfer-Encoding: chunked\r\nContent-Length: 0",
    "Content-Length: 0\r\nTransfer-Encoding: chunked",
    "Content-Length: 2\r\nTransfer-Encoding: identity",
    "Content-Length: 2\r\nContent-Length: 2",
    "Content-Length: 2\r\nContent-Length: 3",
    "Content-Length: 0\r\nContent-Length: 2",
    "Content-Length: 2\r\ncontent-length: 2",
    "Content-Length: 2, 2",
    "Content-Length: 2,3",
    "Content-Length: 2,",
    "Content-Length: ,2",
    "Content-Length: +2",
    "Content-Length: -2",
    "Content-Length: 2.0",
    "Content-Length: 2e0",
    "Content-Length: 0x2",
    "Content-Length: 2 2",
    "Content-Length: \"2\"",
    "Content-Length: 2;a",
    "Content-Length:",
    "Content-Length: two",
    "Content-Length: \u{662}",
    "Content-Length: 2\u{a0}",
    "Content-Length: 9223372036854775808",
    "Content-Length: 18446744073709551615",
    "Content-Length: 18446744073709551616",
    "Content-Length: 18446744073709551618",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: ,chunked",
    "Transfer-Encoding: chunked,",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunkedx",
    "Transfer-Encoding: chunked;a=b",
    "Transfer-Encoding: \"chunked\"",
    "Transfer-Encoding:",
];

pub(super) fn cases() -> Vec<Case> {
    // Behind each head stand bytes that would be a request to whoever took the other opinion.
    let behind = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut cases = Vec::new();
    for fields in AMBIGUOUS {
        cases.push(malformed(post_with(&format!("{fields}\r\n"), behind)));
        cases.push(malformed(format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n{behind}")));
    }
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let fields = "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding : chunked";
        cases.push(malformed(format!(
            "POST /health {version}\r\nHost: localhost\r\n{fields}\r\n\r\n{behind}"
        )));
    }
    cases.push(malformed(format!(
        "POST /health HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{behind}"
    )));
    let write = r#"{"externalUserId":"{id}","data":{"a":"1"}}"#;
    let length = write.len() - "{id}".len() + 36;
    cases.extend([
        answered(post_with(&format!("Content-Length: {length}\r\n"), write), 200, ""),
        answered(post_with(&format!("content-length:\t00{length} \r\n"), write), 200, ""),
        answered(post_with("", ""), 400, "json_malformed"),
        answered("GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 200, ""),
    ]);
    cases
}
