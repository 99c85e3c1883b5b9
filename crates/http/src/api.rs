//! What the surface is composed of: the ports and use cases behind the routes.

use std::sync::Arc;
use std::time::Duration;

use strongroom_app::{Identity, Tenants};
use strongroom_domain::Limits;
use strongroom_ports::{Authenticator, Clock, TokenIssuer, Upstream};

use crate::client_address::TrustedProxies;
use crate::places::Places;
use crate::request_id::RequestIds;

/// Everything a handler may use. Shared by all cores; nothing in it is per request.
#[derive(Debug)]
pub struct Api {
    /// The safe, wherever it is.
    pub upstream: Arc<dyn Upstream>,
    /// Who a token speaks for.
    pub authenticator: Arc<dyn Authenticator>,
    /// Sessions.
    pub identity: Identity,
    /// Our own public keys.
    pub issuer: Arc<dyn TokenIssuer>,
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
    pub(crate) request_ids: RequestIds,
    pub(crate) places: Arc<Places>,
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
        upstream: Arc<dyn Upstream>,
        authenticator: Arc<dyn Authenticator>,
        identity: Identity,
        issuer: Arc<dyn TokenIssuer>,
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
            upstream,
            authenticator,
            identity,
            issuer,
            tenants,
            clock,
            limits,
            http_limits,
            trusted_proxies,
            request_ids,
            places,
        }
    }
}
