//! A safe that is down, slow, broken, lying or leaking: each ends as the port says, within its time, and nobody else is harmed.

use bytes::Bytes;
use strongroom_domain::{EntityTag, LimitExceeded, Patch, Precondition, Value};
use strongroom_ports::{RemoteSafe as _, UpstreamError, VerbCall};
use strongroom_upstream::{Credentials, RemoteLimits};
use tokio::net::TcpListener;

use crate::scripted::{PASSED, Scripted, Step, generous, jane, json, safe, upstream, with};

const PLAIN: &str = r#"{"a":1}"#;
const CHUNKED: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNK: &[u8] = b"5\r\naaaaa\r\n";
/// Of `upstream.answer_bytes`.
const DEFAULT_ANSWER_BYTES: usize = 1024 * 1024;

/// What a read from a safe that does these becomes, and how often it was asked.
async fn read(script: Vec<Step>) -> (Result<Option<String>, UpstreamError>, usize) {
    let server = Scripted::start(script).await;
    let upstream = server.upstream();
    let read = safe(&upstream).read(&jane()).await;
    let text = read.map(|found| found.map(|snapshot| snapshot.view.as_json().to_owned()));
    server.behave();
    // Whatever that was, the next caller is served.
    let next = safe(&upstream).read(&jane()).await;
    assert_eq!(next, Ok(None), "the next caller is served");
    (text, server.asked().len() - 1)
}

fn patch() -> Patch {
    let mut patch = Patch::new();
    patch.set("a", Value::Bool(true)).unwrap();
    patch
}

