//! Limits of size at their defaults: what is at the limit passes, and one more does not.

use std::net::Ipv4Addr;

use rustix::process::{Resource, getrlimit, setrlimit};

use super::{Case, answered, get_with, post_with, refused};
use crate::support::{Client, Safe, World, comes_true};

/// The limits that are met, as `docs/reference/configuration.md` has them.
const BODY_BYTES: usize = 65536;
const CHUNKS: usize = 4096;
/// hyper's, and not to be set: bytes of all extensions of a body's chunks, and of its trailers.
const EXTENSION_BYTES: usize = 16383;
const TRAILER_BYTES: usize = 16383;
const HEADER_FIELDS: usize = 100;

/// A body in chunks of these sizes. It is blank, so it is well framed and no JSON.
fn in_chunks(sizes: impl Iterator<Item = usize>, extension: &str, trailers: &str) -> String {
    let mut body = String::new();
    for size in sizes {
        body.extend([&format!("{size:x}"), extension, "\r\n", &" ".repeat(size), "\r\n"]);
    }
    body.extend(["0\r\n", trailers, "\r\n"]);
    post_with("Transfer-Encoding: chunked\r\n", &body)
}

pub(super) fn cases() -> Vec<Case> {
    let counted = |bytes: usize| post_with(&format!("Content-Length: {bytes}\r\n"), &" ".repeat(bytes));
    let sizes = |count: usize, size: usize| std::iter::repeat_n(size, count);
    let extended = |bytes: usize| in_chunks(sizes(1, 1), &format!(";{}", "a".repeat(bytes)), "");
    let trailer = |bytes: usize| in_chunks(sizes(1, 1), "", &format!("A: {}\r\n", "a".repeat(bytes - 7)));
    let read = |sent| answered(sent, 400, "json_malformed");
    vec![
        read(counted(BODY_BYTES)),
        refused(counted(BODY_BYTES + 1), 413, "body_too_large"),
        read(in_chunks(sizes(16, BODY_BYTES / 16), "", "")),
        refused(in_chunks(sizes(16, BODY_BYTES / 16).chain([1]), "", ""), 413, "body_too_large"),
        read(in_chunks(sizes(CHUNKS, 1), "", "")),
        refused(in_chunks(sizes(CHUNKS + 1, 1), "", ""), 413, "body_in_too_many_chunks"),
        read(extended(EXTENSION_BYTES)),
        refused(extended(EXTENSION_BYTES + 1), 413, "body_overhead"),
        // Of all chunks together.
        refused(in_chunks(sizes(164, 1), &format!(";{}", "a".repeat(100)), ""), 413, "body_overhead"),
        read(trailer(TRAILER_BYTES)),
        refused(trailer(TRAILER_BYTES + 1), 413, "body_overhead"),
        read(in_chunks(sizes(1, 1), "", &"A: 1\r\n".repeat(HEADER_FIELDS))),
        refused(in_chunks(sizes(1, 1), "", &"A: 1\r\n".repeat(HEADER_FIELDS + 1)), 413, "body_overhead"),
        // Nothing that is announced is believed, or made room for.
        refused(post_with("Content-Length: 1073741824\r\n", "{"), 413, "body_too_large"),
        refused(post_with("Content-Length: 999999999999999999\r\n", ""), 413, "body_too_large"),
    ]
}

/// A client of one address among many: what one address may do is another limit.
fn connect(safe: &Safe, number: usize) -> Client {
    let from = Ipv4Addr::new(127, 0, 1, u8::try_from(number % 32).unwrap() + 1);
    Client::connect_from(from.into(), safe.address)
}

#[test]
fn limits_are_those_of_the_configuration() {
    let world = World::new(
        "[limits]\nbody_bytes = 1024\nchunks = 3\nhead_bytes = 1024\ntarget_bytes = 256\nheader_fields = 16\n",
    );
    let safe = world.serve();
    // A refresh needs no token; its body is blank, and so no JSON.
    let post = |fields: &str, body: &str| {
        let head = "POST /v1/auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
        format!("{head}\r\n{fields}\r\n\r\n{body}")
    };
    let body = |bytes: usize| post(&format!("Content-Length: {bytes}"), &" ".repeat(bytes));
    let chunks =
        |count: usize| post("Transfer-Encoding: chunked", &("1\r\n \r\n".repeat(count) + "0\r\n\r\n"));
    let head = |bytes: usize| get_with(&format!("A: {}\r\n", "a".repeat(bytes - get_with("A: \r\n").len())));
    let target = |bytes: usize| get_with("").replace("/health", &format!("/{}", "a".repeat(bytes - 1)));
    let fields = |count: usize| get_with(&"A: 1\r\n".repeat(count - 1));
    for (sent, status) in [
        (body(1024), 400),
        (body(1025), 413),
        (chunks(3), 400),
        (chunks(4), 413),
        (head(1024), 200),
        (head(1025), 431),
        (target(256), 404),
        (target(257), 414),
        (fields(16), 200),
        (fields(17), 431),
    ] {
        let mut client = safe.connect();
        client.send(sent.as_bytes());
        assert_eq!(client.receive("GET").status, status, "{sent:?}");
    }
}

#[test]
fn one_connection_more_than_may_be_open_is_closed_and_the_next_behind_one_that_ended_is_served() {
    more_files();
    let world = World::new("[limits]\nconnections = 1000\nfirst_byte_s = 600\nidle_s = 600\n");
    let safe = world.serve();
    // Asked, and so counted, whichever core took it.
    let ask = |number: usize| {
        let mut client = connect(&safe, number);
        client.try_send(get_with("").as_bytes()).and_then(|()| client.try_receive("GET")).map(|_| client)
    };
    let mut open: Vec<Client> = (0..1000).map(|number| ask(number).unwrap()).collect();
    assert!(ask(1000).is_err(), "closed as it came");
    let mut leaving = open.pop().unwrap();
    leaving.send(get_with("Connection: close\r\n").as_bytes());
    assert_eq!(leaving.receive("GET").status, 200);
    assert!(leaving.is_closed());
    // Its end is seen here before it is counted there.
    let mut number = 1000;
    let finds_room = || {
        number += 1;
        ask(number).is_ok()
    };
    assert!(comes_true(finds_room), "there is room for one");
}

/// Has this process, and those it starts, open as many files as it may.
fn more_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}
