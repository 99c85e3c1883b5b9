//! What the library itself says of the bytes that the scan refuses.
//!
//! The scan stands before it because of what it takes; where it refuses too, its answer has no body, and it may change its
//! mind with any release. These tables are how that is noticed. A line that no longer holds is read with `docs/SECURITY.md`
//! beside it, and then written anew.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const LIMITS: HeadLimits = HeadLimits { head_bytes: 16384, target_bytes: 8192, header_fields: 100 };

/// What the library answers to these bytes and nothing more, configured as `connection` does: the statuses, in order. Its
/// handler reads the body, and answers 200 where that has an end and 299 where it breaks off.
async fn library(sent: &[u8]) -> Vec<u16> {
    let (ours, mut theirs) = tokio::io::duplex(1024 * 1024);
    let service = service_fn(|request: Request<Incoming>| async {
        let status = if request.into_body().collect().await.is_ok() { 200 } else { 299 };
        let mut response = Response::new(Full::new(Bytes::from_static(b"ok")));
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        Ok::<_, Infallible>(response)
    });
    theirs.write_all(sent).await.unwrap();
    theirs.shutdown().await.unwrap();
    let connection = hyper::server::conn::http1::Builder::new()
        .max_buf_size(2 * LIMITS.head_bytes)
        .max_headers(LIMITS.header_fields)
        .half_close(true)
        .serve_connection(TokioIo::new(ours), service);
    // How it ends is seen on the wire.
    let _ = connection.await;
    let mut answered = String::new();
    theirs.read_to_string(&mut answered).await.unwrap();
    answered.split("HTTP/1.").skip(1).filter_map(|answer| answer.get(2..5)?.parse().ok()).collect()
}

fn with(fields: &str) -> String {
    format!("POST /a HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n")
}

fn line(line: &str) -> String {
    format!("{line}\r\nHost: h\r\n\r\n")
}