#[tokio::test]
async fn half_an_answer_is_none_and_a_read_is_tried_once_more() {
    let longer =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"a\":1}".to_vec();
    let chunk = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n".to_vec();
    for step in [
        Step::SayAndClose(Vec::new()),
        Step::SayAndReset(Vec::new()),
        Step::SayAndClose(longer.clone()),
        Step::SayAndReset(longer),
        Step::SayAndClose(chunk.clone()),
        Step::SayAndReset(chunk),
        Step::SayAndClose(b"HTTP/1.1 200 OK\r\nContent-Type: appl".to_vec()),
    ] {
        let again = vec![step.clone(), Step::Say(json(PLAIN))];
        assert_eq!(read(again).await, (Ok(Some(PLAIN.to_owned())), 2));
        assert_eq!(
            read(vec![step.clone(), step]).await,
            (Err(UpstreamError::Failed), 2),
            "once, and no more"
        );
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_a_failure() {
    let json_type = "Content-Type: application/json\r\n";
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(10_000));
    for (why, step) in [
        ("garbage", Step::SayAndClose(b"\x16\x03\x01\x02\x00 garbage\r\n\r\n".to_vec())),
        (
            "both lengths",
            Step::SayAndClose(with(
                "200 OK",
                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
                "7\r\n{\"a\":1}\r\n0\r\n\r\n",
            )),
        ),
        ("no length", Step::SayAndClose(format!("HTTP/1.1 200 OK\r\n{json_type}\r\n{PLAIN}").into_bytes())),
        (
            "a coding that ends with the connection",
            Step::SayAndClose(
                format!("HTTP/1.1 200 OK\r\n{json_type}Transfer-Encoding: gzip\r\n\r\n{PLAIN}").into_bytes(),
            ),
        ),
        ("too long", Step::Say(json(&long))),
        ("a redirect", Step::Say(with("302 Found", "Location: http://127.0.0.1:1/\r\n", ""))),
        ("a permanent redirect", Step::Say(with("308 Permanent Redirect", "Location: /\r\n", ""))),
        ("its own failure", Step::Say(with("500 Internal Server Error", json_type, PLAIN))),
        ("its own overload", Step::Say(with("503 Service Unavailable", "Retry-After: 9\r\n", ""))),
        ("no access", Step::Say(with("403 Forbidden", json_type, PLAIN))),
        ("an array", Step::Say(json("[]"))),
        ("half an object", Step::Say(json(r#"{"a":1"#))),
        ("two objects", Step::Say(json("{}{}"))),
        ("no JSON", Step::Say(with("200 OK", "Content-Type: text/html\r\n", PLAIN))),
        ("no type", Step::Say(with("200 OK", "", PLAIN))),
        (
            "a coding",
            Step::Say(with("200 OK", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", PLAIN)),
        ),
        ("part of it", Step::Say(with("206 Partial Content", json_type, PLAIN))),
        (
            "another protocol",
            Step::SayAndClose(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".to_vec(),
            ),
        ),
    ] {
        // What can be read is an answer, however bad, and not asked for again.
        let expected = if matches!(why, "garbage") { 2 } else { 1 };
        let (answer, asked) = read(vec![step.clone(), step]).await;
        assert_eq!((answer, asked), (Err(UpstreamError::Failed), expected), "{why}");
    }
}

#[tokio::test]
async fn an_endless_answer_and_a_flood_of_interim_ones_are_cut_off() {
    let head = CHUNKED.to_vec();
    let interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_vec();
    let extension = b"1;extension=of-a-chunk-that-says-much-more-than-it-holds\r\na\r\n".to_vec();
    for (first, then, expected) in [
        (head.clone(), CHUNK.to_vec(), 1),
        (Vec::new(), interim.clone(), 1),
        (head, extension, 1),
        // A head that is too long is none, as garbage is.
        (b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".to_vec(), 2),
        (b"HTTP/1.1 200 OK\r\nX: ".to_vec(), b"yyyyyyyyyyyyyyyyyyyyyyyyy".to_vec(), 2),
    ] {
        let what = String::from_utf8_lossy(&then).into_owned();
        let step = Step::Repeat(first, then);
        let (answer, asked) = read(vec![step.clone(), step]).await;
        assert_eq!((answer, asked), (Err(UpstreamError::Failed), expected), "{what}");
    }
    let few = [interim.clone(), interim, json(PLAIN)].concat();
    assert_eq!(read(vec![Step::Say(few)]).await, (Ok(Some(PLAIN.to_owned())), 1), "a few are no flood");
}

/// Its wire is twice as long as its data: the bytes that may come are used up before the data that may is.
#[tokio::test]
async fn an_answer_that_is_cut_off_is_not_asked_for_again_however_much_may_be_read() {
    for answer_bytes in [10_000, DEFAULT_ANSWER_BYTES] {
        let step = Step::Repeat(CHUNKED.to_vec(), CHUNK.repeat(1000));
        let server = Scripted::start([step.clone(), step]).await;
        let upstream =
            server.upstream_with(Credentials::CallerToken, RemoteLimits { answer_bytes, ..generous() });
        assert_eq!(safe(&upstream).read(&jane()).await, Err(UpstreamError::Failed));
        assert_eq!(server.asked().len(), 1, "{answer_bytes}");
    }
}

#[tokio::test]
async fn a_safe_that_takes_too_long_is_told_apart_from_one_that_fails() {
    for step in [
        Step::Stall(Vec::new()),
        Step::Stall(
            b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Type: application/json\r\n\r\n{".to_vec(),
        ),
        Step::Drip(json(PLAIN)),
    ] {
        let server = Scripted::start([step]).await;
        let upstream = server.hasty_upstream();
        assert_eq!(safe(&upstream).read(&jane()).await, Err(UpstreamError::TooSlow));
        assert_eq!(server.asked().len(), 1, "what is slow is not asked again");
    }
}

#[tokio::test]
async fn a_safe_that_is_not_there_is_a_failure() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let upstream = upstream(&format!("http://{nobody}"), Credentials::CallerToken, generous());
    assert_eq!(safe(&upstream).read(&jane()).await, Err(UpstreamError::Failed));
    let write = safe(&upstream).merge(&jane(), &patch(), &Precondition::default()).await;
    assert_eq!(write, Err(UpstreamError::Failed));
}

#[tokio::test]
async fn what_was_not_asked_for_is_nobody_s_answer() {
    let server = Scripted::start([Step::SayTooMuch(json(PLAIN)), Step::Say(json(r#"{"b":2}"#))]).await;
    let upstream = server.upstream();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let read = safe(&upstream).read(&jane()).await.unwrap().unwrap();
        seen.push(read.view.as_json().to_owned());
    }
    assert_eq!(seen, [PLAIN, r#"{"b":2}"#]);
    assert_eq!(server.connections(), 2, "the connection that said too much is used no more");
}

#[tokio::test]
async fn a_write_that_may_have_been_read_is_never_sent_again() {
    for step in [
        Step::SayAndClose(Vec::new()),
        Step::SayAndReset(Vec::new()),
        Step::SayAndReset(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec()),
        Step::Say(with("503 Service Unavailable", "", "")),
    ] {
        // Over a new connection, and over one that was kept.
        for before in [0, 1] {
            let said = std::iter::repeat_n(Step::Say(json(PLAIN)), before).chain([step.clone()]);
            let server = Scripted::start(said).await;
            let upstream = server.upstream();
            for _ in 0..before {
                safe(&upstream).read(&jane()).await.unwrap();
            }
            let write = safe(&upstream).merge(&jane(), &patch(), &Precondition::default()).await;
            assert_eq!(write, Err(UpstreamError::Failed));
            assert_eq!(server.asked().len(), before + 1);
            let body = Bytes::from_static(b"{}");
            let verb =
                upstream.call(PASSED, &jane(), VerbCall { path: "a", body: Some(&body), listed: None }).await;
            assert!(verb.is_ok(), "the next is served");
        }
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_safe_has_closed_costs_nobody_a_failure() {
    let server = Scripted::start([Step::SayAndClose(json(PLAIN)), Step::SayAndClose(json(PLAIN))]).await;
    let upstream = server.upstream();
    for _ in 0..2 {
        safe(&upstream).read(&jane()).await.unwrap();
    }
    safe(&upstream).merge(&jane(), &patch(), &Precondition::default()).await.unwrap();
    assert_eq!((server.asked().len(), server.connections()), (3, 3));
    assert_eq!(upstream.figures().connections_opened(), 3);
}

#[tokio::test]
async fn a_record_that_is_not_there_reads_as_none_however_the_safe_says_it() {
    for step in [with("404 Not Found", "", ""), with("204 No Content", "", "")] {
        assert_eq!(read(vec![Step::Say(step)]).await, (Ok(None), 1));
    }
    let server =
        Scripted::start([Step::Say(b"HTTP/1.1 204 No Content\r\nETag: \"v7\"\r\n\r\n".to_vec())]).await;
    let upstream = server.upstream();
    let empty = safe(&upstream).read(&jane()).await.unwrap().unwrap();
    assert!(empty.view.is_empty());
    assert_eq!(empty.tag, Some(EntityTag::strong("v7").unwrap()));
}

#[tokio::test]
async fn what_a_safe_tells_of_private_keys_goes_no_further() {
    for told in [
        r#"{"a":1,"private.apiKey":"mark"}"#,
        r#"{"priv\u0061te.apiKey":"mark","a":1}"#,
        r#"{"a":1,"Private.apiKey":"mark","private.apiKey":"mark"}"#,
        r#"{"a":1,"safe.internal":"mark"}"#,
    ] {
        assert_eq!(read(vec![Step::Say(json(told))]).await, (Ok(Some(PLAIN.to_owned())), 1), "{told}");
    }
    let server = Scripted::start([
        Step::Say(json(r#"{"a":{"b":[{"private.c":"mark"}],"private.d":"mark"}}"#)),
        Step::Say(json(r#"{"private.apiKey":"mark"}"#)),
        Step::Say(json(r#"{ "a" : 1.50e0, "weird key" : [] }"#)),
    ])
    .await;
    let upstream = server.upstream();
    let mut read = Vec::new();
    for _ in 0..3 {
        read.push(safe(&upstream).read(&jane()).await.unwrap().unwrap().view.as_json().to_owned());
    }
    assert_eq!(read, [r#"{"a":{"b":[{}]}}"#, "{}", r#"{ "a" : 1.50e0, "weird key" : [] }"#]);
    assert_eq!(upstream.figures().dropped_members(), 3);
}

#[tokio::test]
async fn a_refused_write_says_why_as_far_as_it_is_the_caller_s_affair() {
    let problem =
        |code: &str| format!(r#"{{"code":"{code}","limit_bytes":7,"limit_keys":8,"message":"mark"}}"#);
    for (status, fields, body, error) in [
        ("412 Precondition Failed", "", String::new(), UpstreamError::PreconditionFailed),
        ("413 Content Too Large", "", String::new(), UpstreamError::TooLarge),
        ("422 Unprocessable Content", "", problem("value_too_long"), LimitExceeded::ValueBytes(7).into()),
        ("422 Unprocessable Content", "", problem("too_many_keys"), LimitExceeded::RecordKeys(8).into()),
        ("422 Unprocessable Content", "", problem("record_too_large"), LimitExceeded::RecordBytes(7).into()),
        ("422 Unprocessable Content", "", "other".to_owned(), UpstreamError::Refused),
        (
            "429 Too Many Requests",
            "Retry-After: 9\r\n",
            String::new(),
            UpstreamError::Busy { retry_after_s: 9 },
        ),
        (
            "429 Too Many Requests",
            "Retry-After: -\r\n",
            String::new(),
            UpstreamError::Busy { retry_after_s: 1 },
        ),
        ("400 Bad Request", "", problem("key_refused"), UpstreamError::Refused),
        ("401 Unauthorized", "", String::new(), UpstreamError::Failed),
        ("404 Not Found", "", String::new(), UpstreamError::Failed),
        ("307 Temporary Redirect", "Location: /\r\n", String::new(), UpstreamError::Failed),
    ] {
        let server = Scripted::start([Step::Say(with(status, fields, &body))]).await;
        let upstream = server.upstream();
        let write = safe(&upstream).merge(&jane(), &patch(), &Precondition::default()).await;
        assert_eq!(write, Err(error), "{status}");
        assert_eq!(server.asked().len(), 1, "{status}");
    }
}
