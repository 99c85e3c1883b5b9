//! The order of checks, as `api.md` §1 has it: a request that breaks one check and every later one is answered for this one.

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, IF_MATCH, IF_NONE_MATCH, ORIGIN};
use http::{Request, request};

use super::*;

/// Each check of a write in its order, and the answer to whoever breaks it.
const CHECKS: [(u16, &str); 13] = [
    (400, "malformed_request"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    (401, "token_invalid"),
    (400, "unknown_tenant"),
    (401, "tenant_mismatch"),
    (415, "media_type"),
    (413, "body_too_large"),
    (400, "json_malformed"),
    (400, "not_owner"),
    (400, "condition_malformed"),
    (412, "precondition_failed"),
    (422, "value_too_long"),
];

/// A write that passes the first `passed` checks and breaks every one after them. What it says to break them contains
/// "canary", which no answer may repeat.
fn broken_after(passed: usize) -> (request::Builder, String) {
    let breaks = |check: &str| CHECKS.iter().position(|(_, code)| *code == check).unwrap() >= passed;
    let either =
        |check, broken: &'static str, whole: &'static str| if breaks(check) { broken } else { whole };

    let path = either("not_found", "/v1.1/canary", WRITE);
    let rp_id = either("tenant_mismatch", "?rpId=shop.example&canary", "");
    let mut request = Request::builder()
        .method(either("method_not_allowed", "PUT", "POST"))
        .uri(format!("{path}{rp_id}"))
        .header(HOST, "localhost:8080")
        .header(AUTHORIZATION, either("token_invalid", "Bearer canary", "Bearer jane"))
        .header(CONTENT_TYPE, either("media_type", "text/canary", "application/json"))
        .header(ORIGIN, either("unknown_tenant", "https://canary.example", ORIGIN_OF_TENANT));
    if breaks("malformed_request") {
        request = request.header(HOST, "canary.example");
    }
    if breaks("condition_malformed") {
        request = request.header(IF_NONE_MATCH, "canary");
    }
    if breaks("precondition_failed") {
        request = request.header(IF_MATCH, "\"canary\"");
    }

    let id = either("not_owner", "canary", sample::EXTERNAL_USER_ID);
    let value = either("value_too_long", "canary", "c").repeat(LIMITS.value_bytes);
    let end = either("json_malformed", "", "}");
    let rest = " ".repeat(if breaks("body_too_large") { HTTP_LIMITS.body_bytes } else { 0 });
    (request, format!(r#"{{"externalUserId":"{id}","data":{{"canary":"{value}"}}{end}{rest}"#))
}

#[tokio::test(start_paused = true)]
async fn of_all_that_is_wrong_with_a_write_the_first_check_in_order_is_answered() {
    for (passed, (status, code)) in CHECKS.into_iter().enumerate() {
        let (request, body) = broken_after(passed);
        let answer = send(&surface(), request, body).await;
        assert_eq!(answer.problem(), (status, code.to_owned()));
    }
    let (request, body) = broken_after(CHECKS.len());
    let answer = send(&surface(), request, body).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (200, r#"{"success":true}"#));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_breaks_any_check_changes_nothing() {
    let surface = surface();
    for (passed, check) in CHECKS.into_iter().enumerate() {
        let (request, body) = broken_after(passed);
        send(&surface, request, body).await;
        assert_eq!(send(&surface, request_to_read(), "").await.status, 204, "{check:?}");
    }
    let (request, body) = broken_after(CHECKS.len());
    send(&surface, request, body).await;
    assert_eq!(send(&surface, request_to_read(), "").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn no_refusal_repeats_anything_that_was_sent() {
    for (passed, check) in CHECKS.into_iter().enumerate() {
        let (request, body) = broken_after(passed);
        let answer = send(&surface(), request, body).await;
        assert!(!format!("{answer:?}").contains("canary"), "{check:?}");
    }
}

fn request_to_read() -> request::Builder {
    super::request("GET", READ)
}
