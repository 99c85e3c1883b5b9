//! What an answer carries: the headers of every one, tags, problems and their media type.

use http::header::{ACCEPT, IF_MATCH, IF_NONE_MATCH};

use super::*;
use crate::refusal::Refusal;

#[tokio::test(start_paused = true)]
async fn every_answer_carries_the_headers_that_every_answer_carries() {
    let surface = surface();
    send(&surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    for (request, status) in [
        (request("GET", READ), 200),
        (request("HEAD", READ), 200),
        (request("GET", READ).header(IF_NONE_MATCH, "*"), 304),
        (request("DELETE", READ), 204),
        (request("GET", READ), 204),
        (anonymous("OPTIONS", READ), 204),
        (anonymous("GET", "/health"), 200),
        (anonymous("GET", "/v1/ibexsafe/limits"), 200),
        (anonymous("GET", "/.well-known/jwks.json"), 200),
        (request("GET", READ).header(HOST, "two.example"), 400),
        (anonymous("GET", READ), 401),
        (anonymous("GET", "/"), 404),
        (request("PATCH", WRITE), 405),
        (request("DELETE", READ).header(IF_MATCH, "*"), 412),
        (anonymous("POST", WRITE).header(AUTHORIZATION, "Bearer jane"), 415),
    ] {
        let answer = send(&surface, request, "").await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{status}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{status}");
        assert_eq!(answer.header("vary"), Some("Authorization, Origin"), "{status}");
        assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_keeps_its_own_sane_id_and_gets_another_for_any_else() {
    let id_of = async |id: &str| {
        let answer = send(&surface(), request("GET", READ).header("x-request-id", id), "").await;
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(id_of("a-b_c.1").await, "a-b_c.1");
    assert_ne!(id_of("<script>").await, "<script>");
}

#[tokio::test(start_paused = true)]
async fn a_head_is_answered_as_a_get_would_be() {
    let surface = surface();
    send(&surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    let with_id = |method| request(method, READ).header("x-request-id", "same");
    let (head, get) = (send(&surface, with_id("HEAD"), "").await, send(&surface, with_id("GET"), "").await);
    assert_eq!((head.status, head.headers), (get.status, get.headers));
}

#[tokio::test(start_paused = true)]
async fn a_read_is_tagged_with_its_state_and_a_reader_who_holds_it_is_told_so() {
    let surface = surface();
    assert_eq!(send(&surface, request("GET", READ), "").await.header("etag"), None);
    let written = send(&surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    let tag = written.header("etag").unwrap();
    let read = send(&surface, request("GET", READ), "").await;
    assert_eq!((read.status.as_u16(), &*read.text), (200, sample::GUIDE_VIEW));
    assert_eq!(read.header("etag"), Some(tag));
    assert_eq!(read.header("content-type"), Some("application/json"));
    let held = send(&surface, request("GET", READ).header(IF_NONE_MATCH, tag), "").await;
    assert_eq!((held.status.as_u16(), held.header("etag"), &*held.text), (304, Some(tag), ""));
    send(&surface, request("POST", WRITE), sample::GUIDE_UPDATE).await;
    let outdated = send(&surface, request("GET", READ).header(IF_NONE_MATCH, tag), "").await;
    assert_eq!((outdated.status.as_u16(), &*outdated.text), (200, sample::GUIDE_UPDATED_VIEW));
}

#[tokio::test(start_paused = true)]
async fn a_record_of_private_keys_alone_reads_as_nothing_with_a_tag() {
    let surface = surface();
    let written = send(&surface, request("POST", WRITE), write_of(r#"{"private.pin":"1"}"#)).await;
    let read = send(&surface, request("GET", READ), "").await;
    assert_eq!((read.status.as_u16(), &*read.text), (204, ""));
    assert_eq!(read.header("etag"), written.header("etag"));
}

#[tokio::test(start_paused = true)]
async fn a_write_without_data_reads_and_asks_for_no_condition() {
    let surface = surface();
    let read_by_post = || request("POST", WRITE);
    assert_eq!(send(&surface, read_by_post(), write_of("{}")).await.status, 204);
    send(&surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    for ignored in ["*", "\"another\"", "malformed"] {
        let request = read_by_post().header(IF_MATCH, ignored).header(IF_NONE_MATCH, ignored);
        let answer = send(&surface, request, write_of("{}")).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (200, sample::GUIDE_VIEW), "{ignored}");
        assert!(answer.header("etag").is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn an_erasure_keeps_to_its_condition_and_is_answered_alike_with_and_without_a_record() {
    let surface = surface();
    assert_eq!(send(&surface, request("DELETE", READ), "").await.status, 204);
    send(&surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    let other = request("DELETE", READ).header(IF_MATCH, "\"another\"");
    assert_eq!(send(&surface, other, "").await.problem(), (412, "precondition_failed".to_owned()));
    let malformed = request("DELETE", READ).header(IF_MATCH, "malformed");
    assert_eq!(send(&surface, malformed, "").await.problem(), (400, "condition_malformed".to_owned()));
    assert_eq!(send(&surface, request("GET", READ), "").await.status, 200);
    let erased = send(&surface, request("DELETE", READ), "").await;
    assert_eq!((erased.status.as_u16(), erased.header("etag")), (204, None));
    assert_eq!(send(&surface, request("GET", READ), "").await.status, 204);
}

#[tokio::test(start_paused = true)]
async fn an_export_tells_everything_but_private_values() {
    let surface = surface();
    let path = format!("{READ}/export");
    assert_eq!(send(&surface, request("GET", &path), "").await.status, 204);
    let written = send(&surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    let answer = send(&surface, request("GET", &path), "").await;
    assert!(!answer.text.contains("secret-api-key"));
    let document = answer.json();
    assert_eq!(document["externalUserId"], sample::EXTERNAL_USER_ID);
    assert_eq!(document["data"], serde_json::from_str::<Value>(sample::GUIDE_VIEW).unwrap());
    assert_eq!(document["writeOnly"], serde_json::json!(["private.apiKey"]));
    assert_eq!(document["createdAt"], "2026-01-01T00:00:00.000Z");
    assert_eq!(document["updatedAt"], "2026-01-01T00:00:00.000Z");
    let tag = format!("\"{}.{}\"", document["generation"].as_str().unwrap(), document["version"]);
    assert_eq!(answer.header("etag"), Some(&*tag));
    assert_eq!(written.header("etag"), Some(&*tag));
}

#[tokio::test(start_paused = true)]
async fn a_problem_is_problem_json_unless_the_caller_takes_plain_json_alone() {
    const PROBLEM: &str = "application/problem+json";
    for (accept, media_type) in [
        ("application/json", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("*/*", PROBLEM),
        ("application/json, text/plain, */*", PROBLEM),
        ("application/problem+json, application/json", PROBLEM),
        ("", PROBLEM),
    ] {
        let answer = send(&surface(), anonymous("GET", "/").header(ACCEPT, accept), "").await;
        assert_eq!(answer.header("content-type"), Some(media_type), "{accept}");
    }
    let answer = send(&surface(), anonymous("GET", "/"), "").await;
    assert_eq!(answer.header("content-type"), Some(PROBLEM));
    let document = serde_json::json!({
        "type": "urn:strongroom:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "message": "There is no such route.",
    });
    assert_eq!(answer.json(), document);
}

#[tokio::test(start_paused = true)]
async fn a_method_that_a_route_does_not_take_is_told_which_it_takes() {
    for (method, path, allow) in [
        ("GET", WRITE, "POST, OPTIONS"),
        ("POST", READ, "GET, HEAD, DELETE, OPTIONS"),
        ("TRACE", "/health", "GET, HEAD, OPTIONS"),
        ("BREW", "/health", "GET, HEAD, OPTIONS"),
    ] {
        let answer = send(&surface(), anonymous(method, path), "").await;
        assert_eq!(answer.problem(), (405, "method_not_allowed".to_owned()), "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_ambiguous_head_is_refused_and_the_connection_closed() {
    for ambiguous in [
        request("GET", READ).header(AUTHORIZATION, "Bearer john"),
        request("GET", READ).header(HOST, "other.example"),
        request("POST", WRITE).header(CONTENT_TYPE, "application/json"),
        request("GET", READ).header("x-rpid", "localhost").header("x-rpid", "localhost"),
        request("GET", READ).header("expect", "100-continue").header("expect", "100-continue"),
        Request::builder().uri(READ).header(AUTHORIZATION, "Bearer jane"),
        Request::builder().uri(READ).header(HOST, "jane@localhost"),
        Request::builder().uri(READ).header(HOST, ""),
        request("GET", "http://localhost:8081/health"),
        request("GET", "http://localhost/health"),
        Request::builder().uri("http://other.example/health").header(HOST, "other.example"),
    ] {
        let answer = send(&surface(), ambiguous, "").await;
        assert_eq!(answer.problem(), (400, "malformed_request".to_owned()));
        assert_eq!(answer.header("connection"), Some("close"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_may_name_the_host_that_the_host_field_names_if_it_is_ours() {
    let answer = send(&surface(), anonymous("GET", "http://LOCALHOST:8080/health"), "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("connection"), None);
}

#[tokio::test(start_paused = true)]
async fn a_head_is_refused_for_what_it_asks_beyond_http_with_an_answer_of_its_own_and_a_closed_connection() {
    for (head, status, code) in [
        (anonymous("CONNECT", "localhost:8080"), 405, "method_not_allowed"),
        (anonymous("TRACE", "/health"), 405, "method_not_allowed"),
        (anonymous("get", "/health"), 405, "method_not_allowed"),
        (request("POST", WRITE).header("content-encoding", "gzip"), 415, "content_coding"),
        (request("POST", WRITE).header("content-encoding", "identity"), 415, "content_coding"),
        (request("POST", WRITE).header("expect", "200-ok"), 417, "expectation_failed"),
    ] {
        let answer = send(&surface(), head, "").await;
        assert_eq!(answer.problem(), (status, code.to_owned()));
        assert_eq!(answer.header("connection"), Some("close"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_head_is_answered_for_its_verdict_whatever_stands_in_its_place() {
    let surface = surface();
    for refusal in Refusal::ALL {
        let substitute = request("GET", "/health").body(Full::new(Bytes::new())).unwrap();
        let answer = surface.answer_to(substitute, Err(refusal), PEER).await;
        assert_ne!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["connection"], "close");
        assert!(answer.headers().contains_key("x-request-id"));
        assert_eq!(surface.metrics.refusals.of(refusal), 1);
    }
}
