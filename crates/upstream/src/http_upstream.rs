//! A safe behind another host, over HTTP/1.1: the port `Upstream`, one request at a time.
//!
//! A request that may have been read is never sent again, unless it only reads. Nothing is followed, and an answer is whole
//! or none.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use strongroom_domain::{EntityTag, Patch, Precondition};
use strongroom_ports::{
    Caller, Export, PassedOn, RemoteSafe, Snapshot, Upstream, UpstreamError, VerbAnswer, VerbCall,
};
use tokio::time::Instant;

use crate::base_address::BaseAddress;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::figures::Figures;
use crate::outcome::Outcome;
use crate::remote::{Remote, RemoteLimits};
use crate::safe_answers::{self, Exported, Read};
use crate::safe_requests::{Credentials, Requests};
use crate::safe_routes;

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
        limits: RemoteLimits,
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

    async fn read(
        &self,
        caller: &Caller,
        passed: PassedOn<'_>,
        end: Instant,
    ) -> Result<Option<Snapshot>, UpstreamError> {
        let request = self.requests.read(caller, passed)?;
        let mut answer = self.remote.ask(safe_routes::READ, &request, true, end).await?;
        // The guide's fallback, which clients use with a gateway, too: the caller's token is good, so ask the other way.
        if answer.status() == StatusCode::UNAUTHORIZED {
            let by_post = self.requests.read_by_post(caller, passed)?;
            answer = Box::pin(self.remote.ask(safe_routes::WRITE, &by_post, false, end)).await?;
        }
        let Read { snapshot, dropped } = safe_answers::read(&answer)?;
        self.remote.figures.dropped(dropped);
        Ok(snapshot)
    }
}

/// Printed by its limits.
impl fmt::Debug for HttpUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpUpstream").field("remote", &self.remote).finish_non_exhaustive()
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
        let (route, end) = (safe_routes::of_verb(&verb), self.remote.end());
        let request = self.requests.verb(verb.path, verb.body, caller, request)?;
        let answer = self.remote.ask(route, &request, verb.body.is_none(), end).await?;
        let (answer, dropped) = safe_answers::verb(answer, self.requests.shows_the_callers_token())?;
        self.remote.figures.dropped(dropped);
        Ok(answer)
    }

    async fn is_ready(&self) -> bool {
        match &self.health {
            None => true,
            Some(health) => {
                let timing = self.remote.figures.begin(safe_routes::HEALTH);
                let status = self.remote.probe(health).await;
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
        let request = self.safe.requests.merge(caller, patch, precondition, self.request)?;
        let remote = &self.safe.remote;
        safe_answers::merge(&remote.ask(safe_routes::WRITE, &request, false, remote.end()).await?)
    }

    async fn erase(&self, caller: &Caller, precondition: &Precondition) -> Result<(), UpstreamError> {
        let request = self.safe.requests.erase(caller, precondition, self.request)?;
        let remote = &self.safe.remote;
        let answer = remote.ask(safe_routes::ERASE, &request, false, remote.end()).await?;
        safe_answers::erase(&answer, precondition)
    }

    async fn export(&self, caller: &Caller) -> Result<Option<Export>, UpstreamError> {
        let end = self.safe.remote.end();
        let request = self.safe.requests.export(caller, self.request)?;
        let answer = self.safe.remote.ask(safe_routes::EXPORT, &request, true, end).await?;
        match safe_answers::export(&answer, &caller.person)? {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use strongroom_domain::ExternalUserId;
    use strongroom_ports::TenantId;
    use strongroom_testkit::fake::ManualClock;

    use super::*;
    use crate::client::ClientLimits;
    use crate::roots::Roots;

    /// Every read through a gateway has a piece of memory of its own for what it waits for.
    const MAX_READ_BYTES: usize = 1536;

    #[test]
    fn a_read_has_no_room_for_what_few_reads_do() {
        let (connect, total) = (Duration::from_secs(1), Duration::from_secs(2));
        let limits = ClientLimits { connect, total, body_bytes: 1 };
        let client = Client::new(Roots::none(), Arc::new(ManualClock::default()), limits).unwrap();
        let address = BaseAddress::new(Endpoint::parse("http://localhost:1/").unwrap()).unwrap();
        let limits = RemoteLimits { connect, first_byte: total, total, idle: total, answer_bytes: 1 };
        let safe = HttpUpstream::new(client, address, Credentials::CallerToken, limits, None, []);
        let caller = Caller {
            tenant: TenantId::parse("shop.example").unwrap(),
            person: ExternalUserId::parse("jane").unwrap(),
        };
        let client = std::net::IpAddr::from([127, 0, 0, 1]);
        let passed = PassedOn { token: "token", request_id: "1", trace_parent: None, client };
        let read = safe.read(&caller, passed, Instant::now());
        assert!(size_of_val(&read) <= MAX_READ_BYTES, "{} bytes", size_of_val(&read));
    }
}
