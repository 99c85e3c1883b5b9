//! An identity service: every byte that it is asked, and what becomes of whatever it says.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use strongroom_ports::{
    IdentityAct, IdentityCall, IdentityCallError, RemoteIdentity as _, TenantId, VerbAnswer,
};
use strongroom_testkit::fake::ManualClock;
use strongroom_upstream::{BaseAddress, Client, ClientLimits, Endpoint, HttpIdentity, RemoteLimits, Roots};

use crate::scripted::{Scripted, Step, generous, json, with};
use crate::server::{GENEROUS, SHORT};

fn identity(server: &Scripted, limits: RemoteLimits) -> HttpIdentity {
    let client_limits = ClientLimits { connect: GENEROUS, total: GENEROUS, body_bytes: 10_000 };
    let client =
        Client::new(Roots::none(), std::sync::Arc::new(ManualClock::default()), client_limits).unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}/base/", server.address)).unwrap();
    HttpIdentity::new(client, BaseAddress::new(endpoint).unwrap(), limits)
}

const READ: IdentityCall<'_> = call(IdentityAct::Read);
const MAKE: IdentityCall<'_> = call(IdentityAct::Make { query: "" });
const REMOVE: IdentityCall<'_> = call(IdentityAct::Remove);
const SEND: IdentityCall<'_> = call(IdentityAct::Send { body: None });

const fn call(act: IdentityAct<'_>) -> IdentityCall<'_> {
    IdentityCall {
        path: "v1/auth/x",
        act,
        tenant: None,
        origin: None,
        fetch_site: None,
        token: None,
        client: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 43)),
        request_id: "request-7",
        trace_parent: None,
    }
}

/// What the service's answer becomes, by a service that does these and is asked so often.
async fn answer(
    call: IdentityCall<'_>,
    script: Vec<Step>,
    asked: usize,
) -> Result<VerbAnswer, IdentityCallError> {
    let server = Scripted::start(script).await;
    let limits = RemoteLimits { answer_bytes: 200_000, ..generous() };
    let answer = identity(&server, limits).call(call).await;
    assert_eq!(server.asked().len(), asked);
    answer
}

