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
use tokio::time::{Instant, timeout, timeout_at};

use crate::base_address::BaseAddress;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::failure::RequestFailure;
use crate::line::{Answer, Broken, Line, Until};
use crate::pool::Pool;
use crate::safe_answers::{self, Exported, Read};
use crate::safe_figures::SafeFigures;
use crate::safe_requests::{Built, Credentials, Requests};

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

/// Why there is no connection.
enum NoLine {
    TooSlow,
    /// It was made, and reset before anything was sent.
    Reset,
    Failed,
}

impl From<NoLine> for UpstreamError {
    fn from(no_line: NoLine) -> Self {
        match no_line {
            NoLine::TooSlow => Self::TooSlow,
            NoLine::Reset | NoLine::Failed => Self::Failed,
        }
    }
}

/// The safe behind this gateway.
pub struct HttpUpstream {
    remote: Remote,
    requests: Requests,
    health: Option<Endpoint>,
}

impl HttpUpstream {
    /// A safe at this address, whose path is what its routes are below. `health`: what readiness asks, if anything.
    #[must_use]
    pub fn new(
        client: Client,
        address: BaseAddress,
        credentials: Credentials,
        limits: SafeLimits,
        health: Option<Endpoint>,
    ) -> Self {
        let requests = Requests::new(&address, credentials);
        Self { remote: Remote::new(client, address, limits), requests, health }
    }

    /// What it counts.
    #[must_use]
    pub fn figures(&self) -> Arc<SafeFigures> {
        self.remote.figures.clone()
    }

    /// Sends a request and gives its whole answer; a GET may be sent twice. What is refused here is no answer of the safe's and
    /// not counted as one.
    async fn ask(&self, request: Built, end: Instant) -> Result<Answer, UpstreamError> {
        let request = request?;
        let only_reads = *request.method() == Method::GET;
        self.remote.ask(request, only_reads, end).await
    }

    async fn read(
        &self,
        caller: &Caller,
        passed: PassedOn<'_>,
        end: Instant,
    ) -> Result<Option<Snapshot>, UpstreamError> {
        let mut answer = self.ask(self.requests.read(caller, passed), end).await?;
        // The guide's fallback, which clients use with a gateway, too: the caller's token is good, so ask the other way.
        if answer.status == StatusCode::UNAUTHORIZED {
            answer = self.ask(self.requests.read_by_post(caller, passed), end).await?;
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
    pub(crate) figures: Arc<SafeFigures>,
}

impl Remote {
    pub(crate) fn new(client: Client, address: BaseAddress, limits: SafeLimits) -> Self {
        let pool = Pool::new(limits.idle);
        Self { client, address, limits, pool, figures: Arc::default() }
    }

    /// When whatever a caller asks for now must be over, however many questions it takes.
    pub(crate) fn end(&self) -> Instant {
        Instant::now() + self.limits.total
    }

    /// Sends a request and gives its whole answer, within all deadlines.
    pub(crate) async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        only_reads: bool,
        end: Instant,
    ) -> Result<Answer, UpstreamError> {
        let began = Instant::now();
        let answer = timeout_at(end, self.try_twice(request, only_reads, end)).await;
        let answer = answer.unwrap_or(Err(UpstreamError::TooSlow));
        let status = answer.as_ref().map(|answer| answer.status.as_u16()).map_err(|error| *error);
        self.figures.answered(status, began.elapsed());
        answer
    }

    /// Twice at most, and the second time over a new connection: what was provably not sent, or only reads.
    async fn try_twice(
        &self,
        request: Request<Full<Bytes>>,
        only_reads: bool,
        end: Instant,
    ) -> Result<Answer, UpstreamError> {
        // A body is shared and not copied; a read has none.
        let spare = only_reads.then(|| request.clone());
        let line = match self.pool.take().await {
            Some(line) => Ok(line),
            None => self.connect().await,
        };
        let again = match line {
            // Before anything was sent: a moment later it would have been lost, and a read asked again.
            Err(NoLine::Reset) => Some(request),
            Err(other) => return Err(other.into()),
            Ok(line) => match self.exchange(line, request, end).await {
                Ok(answer) => return Ok(answer),
                Err(Broken::Unsent(request)) => Some(*request),
                Err(Broken::Lost) => spare,
                Err(Broken::TooSlow) => return Err(UpstreamError::TooSlow),
                Err(Broken::Unusable) => None,
            },
        };
        let Some(request) = again else { return Err(UpstreamError::Failed) };
        self.figures.retried();
        let line = self.connect().await?;
        self.exchange(line, request, end).await.map_err(|broken| match broken {
            Broken::TooSlow => UpstreamError::TooSlow,
            Broken::Unsent(_) | Broken::Lost | Broken::Unusable => UpstreamError::Failed,
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

    async fn connect(&self) -> Result<Line, NoLine> {
        self.figures.connected();
        let stream = timeout(self.limits.connect, self.client.connect(self.address.endpoint())).await;
        let stream = stream.map_err(|_| NoLine::TooSlow)?.map_err(|failure| match failure {
            RequestFailure::Reset => NoLine::Reset,
            _ => NoLine::Failed,
        })?;
        Line::over(stream).await.map_err(|_| NoLine::Failed)
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
        let answer = self.ask(request, self.remote.end()).await?;
        let (answer, dropped) = safe_answers::verb(answer, self.requests.shows_the_callers_token())?;
        self.remote.figures.dropped(dropped);
        Ok(answer)
    }

    async fn is_ready(&self) -> bool {
        match &self.health {
            None => true,
            Some(health) => self.remote.client.probe(health).await,
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
        safe_answers::merge(&self.safe.ask(request, self.safe.remote.end()).await?)
    }

    async fn erase(&self, caller: &Caller, precondition: &Precondition) -> Result<(), UpstreamError> {
        let request = self.safe.requests.erase(caller, precondition, self.request);
        safe_answers::erase(&self.safe.ask(request, self.safe.remote.end()).await?, precondition)
    }

    async fn export(&self, caller: &Caller) -> Result<Option<Export>, UpstreamError> {
        let end = self.safe.remote.end();
        let request = self.safe.requests.export(caller, self.request);
        match safe_answers::export(&self.safe.ask(request, end).await?, &caller.person)? {
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
