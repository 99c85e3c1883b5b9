//! The handshake as values (RFC 6455, section 4.2): what makes a socket, what is refused, and that what is refused takes no
//! socket's place.

use http::header::ORIGIN;
use http::{Response, Version};

use super::*;
use crate::answer::Body;
use crate::websocket::{Switch, WebSocketLimits};

/// The RFC's own example, and the answer that it gives to it (section 1.3).
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A handshake to a path, but for its key.
fn keyless(path: &str) -> request::Builder {
    anonymous("GET", path)
        .header("Connection", "keep-alive, Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
}

fn handshake() -> request::Builder {
    keyless("/ws").header("Sec-WebSocket-Key", KEY)
}

/// The same without one of its fields.
fn without(name: &str) -> request::Builder {
    let mut handshake = handshake();
    handshake.headers_mut().unwrap().remove(name).unwrap();
    handshake
}

/// The same with one of its fields in another way.
fn with(name: &str, value: &str) -> request::Builder {
    without(name).header(name, value)
}

async fn shake(surface: &Exchange, handshake: request::Builder) -> Response<Body> {
    surface.answer_to(handshake.body(Full::new(Bytes::new())).unwrap(), Ok(()), PEER).await
}

/// The surface with room for so many sockets.
fn surface_with_room(sockets: usize) -> Exchange {
    let authenticator = StaticAuthenticator::new().with_caller("jane", sample::caller());
    let mut api = api_behind(TrustedProxies::default(), InMemoryUpstream::new(), authenticator, HTTP_LIMITS);
    api.websocket = WebSocketLimits { sockets, ..WebSocketLimits::default() };
    surface_over_api(api)
}

#[tokio::test(start_paused = true)]
async fn the_key_of_the_rfc_has_the_answer_of_the_rfc_and_the_connection_becomes_a_socket() {
    let surface = surface();
    let asked = handshake()
        .header("Sec-WebSocket-Protocol", "chat")
        .header("Sec-WebSocket-Extensions", "permessage-deflate");
    let answer = shake(&surface, asked).await;
    assert_eq!(answer.status(), 101);
    assert_eq!(answer.headers()["sec-websocket-accept"], ACCEPT);
    assert_eq!(answer.headers()["upgrade"], "websocket");
    assert_eq!(answer.headers()["connection"], "Upgrade");
    for offered in ["sec-websocket-protocol", "sec-websocket-extensions"] {
        assert!(!answer.headers().contains_key(offered), "{offered} is not taken");
    }
    assert!(answer.extensions().get::<Switch>().is_some());
    assert_eq!(surface.sockets().open(), 1);
    drop(answer);
    assert_eq!(surface.sockets().open(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_tenant_s_origin_may_open_one_and_a_query_may_name_the_tenant() {
    for asked in [
        handshake().header(ORIGIN, ORIGIN_OF_TENANT),
        handshake().header(ORIGIN, ORIGIN_OF_OTHER_TENANT),
        keyless("/ws?rpId=localhost").header("Sec-WebSocket-Key", KEY),
        with("Upgrade", "WebSocket"),
        with("Upgrade", "h2c, websocket"),
        with("Upgrade", "h2c").header("Upgrade", "websocket"),
        with("Connection", "upgrade"),
    ] {
        let line = format!("{asked:?}");
        assert_eq!(shake(&surface(), asked).await.status(), 101, "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_handshake_is_told_so_and_takes_no_place() {
    let surface = surface_with_room(1);
    let upgrade = (426, "upgrade_required");
    let malformed = (400, "malformed_request");
    for (asked, (status, code)) in [
        (anonymous("GET", "/ws"), upgrade),
        (without("Upgrade"), upgrade),
        (with("Upgrade", "h2c"), upgrade),
        (without("Connection"), upgrade),
        (with("Connection", "keep-alive"), upgrade),
        (without("Sec-WebSocket-Version"), upgrade),
        (with("Sec-WebSocket-Version", "8"), upgrade),
        (handshake().version(Version::HTTP_10), upgrade),
        (handshake().version(Version::HTTP_2), upgrade),
        (without("Sec-WebSocket-Key"), malformed),
        (with("Sec-WebSocket-Key", ""), malformed),
        (with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j"), malformed),
        (with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSE="), malformed),
        (with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSEh"), malformed),
        (with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j!Q=="), malformed),
        (handshake().header("Sec-WebSocket-Key", KEY), malformed),
        (handshake().header("Sec-WebSocket-Version", "8"), malformed),
        (keyless("/ws?token=jane").header("Sec-WebSocket-Key", KEY), (400, "query_refused")),
        (keyless("/ws?rpId=localhost&token=jane").header("Sec-WebSocket-Key", KEY), (400, "query_refused")),
    ] {
        let line = format!("{asked:?}");
        let answer = send(&surface, asked, "").await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{line}");
        let told_how = (answer.header("upgrade"), answer.header("sec-websocket-version"));
        let how = if status == 426 { (Some("websocket"), Some("13")) } else { (None, None) };
        assert_eq!(told_how, how, "{line}");
        assert_eq!(surface.sockets().open(), 0, "{line}");
    }
    assert_eq!(shake(&surface, handshake()).await.status(), 101, "the one place is free");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_with_a_body_is_none() {
    let surface = surface();
    let answer = send(&surface, handshake().header("Content-Length", "1"), "x").await;
    assert_eq!(answer.problem(), (400, "malformed_request".to_owned()));
    assert_eq!(surface.sockets().open(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_origin_is_sent_away_and_may_not_read_why() {
    let surface = surface();
    for origin in ["https://evil.example", "null", "http://localhost:3001"] {
        for asked in [handshake(), anonymous("GET", "/ws")] {
            let answer = send(&surface, asked.header(ORIGIN, origin), "").await;
            assert_eq!(answer.problem(), (403, "foreign_origin".to_owned()), "{origin}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        }
    }
    let own = send(&surface, anonymous("GET", "/ws").header(ORIGIN, ORIGIN_OF_TENANT), "").await;
    assert_eq!(own.header("access-control-allow-origin"), Some(ORIGIN_OF_TENANT), "its own may");
    assert_eq!(surface.sockets().open(), 0);
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_room_for_another_socket_the_handshake_is_shed() {
    let surface = surface_with_room(1);
    let first = shake(&surface, handshake()).await;
    assert_eq!(first.status(), 101);
    for _ in 0..2 {
        let answer = send(&surface, handshake(), "").await;
        assert_eq!(answer.problem(), (503, "overloaded".to_owned()));
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(surface.sockets().open(), 1, "who was shed has no place");
    }
    drop(first);
    assert_eq!(shake(&surface, handshake()).await.status(), 101);
}
