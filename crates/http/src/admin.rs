//! The admin listener: is the process alive, can it take requests. For operators, on loopback by default.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{Method, Request, Response, StatusCode};
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
        return answer::empty(StatusCode::METHOD_NOT_ALLOWED);
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
