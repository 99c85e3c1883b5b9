//! The admin listener: is the process alive, can it take requests, what has it done. For operators, on loopback by default.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{ALLOW, CONNECTION, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method, Response, StatusCode};
use prometheus_client::registry::Registry;

use crate::answer::{self, Body};
use crate::api::Readiness;
use crate::client_address::Peer;
use crate::exposition;
use crate::gate;
use crate::refusal::Refusal;

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
    readiness: Readiness,
    draining: Arc<Draining>,
    registry: Registry,
}

impl Admin {
    pub(crate) fn new(readiness: Readiness, draining: Arc<Draining>, registry: Registry) -> Self {
        Self { readiness, draining, registry }
    }

    /// Answers `/healthz`, `/readyz` and `/metrics`. `verdict`: what the scan said of the head.
    pub(crate) async fn answer(
        &self,
        head: &Parts,
        verdict: Result<(), Refusal>,
        peer: Peer,
    ) -> Response<Body> {
        let admitted = verdict
            .and_then(|()| gate::check(head, |_| true))
            .and_then(|()| if peer.address.is_loopback() { check_host(head) } else { Ok(()) });
        if let Err(refusal) = admitted {
            let mut response = refusal.problem().into_response(false);
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
        if !matches!(head.method, Method::GET | Method::HEAD) {
            let mut refusal = answer::empty(StatusCode::METHOD_NOT_ALLOWED);
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        let (status, text) = match head.uri.path() {
            "/healthz" => (StatusCode::OK, "ok\n"),
            "/readyz" if self.draining.has_begun() => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
            "/readyz" if !self.readiness.is_ready().await => {
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

/// On this machine's own addresses nobody asks by a name, but a page whose name was made to lead here (DNS rebinding).
fn check_host(head: &Parts) -> Result<(), Refusal> {
    let Some(host) = head.headers.get(HOST) else { return Ok(()) };
    let authority =
        host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()).ok_or(Refusal::Host)?;
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    if name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok() {
        Ok(())
    } else {
        Err(Refusal::ForeignTarget)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use http::Request;
    use http_body_util::BodyExt;
    use strongroom_testkit::mock::MockUpstream;

    use super::*;

    const LOCAL: Peer = Peer { address: IpAddr::V4(Ipv4Addr::LOCALHOST), is_proxy: false };

    fn admin(is_ready: bool, draining: Draining) -> Admin {
        let mut safe = MockUpstream::new();
        safe.expect_is_ready().returning(move || is_ready);
        Admin::new(Readiness::Here(Arc::new(safe)), Arc::new(draining), Registry::default())
    }

    /// Status and text of an answer, over a safe that is ready or not.
    async fn ask(method: &str, path: &str, is_ready: bool, draining: Draining) -> (u16, String) {
        let head =
            Request::builder().method(method).uri(path).header(HOST, "localhost:9090").body(()).unwrap();
        let answer = admin(is_ready, draining).answer(&head.into_parts().0, Ok(()), LOCAL).await;
        let (head, body) = answer.into_parts();
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
        let head =
            Request::builder().method("POST").uri("/readyz").header(HOST, "localhost").body(()).unwrap();
        let refusal = admin(true, Draining::default()).answer(&head.into_parts().0, Ok(()), LOCAL).await;
        assert_eq!(refusal.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refusal.headers()[ALLOW], "GET, HEAD");
    }

    #[tokio::test]
    async fn a_head_with_two_opinions_is_refused_as_on_the_other_listeners() {
        for (name, value) in [("host", "b"), ("content-encoding", "gzip"), ("expect", "200-ok")] {
            let request = Request::builder().uri("/metrics").header(HOST, "localhost").header(name, value);
            let head = request.body(()).unwrap().into_parts().0;
            let refusal = admin(true, Draining::default()).answer(&head, Ok(()), LOCAL).await;
            assert!(refusal.status().is_client_error(), "{name}");
            assert_eq!(refusal.headers()[CONNECTION], "close");
        }
    }

    #[tokio::test]
    async fn on_loopback_only_an_address_or_localhost_is_a_host() {
        let remote = Peer { address: "192.0.2.1".parse().unwrap(), is_proxy: false };
        for (host, peer, status) in [
            ("localhost:9090", LOCAL, 200),
            ("127.0.0.1:9090", LOCAL, 200),
            ("[::1]:9090", LOCAL, 200),
            ("rebound.example:9090", LOCAL, 400),
            ("safe.internal:9090", remote, 200),
        ] {
            let head = Request::builder().uri("/metrics").header(HOST, host).body(()).unwrap().into_parts().0;
            let answer = admin(true, Draining::default()).answer(&head, Ok(()), peer).await;
            assert_eq!(answer.status().as_u16(), status, "{host}");
        }
    }
}
