//! The admin listener: is the process alive, can it take requests, what has it done. For operators, on loopback by default.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::ALLOW;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use prometheus_client::registry::Registry;
use strongroom_ports::Upstream;

use crate::answer::{self, Body};
use crate::exposition;

const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

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

/// The routes of operators.
#[derive(Debug)]
pub(crate) struct Admin {
    upstream: Arc<dyn Upstream>,
    draining: Arc<Draining>,
    registry: Registry,
}

impl Admin {
    pub(crate) fn new(upstream: Arc<dyn Upstream>, draining: Arc<Draining>, registry: Registry) -> Self {
        Self { upstream, draining, registry }
    }

    /// Answers `/healthz`, `/readyz` and `/metrics`.
    pub(crate) async fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refusal = answer::empty(StatusCode::METHOD_NOT_ALLOWED);
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        let (status, text) = match request.uri().path() {
            "/healthz" => (StatusCode::OK, "ok\n"),
            "/readyz" if self.draining.has_begun() => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
            "/readyz" if !self.upstream.is_ready().await => {
                (StatusCode::SERVICE_UNAVAILABLE, "the safe takes no writes\n")
            }
            "/readyz" => (StatusCode::OK, "ready\n"),
            "/metrics" => return self.metrics(),
            _ => (StatusCode::NOT_FOUND, "not found\n"),
        };
        answer::ready_json(status, text.into(), PLAIN_TEXT)
    }

    fn metrics(&self) -> Response<Body> {
        match exposition::text(&self.registry) {
            Some(text) => answer::ready_json(StatusCode::OK, text.into(), exposition::MEDIA_TYPE),
            None => answer::empty(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use strongroom_testkit::mock::MockUpstream;

    use super::*;

    fn admin(is_ready: bool, draining: Draining) -> Admin {
        let mut safe = MockUpstream::new();
        safe.expect_is_ready().returning(move || is_ready);
        Admin::new(Arc::new(safe), Arc::new(draining), Registry::default())
    }

    /// Status and text of an answer, over a safe that is ready or not.
    async fn ask(method: &str, path: &str, is_ready: bool, draining: Draining) -> (u16, String) {
        let request = Request::builder().method(method).uri(path).body(()).unwrap();
        let (head, body) = admin(is_ready, draining).answer(&request).await.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), String::from_utf8(text.to_vec()).unwrap())
    }

    fn begun() -> Draining {
        let draining = Draining::default();
        draining.begin();
        draining
    }

    #[tokio::test]
    async fn a_process_is_ready_while_its_safe_takes_writes() {
        assert_eq!(ask("GET", "/readyz", true, Draining::default()).await.0, 200);
        assert_eq!(ask("HEAD", "/readyz", true, Draining::default()).await.0, 200);
        assert_eq!(ask("GET", "/readyz", false, Draining::default()).await.0, 503);
    }

    #[tokio::test]
    async fn a_process_that_drains_is_not_ready_and_is_alive() {
        assert_eq!(ask("GET", "/readyz", true, begun()).await, (503, "draining\n".to_owned()));
        assert_eq!(ask("GET", "/healthz", true, begun()).await, (200, "ok\n".to_owned()));
    }

    #[tokio::test]
    async fn a_process_is_alive_whatever_its_safe_says() {
        assert_eq!(ask("GET", "/healthz", false, Draining::default()).await.0, 200);
    }

    #[tokio::test]
    async fn the_admin_listener_answers_its_own_paths_alone() {
        assert_eq!(ask("GET", "/v1/ibexsafe/limits", true, Draining::default()).await.0, 404);
        assert_eq!(ask("GET", "/", true, Draining::default()).await.0, 404);
    }

    #[tokio::test]
    async fn another_method_is_told_which_there_are() {
        let request = Request::builder().method("POST").uri("/readyz").body(()).unwrap();
        let refusal = admin(true, Draining::default()).answer(&request).await;
        assert_eq!(refusal.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refusal.headers()[ALLOW], "GET, HEAD");
    }
}