#[tokio::test]
async fn what_the_library_refuses_by_itself_the_scan_refuses_first() {
    for (status, head) in [
        (400, with("Content-Length: 2\r\nContent-Length: 3")),
        (400, with("Content-Length: 2, 3")),
        (400, with("Content-Length: +2")),
        (400, with("Content-Length: -2")),
        (400, with("Content-Length: two")),
        (400, with("Content-Length:")),
        (400, with("Content-Length: 18446744073709551616")),
        (400, with("Transfer-Encoding: gzip")),
        (400, with("Transfer-Encoding: chunked, gzip")),
        (400, "POST /a HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()),
        (400, with("A: 1\r\n 2")),
        (400, with("A: 1\rB: 2")),
        (400, with("A : 1")),
        (400, with("A\t: 1")),
        (400, with(" A: 1")),
        (400, with(": 1")),
        (400, with("A")),
        (400, with("A B: 1")),
        (400, with("A\0: 1")),
        (400, with("A: \0")),
        (400, with("A: \u{1b}")),
        (400, with("A: \u{7f}")),
        (400, with("\u{e9}: 1")),
        (400, line("GET  /a HTTP/1.1")),
        (400, line("GET /a  HTTP/1.1")),
        (400, line("GET /a HTTP/1.1 ")),
        (400, line("GET /a b HTTP/1.1")),
        (400, line(" GET /a HTTP/1.1")),
        (400, line("GET /a")),
        (400, line("GET /a HTTP/1.2")),
        (400, line("GET /a HTTP/2.0")),
        (400, line("GET /a http/1.1")),
        (400, line("G(T /a HTTP/1.1")),
        (400, line("GET /a\u{1} HTTP/1.1")),
        (400, line("GET /a\u{7f} HTTP/1.1")),
        (400, "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\r\n\r\n".to_owned()),
        (431, with(&"A: 1\r\n".repeat(100))),
        (431, with(&format!("A: {}", "a".repeat(8 * LIMITS.head_bytes)))),
        // Its 414 is for targets beyond 64 KiB, which are beyond its buffer first.
        (431, line(&format!("GET /{} HTTP/1.1", "a".repeat(65_535)))),
    ] {
        let shown = head.get(..80).unwrap_or(&head);
        assert_eq!(library(head.as_bytes()).await, [status], "{shown:?}");
        assert!(scan(head.as_bytes(), &LIMITS).is_err(), "{shown:?}");
    }
}

#[tokio::test]
async fn what_the_library_takes_and_the_scan_refuses_is_why_there_is_a_scan() {
    for (statuses, head, refusal) in [
        // Of these nothing is left for a handler to see.
        (&[200][..], with("Content-Length: 9\r\nTransfer-Encoding: chunked") + "0\r\n\r\n", Refusal::Framing),
        (&[200], with("Content-Length: 0\r\nContent-Length: 0"), Refusal::Framing),
        (&[200], "GET /a HTTP/1.1\nHost: h\n\n".to_owned(), Refusal::LineEnding),
        (&[200], "GET /a HTTP/1.1\r\nHost: h\r\nA: 1\nB: 2\r\n\r\n".to_owned(), Refusal::LineEnding),
        (&[200], line("GET /a#b HTTP/1.1"), Refusal::Target),
        (&[200], "\n\r\n\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), Refusal::LineEnding),
        // And these it reads in its own way.
        (&[200], with("Transfer-Encoding: gzip, chunked") + "0\r\n\r\n", Refusal::Framing),
        (&[200], with("Transfer-Encoding: ,chunked") + "0\r\n\r\n", Refusal::Framing),
        (
            &[200],
            with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") + "0\r\n\r\n",
            Refusal::Framing,
        ),
        (&[200], with("Content_Length: 9"), Refusal::NameLookalike),
        (&[200], line("GET a HTTP/1.1"), Refusal::Target),
        (&[200], line("GET /a\\b HTTP/1.1"), Refusal::Target),
        (&[200], line("GET //a/%2e%2e/../b%00 HTTP/1.1"), Refusal::Target),
        (&[200], line("GET /\u{e9} HTTP/1.1"), Refusal::Target),
        (&[200], line("GET http://user@h/ HTTP/1.1"), Refusal::Target),
        // Two requests out of one, to whoever asks the library alone.
        (
            &[200, 200],
            "POST /a HTTP/1.1\nHost: h\nContent-Length: 1\n\n.GET /b HTTP/1.1\nHost: h\n\n".to_owned(),
            Refusal::LineEnding,
        ),
    ] {
        assert_eq!(library(head.as_bytes()).await, statuses, "{head:?}");
        assert_eq!(scan(head.as_bytes(), &LIMITS), Err(refusal), "{head:?}");
    }
}

#[tokio::test]
async fn what_the_scan_lets_through_the_library_reads_likewise() {
    for (statuses, message) in [
        (&[200][..], line("GET /a HTTP/1.1")),
        (&[200], line("GET http://h/a HTTP/1.1")),
        (&[200], line("OPTIONS * HTTP/1.1")),
        (&[200], line("CONNECT h:443 HTTP/1.1")),
        (&[200], line("TRACE /a HTTP/1.1")),
        (&[200], line("get /a HTTP/1.1")),
        (&[200], format!("\r\n{}", line("GET /a HTTP/1.1"))),
        (&[200], with("A: \u{e9}\r\nB:\r\nC: \t1 \t")),
        (&[200], with("Content-Length: 005") + "hello"),
        (&[200], "GET /a HTTP/1.0\r\n\r\n".to_owned()),
        (&[200, 200], with("Content-Length: 5") + "hello" + &line("GET /b HTTP/1.1")),
        (&[200, 200], with("Transfer-Encoding: chunked") + "1;a=b\r\n.\r\n0\r\nA: 1\r\n\r\n" + &with("")),
        (&[299], with("Content-Length: 5") + "hell"),
        (&[299], with("Transfer-Encoding: chunked") + "g\r\n"),
    ] {
        assert!(matches!(scan(message.as_bytes(), &LIMITS), Ok(Some(_))), "{message:?}");
        assert_eq!(library(message.as_bytes()).await, statuses, "{message:?}");
    }
}

#[tokio::test]
async fn the_library_bounds_what_a_body_in_chunks_carries_beside_its_data() {
    let chunked = |body: String| with("Transfer-Encoding: chunked") + &body;
    let extended = |bytes: usize| chunked(format!("1;{}\r\n.\r\n0\r\n\r\n", "a".repeat(bytes)));
    let trailed = |count: usize| chunked(format!("0\r\n{}\r\n", "A: 1\r\n".repeat(count)));
    // The empty line that ends them counts.
    let long = |bytes: usize| chunked(format!("0\r\nA: {}\r\n\r\n", "a".repeat(bytes - 7)));
    for (status, message) in [
        (200, extended(16383)),
        (299, extended(16384)),
        (200, trailed(LIMITS.header_fields)),
        (299, trailed(LIMITS.header_fields + 1)),
        (200, long(16383)),
        (299, long(16384)),
    ] {
        assert_eq!(library(message.as_bytes()).await, [status], "{} bytes", message.len());
    }
    // Not bounded: zeros before a size, and blanks behind it. The gate counts the bytes of the whole body.
    for size in ["0".repeat(100_000) + "1", "1".to_owned() + &" ".repeat(100_000)] {
        assert_eq!(library(chunked(format!("{size}\r\n.\r\n0\r\n\r\n")).as_bytes()).await, [200]);
    }
}
