//! `auth/…` at a gateway: two processes of ours, and an identity service that records, refuses, is slow or is gone.

use std::net::SocketAddr;

use super::recorder::{NO_CONTENT, Recorder, is};
use super::refusals::safe as scripted;
use super::{gateway, world};
use crate::support::wire::Client;
use crate::support::world::foreign_token;
use crate::support::{Answer, Safe};

const SIGN_UP: &str = "/v1.2/auth/sign-up?passkeys=FALSE";
const REFRESH: &str = "/v1/auth/refresh";
const SIGN_OUT: &str = "/v1.1/auth/sign-out";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The lines of a gateway whose identity service is there, and that takes the tokens of a safe of ours at the same place.
pub(crate) fn with_identity(identity: SocketAddr) -> String {
    format!(
        r#"identity_url = "http://{identity}"
first_byte_ms = 1000

[[issuer]]
issuer = "localhost"
audience = ["localhost"]
jwks_url = "http://{identity}/.well-known/jwks.json"
algorithms = ["EdDSA"]
tenant = "localhost"
"#
    )
}

fn text(answer: &Answer, member: &str) -> String {
    answer.json()[member].as_str().unwrap_or_else(|| panic!("{member}: {}", answer.body)).to_owned()
}

fn refresh(client: &mut Client, token: &str) -> Answer {
    client.request("POST", REFRESH, &[JSON], &format!(r#"{{"refresh_token":"{token}"}}"#))
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, text(answer, "code"))
}

#[test]
fn sessions_of_the_safe_begin_go_on_and_end_through_its_gateway() {
    let world = world();
    let safe = world.serve();
    let gateway = gateway(&world, safe.address, &with_identity(safe.address));
    let mut client = gateway.connect();

    let signed_up = client.request("GET", SIGN_UP, &[], "");
    assert_eq!((signed_up.status, signed_up.header("cache-control")), (200, Some("no-store")));
    let (person, access) = (text(&signed_up, "subject"), text(&signed_up, "access_token"));
    let read = format!("/v1/ibexsafe/userdata/external/{person}");
    let write = format!(r#"{{"externalUserId":"{person}","data":{{"a":1,"private.b":"x"}}}}"#);
    assert_eq!(client.authorized(&access, "POST", "/v1/ibexsafe/userdata", &write).status, 200);

    let first = text(&signed_up, "refresh_token");
    let refreshed = refresh(&mut client, &first);
    assert_eq!((refreshed.status, text(&refreshed, "subject")), (200, person));
    let (second, access) = (text(&refreshed, "refresh_token"), text(&refreshed, "access_token"));
    assert_eq!(client.authorized(&access, "GET", &read, "").body, r#"{"a":1}"#);

    assert_eq!(code(&refresh(&mut client, &first)), (401, "token_invalid".to_owned()), "a replay");
    assert_eq!(refresh(&mut client, &second).status, 401, "which has revoked the whole session");
    assert_eq!(safe.connect().authorized(&access, "GET", &read, "").status, 401);

    let signed_up = client.request("GET", SIGN_UP, &[], "");
    let (access, refresh_token) = (text(&signed_up, "access_token"), text(&signed_up, "refresh_token"));
    let signed_out = client.authorized(&access, "POST", SIGN_OUT, "");
    assert_eq!((signed_out.status, signed_out.body.as_str()), (200, r#"{"success":true}"#));
    assert_eq!(refresh(&mut client, &refresh_token).status, 401);
    let again = client.authorized(&access, "POST", SIGN_OUT, "");
    assert_eq!(code(&again), (401, "token_invalid".to_owned()));
    assert_eq!(again.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));

    let metrics = gateway.connect_admin().request("GET", "/metrics", &[], "").body;
    for line in [
        "strongroom_http_requests_total{route=\"/{v}/auth/sign-up\",method=\"GET\",status=\"200\"} 2\n",
        "strongroom_http_requests_total{route=\"/{v}/auth/refresh\",method=\"POST\",status=\"401\"} 3\n",
    ] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
    drop(client);
    let (status, log) = gateway.stop();
    assert!(status.success(), "{log}");
    for token in [&first, &second, &access, &refresh_token] {
        assert!(!log.contains(token.as_str()), "a token is in the log");
    }
}

#[test]
fn what_the_safe_refuses_in_a_session_is_answered_by_its_gateway_as_by_itself() {
    let world = world();
    let safe = world.serve();
    let gateway = gateway(&world, safe.address, &with_identity(safe.address));
    let foreign = foreign_token("jane");
    let bearer = format!("Bearer {foreign}");
    let refresh = r#"{"refresh_token":"none"}"#;
    let good = text(&safe.connect().request("GET", SIGN_UP, &[], ""), "refresh_token");
    let good = format!(r#"{{"refresh_token":"{good}"}}"#);
    for (method, path, headers, body) in [
        ("GET", SIGN_UP, &[("X-RpId", "shop.example")][..], ""),
        ("GET", "/v1/auth/sign-up?passkeys=FALSE&rpId=app.shop.example", &[], ""),
        ("GET", SIGN_UP, &[("Origin", "https://www.shop.example")], ""),
        ("GET", SIGN_UP, &[("Host", "shop.example")], ""),
        ("GET", SIGN_UP, &[("Host", "evil.example")], ""),
        ("GET", SIGN_UP, &[("X-RpId", "evil.example")], ""),
        ("GET", SIGN_UP, &[("Origin", "https://evil.example")], ""),
        ("GET", SIGN_UP, &[("Sec-Fetch-Site", "cross-site")], ""),
        ("HEAD", SIGN_UP, &[], ""),
        ("POST", REFRESH, &[JSON], refresh),
        ("POST", REFRESH, &[JSON, ("X-RpId", "evil.example")], &good),
        ("POST", REFRESH, &[JSON, ("X-RpId", "shop.example")], &good),
        ("POST", REFRESH, &[JSON, ("Origin", "https://www.shop.example")], &good),
        ("POST", REFRESH, &[JSON, ("Origin", "https://evil.example")], &good),
        ("POST", REFRESH, &[JSON], "{}"),
        ("POST", REFRESH, &[JSON], "["),
        ("POST", REFRESH, &[], refresh),
        ("POST", "/v1/auth/sign-in", &[JSON], r#"{"credential":{}}"#),
        ("POST", "/v1/auth/sign-in", &[JSON], r#"{"credential":{},"includeUserdata":1}"#),
        ("POST", "/v1/auth/sign-up", &[JSON], r#"{"credential":{},"externalUserId":"jane"}"#),
        ("DELETE", "/v1/auth/sessions/none", &[("Authorization", &bearer)], ""),
        ("DELETE", "/v1/auth/passkeys/none", &[("Authorization", &bearer)], ""),
        ("DELETE", "/v1/users/me", &[], ""),
        ("POST", SIGN_OUT, &[], ""),
        ("POST", SIGN_OUT, &[("Authorization", "Bearer none")], ""),
        ("POST", SIGN_OUT, &[("Authorization", &bearer)], ""),
    ] {
        let ask = |house: &Safe| {
            let answer = house.connect().request(method, path, headers, body);
            let problem = if method == "HEAD" { String::new() } else { text(&answer, "code") };
            let challenge = answer.header("www-authenticate").map(str::to_owned);
            (answer.status, problem, challenge)
        };
        let there = ask(&safe);
        assert!((400..500).contains(&there.0), "{method} {path}");
        assert_eq!(ask(&gateway), there, "{method} {path} {headers:?} {body}");
    }
    assert_eq!(gateway.connect().request("POST", REFRESH, &[JSON], &good).status, 200, "it was not spent");
    let answer = gateway.connect().authorized(&foreign, "GET", "/v1/auth/sessions", "");
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"sessions":[]}"#), "it has none here");
}

#[test]
fn what_a_client_adds_to_its_request_does_not_reach_the_identity_service() {
    let (world, recorder) = (world(), Recorder::start(NO_CONTENT));
    let lines = format!("identity_url = \"http://{}/id\"", recorder.address);
    let gateway = gateway(&world, recorder.address, &lines);
    let token = foreign_token("jane");
    let (bearer, host) = (format!("authorization: Bearer {token}"), format!("host: {}", recorder.address));
    let common = [
        "accept: application/json, application/problem+json",
        "x-request-id: r-1",
        "x-rpid: shop.example",
        // It is the safe's own: who asks, as the gateway itself saw it.
        "forwarded: for=127.0.0.1",
        host.as_str(),
    ];
    let sent = ["content-type: application/json", "content-length: 7"];
    for (line, body, expected, more) in [
        ("GET /v1/auth/sign-in?x=john&rpId=shop.example", "", "GET /id/v1/auth/sign-in HTTP/1.1", &[][..]),
        (
            "GET /v1.2/auth/sign-up?userName=%4A&x=john",
            "",
            "GET /id/v1.2/auth/sign-up?userName=J HTTP/1.1",
            &[],
        ),
        ("POST /v1/auth/sign-in?x=john", r#"{"a":1}"#, "POST /id/v1/auth/sign-in HTTP/1.1", &sent),
        ("POST /v1/auth/sign-up", r#"{"a":1}"#, "POST /id/v1/auth/sign-up HTTP/1.1", &sent),
        ("POST /v1.1/auth/refresh?x", r#"{"a":1}"#, "POST /id/v1.1/auth/refresh HTTP/1.1", &sent),
        ("POST /v1/auth/sign-out", "", "POST /id/v1/auth/sign-out HTTP/1.1", &["content-length: 0", &bearer]),
        ("GET /v1/auth/sessions?x=john", "", "GET /id/v1/auth/sessions HTTP/1.1", &[&bearer]),
        ("DELETE /v1/auth/passkeys/a", "", "DELETE /id/v1/auth/passkeys/a HTTP/1.1", &[&bearer]),
    ] {
        for extra in [
            "",
            "X-Forwarded-User: john\r\nX-External-User-Id: john\r\nForwarded: for=1\r\nX-Forwarded-For: 192.0.2.1\r\n",
            "Cookie: a=b\r\nX-HTTP-Method-Override: DELETE\r\nX-Original-URL: /x\r\nX-Forwarded-Host: x\r\n",
            "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nVia: 1.1 x\r\nReferer: https://www.shop.example/a?b\r\n",
            "Accept: text/html\r\nAccept-Encoding: gzip\r\nUser-Agent: x\r\nIf-None-Match: *\r\nX-Rp-Id: app.shop.example\r\n",
        ] {
            let mut client = Client::connect(gateway.address);
            let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
            let head = format!(
                "{line} HTTP/1.1\r\nHost: localhost\r\nX-RpId: shop.example\r\nX-Request-Id: r-1\r\n\
                 Authorization: Bearer {token}\r\nContent-Length: {}\r\n{kind}{extra}\r\n{body}",
                body.len()
            );
            client.send(head.as_bytes());
            assert_eq!(client.receive("GET").status, 204, "{line} {extra}");
            let asked = recorder.asked();
            assert_eq!(asked.len(), 1, "{line} {extra}");
            assert!(is(&asked[0], expected, &[&common[..], more].concat(), body), "{extra}: {}", asked[0]);
        }
    }
}

#[test]
fn an_identity_service_that_is_not_a_safe_of_ours_is_not_told_where_people_are() {
    let world = world();
    let (safe, elsewhere) = (Recorder::start(NO_CONTENT), Recorder::start(NO_CONTENT));
    for (identity, credentials) in [(&elsewhere, "assertion"), (&safe, "caller-token")] {
        let lines =
            format!("identity_url = \"http://{}\"\ncredentials = \"{credentials}\"", identity.address);
        let gateway = gateway(&world, safe.address, &lines);
        assert_eq!(gateway.connect().request("GET", SIGN_UP, &[], "").status, 204);
        let asked = identity.asked();
        assert_eq!(asked.len(), 1);
        assert!(!asked[0].contains("forwarded"), "{credentials}: {}", asked[0]);
    }
}

#[test]
fn an_identity_service_that_fails_redirects_is_slow_or_is_gone_is_a_502_or_a_504() {
    let world = world();
    let html = "Content-Type: text/html\r\nContent-Length: 3\r\nConnection: close\r\n\r\n<p>";
    let answer = |status: &str| format!("HTTP/1.1 {status}\r\n{html}");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = gone.local_addr().unwrap();
    drop(gone);
    let identity = scripted(vec![
        answer("302 Found\r\nLocation: http://127.0.0.1:1/").leak(),
        answer("500 Internal Server Error").leak(),
        answer("200 OK").leak(),
        answer("401 Unauthorized").leak(),
        answer("404 Not Found").leak(),
        answer("429 Too Many Requests\r\nRetry-After: 7").leak(),
        "",
    ]);
    let lines = format!("identity_url = \"http://{identity}\"\nfirst_byte_ms = 1000");
    let asked = gateway(&world, nobody, &lines);
    let mut client = asked.connect();
    for expected in [
        (502, "bad_gateway"),
        (502, "bad_gateway"),
        (502, "bad_gateway"),
        (401, "token_invalid"),
        (400, "refused_by_identity"),
        (429, "identity_busy"),
        (504, "gateway_timeout"),
    ] {
        let answer = refresh(&mut client, "any");
        assert_eq!(code(&answer), (expected.0, expected.1.to_owned()));
        assert_eq!(answer.header("retry-after"), (expected.0 == 429).then_some("7"));
    }
    let lines = format!("identity_url = \"http://{nobody}\"");
    let alone = gateway(&world, nobody, &lines);
    let mut client = alone.connect();
    assert_eq!(code(&refresh(&mut client, "any")), (502, "bad_gateway".to_owned()));
    assert_eq!(client.request("GET", "/health", &[], "").status, 200, "and it stays up");
}
