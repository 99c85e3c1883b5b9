//! Frames that no client of standing sends: the stream or the connection ends, and nobody else's does.

use crate::support::World;
use crate::support::foreign_token;
use crate::support::http2::{
    DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, ORDINARY, RST_STREAM, SETTINGS, block,
};
use crate::support::process::DEMO;

/// An ordinary request with fields before or behind its own.
fn with(extra: &[(&str, &str)]) -> Vec<u8> {
    block(&[&ORDINARY[..], extra].concat())
}

/// Without one of its own.
fn without(name: &str) -> Vec<u8> {
    block(&ORDINARY.into_iter().filter(|(own, _)| *own != name).collect::<Vec<_>>())
}

#[test]
fn a_malformed_request_ends_its_stream_or_its_connection_and_the_next_is_answered() {
    let world = World::new("");
    let safe = world.serve();
    let malformed = [
        with(&[("connection", "close")]),
        with(&[("transfer-encoding", "chunked")]),
        with(&[("upgrade", "h2c")]),
        with(&[("keep-alive", "1")]),
        with(&[("proxy-connection", "1")]),
        with(&[("te", "gzip")]),
        with(&[("X-Upper", "1")]),
        with(&[("a b", "1")]),
        with(&[("a", "b\r\nc: d")]),
        with(&[("a", "b\0")]),
        with(&[(":path", "/again")]),
        with(&[(":status", "200")]),
        with(&[(":unknown", "1")]),
        with(&[("content-length", "5")]),
        without(":method"),
        without(":path"),
        without(":scheme"),
        block(&[("a", "pseudo-fields come first"), ORDINARY[0], ORDINARY[1], ORDINARY[2], ORDINARY[3]]),
    ];
    let (mut client, mut stream) = (Frames::connect(safe.address), 1);
    for (index, block) in malformed.iter().enumerate() {
        client.send(HEADERS, END_HEADERS | END_STREAM, stream, block).unwrap();
        match client.next_of(&[RST_STREAM, HEADERS, GOAWAY]).expect("a frame") {
            (RST_STREAM, _, of, _) => {
                assert_eq!(of, stream, "case {index}");
                stream += 2;
            }
            // Fields that cannot be read leave the table that both sides keep in doubt (RFC 9113, section 4.3).
            (GOAWAY, ..) => (client, stream) = (Frames::connect(safe.address), 1),
            other => panic!("case {index}: {other:?}"),
        }
        client.send(HEADERS, END_HEADERS | END_STREAM, stream, &with(&[])).unwrap();
        let (kind, _, of, answer) = client.next_of(&[RST_STREAM, HEADERS, GOAWAY]).expect("a frame");
        // 0x88: `:status: 200` of the static table.
        assert_eq!((kind, of, answer[0]), (HEADERS, stream, 0x88), "case {index}");
        stream += 2;
    }
}

#[test]
fn a_body_that_is_not_as_long_as_it_says_changes_nothing() {
    let world = World::new("");
    let safe = world.serve();
    let token = format!("Bearer {}", foreign_token(DEMO));
    let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{"a":1}}}}"#);
    for length in [body.len() - 1, body.len() + 1] {
        let mut client = Frames::connect(safe.address);
        let mut block = block(&[
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/v1/ibexsafe/userdata"),
            (":authority", "localhost"),
            ("content-type", "application/json"),
            ("content-length", &length.to_string()),
        ]);
        // A long value: 127 and the rest (RFC 7541, section 5.1).
        block.extend(b"\0\x0dauthorization\x7f");
        let mut rest = token.len() - 127;
        while rest >= 128 {
            block.push(u8::try_from(rest % 128).unwrap() | 0x80);
            rest /= 128;
        }
        block.push(u8::try_from(rest).unwrap());
        block.extend(token.as_bytes());
        client.send(HEADERS, END_HEADERS, 1, &block).unwrap();
        client.send(DATA, END_STREAM, 1, body.as_bytes()).unwrap();
        let (kind, ..) = client.next_of(&[RST_STREAM, GOAWAY, HEADERS]).expect("a frame");
        assert_eq!(kind, RST_STREAM, "{length}");
        let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
        let read = safe.connect().request("GET", &path, &[("Authorization", &token)], "");
        assert_eq!(read.status, 204, "{length}");
    }
}

#[test]
fn what_is_no_http_2_ends_the_connection_and_the_port_serves_on() {
    let world = World::new("");
    let safe = world.serve();
    for sent in [
        // A frame over its limit, settings with half an entry, a stream of the server's, and no frame at all.
        &b"\xff\xff\xff\x00\0\0\0\0\x01"[..],
        b"\0\0\x03\x04\0\0\0\0\0abc",
        b"\0\0\x01\x01\x05\0\0\0\x02\x88",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let mut client = Frames::connect(safe.address);
        client.send_all(sent).unwrap();
        while client.next_of(&[SETTINGS, GOAWAY]).is_some() {}
    }
    assert_eq!(safe.connect().request("GET", "/health", &[], "").status, 200);
}

#[test]
fn a_preface_counts_at_the_beginning_only_and_however_it_arrives() {
    let world = World::new("");
    let safe = world.serve();
    let mut client = safe.connect();
    client.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!((client.receive("GET").status, client.receive("GET").status), (200, 400));
    assert!(client.is_closed());

    let mut client = Frames::in_parts(safe.address, &[b"P", b"RI * HTTP/2.0\r\n", b"\r", b"\nSM\r\n\r\n"]);
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, &with(&[])).unwrap();
    assert_eq!(client.next_of(&[HEADERS]).expect("an answer").3[0], 0x88);

    let mut client = safe.connect();
    client.send(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
    assert_eq!(client.receive("GET").status, 400);
}
