//! An identity service behind another host, over HTTP/1.1: the port `RemoteIdentity`.
//!
//! Each request is built from nothing: method, checked path, and the few fields that the service is told. What may have been read
//! is never sent again, unless it only reads; nothing is followed, and an answer is whole or none.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use strongroom_ports::{
    IdentityAct, IdentityCall, IdentityCallError, RemoteIdentity, TenantId, UpstreamError, VerbAnswer,
};

use crate::base_address::BaseAddress;
use crate::client::Client;
use crate::figures::Figures;
use crate::identity_routes;
use crate::incoming::Answer;
use crate::outgoing::{Built, Outgoing, value};
use crate::passed_json::{Passed, pass, retry_after_s};
use crate::remote::{Remote, RemoteLimits};
use crate::request_fields::{JSON_OR_PROBLEM, forwarded};

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

    fn write(&self, method: &Method, call: IdentityCall<'_>) -> Built {
        let (query, body) = match call.act {
            IdentityAct::Read | IdentityAct::Remove => ("", None),
            IdentityAct::Make { query } => (query, None),
            IdentityAct::Send { body } => ("", body),
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let forwarded = self.tells_clients.then(|| forwarded(call.client));
        let fields = [
            ("host: ", Some(value(self.remote.address.host()))),
            ("accept: ", Some(value(JSON_OR_PROBLEM))),
            ("x-request-id: ", Some(value(call.request_id))),
            ("forwarded: ", forwarded.as_deref().map(value)),
            ("authorization: ", call.token.map(|token| ["Bearer ", token])),
            ("x-rpid: ", call.tenant.map(TenantId::as_str).map(value)),
            ("origin: ", call.origin.map(value)),
            ("sec-fetch-site: ", call.fetch_site.map(value)),
            ("traceparent: ", call.trace_parent.map(value)),
        ];
        let target = [self.remote.address.path(), "/", call.path, mark, query];
        let body = body.map(|body| [&**body]);
        Outgoing::write(method, &target, &fields, body.as_ref().map(|body| &body[..]))
    }

    async fn ask(&self, call: IdentityCall<'_>) -> Result<Answer, UpstreamError> {
        let method = match call.act {
            IdentityAct::Read | IdentityAct::Make { .. } => Method::GET,
            IdentityAct::Send { .. } => Method::POST,
            IdentityAct::Remove => Method::DELETE,
        };
        let only_reads = matches!(call.act, IdentityAct::Read);
        let request = self.write(&method, call)?;
        let route = identity_routes::of(&method, call.path);
        self.remote.ask(route, &request, only_reads, self.remote.end()).await
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
    match answer.status() {
        StatusCode::UNAUTHORIZED => IdentityCallError::Unauthorized,
        StatusCode::TOO_MANY_REQUESTS => IdentityCallError::Busy { retry_after_s: retry_after_s(answer) },
        _ => IdentityCallError::Refused,
    }
}
