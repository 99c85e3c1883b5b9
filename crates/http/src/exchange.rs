//! One request, one answer: the checks in their order, then the handler.
//!
//! Gate · route (404, 405) · token (401) · tenant (400, 401) · media type · size · syntax · ownership · precondition ·
//! limits: each check stands once, here or in the handler that it belongs to.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{CONNECTION, ORIGIN};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use strongroom_app::{NamedTenant, Tenant};
use strongroom_ports::Principal;
use tokio::time::Instant;

use crate::access_log;
use crate::answer::{self, Body};
use crate::api::{Api, Provenance, passed_on};
use crate::body::Naming::{Optional, Required};
use crate::client_address::{Client, Peer};
use crate::gated_body::BodyFault;
use crate::metrics::Metrics;
use crate::places::Place;
use crate::problem::Problem;
use crate::rate_limit::{PersonRate, RateLimit};
use crate::refusal::Refusal;
use crate::routes::{Action, Found, Router};
use crate::tenant_names::TenantNames;
use crate::trace_parent::TraceId;
use crate::websocket::Sockets;
use crate::{
    auth, bearer, console, cors, email, gate, meta, passkeys, sessions, user_data, verb_call, websocket,
};

mod identity;
mod registration;
mod sign_in_data;

/// The surface as a service: the API, its router, and what it counts.
pub(crate) struct Exchange {
    api: Arc<Api>,
    metrics: Arc<Metrics>,
    sockets: Arc<Sockets>,
    router: Router,
    began: Instant,
    per_address: Option<RateLimit>,
    per_person: Arc<PersonRate>,
    refused_lines: Option<RateLimit>,
}

/// Lines a second about requests that were refused or shed: enough to see who and why, and nothing that fills a disk.
const REFUSED_LINES_PER_S: u32 = 10;

impl Exchange {
    pub(crate) fn new(api: Arc<Api>, metrics: Arc<Metrics>) -> Result<Self, matchit::InsertError> {
        let per_address = RateLimit::of_each(api.http_limits.rate_per_address_per_s);
        let per_person = Arc::new(PersonRate::new(api.http_limits.rate_per_person_per_s));
        let sockets = Arc::new(Sockets::new(api.websocket, per_person.clone()));
        let refused_lines = RateLimit::of_all(REFUSED_LINES_PER_S);
        let router = Router::new(api.safe.role(), api.safe.verbs())?.with_console(api.has_console);
        let began = Instant::now();
        Ok(Self { api, metrics, sockets, router, began, per_address, per_person, refused_lines })
    }

    /// The sockets that begin here.
    pub(crate) fn sockets(&self) -> &Arc<Sockets> {
        &self.sockets
    }

