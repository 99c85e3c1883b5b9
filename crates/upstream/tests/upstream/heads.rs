//! Every byte that a safe is asked, against an exact list.

use std::sync::Arc;

use bytes::Bytes;
use strongroom_domain::{EntityTag, Patch, Precondition, Tags, Value};
use strongroom_ports::{
    Assertions, Caller, IssueError, PassedOn, RemoteSafe as _, Token, UpstreamError, VerbCall,
};
use strongroom_upstream::{ApiKey, Credentials};

use crate::scripted::{PASSED, Scripted, Step, generous, jane, json, safe, with};

/// The request with its fields sorted, since their order means nothing.
fn sorted(request: &str) -> Vec<String> {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.split("\r\n").map(str::to_owned).collect();
    lines[1..].sort();
    lines.push(body.to_owned());
    lines
}

fn expected(line: &str, address: std::net::SocketAddr, more: &[&str], body: &str) -> Vec<String> {
    let mut fields: Vec<_> = vec![
        "accept: application/json, application/problem+json".to_owned(),
        "authorization: Bearer the.callers.token".to_owned(),
        format!("host: {address}"),
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        "x-request-id: request-7".to_owned(),
    ];
    fields.extend(more.iter().map(|&field| field.to_owned()));
    fields.sort();
    [vec![line.to_owned()], fields, vec![body.to_owned()]].concat()
}

fn patch() -> Patch {
    let mut patch = Patch::new();
    patch.set("private.apiKey", Value::text("secret").unwrap()).unwrap();
    patch.set("a", Value::Bool(true)).unwrap();
    patch.delete("b").unwrap();
    patch
}

