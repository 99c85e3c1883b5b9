//! What is counted of requests to a safe, by what the safe does.

use std::time::Duration;

use strongroom_upstream::{Credentials, Figures, HttpUpstream, RemoteLimits};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::scripted::{Scripted, Step, generous, jane, json, safe, upstream, with};
use crate::server::SHORT;

/// The ends of all requests so far, each as often as there was one.
fn outcomes(figures: &Figures) -> Vec<(&'static str, u64)> {
    figures.requests().map(|it| (it.outcome, it.durations.iter().sum())).collect()
}

async fn outcome_of_a_read(upstream: &HttpUpstream) -> Vec<(&'static str, u64)> {
    let _ = safe(upstream).read(&jane()).await;
    outcomes(&upstream.figures())
}

#[tokio::test]
async fn a_request_is_counted_once_by_its_end() {
    let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec();
    let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{".to_vec();
    let long = json(&format!(r#"{{"a":"{}"}}"#, "x".repeat(10_000)));
    let slow_head = RemoteLimits { first_byte: SHORT, ..generous() };
    // The head comes at once, and has ten times as long.
    let slow_end = RemoteLimits { total: SHORT * 10, ..generous() };
    for (step, limits, outcome) in [
        (Step::Say(json("{}")), generous(), "2xx"),
        (Step::Say(json("not what it should be")), generous(), "2xx"),
        (Step::Say(with("302 Found", "Location: /\r\n", "")), generous(), "3xx"),
        (Step::Say(with("404 Not Found", "", "")), generous(), "4xx"),
        (Step::Say(with("503 Service Unavailable", "", "")), generous(), "5xx"),
        (Step::Stall(Vec::new()), slow_head, "head_timeout"),
        (Step::Stall(begun), slow_end, "answer_timeout"),
        (Step::Say(long), generous(), "too_long"),
        (Step::Repeat(chunks, b"5\r\naaaaa\r\n".to_vec()), generous(), "too_long"),
        (Step::Repeat(Vec::new(), interim), generous(), "too_long"),
        (Step::SayAndClose(b"HTTP/1.1 200 OK\r\n\r\nendless".to_vec()), generous(), "broken"),
    ] {
        let server = Scripted::start([step]).await;
        let upstream = server.upstream_with(Credentials::CallerToken, limits);
        assert_eq!(outcome_of_a_read(&upstream).await, [(outcome, 1)]);
        assert_eq!(upstream.figures().retries(), 0, "{outcome}");
    }
}

#[tokio::test]
async fn a_second_try_is_counted_and_the_request_once() {
    let step = Step::SayAndClose(Vec::new());
    let server = Scripted::start([step.clone(), step]).await;
    let upstream = server.upstream();
    assert_eq!(outcome_of_a_read(&upstream).await, [("broken", 1)]);
    let figures = upstream.figures();
    assert_eq!((figures.retries(), figures.connections_opened(), figures.connections()), (1, 2, 0));
}

#[tokio::test]
async fn a_connection_that_never_was_is_told_apart_by_how_far_it_came() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // It takes connections, and says nothing to any; then, that it knows no TLS; then it is gone.
    let limits = RemoteLimits { connect: SHORT, ..generous() };
    let silent = upstream(&format!("https://{address}"), Credentials::CallerToken, limits);
    assert_eq!(outcome_of_a_read(&silent).await, [("connect_timeout", 1)]);
    let foreign = upstream(&format!("https://{address}"), Credentials::CallerToken, generous());
    let answering = tokio::spawn(async move {
        let _ = listener.accept().await;
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    });
    assert_eq!(outcome_of_a_read(&foreign).await, [("tls", 1)]);
    drop(answering.await);
    let gone = upstream(&format!("http://{address}"), Credentials::CallerToken, generous());
    assert_eq!(outcome_of_a_read(&gone).await, [("unreachable", 1)]);
    for upstream in [silent, foreign, gone] {
        assert_eq!(upstream.figures().connections_opened(), 0);
    }
}

#[tokio::test]
async fn a_caller_who_leaves_is_counted_and_takes_the_connection_along() {
    let server = Scripted::start([Step::Stall(Vec::new())]).await;
    let upstream = server.upstream();
    assert!(timeout(SHORT, safe(&upstream).read(&jane())).await.is_err());
    let figures = upstream.figures();
    assert_eq!(outcomes(&figures), [("given_up", 1)]);
    assert_eq!(figures.connections(), 0);
}

#[tokio::test]
async fn a_connection_that_is_kept_is_open_and_kept_until_it_is_too_old() {
    let server = Scripted::start([]).await;
    let limits = RemoteLimits { idle: Duration::ZERO, ..generous() };
    for (limits, opened) in [(generous(), 1), (limits, 2)] {
        let upstream = server.upstream_with(Credentials::CallerToken, limits);
        let figures = upstream.figures();
        for _ in 0..2 {
            safe(&upstream).read(&jane()).await.unwrap();
        }
        let counts = (figures.connections_opened(), figures.connections(), figures.connections_kept());
        assert_eq!(counts, (opened, 1, 1));
    }
}