    /// Answers a request, whatever it is. `verdict`: what the scan said of its head.
    pub(crate) async fn answer<B>(
        &self,
        head: &Parts,
        body: B,
        verdict: Result<(), Refusal>,
        peer: Peer,
    ) -> Response<Body>
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
    {
        let start = Instant::now();
        let request_id = self.api.request_ids.of(&head.headers);
        let client = self.api.trusted_proxies.client(peer, &head.headers);
        let found = self.router.find(head.uri.path());
        let route = found.as_ref().ok().map(|found| self.router.template_of(found, &head.method));
        // A head that the scan refused has a substitute of ours in its place.
        let method = verdict.is_ok().then_some(&head.method);
        let mut principal = None;
        let admitted = verdict.and_then(|()| gate::check(head, |host| self.is_ours(host)));
        let answered = match admitted {
            Err(refusal) => Err(self.refuse(refusal, found.as_ref().ok())),
            Ok(()) => match self.admit(Client::of(client), start) {
                Err(problem) => Err(problem),
                Ok(_place) => {
                    let provenance = Provenance { request_id: &request_id, client, at: start };
                    let answered = self.respond(head, body, found, provenance, &mut principal);
                    // Nothing that is shared is left half changed: locks are taken over, and a commit is the store's.
                    AssertUnwindSafe(answered).catch_unwind().await.unwrap_or_else(|_| {
                        self.metrics.panics.fetch_add(1, Ordering::Relaxed);
                        Err(Problem::Internal)
                    })
                }
            },
        };
        if admitted.is_ok()
            && let Some(refusal) = answered.as_ref().err().and_then(Refusal::of_problem)
        {
            self.metrics.refusals.count(refusal);
        }
        let is_readable = answered.as_ref().err().is_none_or(Problem::is_readable_by_the_page);
        let mut response =
            answered.unwrap_or_else(|problem| problem.into_response(gate::takes_json_only(head)));
        if admitted.is_err() {
            // Whoever sent this and we may not mean the same by what comes next.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        answer::finish(&mut response, &request_id);
        if is_readable {
            cors::open(&self.api.tenants, head.headers.get(ORIGIN), &mut response);
        }
        let duration = start.elapsed();
        self.metrics.answered(route, method, response.status(), duration);
        if access_log::is_kept() && self.deserves_a_line(admitted.is_ok(), response.status(), start) {
            access_log::write(&access_log::Line {
                method,
                route: self.metrics.template(route),
                status: response.status(),
                duration,
                client,
                request_id: &request_id,
                trace_id: TraceId::of(&head.headers),
                person: principal.map(|known| self.api.people.record_id(&known.caller)),
            });
        }
        response
    }

    async fn respond<B>(
        &self,
        head: &Parts,
        body: B,
        found: Result<Found<'_>, Problem>,
        provenance: Provenance<'_>,
        who: &mut Option<Arc<Principal>>,
    ) -> Result<Response<Body>, Problem>
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
    {
        let found = found?;
        if head.method == Method::OPTIONS {
            return Ok(cors::preflight(&self.api.tenants, &head.headers, &found.allow()));
        }
        let api = &*self.api;
        let id = found.id.unwrap_or_default();
        let action = found.action(&head.method)?;
        if action.is_of_identity()
            && let Some(identity) = api.safe.remote_identity()
        {
            let asked = self.ask_identity((identity, action), head, body, (id, provenance), who);
            return Box::pin(asked).await;
        }
        // All but a read is boxed: most requests are one, and would carry the others' room from hand to hand.
        match action {
            Action::ReadUserData => {
                let (who, token) = self.principal(head, provenance, who).await?;
                user_data::read((api, api.ask(head, token, provenance)), head, who, id).await
            }
            Action::WriteUserData | Action::WriteOwnUserData => {
                let naming = if action == Action::WriteUserData { Required } else { Optional };
                let (who, token) = self.principal(head, provenance, who).await?;
                let safe = (api, api.ask(head, token, provenance));
                Box::pin(user_data::write(safe, head, body, (who, naming))).await
            }
            Action::ValidateEmail | Action::ValidateOwnEmail => {
                let naming = if action == Action::ValidateEmail { Required } else { Optional };
                let who = (self.principal(head, provenance, who).await?.0, naming);
                Box::pin(email::validate(api, head, body, who)).await
            }
            Action::ConfirmEmail | Action::ConfirmOwnEmail => {
                let naming = if action == Action::ConfirmEmail { Required } else { Optional };
                let who = (self.principal(head, provenance, who).await?.0, naming);
                Box::pin(email::confirm(api, head, body, who)).await
            }
            Action::EraseUserData => {
                let (who, token) = self.principal(head, provenance, who).await?;
                let safe = (api, api.ask(head, token, provenance));
                Box::pin(user_data::erase(safe, head, who, id)).await
            }
            Action::ExportUserData => {
                let (who, token) = self.principal(head, provenance, who).await?;
                Box::pin(user_data::export((api, api.ask(head, token, provenance)), who, id)).await
            }
            Action::CallVerb => {
                let (who, token) = self.principal(head, provenance, who).await?;
                let path = found.rest.unwrap_or_default();
                let passed_on = passed_on(head, token, provenance);
                Box::pin(verb_call::call(api, head, body, who, (path, passed_on))).await
            }
            Action::SignOut => {
                let (who, _) = self.principal(head, provenance, who).await?;
                Box::pin(auth::sign_out(api, who)).await
            }
            Action::Refresh => {
                self.for_any_origin(head)?;
                Box::pin(auth::refresh(api, head, body)).await
            }
            Action::SignUp => {
                let tenant = self.tenant(&TenantNames::without_token(head)?)?;
                Box::pin(auth::sign_up(api, head, tenant)).await
            }
            Action::RegisterPasskey => {
                self.for_any_origin(head)?;
                Box::pin(self.register(head, body, provenance, who)).await
            }
            Action::OfferSignIn => {
                passkeys::offer_sign_in(api, self.tenant(&TenantNames::without_token(head)?)?)
            }
            Action::SignIn => {
                let tenant = self.tenant(&TenantNames::without_token(head)?)?;
                Box::pin(passkeys::sign_in((api, api.safe_here()?), head, body, tenant)).await
            }
            Action::ListSessions => {
                let (who, _) = self.principal(head, provenance, who).await?;
                Box::pin(sessions::list(api, who)).await
            }
            Action::EndSession => {
                let (who, _) = self.principal(head, provenance, who).await?;
                Box::pin(sessions::end(api, who, id)).await
            }
            Action::ListPasskeys => {
                let (who, _) = self.principal(head, provenance, who).await?;
                Box::pin(passkeys::list(api, who)).await
            }
            Action::RemovePasskey => {
                let (who, _) = self.principal(head, provenance, who).await?;
                Box::pin(passkeys::remove(api, who, id)).await
            }
            Action::CloseAccount => {
                let (who, _) = self.principal(head, provenance, who).await?;
                Box::pin(sessions::close_account(api, who)).await
            }
            Action::OpenSocket => self.open_socket(head, &body, provenance),
            Action::ShowLimits => self.for_any_origin(head).map(|()| meta::limits(api)),
            Action::ShowHealth => self.for_any_origin(head).map(|()| meta::health(api)),
            // Everybody's, wherever it is opened: a browser names the page's own origin, registered or not.
            Action::ShowConsole => console::show(&head.headers, found.file),
            Action::ShowKeySet => self.for_any_origin(head).and_then(|()| meta::key_set(api)),
        }
    }

    /// The token, then the tenant: for whom the token speaks, and the token.
    async fn principal<'w>(
        &self,
        head: &'w Parts,
        provenance: Provenance<'_>,
        who: &'w mut Option<Arc<Principal>>,
    ) -> Result<(&'w Principal, &'w str), Problem> {
        let token = bearer::token(&head.headers)?;
        let principal: &Principal = who.insert(bearer::judge(&*self.api.authenticator, token).await?);
        if !self.per_person.admits(&principal.caller, provenance.at) {
            self.metrics.over_rate.person.fetch_add(1, Ordering::Relaxed);
            return Err(Problem::TooManyRequests);
        }
        let names = TenantNames::beside_token(head)?;
        self.api.tenants.with_token(&principal.caller.tenant, names.as_named())?;
        Ok((principal, token))
    }

