//! What the surface is composed of: the ports and use cases behind the routes.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use strongroom_app::{Accounts, Changes, Doorbells, EmailConfirmation, Identity, Passkeys, Tenants};
use strongroom_domain::Limits;
use strongroom_ports::{
    Authenticator, Caller, ChangeBell, Clock, PassedOn, RemoteIdentity, RemoteSafe, Sealer, TokenIssuer,
    Upstream,
};
use tokio::time::Instant;

use crate::client_address::TrustedProxies;
use crate::places::Places;
use crate::problem::Problem;
use crate::request_id::{RequestId, RequestIds};
use crate::routes::Role;
use crate::trace_parent;
use crate::verbs::Verbs;
use crate::websocket::WebSocketLimits;

/// Everything a handler may use. Shared by all cores; nothing in it is per request.
#[derive(Debug)]
pub struct Api {
    /// The safe, wherever it is.
    pub safe: Safe,
    /// Who a token speaks for.
    pub authenticator: Arc<dyn Authenticator>,
    /// Names people in logs: by the keyed hash that a record's id is.
    pub people: Arc<dyn Sealer>,
    /// Tenants and origins.
    pub tenants: Tenants,
    /// The time, for `/health`.
    pub clock: Arc<dyn Clock>,
    /// The limits in force, for `/limits`.
    pub limits: Limits,
    /// The limits of this surface.
    pub http_limits: HttpLimits,
    /// Who is believed when it says for whom it asks.
    pub trusted_proxies: TrustedProxies,
    /// Whether a safe serves the console. Not until it is set: whoever composes decides.
    pub has_console: bool,
    /// What sockets may take. The defaults, until it is set.
    pub websocket: WebSocketLimits,
    pub(crate) request_ids: RequestIds,
    pub(crate) places: Arc<Places>,
}

/// Where the safe is: one of the two, never both.
#[derive(Debug)]
pub enum Safe {
    /// In this process, and with it the sessions and the keys that sign our own tokens.
    Here {
        /// The safe.
        upstream: Arc<dyn Upstream>,
        /// Sessions.
        identity: Arc<Identity>,
        /// Passkeys.
        passkeys: Arc<Passkeys>,
        /// Whole accounts.
        accounts: Arc<Accounts>,
        /// Confirmation of e-mail addresses.
        email: Box<EmailConfirmation>,
        /// Our own public keys.
        issuer: Arc<dyn TokenIssuer>,
        /// What happens to records, for whoever follows one.
        changes: Arc<Changes>,
    },
    /// Behind another host: this process is its gateway.
    Remote {
        /// The safe.
        safe: Arc<dyn RemoteSafe>,
        /// What is forwarded beside user data.
        verbs: Verbs,
        /// Where `auth/…` goes; `None`: there is none of it here.
        identity: Option<Arc<dyn RemoteIdentity>>,
        /// Rung for what passes through here, and heard by whoever follows a record.
        doorbells: Arc<Doorbells>,
    },
}

impl Safe {
    /// What this process is, by what it has.
    pub(crate) fn role(&self) -> Role {
        match self {
            Self::Here { .. } => Role::Safe,
            Self::Remote { identity, .. } => Role::Gateway { has_identity: identity.is_some() },
        }
    }

    /// The verbs, which a safe here has none of.
    pub(crate) fn verbs(&self) -> Verbs {
        match self {
            Self::Here { .. } => Verbs::default(),
            Self::Remote { verbs, .. } => verbs.clone(),
        }
    }

    /// The identity service behind this gateway.
    pub(crate) fn remote_identity(&self) -> Option<&dyn RemoteIdentity> {
        match self {
            Self::Here { .. } => None,
            Self::Remote { identity, .. } => identity.as_deref(),
        }
    }

    /// Who knows whether it could take a write now.
    pub(crate) fn readiness(&self) -> Readiness {
        match self {
            Self::Here { upstream, .. } => Readiness::Here(upstream.clone()),
            Self::Remote { safe, .. } => Readiness::Remote(safe.clone()),
        }
    }
}

/// Who knows whether the safe could take a write now.
#[derive(Debug)]
pub(crate) enum Readiness {
    Here(Arc<dyn Upstream>),
    Remote(Arc<dyn RemoteSafe>),
}

impl Readiness {
    pub(crate) async fn is_ready(&self) -> bool {
        match self {
            Self::Here(upstream) => upstream.is_ready().await,
            Self::Remote(safe) => safe.is_ready().await,
        }
    }
}

/// The safe as one request asks it.
pub(crate) enum Asked<'a> {
    Here(&'a dyn Upstream),
    Remote(Box<dyn Upstream + 'a>),
}

impl<'a> Deref for Asked<'a> {
    type Target = dyn Upstream + 'a;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Here(upstream) => *upstream,
            Self::Remote(upstream) => &**upstream,
        }
    }
}

/// Limits of the surface itself.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// Bytes of a request body; more is 413.
    pub body_bytes: usize,
    /// Chunks of a request body, or pieces of chunks as they arrive; more are 413.
    pub chunks: usize,
    /// How long a body may take; longer is 408.
    pub body_time: Duration,
    /// Requests being answered at a time, over all cores, not counting those whose body is on its way; more are 503. There
    /// is room for as many bodies on their way, counted by the bytes that have come.
    pub requests_in_flight: usize,
    /// Requests a second of one person, a second's worth of them at once; more are 429. 0: no limit.
    pub rate_per_person_per_s: u32,
    /// Requests a second of one client address (of IPv6 its /64), likewise. 0: no limit.
    pub rate_per_address_per_s: u32,
}

