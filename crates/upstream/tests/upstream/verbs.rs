//! What comes back of a safe's answer to a verb, and in whose words.

use bytes::Bytes;
use strongroom_ports::{RemoteSafe as _, UpstreamError, VerbAnswer, VerbCall};
use strongroom_upstream::{ApiKey, Credentials, RemoteLimits};

use crate::scripted::{PASSED, Scripted, Step, generous, jane, with};

const PLAIN: &str = r#"{"a":1}"#;
const JSON: &str = "Content-Type: application/json\r\n";
const PROBLEM: &str = "Content-Type: application/problem+json; charset=utf-8\r\n";
const HTML: &str = "Content-Type: text/html\r\n";
/// Longer than any refusal that is shown, and shorter than any answer that is read here.
const LONG: usize = 70_000;

type Answered = Result<VerbAnswer, UpstreamError>;

/// What a POST to a safe that says this becomes.
async fn call_as(credentials: Credentials, answer: Vec<u8>) -> Answered {
    let server = Scripted::start([Step::Say(answer)]).await;
    let limits = RemoteLimits { answer_bytes: 2 * LONG, ..generous() };
    let upstream = server.upstream_with(credentials, limits);
    let body = Bytes::from_static(b"{}");
    let answer =
        upstream.call(PASSED, &jane(), VerbCall { path: "a/b", body: Some(&body), listed: None }).await;
    assert_eq!(server.asked().len(), 1, "whatever it was, a POST is sent once");
    answer
}

async fn call(answer: Vec<u8>) -> Answered {
    call_as(Credentials::CallerToken, answer).await
}

fn told(status: u16, body: &str, is_problem: bool) -> VerbAnswer {
    VerbAnswer { status, body: Bytes::from(body.to_owned()), is_problem, retry_after_s: None }
}

fn long() -> String {
    format!(r#"{{"a":"{}"}}"#, "x".repeat(LONG))
}

#[tokio::test]
async fn a_verb_s_json_comes_back_and_nothing_else_does() {
    let in_bounds = format!(r#"{{"a":"{}"}}"#, "x".repeat(9_000));
    let failed = Err(UpstreamError::Failed);
    for (answer, expected) in [
        (with("200 OK", JSON, PLAIN), Ok(told(200, PLAIN, false))),
        (with("202 Accepted", JSON, PLAIN), Ok(told(202, PLAIN, false))),
        (with("204 No Content", "", ""), Ok(told(204, "", false))),
        (with("400 Bad Request", PROBLEM, PLAIN), Ok(told(400, PLAIN, true))),
        (with("409 Conflict", JSON, &in_bounds), Ok(told(409, &in_bounds, false))),
        (with("200 OK", JSON, r#"{"a":1,"private.b":"mark"}"#), Ok(told(200, PLAIN, false))),
        (with("200 OK", JSON, r#" [1,{"private.b":"mark"}]"#), Ok(told(200, " [1,{}]", false))),
        (with("200 OK", JSON, r#"["private.b"]"#), Ok(told(200, r#"["private.b"]"#, false))),
        (with("200 OK", JSON, "true"), Ok(told(200, "true", false))),
        (with("200 OK", JSON, r#"1,"a":2"#), failed.clone()),
        (with("200 OK", HTML, "mark"), failed.clone()),
        (with("302 Found", "Location: /\r\n", ""), failed.clone()),
        (with("500 Internal Server Error", JSON, PLAIN), failed.clone()),
        (with("200 OK", JSON, "{"), failed),
    ] {
        assert_eq!(call(answer).await, expected);
    }
}

#[tokio::test]
async fn a_refusal_that_cannot_be_shown_is_told_by_its_status_and_never_as_a_failure() {
    let long = long();
    for (status, expected) in [
        ("400 Bad Request", UpstreamError::Refused),
        ("401 Unauthorized", UpstreamError::TokenRefused),
        ("402 Payment Required", UpstreamError::Refused),
        ("403 Forbidden", UpstreamError::Refused),
        ("404 Not Found", UpstreamError::NotThere),
        ("405 Method Not Allowed", UpstreamError::Refused),
        ("410 Gone", UpstreamError::Refused),
        ("412 Precondition Failed", UpstreamError::Refused),
        ("413 Content Too Large", UpstreamError::TooLarge),
        ("422 Unprocessable Content", UpstreamError::Refused),
        ("429 Too Many Requests", UpstreamError::Busy { retry_after_s: 1 }),
        ("451 Unavailable For Legal Reasons", UpstreamError::Refused),
        ("499 Odd", UpstreamError::Refused),
    ] {
        for (fields, body) in [(HTML, "<p>mark"), ("", ""), (JSON, ""), (JSON, "{"), (JSON, &long)] {
            assert_eq!(call(with(status, fields, body)).await, Err(expected), "{status} {fields}");
        }
    }
}

#[tokio::test]
async fn a_success_is_as_long_as_any_answer_may_be() {
    let long = long();
    assert_eq!(call(with("200 OK", JSON, &long)).await, Ok(told(200, &long, false)));
}

#[tokio::test]
async fn what_is_about_the_gateway_is_never_told_as_the_caller_s_affair() {
    for status in [
        "407 Proxy Authentication Required",
        "408 Request Timeout",
        "411 Length Required",
        "417 Expectation Failed",
        "421 Misdirected Request",
        "425 Too Early",
        "426 Upgrade Required",
        "431 Request Header Fields Too Large",
    ] {
        assert_eq!(call(with(status, JSON, PLAIN)).await, Err(UpstreamError::Failed), "{status}");
    }
}

#[tokio::test]
async fn whose_credentials_were_shown_says_whose_affair_a_refusal_of_them_is() {
    let key = || Credentials::ApiKey(ApiKey::parse(b"a-key-of-the-gateway").unwrap());
    let failed = || Err(UpstreamError::Failed);
    for (credentials, answer, expected) in [
        (Credentials::CallerToken, with("401 Unauthorized", JSON, PLAIN), Ok(told(401, PLAIN, false))),
        (Credentials::CallerToken, with("403 Forbidden", JSON, PLAIN), Ok(told(403, PLAIN, false))),
        (key(), with("401 Unauthorized", JSON, PLAIN), failed()),
        (key(), with("401 Unauthorized", HTML, "mark"), failed()),
        // What the safe forbids this caller, in its own words; and what is none of a safe's.
        (key(), with("403 Forbidden", JSON, PLAIN), Ok(told(403, PLAIN, false))),
        (key(), with("403 Forbidden", PROBLEM, PLAIN), Ok(told(403, PLAIN, true))),
        (key(), with("403 Forbidden", HTML, "mark"), failed()),
        (key(), with("403 Forbidden", "", ""), failed()),
        (key(), with("403 Forbidden", JSON, &long()), failed()),
    ] {
        let what = format!("{credentials:?} {}", String::from_utf8_lossy(&answer));
        assert_eq!(call_as(credentials, answer).await, expected, "{what}");
    }
}

#[tokio::test]
async fn a_safe_that_is_asked_too_often_says_when_to_come_back() {
    for (fields, retry_after_s) in [("Retry-After: 9\r\n", 9), ("", 1), ("Retry-After: 999999\r\n", 3600)] {
        let answered = call(with("429 Too Many Requests", &[JSON, fields].concat(), PLAIN)).await.unwrap();
        assert_eq!((answered.status, answered.retry_after_s), (429, Some(retry_after_s)));
    }
    let other = call(with("400 Bad Request", &[JSON, "Retry-After: 9\r\n"].concat(), PLAIN)).await.unwrap();
    assert_eq!(other.retry_after_s, None);
}