    /// The tenant of a request that makes an account: a host that is none of ours was led here, whatever it names.
    fn tenant(&self, names: &TenantNames) -> Result<&Tenant, Problem> {
        let names = names.as_named();
        if names.host.is_some_and(|host| !self.api.tenants.may_be_host(host)) {
            return Err(Problem::UnknownTenant { is_readable: false });
        }
        Ok(self.api.tenants.without_token(names)?)
    }

    /// Routes that belong to no tenant are open to any registered origin, and to whoever sends none.
    fn for_any_origin(&self, head: &Parts) -> Result<(), Problem> {
        match head.headers.get(ORIGIN).map(|origin| origin.to_str()) {
            None => Ok(()),
            Some(Ok(origin)) if self.api.tenants.of_origin(origin).is_some() => Ok(()),
            Some(_) => Err(Problem::UnknownTenant { is_readable: false }),
        }
    }

    fn open_socket<B: hyper::body::Body>(
        &self,
        head: &Parts,
        body: &B,
        provenance: Provenance<'_>,
    ) -> Result<Response<Body>, Problem> {
        let process = (&self.api, &self.metrics, &self.sockets);
        websocket::shake_hands(process, head, !body.is_end_stream(), provenance)
    }

    fn refuse(&self, refusal: Refusal, found: Option<&Found<'_>>) -> Problem {
        self.metrics.refusals.count(refusal);
        match (refusal, found) {
            (Refusal::Method, Some(found)) => Problem::MethodNotAllowed { allow: found.allow() },
            _ => refusal.problem(),
        }
    }

    /// Whether an answer has a line in the access log. Refusals cost a stranger next to nothing: they are counted all, and
    /// logged some a second.
    fn deserves_a_line(&self, admitted: bool, status: StatusCode, now: Instant) -> bool {
        let is_shed = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        if admitted && !is_shed {
            return true;
        }
        let limit = self.refused_lines.as_ref();
        let is_within =
            limit.is_none_or(|limit| limit.admits(&(), now.saturating_duration_since(self.began)));
        if !is_within {
            self.metrics.lines_left_out.fetch_add(1, Ordering::Relaxed);
        }
        is_within
    }

    /// Whether a host is a tenant's.
    fn is_ours(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.api.tenants.without_token(NamedTenant { host: Some(&host), ..NamedTenant::default() }).is_ok()
    }

    /// A place among the requests in hand, for a client that keeps to its rate.
    fn admit(&self, client: Client, now: Instant) -> Result<Place<'_>, Problem> {
        if let Some(limit) = &self.per_address
            && !limit.admits(&client, now.saturating_duration_since(self.began))
        {
            self.metrics.over_rate.address.fetch_add(1, Ordering::Relaxed);
            return Err(Problem::TooManyRequests);
        }
        self.api.places.enter()
    }
}

#[cfg(test)]
pub(crate) mod tests;