/// A body over its limit is read on and thrown away up to this many times the limit, so that a client that writes before
/// it reads still gets its 413; beyond, the connection is closed on it.
const DISCARD_FACTOR: usize = 16;

impl HttpLimits {
    /// Bytes that are read of a body at most, its chunks' sizes, extensions and trailers included.
    pub(crate) fn wire_bytes(&self) -> usize {
        self.body_bytes.saturating_mul(DISCARD_FACTOR)
    }
}

impl Api {
    /// Composes the surface. `process` is a random number that makes this process's request ids its own.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "one composition, one call; a builder would only hide it")]
    pub fn new(
        safe: Safe,
        authenticator: Arc<dyn Authenticator>,
        people: Arc<dyn Sealer>,
        tenants: Tenants,
        clock: Arc<dyn Clock>,
        limits: Limits,
        http_limits: HttpLimits,
        trusted_proxies: TrustedProxies,
        process: u64,
    ) -> Self {
        let request_ids = RequestIds::new(process);
        let places = Arc::new(Places::new(http_limits.requests_in_flight, http_limits.body_bytes));
        Self {
            safe,
            authenticator,
            people,
            tenants,
            clock,
            limits,
            http_limits,
            trusted_proxies,
            has_console: false,
            websocket: WebSocketLimits::default(),
            request_ids,
            places,
        }
    }

    /// The safe on behalf of a request whose token has been verified.
    pub(crate) fn ask<'a>(
        &'a self,
        head: &'a Parts,
        token: &'a str,
        provenance: Provenance<'a>,
    ) -> Asked<'a> {
        match &self.safe {
            Safe::Here { upstream, .. } => Asked::Here(&**upstream),
            Safe::Remote { safe, .. } => Asked::Remote(safe.on_behalf(passed_on(head, token, provenance))),
        }
    }

    /// Has the sockets of a person look at a safe elsewhere, when something was sent there that may have changed their record, whatever
    /// became of it. A safe here rings itself.
    pub(crate) fn ring_if_elsewhere(&self, caller: &Caller) {
        if let Safe::Remote { doorbells, .. } = &self.safe {
            doorbells.ring(&self.people.record_id(caller));
        }
    }

    /// Ends the sockets of a person whose account, behind this gateway, is closed.
    pub(crate) fn send_away_if_elsewhere(&self, caller: &Caller) {
        if let Safe::Remote { doorbells, .. } = &self.safe {
            doorbells.send_away(&self.people.record_id(caller));
        }
    }

    /// The safe in this process, for whom it knows without a token; a gateway has none.
    pub(crate) fn safe_here(&self) -> Result<Asked<'_>, Problem> {
        match &self.safe {
            Safe::Here { upstream, .. } => Ok(Asked::Here(&**upstream)),
            Safe::Remote { .. } => Err(Problem::NotFound),
        }
    }

    /// The bytes of an answer. A safe of ours bounds them by the limits of a record; those of another count until they are
    /// written.
    pub(crate) fn hold<T>(&self, answer: T) -> Result<Bytes, Problem>
    where
        T: AsRef<[u8]> + Send + 'static,
    {
        match &self.safe {
            Safe::Here { .. } => Ok(Bytes::from_owner(answer)),
            Safe::Remote { .. } => self.places.hold(answer),
        }
    }

    /// Confirmation of e-mail addresses, which is a verb of the safe.
    pub(crate) fn email(&self) -> Result<&EmailConfirmation, Problem> {
        match &self.safe {
            Safe::Here { email, .. } => Ok(email),
            Safe::Remote { .. } => Err(Problem::NotFound),
        }
    }

    /// Sessions; a gateway has none of its own.
    pub(crate) fn identity(&self) -> Result<&Arc<Identity>, Problem> {
        match &self.safe {
            Safe::Here { identity, .. } => Ok(identity),
            Safe::Remote { .. } => Err(Problem::NotFound),
        }
    }

    /// Passkeys, likewise.
    pub(crate) fn passkeys(&self) -> Result<&Arc<Passkeys>, Problem> {
        match &self.safe {
            Safe::Here { passkeys, .. } => Ok(passkeys),
            Safe::Remote { .. } => Err(Problem::NotFound),
        }
    }

    /// Whole accounts, likewise.
    pub(crate) fn accounts(&self) -> Result<&Arc<Accounts>, Problem> {
        match &self.safe {
            Safe::Here { accounts, .. } => Ok(accounts),
            Safe::Remote { .. } => Err(Problem::NotFound),
        }
    }
}

/// Where a request comes from: what is known of that before its token is read.
#[derive(Clone, Copy)]
pub(crate) struct Provenance<'a> {
    pub(crate) request_id: &'a RequestId,
    /// Whose limits it counts for.
    pub(crate) client: IpAddr,
    /// When it came.
    pub(crate) at: Instant,
}

/// What of a request goes on beside what it asks: each read and judged, and none copied. `token`: the caller's, verified.
pub(crate) fn passed_on<'a>(head: &'a Parts, token: &'a str, provenance: Provenance<'a>) -> PassedOn<'a> {
    PassedOn {
        token,
        request_id: provenance.request_id.as_str(),
        trace_parent: trace_parent::sound(&head.headers),
        client: provenance.client,
    }
}
