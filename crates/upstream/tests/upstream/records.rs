//! What a safe's answers mean for a record: done, not there, another state, or no answer at all.

use strongroom_domain::{EntityTag, Patch, Precondition, Tags, Value};
use strongroom_ports::UpstreamError;

use crate::scripted::{Scripted, Step, jane, json, safe, with};

const EXPORT: &str = r#"{"externalUserId":"jane","generation":"0123456789abcdef0123456789abcdef","version":3,"createdAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-01-02T03:04:05.678Z","data":{"a":1},"writeOnly":["private.b"]}"#;

fn patch() -> Patch {
    let mut patch = Patch::new();
    patch.set("a", Value::Bool(true)).unwrap();
    patch
}

fn in_state(tag: &str) -> Precondition {
    let tags = Tags::These(vec![EntityTag::strong(tag).unwrap()]);
    Precondition { if_match: Some(tags), if_none_match: None }
}

#[tokio::test]
async fn an_erasure_of_what_is_not_there_succeeds_unless_a_state_of_it_was_named() {
    let any = Precondition { if_match: Some(Tags::Any), if_none_match: None };
    let none = Precondition { if_match: None, if_none_match: Some(Tags::Any) };
    for (precondition, expected) in [
        (Precondition::default(), Ok(())),
        (none, Ok(())),
        (in_state("v7"), Err(UpstreamError::PreconditionFailed)),
        (any, Err(UpstreamError::PreconditionFailed)),
    ] {
        let server = Scripted::start([Step::Say(with("404 Not Found", "", ""))]).await;
        let upstream = server.upstream();
        assert_eq!(safe(&upstream).erase(&jane(), &precondition).await, expected, "{precondition:?}");
    }
}

#[tokio::test]
async fn a_write_is_done_where_the_safe_says_so_and_nowhere_else() {
    let lost = Err(UpstreamError::Failed);
    let done_at_length = format!(r#"{{"a":"{}","success":true}}"#, "x".repeat(9_000));
    for (answer, expected) in [
        (json(r#"{"success":true}"#), Ok(())),
        (with("201 Created", "", ""), Ok(())),
        (with("204 No Content", "", ""), Ok(())),
        (with("200 OK", "", ""), Ok(())),
        (json(r#"{"a":1,"a":2}"#), Ok(())),
        (json(r#"["stored",{"success":false}]"#), Ok(())),
        (json(&done_at_length), Ok(())),
        (json(r#"{"message":"mark","success":false}"#), Err(UpstreamError::Refused)),
        (json(r#"{"success":"no"}"#), lost),
        (json(r#"{"success":null}"#), lost),
        (json(r#"{"success":true,"success":false}"#), lost),
        (json(r#"{"success":true"#), lost),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"evil\":\"\xff\"}".to_vec(), lost),
        (json(r#"{"success":true}{}"#), lost),
        (with("200 OK", "Content-Type: text/plain\r\n", "stored"), lost),
        (with("200 OK", "Content-Type: text/html\r\n", "<h1>Sign in</h1>"), lost),
        (with("200 OK", "", " "), lost),
        (with("202 Accepted", "", ""), lost),
        (with("206 Partial Content", "", ""), lost),
    ] {
        let server = Scripted::start([Step::Say(answer.clone()), Step::Say(answer)]).await;
        let upstream = server.upstream();
        let always = Precondition::default();
        let merged = safe(&upstream).merge(&jane(), &patch(), &always).await;
        assert_eq!(merged, expected.map(|()| None));
        assert_eq!(safe(&upstream).erase(&jane(), &always).await, expected);
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn an_export_is_of_the_caller_or_of_nobody() {
    let of_another = EXPORT.replace("jane", "john");
    let of_nobody = EXPORT.replace(r#""externalUserId":"jane","#, "");
    for (document, is_told) in [(EXPORT, true), (&of_another, false), (&of_nobody, false)] {
        let server = Scripted::start([Step::Say(json(document))]).await;
        let upstream = server.upstream();
        let exported = safe(&upstream).export(&jane()).await.map(|export| export.unwrap().revision.version);
        assert_eq!(exported, if is_told { Ok(3) } else { Err(UpstreamError::Failed) }, "{document}");
    }
}

#[tokio::test]
async fn nobody_is_told_that_there_is_no_record_because_a_route_is_missing() {
    let missing = || Step::Say(with("404 Not Found", "", ""));
    for (script, expected, asked) in [
        (vec![missing(), Step::Say(json(r#"{"a":1}"#))], Err(UpstreamError::Failed), 2),
        (vec![missing(), Step::Say(with("500 Failed", "", ""))], Err(UpstreamError::Failed), 2),
        (vec![missing(), Step::Say(with("204 No Content", "", ""))], Ok(true), 2),
        (vec![missing(), missing()], Ok(true), 2),
        (vec![Step::Say(with("204 No Content", "", ""))], Ok(true), 1),
    ] {
        let server = Scripted::start(script).await;
        let upstream = server.upstream();
        let exported = safe(&upstream).export(&jane()).await.map(|export| export.is_none());
        assert_eq!((exported, server.asked().len()), (expected, asked));
    }
}

#[tokio::test]
async fn what_the_gateway_refuses_by_itself_is_no_failure_of_the_safe() {
    let server = Scripted::start([]).await;
    let upstream = server.upstream();
    let no_state = Precondition { if_match: Some(Tags::These(Vec::new())), if_none_match: None };
    let merged = safe(&upstream).merge(&jane(), &patch(), &no_state).await;
    assert_eq!(merged, Err(UpstreamError::PreconditionFailed));
    assert_eq!(safe(&upstream).erase(&jane(), &no_state).await, Err(UpstreamError::PreconditionFailed));
    assert_eq!(server.asked(), Vec::<String>::new());
    assert_eq!(upstream.figures().requests().count(), 0);
}