#[tokio::test]
async fn a_safe_is_told_what_it_must_know_and_nothing_else() {
    let server = Scripted::start([]).await;
    let upstream = server.upstream();
    let (safe, jane, always) = (safe(&upstream), jane(), Precondition::default());
    safe.read(&jane).await.unwrap();
    safe.merge(&jane, &patch(), &always).await.unwrap();
    let tag = EntityTag::strong("v7").unwrap();
    let conditional =
        Precondition { if_match: Some(Tags::These(vec![tag.clone(), tag])), if_none_match: Some(Tags::Any) };
    safe.erase(&jane, &conditional).await.unwrap();
    safe.export(&jane).await.unwrap();
    let body = Bytes::from_static(br#"{ "email" : "a@b.example" }"#);
    upstream
        .call(PASSED, &jane, VerbCall { path: "validateEmail", body: Some(&body), listed: None })
        .await
        .unwrap();
    upstream.call(PASSED, &jane, VerbCall { path: "wallet/jane", body: None, listed: None }).await.unwrap();

    let asked: Vec<_> = server.asked().iter().map(|request| sorted(request)).collect();
    let json = "content-type: application/json";
    let written = r#"{"externalUserId":"jane","data":{"a":true,"b":null,"private.apiKey":"secret"}}"#;
    let at = |line: &str, more: &[&str], body: &str| expected(line, server.address, more, body);
    assert_eq!(
        asked,
        [
            at("GET /base/ibexsafe/userdata/external/jane HTTP/1.1", &[], ""),
            at(
                "POST /base/ibexsafe/userdata HTTP/1.1",
                &[json, &format!("content-length: {}", written.len())],
                written
            ),
            at(
                "DELETE /base/ibexsafe/userdata/external/jane HTTP/1.1",
                &["if-match: \"v7\", \"v7\"", "if-none-match: *"],
                ""
            ),
            at("GET /base/ibexsafe/userdata/external/jane/export HTTP/1.1", &[], ""),
            at(
                "POST /base/ibexsafe/validateEmail HTTP/1.1",
                &[json, "content-length: 27"],
                r#"{ "email" : "a@b.example" }"#
            ),
            at("GET /base/ibexsafe/wallet/jane HTTP/1.1", &[], ""),
        ]
    );
    assert_eq!(server.connections(), 1, "one connection is enough for one after the other");
}

#[derive(Debug)]
struct Word;

impl Assertions for Word {
    fn assertion(&self, caller: &Caller) -> Result<Arc<Token>, IssueError> {
        let text = format!("word.for.{}.{}", caller.person.as_str(), caller.tenant.as_str());
        Ok(Arc::new(Token::new(text)))
    }
}

#[tokio::test]
async fn a_gateway_with_credentials_of_its_own_shows_those_and_never_the_caller_s() {
    let key = ApiKey::parse(b"a-key-of-the-gateway").unwrap();
    for (credentials, shown) in [
        (Credentials::ApiKey(key), "authorization: Bearer a-key-of-the-gateway\r\n"),
        (Credentials::Assertion(Arc::new(Word)), "authorization: Bearer word.for.jane.shop.example\r\n"),
    ] {
        assert!(!format!("{credentials:?}").contains("a-key"));
        let server = Scripted::start([]).await;
        let upstream = server.upstream_with(credentials, generous());
        safe(&upstream).read(&jane()).await.unwrap();
        let asked = server.asked().remove(0);
        assert!(asked.contains(shown) && !asked.contains("callers.token"), "{asked}");
    }
}

#[tokio::test]
async fn a_safe_of_ours_is_told_whose_address_asks_and_another_s_is_not() {
    let server = Scripted::start([]).await;
    let word = || Credentials::Assertion(Arc::new(Word));
    let key = ApiKey::parse(b"a-key-of-the-gateway").unwrap();
    for (credentials, client, told) in [
        (word(), "192.0.2.43", Some("for=192.0.2.43")),
        (word(), "::ffff:192.0.2.43", Some("for=192.0.2.43")),
        (word(), "2001:db8:cafe::17", Some("for=\"[2001:db8:cafe::17]\"")),
        (Credentials::CallerToken, "192.0.2.43", None),
        (Credentials::ApiKey(key), "192.0.2.43", None),
    ] {
        let upstream = server.upstream_with(credentials, generous());
        let passed = PassedOn { client: client.parse().unwrap(), ..PASSED };
        upstream.on_behalf(passed).read(&jane()).await.unwrap();
        let asked = sorted(&server.asked().pop().unwrap());
        let forwarded = asked.iter().find_map(|line| line.strip_prefix("forwarded: "));
        assert_eq!(forwarded, told, "{client}");
    }
}

#[tokio::test]
async fn what_no_field_can_hold_is_never_sent() {
    let server = Scripted::start([]).await;
    let upstream = server.upstream();
    for (token, request_id) in [("a\r\nX: y", "id"), ("a", "id\r\nX: y")] {
        let passed = PassedOn { token, request_id, trace_parent: None, ..PASSED };
        assert_eq!(upstream.on_behalf(passed).read(&jane()).await, Err(UpstreamError::Failed));
    }
    assert_eq!(server.asked(), Vec::<String>::new());
    for key in [&b"short"[..], b"with a space in the key", b"with-a-newline-in-the-key\n", &[b'a'; 4097]] {
        assert!(ApiKey::parse(key).is_none());
    }
}

#[tokio::test]
async fn a_read_that_is_answered_401_is_tried_by_post_once() {
    let refused = || Step::Say(with("401 Unauthorized", "", ""));
    let server = Scripted::start([refused(), Step::Say(json(r#"{"a":1}"#)), refused(), refused()]).await;
    let upstream = server.upstream();
    let read = safe(&upstream).read(&jane()).await.unwrap().unwrap();
    assert_eq!(read.view.as_json(), r#"{"a":1}"#);
    let asked = server.asked();
    assert!(
        asked[0].starts_with("GET ") && asked[1].starts_with("POST /base/ibexsafe/userdata HTTP/1.1\r\n")
    );
    assert!(asked[1].ends_with("\r\n\r\n{\"externalUserId\":\"jane\",\"data\":{}}"));
    assert_eq!(safe(&upstream).read(&jane()).await, Err(UpstreamError::Failed), "and 401 again is a failure");
    assert_eq!(server.asked().len(), 4);
}
