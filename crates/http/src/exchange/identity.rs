//! `auth/…` at a gateway with an identity service behind it: what must hold of a request before any of it goes on.
//!
//! What goes on is what was read: the path of the table, the parameters that are known, the whole body, the tenant that was found,
//! and a token only where the route reads one and it has been verified. Nothing here knows what the service makes of it.

use std::sync::Arc;

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::ORIGIN;
use http::request::Parts;
use http::{HeaderMap, Response, Uri};
use serde::de::IgnoredAny;
use strongroom_domain::{Precondition, check_verb_body, names_nobody};
use strongroom_ports::{IdentityAct, IdentityCall, Principal, RemoteIdentity};

use super::{Exchange, sign_in_data};
use crate::answer::Body;
use crate::api::Provenance;
use crate::auth::SEC_FETCH_SITE;
use crate::gated_body::BodyFault;
use crate::problem::Problem;
use crate::routes::Action;
use crate::tenant_names::{TenantNames, query_value};
use crate::{body, trace_parent, verb_call, verbs};

/// What a sign-up may say in its query, beside its tenant; what else stands there is left behind, as a safe ignores it.
const SIGN_UP_PARAMETERS: [&str; 7] =
    ["passkeys", "user.name", "userName", "user.displayname", "userDisplayName", "keyName", "keyDisplayName"];

/// The longest id of a session or a passkey: a credential id has at most 1023 bytes (Web Authentication, section 4), in base64url.
const MAX_ID_BYTES: usize = 1364;

/// The words of Fetch Metadata (`Sec-Fetch-Site`); another is passed on as none.
const FETCH_SITES: [&str; 4] = ["cross-site", "same-origin", "same-site", "none"];

impl Exchange {
    /// Hands a request on to the identity service. `id` is that of its path, or empty.
    pub(super) async fn ask_identity<B>(
        &self,
        (identity, action): (&dyn RemoteIdentity, Action),
        head: &Parts,
        body: B,
        (id, provenance): (&str, Provenance<'_>),
        who: &mut Option<Arc<Principal>>,
    ) -> Result<Response<Body>, Problem>
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
    {
        if !id.is_empty() && (id.len() > MAX_ID_BYTES || !verbs::is_plain_segment(id)) {
            return Err(Problem::NotFound);
        }
        let path = head.uri.path();
        let mut call = IdentityCall {
            path: path.strip_prefix('/').unwrap_or(path),
            act: IdentityAct::Read,
            tenant: None,
            // Those that are not registered are refused with the tenant, below.
            origin: head.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()),
            fetch_site: fetch_site(&head.headers),
            token: None,
            client: provenance.client,
            request_id: provenance.request_id.as_str(),
            trace_parent: trace_parent::sound(&head.headers),
        };
        let query;
        let text;
        let mut sign_in = None;
        let mut closes = None;
        match action {
            Action::SignUp => {
                call.tenant = Some(&self.tenant(&TenantNames::without_token(head)?)?.id);
                query = sign_up_query(&head.uri)?;
                call.act = IdentityAct::Make { query: &query };
            }
            Action::OfferSignIn => {
                call.tenant = Some(&self.tenant(&TenantNames::without_token(head)?)?.id);
                call.act = IdentityAct::Make { query: "" };
            }
            Action::SignIn => {
                let tenant = &self.tenant(&TenantNames::without_token(head)?)?.id;
                call.tenant = Some(tenant);
                let (rest, asks_for_data) = sign_in_data::take_question(self.object(head, body).await?)?;
                (text, sign_in) = (rest, Some((asks_for_data, tenant)));
                call.act = IdentityAct::Send { body: Some(&text) };
            }
            Action::Refresh => {
                self.for_any_origin(head)?;
                let names = TenantNames::beside_token(head)?;
                let tenant = self.api.tenants.beside_unread_token(names.as_named())?;
                call.tenant = tenant.map(|tenant| &tenant.id);
                text = self.object(head, body).await?;
                call.act = IdentityAct::Send { body: Some(&text) };
            }
            Action::RegisterPasskey => {
                self.for_any_origin(head)?;
                text = self.object(head, body).await?;
                if names_nobody(&text)? {
                    call.tenant = Some(&self.tenant(&TenantNames::without_token(head)?)?.id);
                } else {
                    let (Principal { caller, .. }, token) = self.principal(head, provenance, who).await?;
                    check_verb_body(&text, &caller.person)?;
                    (call.tenant, call.token) = (Some(&caller.tenant), Some(token));
                }
                call.act = IdentityAct::Send { body: Some(&text) };
            }
            _ => {
                let (Principal { caller, .. }, token) = self.principal(head, provenance, who).await?;
                (call.tenant, call.token) = (Some(&caller.tenant), Some(token));
                closes = (action == Action::CloseAccount).then_some((caller, token));
                call.act = match action {
                    Action::SignOut => IdentityAct::Send { body: None },
                    Action::EndSession | Action::RemovePasskey | Action::CloseAccount => IdentityAct::Remove,
                    _ => IdentityAct::Read,
                };
            }
        }
        let room = match call.act {
            IdentityAct::Read => None,
            _ => Some(self.api.places.room_for_answer()?),
        };
        if let Some((caller, token)) = closes {
            // The record is in the safe, which the service need not know. First, since the token may be dead afterwards.
            let erased = self.api.ask(head, token, provenance).erase(caller, &Precondition::default()).await;
            self.api.ring_if_elsewhere(caller);
            erased?;
        }
        let mut answer = identity.call(call).await?;
        if let Some((caller, _)) = closes
            && answer.status < 300
        {
            self.api.send_away_if_elsewhere(caller);
        }
        if let Some(asked) = sign_in {
            answer = self.with_userdata(answer, asked, (head, provenance), who).await;
        }
        verb_call::response(&self.api, head, answer, room)
    }

    /// The body, one JSON object.
    async fn object<B>(&self, head: &Parts, body: B) -> Result<Bytes, Problem>
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
    {
        body::demand_json(&head.headers)?;
        let text = body::collect(body, &head.headers, &self.api.http_limits, &self.api.places).await?;
        serde_json::from_slice::<IgnoredAny>(&text).map_err(|_| Problem::JsonMalformed)?;
        if text.trim_ascii_start().starts_with(b"{") { Ok(text) } else { Err(Problem::JsonShape) }
    }
}

/// The parameters that are known, decoded and encoded again: one spelling, and none twice.
fn sign_up_query(uri: &Uri) -> Result<String, Problem> {
    let mut query = Serializer::new(String::new());
    for name in SIGN_UP_PARAMETERS {
        if let Some(value) = query_value(uri, name)? {
            query.append_pair(name, &value);
        }
    }
    Ok(query.finish())
}

fn fetch_site(headers: &HeaderMap) -> Option<&'static str> {
    let site = headers.get(SEC_FETCH_SITE)?;
    FETCH_SITES.into_iter().find(|known| site == known)
}
