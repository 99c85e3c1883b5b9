//! What is taken for a key set document, and what is not.

use std::time::Duration;

use strongroom_ports::{KeySetSource as _, KeySetUnavailable};
use strongroom_testkit::contract;
use strongroom_upstream::Roots;

use crate::server::{Act, GENEROUS, MAX_BODY_BYTES, SHORT, Server, ok, source};

const DOCUMENT: &[u8] = br#"{"keys":[]}"#;

/// How one fetch from a server that acts like this fails, within a time, and how often the server was asked.
async fn failure_within(total: Duration, act: Act) -> (&'static str, usize) {
    let server = Server::start(act).await;
    let source = source(&server.url("http", "127.0.0.1"), Roots::none(), total);
    let KeySetUnavailable(why) = source.fetch().await.unwrap_err();
    (why, server.asked().len())
}

async fn failure(act: Act) -> &'static str {
    let (why, asked) = failure_within(GENEROUS, act).await;
    assert_eq!(asked, 1, "asked once, whatever came of it");
    why
}

#[tokio::test]
async fn a_document_over_plain_http_on_this_machine_fulfils_the_contract() {
    let server = Server::start(Act::Say(Vec::new())).await;
    let source = source(&server.url("http", "localhost"), Roots::none(), GENEROUS);
    contract::key_set_source(&source, |published| {
        server.act(Act::Say(match published {
            Some(document) => ok(document),
            None => b"HTTP/1.1 404 mark-7f3a\r\nContent-Length: 9\r\n\r\nmark-7f3a".to_vec(),
        }));
    })
    .await;
}

#[tokio::test]
async fn a_request_says_no_more_than_it_must() {
    let server = Server::start(Act::Say(ok(DOCUMENT))).await;
    let source = source(&server.url("http", "127.0.0.1"), Roots::none(), GENEROUS);
    source.fetch().await.unwrap();
    let asked = server.asked().remove(0);
    let (line, fields) = asked.split_once("\r\n").unwrap();
    assert_eq!(line, "GET /jwks.json?v=1 HTTP/1.1");
    let mut fields: Vec<_> = fields.trim_end().split("\r\n").map(str::to_ascii_lowercase).collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "accept-encoding: identity",
            "accept: application/jwk-set+json, application/json",
            "cache-control: no-cache",
            "connection: close",
            &format!("host: {}", server.address),
            "user-agent: strongroom",
        ]
    );
}

#[tokio::test]
async fn a_document_is_read_however_its_length_is_told() {
    for answer in [
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}".as_slice(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"ke\r\n7\r\nys\":[]}\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n{\"keys\":[]}",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}",
    ] {
        let server = Server::start(Act::Say(answer.to_vec())).await;
        let source = source(&server.url("http", "127.0.0.1"), Roots::none(), GENEROUS);
        assert_eq!(source.fetch().await.unwrap(), DOCUMENT);
    }
}

#[tokio::test]
async fn only_200_is_an_answer_and_a_redirect_is_not_followed() {
    for (status, why) in [
        ("301 Moved", "its answer is a redirect, which is not followed"),
        ("302 Found", "its answer is a redirect, which is not followed"),
        ("307 Temporary", "its answer is a redirect, which is not followed"),
        ("308 Permanent", "its answer is a redirect, which is not followed"),
        ("401 Unauthorized", "it is refused: 4xx"),
        ("500 Failed", "its server fails: 5xx"),
        ("503 Busy", "its server fails: 5xx"),
        ("206 Partial", "its answer is not 200"),
        ("203 Other", "its answer is not 200"),
        ("299 Odd", "its answer is not 200"),
        ("999 Odd", "its answer is not 200"),
    ] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nLocation: /other.json\r\nContent-Length: 11\r\n\r\n{{\"keys\":[]}}"
        );
        assert_eq!(failure(Act::Say(answer.into_bytes())).await, why, "{status}");
    }
}

#[tokio::test]
async fn what_is_no_whole_answer_is_none() {
    for answer in [
        b"".as_slice(),
        b"\0\x01\x02garbage\r\n\r\n",
        b"{\"keys\":[]}",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"keys\":[]}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{\"keys\":[]}\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{\"keys\":[]}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 11",
    ] {
        let why = failure(Act::Say(answer.to_vec())).await;
        assert_eq!(why, "its answer is no whole HTTP answer, or has too long a head", "{answer:?}");
    }
}

#[tokio::test]
async fn a_head_without_end_is_given_up() {
    let endless = Act::Repeat(b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 1000]);
    assert_eq!(failure(endless).await, "its answer is no whole HTTP answer, or has too long a head");
    let fields = Act::Repeat(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".to_vec());
    assert_eq!(failure(fields).await, "its answer is no whole HTTP answer, or has too long a head");
}

#[tokio::test]
async fn a_body_is_read_to_its_limit_and_no_byte_further() {
    let server = Server::start(Act::Say(ok(&vec![b'x'; MAX_BODY_BYTES]))).await;
    let source = source(&server.url("http", "127.0.0.1"), Roots::none(), GENEROUS);
    assert_eq!(source.fetch().await.unwrap().len(), MAX_BODY_BYTES);

    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", MAX_BODY_BYTES + 1);
    assert_eq!(failure(Act::Stall(announced.into_bytes())).await, "its answer is too long");
    let chunk = [b"3e8\r\n".as_slice(), &[b'x'; 1000], b"\r\n"].concat();
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    assert_eq!(failure(Act::Repeat(chunked, chunk)).await, "its answer is too long");
    let to_the_end = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    assert_eq!(failure(Act::Repeat(to_the_end, vec![b'x'; 1000])).await, "its answer is too long");
}

#[tokio::test]
async fn whoever_dawdles_is_not_waited_for() {
    for answer in [
        b"".as_slice(),
        b"HTTP/1.1 200",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        // On a slow day the time is over before the server is asked.
        let (why, _) = failure_within(SHORT, Act::Stall(answer.to_vec())).await;
        assert_eq!(why, "it takes too long", "{answer:?}");
    }
    let interim = Act::Repeat(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".to_vec());
    assert_eq!(failure_within(SHORT, interim).await.0, "it takes too long");
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let failed = source(&url, Roots::none(), GENEROUS).fetch().await.unwrap_err();
    assert_eq!(failed, KeySetUnavailable("its host cannot be reached"));
}
