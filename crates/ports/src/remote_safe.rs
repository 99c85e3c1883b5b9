//! A safe behind another host: the same rules as any [`Upstream`], asked on behalf of one request at a time.

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;
use bytes::Bytes;

use crate::caller::Caller;
use crate::upstream::{Upstream, UpstreamError};

/// What of a request goes on to a remote safe beside what it asks.
#[derive(Clone, Copy)]
pub struct PassedOn<'a> {
    /// The caller's own token, which has been verified; for safes that take it.
    pub token: &'a str,
    /// The request's id.
    pub request_id: &'a str,
    /// The caller's `traceparent`, of the form that W3C Trace Context gives it.
    pub trace_parent: Option<&'a str>,
    /// The address that asks, as limits see it: for safes that count by it and believe us. It names nobody.
    pub client: IpAddr,
}

/// Printed without the token.
impl fmt::Debug for PassedOn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PassedOn").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// A verb of the safe, checked: listed, well formed, and about the caller alone.
#[derive(Clone, Copy)]
pub struct VerbCall<'a> {
    /// Its path below the safe's address, without the first slash: segments of `[A-Za-z0-9._~-]`.
    pub path: &'a str,
    /// The JSON body of a POST; `None` is a GET.
    pub body: Option<&'a Bytes>,
    /// Its place in the table of verbs that the safe was made with, to be counted by; `None` where only `*` takes it.
    pub listed: Option<usize>,
}

/// Printed by the size of its body: a path may name a person.
impl fmt::Debug for VerbCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerbCall").field("body", &self.body.map(Bytes::len)).finish_non_exhaustive()
    }
}

/// What a safe has said to a verb, or an identity service to a call: 2xx, or 4xx about the caller, and JSON, if anything.
#[derive(Clone, PartialEq, Eq)]
pub struct VerbAnswer {
    /// 200 to 299, or 400 to 499.
    pub status: u16,
    /// The JSON; empty when there was none.
    pub body: Bytes,
    /// Whether the other side called it a problem (RFC 9457).
    pub is_problem: bool,
    /// Of a 429: after how many seconds to try again.
    pub retry_after_s: Option<u32>,
}

/// Printed by its status and its size.
impl fmt::Debug for VerbAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, bytes) = (self.status, self.body.len());
        f.debug_struct("VerbAnswer").field("status", &status).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// A safe that is asked over a wire.
#[async_trait]
pub trait RemoteSafe: fmt::Debug + Send + Sync {
    /// The safe as one request may ask it.
    fn on_behalf<'a>(&'a self, request: PassedOn<'a>) -> Box<dyn Upstream + 'a>;

    /// Calls a verb. A GET may be tried twice; a POST is sent once, or provably not at all.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`], when there is no whole answer that may be passed on. A refusal that cannot be shown as it is, because
    /// it is no JSON or too long, is the error that says the same.
    async fn call(
        &self,
        request: PassedOn<'_>,
        caller: &Caller,
        verb: VerbCall<'_>,
    ) -> Result<VerbAnswer, UpstreamError>;

    /// Whether it answers now; what readiness asks.
    async fn is_ready(&self) -> bool;
}
