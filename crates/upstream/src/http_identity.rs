//! An identity service behind another host, over HTTP/1.1: the port `RemoteIdentity`.
//!
//! Each request is built from nothing: method, checked path, and the few fields that the service is told. What may have been read
//! is never sent again, unless it only reads; nothing is followed, and an answer is whole or none.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, FORWARDED, HOST, ORIGIN};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version};
use http_body_util::Full;
use strongroom_ports::{
    IdentityAct, IdentityCall, IdentityCallError, RemoteIdentity, TenantId, UpstreamError, VerbAnswer,
};

use crate::base_address::BaseAddress;
use crate::client::Client;
use crate::figures::Figures;
use crate::identity_routes;
use crate::line::Answer;
use crate::passed_json::{Passed, pass, retry_after_s};
use crate::remote::{Remote, RemoteLimits};
use crate::request_fields::{
    Built, JSON, JSON_OR_PROBLEM, TRACEPARENT, X_REQUEST_ID, bearer, forwarded, text,
};

const X_RP_ID: HeaderName = HeaderName::from_static("x-rpid");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The identity service behind this gateway.
pub struct HttpIdentity {
    remote: Remote,
    tells_clients: bool,
}

impl HttpIdentity {
    /// A service at this address, whose path is what `/{v}/auth/…` is below.
    #[must_use]
    pub fn new(client: Client, address: BaseAddress, limits: RemoteLimits) -> Self {
        Self {
            remote: Remote::new(client, address, limits, identity_routes::figures()),
            tells_clients: false,
        }
    }

    /// The same, told in `Forwarded` whose address asks: for a safe of ours, which would else take all callers for one client.
    /// Another's service need not learn where they are.
    #[must_use]
    pub fn telling_clients(self) -> Self {
        Self { tells_clients: true, ..self }
    }

    /// What it counts.
    #[must_use]
    pub fn figures(&self) -> Arc<Figures> {
        self.remote.figures.clone()
    }

    fn build(&self, call: IdentityCall<'_>) -> Built {
        let (method, query, body) = match call.act {
            IdentityAct::Read => (Method::GET, "", None),
            IdentityAct::Make { query } => (Method::GET, query, None),
            IdentityAct::Send { body } => (Method::POST, "", body),
            IdentityAct::Remove => (Method::DELETE, "", None),
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let target = [self.remote.address.path(), "/", call.path, mark, query].concat();
        let mut request = Box::new(Request::new(body.cloned().map(Full::new).unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::try_from(target).map_err(|_| UpstreamError::Failed)?;
        *request.version_mut() = Version::HTTP_11;
        let headers = request.headers_mut();
        headers.reserve(11);
        headers.insert(HOST, self.remote.address.host().clone());
        headers.insert(ACCEPT, JSON_OR_PROBLEM);
        headers.insert(X_REQUEST_ID, text(call.request_id)?);
        match (call.act, body) {
            (_, Some(_)) => {
                headers.insert(CONTENT_TYPE, JSON);
            }
            // hyper leaves it away, and some servers wait for a POST's body without it (RFC 9110, section 8.6).
            (IdentityAct::Send { .. }, None) => {
                headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            _ => {}
        }
        if self.tells_clients {
            headers.insert(FORWARDED, forwarded(call.client)?);
        }
        if let Some(token) = call.token {
            headers.insert(AUTHORIZATION, bearer(token)?);
        }
        for (name, value) in [
            (X_RP_ID, call.tenant.map(TenantId::as_str)),
            (ORIGIN, call.origin),
            (SEC_FETCH_SITE, call.fetch_site),
            (TRACEPARENT, call.trace_parent),
        ] {
            if let Some(value) = value {
                headers.insert(name, text(value)?);
            }
        }
        Ok(request)
    }

    async fn ask(&self, call: IdentityCall<'_>) -> Result<Answer, UpstreamError> {
        let write = || self.build(call);
        let again = matches!(call.act, IdentityAct::Read).then_some(write);
        let request = write()?;
        let route = identity_routes::of(request.method(), call.path);
        self.remote.ask(route, request, again, self.remote.end()).await
    }
}

/// Printed by its limits.
impl fmt::Debug for HttpIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpIdentity").field("remote", &self.remote).finish_non_exhaustive()
    }
}

#[async_trait]
impl RemoteIdentity for HttpIdentity {
    async fn call(&self, call: IdentityCall<'_>) -> Result<VerbAnswer, IdentityCallError> {
        let answer = self.ask(call).await.map_err(|error| match error {
            UpstreamError::TooSlow => IdentityCallError::TooSlow,
            _ => IdentityCallError::Failed,
        })?;
        match pass(answer) {
            Passed::AsItIs(answer, dropped) => {
                self.remote.figures.dropped(dropped);
                Ok(answer)
            }
            Passed::InOurWords(answer) => Err(refusal(&answer)),
            Passed::Unusable => Err(IdentityCallError::Failed),
        }
    }
}

/// What the service refuses is the caller's own: the gateway shows it nothing that is not.
fn refusal(answer: &Answer) -> IdentityCallError {
    match answer.status {
        StatusCode::UNAUTHORIZED => IdentityCallError::Unauthorized,
        StatusCode::TOO_MANY_REQUESTS => {
            IdentityCallError::Busy { retry_after_s: retry_after_s(&answer.headers) }
        }
        _ => IdentityCallError::Refused,
    }
}
