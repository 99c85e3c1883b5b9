//! From a request to a socket (RFC 6455, section 4.2).
//!
//! A token never stands in a URL, where logs and histories keep it: a query that does more than name a tenant is refused.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{CONNECTION, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Request, Response, Version};
use strongroom_ports::Timestamp;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::server::create_response;

use super::sockets::{OneSocket, Sockets};
use crate::answer::Body;
use crate::api::{Api, Provenance};
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::request_id::RequestId;
use crate::tenant_names::{TenantNames, names_no_more_than_a_tenant};

/// What a connection becomes when the answer that carries this has been sent.
#[derive(Debug, Clone)]
pub(crate) struct Switch {
    pub(crate) api: Arc<Api>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) sockets: Arc<Sockets>,
    /// What the request has said of its tenant; the token must be of it.
    pub(crate) names: Arc<TenantNames>,
    pub(crate) request_id: RequestId,
    pub(crate) client: IpAddr,
    pub(crate) _place: Arc<OneSocket>,
}

impl Switch {
    /// The time that frames and tokens are judged by.
    pub(crate) fn now(&self) -> Timestamp {
        self.api.clock.now()
    }
}

/// `GET /ws`: 101, and with it what the connection becomes. `has_body`: a handshake has none.
pub(crate) fn shake_hands(
    (api, metrics, sockets): (&Arc<Api>, &Arc<Metrics>, &Arc<Sockets>),
    head: &Parts,
    has_body: bool,
    provenance: Provenance<'_>,
) -> Result<Response<Body>, Problem> {
    match head.headers.get(ORIGIN).map(|origin| origin.to_str()) {
        None => {}
        Some(Ok(origin)) if api.tenants.of_origin(origin).is_some() => {}
        Some(_) => return Err(Problem::ForeignOrigin),
    }
    if head.version != Version::HTTP_11 {
        return Err(Problem::UpgradeRequired);
    }
    let comes_twice = |name| head.headers.get_all(name).iter().nth(1).is_some();
    if has_body || comes_twice(SEC_WEBSOCKET_KEY) || comes_twice(SEC_WEBSOCKET_VERSION) {
        return Err(Problem::MalformedRequest);
    }
    if !names_no_more_than_a_tenant(&head.uri) {
        return Err(Problem::QueryRefused);
    }
    let mut request = Request::new(());
    head.method.clone_into(request.method_mut());
    head.headers.clone_into(request.headers_mut());
    // The library takes a list for one value, and looks at the first of several fields that are one list (RFC 9110, sections 5.3 and
    // 7.8).
    for (name, member) in [(CONNECTION, "Upgrade"), (UPGRADE, "websocket")] {
        if lists(&head.headers, &name, member) {
            request.headers_mut().insert(name, HeaderValue::from_static(member));
        }
    }
    let accepted = create_response(&request).map_err(|error| match error {
        Error::Protocol(ProtocolError::MissingSecWebSocketKey | ProtocolError::InvalidSecWebSocketKey) => {
            Problem::MalformedRequest
        }
        _ => Problem::UpgradeRequired,
    })?;
    let switch = Switch {
        api: api.clone(),
        metrics: metrics.clone(),
        names: Arc::new(TenantNames::beside_token(head)?),
        request_id: provenance.request_id.clone(),
        client: provenance.client,
        _place: Arc::new(sockets.enter().ok_or(Problem::Overloaded)?),
        sockets: sockets.clone(),
    };
    let mut response = accepted.map(|()| Body::default());
    response.extensions_mut().insert(switch);
    Ok(response)
}

/// Whether a list in one field or several has a member, in any case.
fn lists(headers: &HeaderMap, name: &HeaderName, member: &str) -> bool {
    let fields = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let mut members = fields.flat_map(|field| field.split(|byte| *byte == b','));
    members.any(|found| found.trim_ascii().eq_ignore_ascii_case(member.as_bytes()))
}
