//! The admin listener: is the process alive, can it take requests. For operators, on loopback by default.

use std::sync::atomic::{AtomicBool, Ordering};

use http::header::ALLOW;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use strongroom_ports::Upstream;

use crate::answer::{self, Body};

/// Whether the process is on its way out.
#[derive(Debug, Default)]
pub(crate) struct Draining(AtomicBool);

impl Draining {
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Answers `/healthz` and `/readyz`.
pub(crate) async fn answer<B>(
    upstream: &dyn Upstream,
    draining: &Draining,
    request: &Request<B>,
) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refusal = answer::empty(StatusCode::METHOD_NOT_ALLOWED);
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    let (status, text) = match request.uri().path() {
        "/healthz" => (StatusCode::OK, "ok\n"),
        "/readyz" if draining.has_begun() => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
        "/readyz" if !upstream.is_ready().await => {
            (StatusCode::SERVICE_UNAVAILABLE, "the safe takes no writes\n")
        }
        "/readyz" => (StatusCode::OK, "ready\n"),
        _ => (StatusCode::NOT_FOUND, "not found\n"),
    };
    answer::ready_json(status, text.into(), "text/plain; charset=utf-8")
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use strongroom_testkit::mock::MockUpstream;

    use super::*;

    /// Status and text of an answer, over a safe that is ready or not.
    async fn ask(method: &str, path: &str, is_ready: bool, draining: &Draining) -> (u16, String) {
        let mut safe = MockUpstream::new();
        safe.expect_is_ready().returning(move || is_ready);
        let request = Request::builder().method(method).uri(path).body(()).unwrap();
        let (head, body) = answer(&safe, draining, &request).await.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), String::from_utf8(text.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_process_is_ready_while_its_safe_takes_writes() {
        let draining = Draining::default();
        assert_eq!(ask("GET", "/readyz", true, &draining).await.0, 200);
        assert_eq!(ask("HEAD", "/readyz", true, &draining).await.0, 200);
        assert_eq!(ask("GET", "/readyz", false, &draining).await.0, 503);
    }

    #[tokio::test]
    async fn a_process_that_drains_is_not_ready_and_is_alive() {
        let draining = Draining::default();
        draining.begin();
        assert_eq!(ask("GET", "/readyz", true, &draining).await, (503, "draining\n".to_owned()));
        assert_eq!(ask("GET", "/healthz", true, &draining).await, (200, "ok\n".to_owned()));
    }

    #[tokio::test]
    async fn a_process_is_alive_whatever_its_safe_says() {
        assert_eq!(ask("GET", "/healthz", false, &Draining::default()).await.0, 200);
    }

    #[tokio::test]
    async fn the_admin_listener_answers_its_own_paths_alone() {
        let draining = Draining::default();
        assert_eq!(ask("GET", "/v1/ibexsafe/limits", true, &draining).await.0, 404);
        assert_eq!(ask("GET", "/", true, &draining).await.0, 404);
    }

    #[tokio::test]
    async fn another_method_is_told_which_there_are() {
        let request = Request::builder().method("POST").uri("/readyz").body(()).unwrap();
        let refusal = answer(&MockUpstream::new(), &Draining::default(), &request).await;
        assert_eq!(refusal.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refusal.headers()[ALLOW], "GET, HEAD");
    }
}
