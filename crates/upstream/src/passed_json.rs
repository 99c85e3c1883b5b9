//! Answers that go back as they came: JSON, without what must not leave.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::de::IgnoredAny;
use strongroom_domain::filter_foreign;
use strongroom_ports::VerbAnswer;

use crate::line::Answer;

/// The longest error of another server that is looked into, or passed on.
pub(crate) const MAX_ERROR_BYTES: usize = 64 * 1024;
/// What is told of how long to wait where the other side does not say, and the most that is believed.
const RETRY_AFTER_S: u32 = 1;
const MAX_RETRY_AFTER_S: u32 = 3600;

/// What becomes of an answer.
pub(crate) enum Passed {
    /// It goes back, without so many private members.
    AsItIs(VerbAnswer, usize),
    /// A refusal that cannot be shown: it is told in our own words.
    InOurWords(Answer),
    /// Neither a success nor a refusal of what was asked, or a success of a form that is none.
    Unusable,
}

/// Judges an answer: 2xx goes back with JSON or nothing, 4xx with JSON of so many bytes.
pub(crate) fn pass(answer: Answer) -> Passed {
    let status = answer.status;
    if status.is_success() && answer.body.is_empty() {
        let (status, body) = (status.as_u16(), Bytes::new());
        return Passed::AsItIs(VerbAnswer { status, body, is_problem: false, retry_after_s: None }, 0);
    }
    let is_refusal = status.is_client_error() && !is_about_the_connection(status);
    if !status.is_success() && !is_refusal {
        return Passed::Unusable;
    }
    // What a success may take is bounded already; a refusal is a few words.
    let fits = status.is_success() || answer.body.len() <= MAX_ERROR_BYTES;
    let kind = json_kind(&answer.headers).filter(|_| fits);
    let Some((kind, (body, dropped))) = kind.and_then(|kind| Some((kind, filtered(&answer.body)?))) else {
        return if is_refusal { Passed::InOurWords(answer) } else { Passed::Unusable };
    };
    let waits = status == StatusCode::TOO_MANY_REQUESTS;
    let retry_after_s = waits.then(|| retry_after_s(&answer.headers));
    let is_problem = kind == JsonKind::Problem;
    Passed::AsItIs(VerbAnswer { status: status.as_u16(), body, is_problem, retry_after_s }, dropped)
}

/// How the gateway speaks, and not what the caller asks: to a browser, 408 would even be a reason to send a POST again.
fn is_about_the_connection(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::PROXY_AUTHENTICATION_REQUIRED
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::LENGTH_REQUIRED
            | StatusCode::EXPECTATION_FAILED
            | StatusCode::MISDIRECTED_REQUEST
            | StatusCode::TOO_EARLY
            | StatusCode::UPGRADE_REQUIRED
            | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    )
}

/// The seconds of `Retry-After`; a date is as good as none.
pub(crate) fn retry_after_s(headers: &HeaderMap) -> u32 {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    seconds.unwrap_or(RETRY_AFTER_S).clamp(RETRY_AFTER_S, MAX_RETRY_AFTER_S)
}

/// JSON without what must not leave, and how much that was. The filter takes objects, so any other value is looked into as the
/// member of one.
fn filtered(body: &Bytes) -> Option<(Bytes, usize)> {
    const BEFORE: &[u8] = br#"{"v":"#;
    const BEHIND: &[u8] = b"}";
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let filtered = if is_object {
        filter_foreign(body)
    } else {
        // One value and no more: what follows it would else be a member beside it.
        serde_json::from_slice::<IgnoredAny>(body).ok()?;
        filter_foreign(&[BEFORE, body, BEHIND].concat())
    };
    let filtered = filtered.ok()?;
    let Some(rest) = filtered.rest else { return Some((body.clone(), 0)) };
    let rest = Bytes::from(rest.into_bytes());
    let rest = if is_object { rest } else { rest.slice(BEFORE.len()..rest.len() - BEHIND.len()) };
    Some((rest, filtered.dropped))
}

/// How an answer says that it is JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonKind {
    Plain,
    Problem,
}

/// Whether an answer says that it is JSON, and nothing about it is coded.
pub(crate) fn json_kind(headers: &HeaderMap) -> Option<JsonKind> {
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let field = headers.get(CONTENT_TYPE)?;
    // As nearly every answer has it.
    if field == "application/json" {
        return Some(JsonKind::Plain);
    }
    let field = field.to_str().ok()?;
    let essence = field.split(';').next()?.trim();
    let (kind, form) = essence.split_at_checked("application/".len())?;
    if !kind.eq_ignore_ascii_case("application/") {
        return None;
    }
    let suffix = form.len().checked_sub("+json".len()).and_then(|at| form.get(at..));
    if form.eq_ignore_ascii_case("problem+json") {
        Some(JsonKind::Problem)
    } else if form.eq_ignore_ascii_case("json") || suffix.is_some_and(|it| it.eq_ignore_ascii_case("+json")) {
        Some(JsonKind::Plain)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn json_is_told_by_its_type_in_any_case_and_by_the_suffix_of_a_type_of_its_own() {
        let kind =
            |field| json_kind(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(field))]));
        for plain in [
            "application/json",
            "Application/JSON ; charset=utf-8",
            "application/vnd.api+json",
            "application/x+JSON;v=1",
        ] {
            assert!(kind(plain) == Some(JsonKind::Plain), "{plain}");
        }
        for problem in ["application/problem+json", "APPLICATION/Problem+JSON; charset=utf-8"] {
            assert!(kind(problem) == Some(JsonKind::Problem), "{problem}");
        }
        for other in [
            "",
            "application/",
            "application/jsonp",
            "application/json+xml",
            "text/json",
            "json",
            "text/x+json",
        ] {
            assert!(kind(other).is_none(), "{other}");
        }
    }

    fn answer(status: StatusCode, bytes: usize) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        let body = format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - br#"{"a":""}"#.len()));
        Answer { status, headers, body: body.into() }
    }

    #[test]
    fn a_refusal_goes_back_to_the_byte_of_its_limit_and_a_success_has_none_here() {
        let goes_back = |status, bytes| matches!(pass(answer(status, bytes)), Passed::AsItIs(..));
        assert!(goes_back(StatusCode::CONFLICT, MAX_ERROR_BYTES));
        assert!(!goes_back(StatusCode::CONFLICT, MAX_ERROR_BYTES + 1));
        assert!(goes_back(StatusCode::OK, 2 * MAX_ERROR_BYTES));
    }

    #[test]
    fn only_who_asks_too_often_is_told_when_to_try_again() {
        let told = |status| match pass(answer(status, 100)) {
            Passed::AsItIs(answer, _) => answer.retry_after_s,
            Passed::InOurWords(_) | Passed::Unusable => None,
        };
        assert_eq!(told(StatusCode::TOO_MANY_REQUESTS), Some(7));
        assert_eq!(told(StatusCode::CONFLICT), None);
        assert_eq!(told(StatusCode::OK), None);
    }
}