#[tokio::test]
async fn a_service_is_told_what_it_must_know_and_nothing_else() {
    let server = Scripted::start([]).await;
    let identity = identity(&server, generous());
    let tenant = TenantId::parse("shop.example").unwrap();
    let body = Bytes::from_static(br#"{ "a":1 }"#);
    let full = |act| IdentityCall {
        path: "v1.2/auth/sessions/a-1",
        act,
        tenant: Some(&tenant),
        origin: Some("https://www.shop.example"),
        fetch_site: Some("same-site"),
        token: Some("the.callers.token"),
        trace_parent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ..READ
    };
    for (act, line, more, text) in [
        (IdentityAct::Read, "GET /base/v1.2/auth/sessions/a-1 HTTP/1.1", vec![], ""),
        (IdentityAct::Make { query: "a=b" }, "GET /base/v1.2/auth/sessions/a-1?a=b HTTP/1.1", vec![], ""),
        (
            IdentityAct::Send { body: Some(&body) },
            "POST /base/v1.2/auth/sessions/a-1 HTTP/1.1",
            vec!["content-type: application/json", "content-length: 9"],
            r#"{ "a":1 }"#,
        ),
        (
            IdentityAct::Send { body: None },
            "POST /base/v1.2/auth/sessions/a-1 HTTP/1.1",
            vec!["content-length: 0"],
            "",
        ),
        (IdentityAct::Remove, "DELETE /base/v1.2/auth/sessions/a-1 HTTP/1.1", vec![], ""),
    ] {
        let host = format!("host: {}", server.address);
        let always = ["accept: application/json, application/problem+json", "x-request-id: request-7", &host];
        let told = [
            "authorization: Bearer the.callers.token",
            "origin: https://www.shop.example",
            "sec-fetch-site: same-site",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "x-rpid: shop.example",
        ];
        for (call, told) in
            [(full(act), &told[..]), (IdentityCall { path: full(act).path, ..self::call(act) }, &[])]
        {
            identity.call(call).await.unwrap();
            let asked = server.asked().pop().unwrap();
            let (head, body) = asked.split_once("\r\n\r\n").unwrap();
            let mut fields: Vec<_> = head.split("\r\n").collect();
            assert_eq!((fields.remove(0), body), (line, text));
            let mut expected = [&always[..], told, &more].concat();
            fields.sort_unstable();
            expected.sort_unstable();
            assert_eq!(fields, expected, "{line}");
        }
    }
}

#[tokio::test]
async fn a_safe_of_ours_is_told_whose_address_asks_and_another_service_is_not() {
    let server = Scripted::start([]).await;
    let told = async |identity: HttpIdentity| {
        identity.call(SEND).await.unwrap();
        let asked = server.asked().pop().unwrap();
        asked.split("\r\n").find(|line| line.starts_with("forwarded")).map(str::to_owned)
    };
    assert_eq!(told(identity(&server, generous())).await, None);
    let of_ours = identity(&server, generous()).telling_clients();
    assert_eq!(told(of_ours).await.as_deref(), Some("forwarded: for=192.0.2.43"));
}

#[tokio::test]
async fn what_no_field_can_hold_is_never_sent_to_a_service() {
    let server = Scripted::start([]).await;
    let identity = identity(&server, generous());
    for call in [
        IdentityCall { token: Some("a\r\nX: y"), ..READ },
        IdentityCall { origin: Some("a\r\nX: y"), ..READ },
        IdentityCall { path: "a b", ..READ },
    ] {
        assert_eq!(identity.call(call).await, Err(IdentityCallError::Failed));
    }
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn what_may_have_made_something_is_never_sent_again_and_a_read_is_once() {
    let lost = || Step::SayAndClose(Vec::new());
    for call in [MAKE, SEND, REMOVE] {
        assert_eq!(answer(call, vec![lost()], 1).await, Err(IdentityCallError::Failed), "{call:?}");
    }
    assert_eq!(answer(READ, vec![lost(), Step::Say(json("{}"))], 2).await.unwrap().status, 200);
    assert_eq!(answer(READ, vec![lost(), lost()], 2).await, Err(IdentityCallError::Failed));
}

#[tokio::test]
async fn success_and_refusals_in_json_come_back_as_they_are() {
    let json_type = "Content-Type: application/json\r\n";
    let problem = "Content-Type: application/problem+json\r\n";
    let body = r#"{ "code":"theirs" }"#;
    let long = format!(r#"{{"userdata":{{"a":"{}"}}}}"#, "x".repeat(100_000));
    for (said, body, expected) in [
        (with("200 OK", json_type, &long), long.as_str(), (200, false, None)),
        (with("201 Created", json_type, body), body, (201, false, None)),
        (with("204 No Content", "", ""), "", (204, false, None)),
        (with("401 Unauthorized", problem, body), body, (401, true, None)),
        (with("404 Not Found", json_type, body), body, (404, false, None)),
        (with("409 Conflict", json_type, body), body, (409, false, None)),
        (
            with("429 Too Many Requests", &format!("{problem}Retry-After: 7\r\n"), body),
            body,
            (429, true, Some(7)),
        ),
        (
            with("429 Too Many Requests", &format!("{json_type}Retry-After: soon\r\n"), body),
            body,
            (429, false, Some(1)),
        ),
    ] {
        let (status, is_problem, retry_after_s) = expected;
        let expected = VerbAnswer { status, body: body.to_owned().into(), is_problem, retry_after_s };
        assert_eq!(answer(SEND, vec![Step::Say(said)], 1).await, Ok(expected));
    }
}

#[tokio::test]
async fn a_refusal_that_cannot_be_shown_is_told_in_our_words_and_what_is_none_is_a_failure() {
    let html = "Content-Type: text/html\r\n";
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(64 * 1024));
    let json_type = "Content-Type: application/json\r\n";
    for (said, error) in [
        (with("401 Unauthorized", html, "<p>"), IdentityCallError::Unauthorized),
        (with("404 Not Found", "", ""), IdentityCallError::Refused),
        (with("400 Bad Request", json_type, &long), IdentityCallError::Refused),
        (
            with("429 Too Many", &format!("{html}Retry-After: 9\r\n"), "<p>"),
            IdentityCallError::Busy { retry_after_s: 9 },
        ),
        (with("302 Found", "Location: http://127.0.0.1:1/\r\n", ""), IdentityCallError::Failed),
        (
            with("307 Temporary Redirect", &format!("{json_type}Location: /\r\n"), "{}"),
            IdentityCallError::Failed,
        ),
        (with("500 Internal Server Error", json_type, "{}"), IdentityCallError::Failed),
        (with("503 Service Unavailable", json_type, "{}"), IdentityCallError::Failed),
        (with("200 OK", html, "<p>"), IdentityCallError::Failed),
        (with("200 OK", json_type, "{"), IdentityCallError::Failed),
        (with("200 OK", &format!("{json_type}Content-Encoding: gzip\r\n"), "{}"), IdentityCallError::Failed),
    ] {
        let text = String::from_utf8_lossy(&said[..40]).into_owned();
        assert_eq!(answer(SEND, vec![Step::Say(said)], 1).await, Err(error), "{text}");
    }
}

#[tokio::test]
async fn a_service_that_takes_too_long_or_cannot_be_reached_is_told_apart() {
    for step in
        [Step::Stall(Vec::new()), Step::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".to_vec())]
    {
        let server = Scripted::start([step]).await;
        let hasty = RemoteLimits { first_byte: SHORT, total: SHORT * 2, ..generous() };
        assert_eq!(identity(&server, hasty).call(SEND).await, Err(IdentityCallError::TooSlow));
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let limits = ClientLimits { connect: GENEROUS, total: GENEROUS, body_bytes: 10_000 };
    let client = Client::new(Roots::none(), std::sync::Arc::new(ManualClock::default()), limits).unwrap();
    let gone = HttpIdentity::new(client, BaseAddress::new(endpoint).unwrap(), generous());
    assert_eq!(gone.call(READ).await, Err(IdentityCallError::Failed));
}

#[tokio::test]
async fn what_a_service_tells_of_private_keys_goes_no_further() {
    let said = r#"{"access_token":"t","userdata":{"a":1,"priv\u0061te.b":"x","safe.c":2},"safeAddress":{}}"#;
    let server = Scripted::start([Step::Say(json(said))]).await;
    let identity = identity(&server, generous());
    let answer = identity.call(SEND).await.unwrap();
    assert_eq!(answer.body, r#"{"access_token":"t","userdata":{"a":1},"safeAddress":{}}"#);
    assert_eq!(identity.figures().dropped_members(), 2);
}
