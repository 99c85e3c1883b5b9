//! The surface without a socket: requests as values, over the ports' fakes, and mocks where a port must refuse.
//!
//! This file is what the stories share; each kind of story has a file of its own.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, Request, Response, StatusCode, request};
use http_body_util::{BodyExt, Full};
use hyper::body::Frame;
use serde_json::Value;
use strongroom_app::{
    Accounts, Changes, Doorbells, EmailConfirmation, Identity, MailBell, Origin, Passkeys, SignUpQuota,
    Tenant, Tenants,
};
use strongroom_domain::Limits;
use strongroom_ports::{Authenticator, Caller, ChainId, Principal, Timestamp, Upstream};
use strongroom_testkit::fake::{
    CountingRandomness, GlassPasskeys, InMemoryAccountStore, InMemoryRecordStore, InMemoryUpstream,
    ManualClock, PaperWallets, StaticAuthenticator, TransparentSealer, TransparentTokenIssuer,
};
use strongroom_testkit::sample;

use super::Exchange;
use crate::answer::Body;
use crate::api::{Api, HttpLimits, Safe};
use crate::client_address::{Peer, TrustedProxies};
use crate::gated_body::BodyFault;
use crate::metrics::Metrics;
use crate::refusal::Refusal;

mod answers;
mod bodies;
mod console;
mod cors;
mod defects;
mod email;
mod handshake;
mod hung_disk;
mod identity;
mod isolation;
mod late_bodies;
mod order_of_checks;
mod own;
mod passkeys;
mod rates;
mod refusals;
mod scrubbing;
mod sign_in_data;
mod tokens;
mod verbs;

const WRITE: &str = "/v1.1/ibexsafe/userdata";
const READ: &str = "/v1.1/ibexsafe/userdata/external/c76302cb-f845-40f4-9c56-29710323afba";
const SIGN_UP: &str = "/v1.2/auth/sign-up?passkeys=FALSE";
const REFRESH: &str = "/v1.2/auth/refresh";

pub(crate) const ORIGIN_OF_TENANT: &str = "http://localhost:3000";
const ORIGIN_OF_OTHER_TENANT: &str = "https://www.shop.example";

const LIMITS: Limits = Limits { value_bytes: 64, record_keys: 16, record_bytes: 1024 };
pub(crate) const HTTP_LIMITS: HttpLimits = HttpLimits {
    body_bytes: 1024,
    chunks: 300,
    body_time: Duration::from_secs(10),
    requests_in_flight: 4,
    rate_per_person_per_s: 0,
    rate_per_address_per_s: 0,
};
/// New accounts with a passkey.
const PASSKEY_SIGN_UPS_PER_HOUR: u32 = 20;
const PEER: Peer = Peer { address: IpAddr::V4(Ipv4Addr::LOCALHOST), is_proxy: false };

/// The surface over a safe in memory. It knows the token `jane`.
fn surface() -> Exchange {
    let (clock, randomness) = (Arc::new(ManualClock::default()), Arc::new(CountingRandomness::new()));
    surface_over(InMemoryUpstream::with(LIMITS, clock, randomness))
}

/// The surface over another safe.
fn surface_over(upstream: impl Upstream + 'static) -> Exchange {
    surface_of(upstream, StaticAuthenticator::new().with_caller("jane", sample::caller()), HTTP_LIMITS)
}

/// The surface over any safe and authenticator.
fn surface_of(
    upstream: impl Upstream + 'static,
    authenticator: impl Authenticator + 'static,
    http_limits: HttpLimits,
) -> Exchange {
    surface_behind(TrustedProxies::default(), upstream, authenticator, http_limits)
}

/// The second tenant has chains; the first one has none.
fn wallets() -> PaperWallets {
    let chains = ["1", "8453", "10"].map(|id| ChainId::parse(id).unwrap());
    PaperWallets::new([(sample::tenant(sample::OTHER_TENANT), chains.to_vec())])
}

/// The same, behind proxies.
fn surface_behind(
    proxies: TrustedProxies,
    upstream: impl Upstream + 'static,
    authenticator: impl Authenticator + 'static,
    http_limits: HttpLimits,
) -> Exchange {
    surface_over_api(api_behind(proxies, upstream, authenticator, http_limits))
}

fn surface_over_api(api: Api) -> Exchange {
    let metrics = Arc::new(Metrics::new(api.places.clone(), &api.safe.verbs()));
    Exchange::new(Arc::new(api), metrics).unwrap()
}

