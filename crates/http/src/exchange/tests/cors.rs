//! What a browser is told, and which pages hear it.

use http::header::ORIGIN;

use super::*;

const UNREGISTERED: [&str; 4] =
    ["https://evil.example", "null", "http://localhost:3001", "https://www.shop.example.evil.example"];

fn cors_headers(answer: &Answer) -> Vec<&str> {
    answer
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_registered_origin_may_read_every_answer_errors_included() {
    for (request, status) in [
        (request("GET", READ), 204),
        (anonymous("GET", READ), 401),
        (request("GET", "/nowhere"), 404),
        (request("PUT", WRITE), 405),
        (request("POST", WRITE), 400),
        (anonymous("GET", "/health"), 200),
    ] {
        let answer = send(&surface(), request.header(ORIGIN, ORIGIN_OF_TENANT), "").await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN_OF_TENANT), "{status}");
        let exposed = answer.header("access-control-expose-headers");
        assert_eq!(exposed, Some("ETag, Retry-After, WWW-Authenticate, X-Request-Id"), "{status}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_an_unregistered_origin_is_refused_and_told_nothing() {
    for origin in UNREGISTERED {
        for request in [request("GET", READ), anonymous("GET", SIGN_UP), anonymous("GET", "/health")] {
            let answer = send(&surface(), request.header(ORIGIN, origin), "").await;
            assert_eq!(answer.problem(), (400, "unknown_tenant".to_owned()), "{origin}");
            assert_eq!(cors_headers(&answer), Vec::<&str>::new(), "{origin}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_tenant_than_the_tokens_may_not_read_the_refusal() {
    let foreign = request("GET", READ).header(ORIGIN, ORIGIN_OF_OTHER_TENANT);
    let answer = send(&surface(), foreign, "").await;
    assert_eq!(answer.problem(), (401, "tenant_mismatch".to_owned()));
    assert_eq!(cors_headers(&answer), Vec::<&str>::new());

    let own = request("GET", READ).header(ORIGIN, ORIGIN_OF_TENANT).header("x-rpid", sample::OTHER_TENANT);
    let answer = send(&surface(), own, "").await;
    assert_eq!(answer.problem(), (401, "tenant_mismatch".to_owned()));
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN_OF_TENANT));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_no_page_gets_no_cors_headers() {
    let answer = send(&surface(), request("GET", READ), "").await;
    assert_eq!(cors_headers(&answer), Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn a_preflight_of_any_tenants_origin_lists_the_methods_and_headers() {
    for origin in [ORIGIN_OF_TENANT, ORIGIN_OF_OTHER_TENANT] {
        let preflight = anonymous("OPTIONS", READ)
            .header(ORIGIN, origin)
            .header("access-control-request-method", "DELETE")
            .header("access-control-request-headers", "authorization");
        let answer = send(&surface(), preflight, "").await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, HEAD, DELETE, OPTIONS"));
        let headers: Vec<_> =
            answer.header("access-control-allow-headers").unwrap().split(',').map(str::trim).collect();
        let listed = [
            "authorization",
            "content-type",
            "if-match",
            "if-none-match",
            "idempotency-key",
            "traceparent",
            "x-rpid",
            "x-rp-id",
            "x-ibex-auth",
            "x-blockchain-id",
            "x-request-id",
        ];
        assert_eq!(headers, listed);
        assert!(answer.header("access-control-max-age").is_some());
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_preflight_of_an_unregistered_origin_permits_nothing() {
    for origin in UNREGISTERED {
        let answer = send(&surface(), anonymous("OPTIONS", WRITE).header(ORIGIN, origin), "").await;
        assert_eq!(answer.status, 204, "{origin}");
        assert_eq!(cors_headers(&answer), Vec::<&str>::new(), "{origin}");
        assert_eq!(answer.header("allow"), Some("POST, OPTIONS"), "{origin}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_preflight_of_no_route_is_a_404() {
    let answer =
        send(&surface(), anonymous("OPTIONS", "/nowhere").header(ORIGIN, ORIGIN_OF_TENANT), "").await;
    assert_eq!(answer.problem(), (404, "not_found".to_owned()));
}
