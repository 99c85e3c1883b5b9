//! Answers that go back as they came: JSON, without what must not leave.

use bytes::Bytes;
use http::StatusCode;
use serde::de::IgnoredAny;
use strongroom_domain::filter_foreign;
use strongroom_ports::VerbAnswer;

use crate::incoming::Answer;
use crate::json_kind::JsonKind;
use crate::scrub::Scrubbed;

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
    let status = answer.status();
    if status.is_success() && answer.body.is_empty() {
        let (status, body) = (status.as_u16(), Bytes::new());
        return Passed::AsItIs(VerbAnswer { status, body, is_problem: false, retry_after_s: None }, 0);
    }
    // Part of what nobody asked parts of, and a body where none can be (RFC 9110, sections 15.3.6 and 15.3.7).
    if matches!(status, StatusCode::RESET_CONTENT | StatusCode::PARTIAL_CONTENT) {
        return Passed::Unusable;
    }
    let is_refusal = status.is_client_error() && !is_about_the_connection(status);
    if !status.is_success() && !is_refusal {
        return Passed::Unusable;
    }
    // What a success may take is bounded already; a refusal is a few words.
    let fits = status.is_success() || answer.body.len() <= MAX_ERROR_BYTES;
    let kind = answer.head.kind.filter(|_| fits);
    let Some((kind, filtered)) = kind.and_then(|kind| Some((kind, filtered(&answer.body)?))) else {
        return if is_refusal { Passed::InOurWords(answer) } else { Passed::Unusable };
    };
    let waits = status == StatusCode::TOO_MANY_REQUESTS;
    let retry_after_s = waits.then(|| retry_after_s(&answer));
    let is_problem = kind == JsonKind::Problem;
    let (body, dropped) = match filtered {
        Filtered::Untouched => (answer.into_body(), 0),
        Filtered::Rest(body, dropped) => (body, dropped),
    };
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

/// How long whoever asks too often is to wait.
pub(crate) fn retry_after_s(answer: &Answer) -> u32 {
    answer.head.retry_after_s.unwrap_or(RETRY_AFTER_S).clamp(RETRY_AFTER_S, MAX_RETRY_AFTER_S)
}

/// What the filter says of JSON.
enum Filtered {
    /// All of it may leave.
    Untouched,
    /// The rest of it, and how many members must not leave.
    Rest(Bytes, usize),
}

/// `None` for what is no JSON. The filter takes objects, so any other value is looked into as the member of one.
fn filtered(body: &[u8]) -> Option<Filtered> {
    const BEFORE: &[u8] = br#"{"v":"#;
    const BEHIND: &[u8] = b"}";
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let filtered = if is_object {
        filter_foreign(body)
    } else {
        // One value and no more: what follows it would else be a member beside it.
        serde_json::from_slice::<IgnoredAny>(body).ok()?;
        filter_foreign(&Scrubbed::from([BEFORE, body, BEHIND].concat()))
    };
    let filtered = filtered.ok()?;
    let Some(rest) = filtered.rest else { return Some(Filtered::Untouched) };
    let rest = strongroom_ports::scrubbed(rest.into_bytes().into());
    let rest = if is_object { rest } else { rest.slice(BEFORE.len()..rest.len() - BEHIND.len()) };
    Some(Filtered::Rest(rest, filtered.dropped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::Incoming;

    fn answer(status: StatusCode, bytes: usize) -> Answer {
        let body = format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - br#"{"a":""}"#.len()));
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nRetry-After: 7\r\nContent-Length: {bytes}\r\n\r\n"
        );
        let whole = Incoming::new(bytes).take((head + &body).as_bytes());
        whole.unwrap().unwrap().answer
    }

    #[test]
    fn a_refusal_goes_back_to_the_byte_of_its_limit_and_a_success_has_none_here() {
        let goes_back = |status, bytes| matches!(pass(answer(status, bytes)), Passed::AsItIs(..));
        assert!(goes_back(StatusCode::CONFLICT, MAX_ERROR_BYTES));
        assert!(!goes_back(StatusCode::CONFLICT, MAX_ERROR_BYTES + 1));
        assert!(goes_back(StatusCode::OK, 2 * MAX_ERROR_BYTES));
    }

    #[test]
    fn part_of_an_answer_and_a_body_where_none_can_be_do_not_go_back() {
        for status in [StatusCode::RESET_CONTENT, StatusCode::PARTIAL_CONTENT] {
            assert!(matches!(pass(answer(status, 100)), Passed::Unusable), "{status}");
        }
        assert!(matches!(pass(answer(StatusCode::ACCEPTED, 100)), Passed::AsItIs(..)));
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
