//! `POST …/auth/sign-up`: whom a passkey is for. A new person needs no token; somebody who is named must have shown their own.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use strongroom_domain::check_verb_body;
use strongroom_ports::Principal;

use super::Exchange;
use crate::answer::Body;
use crate::api::Provenance;
use crate::body;
use crate::credential_body::Registration;
use crate::gated_body::BodyFault;
use crate::passkeys::{self, Registered};
use crate::problem::Problem;
use crate::tenant_names::TenantNames;

impl Exchange {
    /// Registers a passkey. Whether a token is read, only the body says, so it is read first.
    pub(super) async fn register<B>(
        &self,
        head: &Parts,
        body: B,
        provenance: Provenance<'_>,
        who: &mut Option<Arc<Principal>>,
    ) -> Result<Response<Body>, Problem>
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
    {
        body::demand_json(&head.headers)?;
        let text = body::collect(body, &head.headers, &self.api.http_limits, &self.api.places).await?;
        let request = Registration::read(&text)?;
        let whom = if request.external_user_id.is_none() {
            Registered::Newcomer(self.tenant(&TenantNames::without_token(head)?)?)
        } else {
            let (principal, _) = self.principal(head, provenance, who).await?;
            check_verb_body(&text, &principal.caller.person)?;
            Registered::Known(principal)
        };
        passkeys::register(&self.api, (&text, request), whom).await
    }
}
