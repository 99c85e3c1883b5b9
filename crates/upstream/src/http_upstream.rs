//! A safe behind another host, over HTTP/1.1: the port `Upstream`, one request at a time.
//!
//! A request that may have been read is never sent again, unless it only reads. Nothing is followed, and an answer is whole
//! or none.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use strongroom_domain::{EntityTag, Patch, Precondition};
use strongroom_ports::{
    Caller, Export, PassedOn, RemoteSafe, Snapshot, Upstream, UpstreamError, VerbAnswer, VerbCall,
};
use tokio::time::{Instant, timeout_at};

use crate::base_address::BaseAddress;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::failure::RequestFailure;
use crate::figures::{Counted, Figures};
use crate::line::{Answer, Broken, Line, Until};
use crate::outcome::Outcome;
use crate::pool::Pool;
use crate::safe_answers::{self, Exported, Read};
use crate::safe_requests::{Built, Credentials, Requests};
use crate::safe_routes;

/// What a request to a safe may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SafeLimits {
    /// From a name's look-up to the end of the TLS handshake.
    pub connect: Duration,
    /// From sending the request to the head of its answer.
    pub first_byte: Duration,
    /// All of it, a second try and a second question included.
    pub total: Duration,
    /// How long a connection is kept that nobody uses: less than the safe keeps it.
    pub idle: Duration,
    /// Of an answer's body.
    pub answer_bytes: usize,
}

/// The safe behind this gateway.
pub struct HttpUpstream {
    remote: Remote,
    requests: Requests,
    health: Option<Endpoint>,
}

impl HttpUpstream {
    /// A safe at this address, whose path is what its routes are below. `health`: what readiness asks, if anything.
    /// `verbs`: the table that [`VerbCall::listed`] is about, methods and paths as they are counted.
    #[must_use]
    pub fn new<'v>(
        client: Client,
        address: BaseAddress,
        credentials: Credentials,
        limits: SafeLimits,
        health: Option<Endpoint>,
        verbs: impl IntoIterator<Item = (&'v Method, &'v str)>,
    ) -> Self {
        let requests = Requests::new(&address, credentials);
        Self { remote: Remote::new(client, address, limits, safe_routes::figures(verbs)), requests, health }
    }

    /// What it counts.
    #[must_use]
    pub fn figures(&self) -> Arc<Figures> {
        self.remote.figures.clone()
    }

    /// Sends a request and gives its whole answer; a GET may be sent twice. What is refused here is no answer of the safe's and
    /// not counted as one. `route`: what it is counted as.
    async fn ask(&self, route: usize, request: Built, end: Instant) -> Result<Answer, UpstreamError> {
        let request = request?;
        let only_reads = *request.method() == Method::GET;
        self.remote.ask(route, request, only_reads, end).await
    }

    async fn read(
        &self,
        caller: &Caller,
        passed: PassedOn<'_>,
        end: Instant,
    ) -> Result<Option<Snapshot>, UpstreamError> {
        let mut answer = self.ask(safe_routes::READ, self.requests.read(caller, passed), end).await?;
        // The guide's fallback, which clients use with a gateway, too: the caller's token is good, so ask the other way.
        if answer.status == StatusCode::UNAUTHORIZED {
            answer = self.ask(safe_routes::WRITE, self.requests.read_by_post(caller, passed), end).await?;
        }
        let Read { snapshot, dropped } = safe_answers::read(&answer)?;
        self.remote.figures.dropped(dropped);
        Ok(snapshot)
    }
}

/// Another server, and the connections to it.
pub(crate) struct Remote {
    client: Client,
    pub(crate) address: BaseAddress,
    limits: SafeLimits,
    pool: Pool,
    pub(crate) figures: Arc<Figures>,
}

impl Remote {
    pub(crate) fn new(client: Client, address: BaseAddress, limits: SafeLimits, figures: Figures) -> Self {
        let pool = Pool::new(limits.idle);
        Self { client, address, limits, pool, figures: Arc::new(figures) }
    }

    /// When whatever a caller asks for now must be over, however many questions it takes.
    pub(crate) fn end(&self) -> Instant {
        Instant::now() + self.limits.total
    }

    /// Sends a request and gives its whole answer, within all deadlines. `route`: what it is counted as.
    pub(crate) async fn ask(
        &self,
        route: usize,
        request: Request<Full<Bytes>>,
        only_reads: bool,
        end: Instant,
    ) -> Result<Answer, UpstreamError> {
        let timing = self.figures.begin(route);
        // Each wait within ends by then, too, and knows what was waited for.
        let answer = timeout_at(end, self.try_twice(request, only_reads, end)).await;
        let answer = answer.unwrap_or(Err(RequestFailure::AnswerTooSlow));
        timing.end(Outcome::of(answer.as_ref().map(|answer| answer.status).map_err(|failure| *failure)));
        answer.map_err(RequestFailure::of_upstream)
    }