/// What such a surface is composed of.
pub(crate) fn api_behind(
    proxies: TrustedProxies,
    upstream: impl Upstream + 'static,
    authenticator: impl Authenticator + 'static,
    http_limits: HttpLimits,
) -> Api {
    let (issuer, clock) = (Arc::new(TransparentTokenIssuer::new()), Arc::new(ManualClock::default()));
    let authenticator = Arc::new(authenticator);
    let (store, sealer) = (Arc::new(InMemoryAccountStore::new()), Arc::new(TransparentSealer::new()));
    let (randomness, upstream) = (Arc::new(CountingRandomness::new()), Arc::new(upstream));
    let identity = Arc::new(Identity::new(
        issuer.clone(),
        authenticator.clone(),
        store.clone(),
        sealer.clone(),
        clock.clone(),
        randomness.clone(),
        SignUpQuota::new(1, PASSKEY_SIGN_UPS_PER_HOUR),
    ));
    let passkeys = Passkeys::new(
        identity.clone(),
        Arc::new(GlassPasskeys::new([sample::TENANT, sample::OTHER_TENANT].map(sample::tenant))),
        store.clone(),
        authenticator.clone(),
        sealer.clone(),
        clock.clone(),
        randomness,
    );
    let passkeys = Arc::new(passkeys.with_wallets(Arc::new(wallets())));
    let email = EmailConfirmation::new(
        store.clone(),
        upstream.clone(),
        sealer.clone(),
        clock.clone(),
        Arc::new(CountingRandomness::new()),
        Arc::new(MailBell::new()),
    );
    let accounts = Arc::new(Accounts::new(
        upstream.clone(),
        store.clone(),
        store,
        authenticator.clone(),
        sealer.clone(),
        clock.clone(),
    ));
    let tenant = |id: &str, origin: &str, sign_up_without_passkey| Tenant {
        id: sample::tenant(id),
        name: id.to_owned(),
        origins: vec![Origin::new(origin.to_owned())],
        sign_up_without_passkey,
    };
    let tenants = vec![
        tenant(sample::TENANT, ORIGIN_OF_TENANT, true),
        tenant(sample::OTHER_TENANT, ORIGIN_OF_OTHER_TENANT, false),
    ];
    let tenants = Tenants::new(tenants, true);
    // Nobody rings: what this safe is told is in no outbox.
    let changes = Arc::new(Changes::new(
        upstream.clone(),
        Arc::new(InMemoryRecordStore::new()),
        sealer.clone(),
        Arc::new(Doorbells::new()),
    ));
    let safe = Safe::Here { upstream, identity, passkeys, accounts, email: Box::new(email), issuer, changes };
    Api::new(safe, authenticator, sealer, tenants, clock, LIMITS, http_limits, proxies, 7)
}

fn principal(caller: Caller) -> Principal {
    Principal { caller, session: None, credential: None, expires_at: Timestamp::from_millis(i64::MAX) }
}

/// A request of nobody.
fn anonymous(method: &str, path: &str) -> request::Builder {
    Request::builder().method(method).uri(path).header(HOST, "localhost:8080")
}

/// A request of the guide's person.
fn request(method: &str, path: &str) -> request::Builder {
    anonymous(method, path).header(AUTHORIZATION, "Bearer jane").header(CONTENT_TYPE, "application/json")
}

/// A write of the guide's person, of this `data`.
fn write_of(data: &str) -> String {
    format!(r#"{{"externalUserId":"{}","data":{data}}}"#, sample::EXTERNAL_USER_ID)
}

/// An answer as it would be sent.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The stable code of a problem, with its status.
    fn problem(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["code"].as_str().unwrap_or_default().to_owned())
    }
}

impl Exchange {
    async fn answer_to<B>(
        &self,
        request: Request<B>,
        verdict: Result<(), Refusal>,
        peer: Peer,
    ) -> Response<Body>
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
    {
        let (head, body) = request.into_parts();
        self.answer(&head, body, verdict, peer).await
    }
}

/// Sends a request with a text as its body.
async fn send(surface: &Exchange, request: request::Builder, body: impl Into<Bytes>) -> Answer {
    send_body(surface, request, Full::new(body.into())).await
}

/// Sends a request with any body.
async fn send_body<B>(surface: &Exchange, request: request::Builder, body: B) -> Answer
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>>,
{
    let (head, body) = surface.answer_to(request.body(body).unwrap(), Ok(()), PEER).await.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer { status: head.status, headers: head.headers, text }
}

/// A body that comes as told, step by step.
#[derive(Default)]
struct ScriptedBody(VecDeque<Step>);

enum Step {
    Data(&'static str),
    Broken,
    Never,
}

impl<const N: usize> From<[Step; N]> for ScriptedBody {
    fn from(steps: [Step; N]) -> Self {
        Self(steps.into())
    }
}

impl hyper::body::Body for ScriptedBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.0.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Data(text)) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(text.as_bytes()))))),
            Some(Step::Broken) => Poll::Ready(Some(Err(BodyFault::Broken))),
            // Nobody wakes the reader: only its deadline can.
            Some(Step::Never) => {
                self.0.push_front(Step::Never);
                Poll::Pending
            }
        }
    }
}
