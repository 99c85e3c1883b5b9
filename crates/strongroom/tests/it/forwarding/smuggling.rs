//! Nothing smuggled: a safe that records every byte sees whole requests of ours, whatever a client sends to the gateway.

use super::recorder::{NO_CONTENT, Recorder, is};
use super::{gateway, world};
use crate::support::wire::Client;
use crate::support::world::foreign_token;

#[test]
fn what_a_client_adds_to_its_request_does_not_reach_the_safe() {
    let (world, recorder) = (world(), Recorder::start(NO_CONTENT));
    let gateway = gateway(&world, recorder.address, "credentials = \"caller-token\"\nverbs = [\"*\"]");
    let token = foreign_token("jane");
    let bearer = format!("authorization: Bearer {token}");
    let host = format!("host: {}", recorder.address);
    let common = [
        "accept: application/json, application/problem+json",
        "x-request-id: r-1",
        bearer.as_str(),
        host.as_str(),
    ];
    let read = "GET /v1/ibexsafe/userdata/external/jane HTTP/1.1";

    for extra in [
        "",
        "X-Forwarded-User: john\r\nX-External-User-Id: john\r\nX-User: john\r\nForwarded: for=1\r\n",
        "Cookie: a=b\r\nX-HTTP-Method-Override: DELETE\r\nX-Original-URL: /x\r\nX-Rewrite-URL: /x\r\n",
        "Range: bytes=0-1\r\nIf-Range: \"a\"\r\nIf-Modified-Since: Thu, 26 Nov 2026 00:00:00 GMT\r\nIf-None-Match: \"a\"\r\n",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-and-more\r\n",
        "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nKeep-Alive: timeout=5\r\nVia: 1.1 x\r\n",
        "Accept: text/html\r\nAccept-Encoding: gzip\r\nAccept-Language: fr\r\nUser-Agent: x\r\nX-RpId: shop.example\r\n",
    ] {
        let mut client = Client::connect(gateway.address);
        let head = format!(
            "GET /v1.2/ibexsafe/userdata/external/jane?rpId=shop.example&x=john HTTP/1.1\r\nHost: localhost\r\n\
             X-Request-Id: r-1\r\nAuthorization: Bearer {token}\r\n{extra}\r\n"
        );
        client.send(head.as_bytes());
        assert_eq!(client.receive("GET").status, 204, "{extra}");
        let asked = recorder.asked();
        assert_eq!(asked.len(), 1, "{extra}");
        assert!(is(&asked[0], read, &common, ""), "{extra}: {}", asked[0]);
    }
}

#[test]
fn a_body_in_chunks_goes_on_whole_and_with_its_length() {
    let (world, recorder) = (world(), Recorder::start(NO_CONTENT));
    let gateway =
        gateway(&world, recorder.address, "credentials = \"caller-token\"\nverbs = [\"POST note\"]");
    let token = foreign_token("jane");
    let mut client = Client::connect(gateway.address);
    let head = format!(
        "POST /v1/ibexsafe/note HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nX-Request-Id: r-1\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-User\r\n\r\n\
         4;a=b\r\n{{\"a\"\r\n3\r\n:1}}\r\n0\r\nX-User: john\r\n\r\n"
    );
    client.send(head.as_bytes());
    assert_eq!(client.receive("POST").status, 204);
    let asked = recorder.asked();
    let (bearer, host) = (format!("authorization: Bearer {token}"), format!("host: {}", recorder.address));
    let fields = [
        "accept: application/json, application/problem+json",
        "content-type: application/json",
        "content-length: 7",
        "x-request-id: r-1",
        &bearer,
        &host,
    ];
    assert!(is(&asked[0], "POST /v1/ibexsafe/note HTTP/1.1", &fields, r#"{"a":1}"#), "{}", asked[0]);
}

#[test]
fn what_two_servers_may_read_differently_reaches_no_safe() {
    let (world, recorder) = (world(), Recorder::start(NO_CONTENT));
    let gateway = gateway(&world, recorder.address, "credentials = \"caller-token\"\nverbs = [\"*\"]");
    let token = foreign_token("jane");
    let fields =
        format!("Host: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let read = "/v1/ibexsafe/userdata/external/jane";
    let hidden = format!("GET {read} HTTP/1.1\r\n{fields}\r\n");
    for (line, more, body) in [
        (
            format!("POST {read} HTTP/1.1"),
            "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
            hidden.as_str(),
        ),
        ("POST /v1/ibexsafe/a HTTP/1.1".to_owned(), "Content-Length: 2\r\nContent-Length: 3\r\n", "{}"),
        ("POST /v1/ibexsafe/a HTTP/1.1".to_owned(), "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        ("POST /v1/ibexsafe/a HTTP/1.1".to_owned(), "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        (format!("GET {read}/%2e%2e/john HTTP/1.1"), "", ""),
        (format!("GET {read}%2f..%2fjohn HTTP/1.1"), "", ""),
        ("GET /v1/ibexsafe/../ibexsafe/userdata/external/jane HTTP/1.1".to_owned(), "", ""),
        ("GET /v1/ibexsafe//userdata HTTP/1.1".to_owned(), "", ""),
        ("GET /v1/ibexsafe/USERDATA/External/john HTTP/1.1".to_owned(), "", ""),
        ("GET /v1/ibexsafe/a%20HTTP/1.1 HTTP/1.1".to_owned(), "", ""),
        ("GET /v1/ibexsafe/a;b=c HTTP/1.1".to_owned(), "", ""),
        ("GET /v1/ibexsafe/a?externalUserId=john HTTP/1.1".to_owned(), "", ""),
        (format!("GET {read}#x HTTP/1.1"), "", ""),
        (format!("GET {read} HTTP/1.1\nX: y"), "", ""),
        (format!("GET {read} HTTP/1.1"), "X-Folded: a\r\n b\r\n", ""),
        (format!("GET {read} HTTP/1.1"), "Authorization: Bearer other\r\n", ""),
    ] {
        let mut client = Client::connect(gateway.address);
        let request = format!("{line}\r\n{fields}{more}\r\n{body}");
        client.send(request.as_bytes());
        let status = client.receive("GET").status;
        assert!((400..500).contains(&status), "{status} {line} {more}");
        assert_eq!(recorder.asked(), Vec::<String>::new(), "{line} {more}");
    }
}