    /// Twice at most, and the second time over a new connection: what was provably not sent, or only reads.
    async fn try_twice(
        &self,
        request: Request<Full<Bytes>>,
        only_reads: bool,
        end: Instant,
    ) -> Result<Answer, RequestFailure> {
        // A body is shared and not copied; a read has none.
        let spare = only_reads.then(|| request.clone());
        let line = match self.pool.take().await {
            Some(line) => Ok(line),
            None => self.connect(end).await,
        };
        let again = match line {
            // Before anything was sent: a moment later it would have been lost, and a read asked again.
            Err(RequestFailure::Reset) => request,
            Err(failure) => return Err(failure),
            Ok(line) => match self.exchange(line, request, end).await {
                Ok(answer) => return Ok(answer),
                Err(Broken::Unsent(request)) => *request,
                Err(Broken::Lost(failure)) => spare.ok_or(failure)?,
                Err(Broken::Failed(failure)) => return Err(failure),
            },
        };
        self.figures.retried();
        let line = self.connect(end).await?;
        self.exchange(line, again, end).await.map_err(|broken| match broken {
            Broken::Failed(failure) | Broken::Lost(failure) => failure,
            Broken::Unsent(_) => RequestFailure::Broken,
        })
    }

    async fn exchange(
        &self,
        mut line: Line,
        request: Request<Full<Bytes>>,
        end: Instant,
    ) -> Result<Answer, Broken> {
        let until = Until { head: end.min(Instant::now() + self.limits.first_byte), end };
        let answer = line.exchange(request, self.limits.answer_bytes, until).await?;
        self.pool.keep(line).await;
        Ok(answer)
    }

    async fn connect(&self, end: Instant) -> Result<Line, RequestFailure> {
        let until = end.min(Instant::now() + self.limits.connect);
        let stream = timeout_at(until, self.client.connect(self.address.endpoint())).await;
        let stream = stream.map_err(|_| RequestFailure::ConnectTooSlow)??;
        let counted = Counted::open(self.figures.clone());
        Line::over(stream, counted).await.map_err(|_| RequestFailure::Broken)
    }
}

/// Printed by its limits.
impl fmt::Debug for HttpUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpUpstream").field("limits", &self.remote.limits).finish_non_exhaustive()
    }
}

/// Printed by its limits.
impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("limits", &self.limits).finish_non_exhaustive()
    }
}

#[async_trait]
impl RemoteSafe for HttpUpstream {
    fn on_behalf<'a>(&'a self, request: PassedOn<'a>) -> Box<dyn Upstream + 'a> {
        Box::new(OnBehalf { safe: self, request })
    }

    async fn call(
        &self,
        request: PassedOn<'_>,
        caller: &Caller,
        verb: VerbCall<'_>,
    ) -> Result<VerbAnswer, UpstreamError> {
        let request = self.requests.verb(verb.path, verb.body, caller, request);
        let answer = self.ask(safe_routes::of_verb(&verb), request, self.remote.end()).await?;
        let (answer, dropped) = safe_answers::verb(answer, self.requests.shows_the_callers_token())?;
        self.remote.figures.dropped(dropped);
        Ok(answer)
    }

    async fn is_ready(&self) -> bool {
        match &self.health {
            None => true,
            Some(health) => {
                let timing = self.remote.figures.begin(safe_routes::HEALTH);
                let status = self.remote.client.probe(health).await;
                timing.end(Outcome::of(status));
                status.is_ok_and(|status| status.is_success())
            }
        }
    }
}

/// The safe as one request asks it.
#[derive(Debug)]
struct OnBehalf<'a> {
    safe: &'a HttpUpstream,
    request: PassedOn<'a>,
}

#[async_trait]
impl Upstream for OnBehalf<'_> {
    async fn read(&self, caller: &Caller) -> Result<Option<Snapshot>, UpstreamError> {
        self.safe.read(caller, self.request, self.safe.remote.end()).await
    }

    async fn merge(
        &self,
        caller: &Caller,
        patch: &Patch,
        precondition: &Precondition,
    ) -> Result<Option<EntityTag>, UpstreamError> {
        if patch.is_empty() {
            // On the wire a write of nothing is a read (guide, section 2).
            let tag = self.read(caller).await?.and_then(|snapshot| snapshot.tag);
            precondition.check_tag(tag.as_ref()).map_err(|_| UpstreamError::PreconditionFailed)?;
            return Ok(tag);
        }
        let request = self.safe.requests.merge(caller, patch, precondition, self.request);
        safe_answers::merge(&self.safe.ask(safe_routes::WRITE, request, self.safe.remote.end()).await?)
    }

    async fn erase(&self, caller: &Caller, precondition: &Precondition) -> Result<(), UpstreamError> {
        let request = self.safe.requests.erase(caller, precondition, self.request);
        safe_answers::erase(
            &self.safe.ask(safe_routes::ERASE, request, self.safe.remote.end()).await?,
            precondition,
        )
    }

    async fn export(&self, caller: &Caller) -> Result<Option<Export>, UpstreamError> {
        let end = self.safe.remote.end();
        let request = self.safe.requests.export(caller, self.request);
        match safe_answers::export(&self.safe.ask(safe_routes::EXPORT, request, end).await?, &caller.person)?
        {
            Exported::Document(export, dropped) => {
                self.safe.remote.figures.dropped(dropped);
                Ok(Some(export))
            }
            Exported::NoRecord => Ok(None),
            // "We hold nothing about you" is not said on the word of a route that may not be there.
            Exported::NotFound => match self.safe.read(caller, self.request, end).await? {
                None => Ok(None),
                Some(_) => Err(UpstreamError::Failed),
            },
        }
    }

    async fn is_ready(&self) -> bool {
        RemoteSafe::is_ready(self.safe).await
    }
}
