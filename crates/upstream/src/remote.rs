//! Another server that is asked again and again: kept connections, one deadline over all, and one second try at most.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use strongroom_ports::UpstreamError;
use tokio::time::{Instant, timeout_at};

use crate::base_address::BaseAddress;
use crate::client::Client;
use crate::complaint::Complaint;
use crate::endpoint::Endpoint;
use crate::failure::RequestFailure;
use crate::figures::{Counted, Figures};
use crate::incoming::{Answer, Broken};
use crate::line::{Line, Unanswered, Until};
use crate::outcome::Outcome;
use crate::outgoing::Outgoing;
use crate::pool::Pool;

/// What a request to a safe, or to an identity service, may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteLimits {
    /// From a name's look-up to the end of the TLS handshake.
    pub connect: Duration,
    /// From sending the request to the head of its answer.
    pub first_byte: Duration,
    /// All of it, a second try and a second question included.
    pub total: Duration,
    /// How long a connection is kept that nobody uses: less than the other side keeps it.
    pub idle: Duration,
    /// Of an answer's body.
    pub answer_bytes: usize,
}

/// Another server, and the connections to it.
pub(crate) struct Remote {
    client: Client,
    pub(crate) address: BaseAddress,
    limits: RemoteLimits,
    pool: Pool,
    pub(crate) figures: Arc<Figures>,
    complaint: Complaint,
}

impl Remote {
    pub(crate) fn new(client: Client, address: BaseAddress, limits: RemoteLimits, figures: Figures) -> Self {
        let pool = Pool::new(limits.idle);
        Self { client, address, limits, pool, figures: Arc::new(figures), complaint: Complaint::new() }
    }

    /// When whatever a caller asks for now must be over, however many questions it takes.
    pub(crate) fn end(&self) -> Instant {
        Instant::now() + self.limits.total
    }

    /// What a GET at the same server is answered, over a connection of its own.
    pub(crate) async fn probe(&self, endpoint: &Endpoint) -> Result<StatusCode, RequestFailure> {
        self.client.probe(endpoint).await
    }

    /// Sends a request and gives its whole answer, within all deadlines. `route`: what it is counted as; `only_reads`: it may be
    /// read twice.
    pub(crate) async fn ask(
        &self,
        route: usize,
        request: &Outgoing,
        only_reads: bool,
        end: Instant,
    ) -> Result<Answer, UpstreamError> {
        let timing = self.figures.begin(route);
        // Each wait within ends by then, and knows what was waited for.
        let answer = self.try_twice(request, only_reads, timing.began(), end).await;
        timing.end(Outcome::of(answer.as_ref().map(Answer::status).map_err(|failure| *failure)));
        answer.map_err(|failure| {
            self.complaint.about(self.figures.upstream(), failure);
            failure.of_upstream()
        })
    }

    /// Twice at most, and the second time over a new connection: what was provably not sent, or only reads.
    async fn try_twice(
        &self,
        request: &Outgoing,
        only_reads: bool,
        now: Instant,
        end: Instant,
    ) -> Result<Answer, RequestFailure> {
        // A kept connection is at hand at once, and the clock is not asked again; a new one may have taken a while.
        let (line, ready) = match self.pool.take(now) {
            Some(line) => (Ok(line), now),
            // Boxed: most requests make none, and would carry the room for a handshake.
            None => (Box::pin(self.connect(end)).await, Instant::now()),
        };
        match line {
            // Before anything was sent: a moment later it would have been lost, and a read asked again.
            Err(RequestFailure::Reset) => {}
            Err(failure) => return Err(failure),
            Ok(line) => match self.exchange(line, request, ready, end).await {
                Ok(answer) => return Ok(answer),
                Err(Unanswered::Unsent) => {}
                Err(Unanswered::Broken(Broken::Lost(_))) if only_reads => {}
                Err(Unanswered::Broken(Broken::Lost(failure) | Broken::Failed(failure))) => {
                    return Err(failure);
                }
            },
        }
        self.figures.retried();
        let line = Box::pin(self.connect(end)).await?;
        Box::pin(self.exchange(line, request, Instant::now(), end)).await.map_err(|broken| match broken {
            Unanswered::Broken(Broken::Failed(failure) | Broken::Lost(failure)) => failure,
            Unanswered::Unsent => RequestFailure::Broken,
        })
    }

    async fn exchange(
        &self,
        mut line: Box<Line>,
        request: &Outgoing,
        ready: Instant,
        end: Instant,
    ) -> Result<Answer, Unanswered> {
        let until = Until { head: end.min(ready + self.limits.first_byte), end };
        let answer = line.exchange(request, self.limits.answer_bytes, until).await?;
        if line.may_be_kept() {
            self.pool.keep(line);
        }
        Ok(answer)
    }

    async fn connect(&self, end: Instant) -> Result<Box<Line>, RequestFailure> {
        let until = end.min(Instant::now() + self.limits.connect);
        let stream = timeout_at(until, self.client.connect(self.address.endpoint())).await;
        let stream = stream.map_err(|_| RequestFailure::ConnectTooSlow)??;
        Ok(Box::new(Line::over(stream, Counted::open(self.figures.clone()))))
    }
}

/// Printed by its limits.
impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("limits", &self.limits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use strongroom_testkit::fake::ManualClock;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::arrival::OtherEnd;
    use crate::client::ClientLimits;
    use crate::roots::Roots;

    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const REQUEST: &str = "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n";

    async fn answer_one(safe: &mut TcpStream, answer: &[u8]) {
        let mut request = [0; REQUEST.len()];
        safe.read_exact(&mut request).await.unwrap();
        assert_eq!(request, REQUEST.as_bytes());
        safe.write_all(answer).await.unwrap();
    }

    async fn remote() -> (Remote, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let address = BaseAddress::new(Endpoint::parse(&url).unwrap()).unwrap();
        let wait = Duration::from_mins(1);
        let limits = ClientLimits { connect: wait, total: wait, body_bytes: 1 };
        let client = Client::new(Roots::none(), Arc::new(ManualClock::default()), limits).unwrap();
        let limits =
            RemoteLimits { connect: wait, first_byte: wait, total: wait, idle: wait, answer_bytes: 1 };
        let remote = Remote::new(client, address, limits, Figures::new("safe", [("POST", "/")]));
        (remote, listener)
    }

    #[tokio::test]
    async fn a_connection_that_is_over_is_let_go_at_once_and_another_is_kept() {
        let (remote, listener) = remote().await;
        let request = Outgoing::write(&Method::POST, &["/"], &[], None).unwrap();
        let over = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        for (answer, kept) in [(&over[..], 0), (OK, 1)] {
            let safe = async {
                let mut safe = listener.accept().await.unwrap().0;
                answer_one(&mut safe, answer).await;
                safe
            };
            let (answer, _safe) = tokio::join!(remote.ask(0, &request, false, remote.end()), safe);
            assert_eq!(answer.unwrap().status(), 200);
            assert_eq!((remote.figures.connections(), remote.figures.connections_kept()), (kept, kept));
        }
    }

    #[tokio::test]
    async fn a_write_that_was_not_sent_goes_over_a_new_connection_once() {
        let (remote, listener) = remote().await;
        let request = Outgoing::write(&Method::POST, &["/"], &[], None).unwrap();

        let first = async {
            let mut safe = listener.accept().await.unwrap().0;
            answer_one(&mut safe, OK).await;
            safe
        };
        let (answer, safe) = tokio::join!(remote.ask(0, &request, false, remote.end()), first);
        assert_eq!(answer.unwrap().status(), 200);
        // The kept connection says something unasked, and the runtime has not heard of it when it is taken.
        assert_eq!(safe.try_write(OK).unwrap(), OK.len());
        OtherEnd::of(&safe).await_arrival();
        let second =
            tokio::spawn(async move { answer_one(&mut listener.accept().await.unwrap().0, OK).await });
        let answer = remote.ask(0, &request, false, remote.end()).await;
        assert_eq!(answer.unwrap().status(), 200);
        second.await.unwrap();
        assert_eq!((remote.figures.retries(), remote.figures.connections_opened()), (1, 2));
        assert_eq!(safe.try_read(&mut [0]).unwrap_or(0), 0, "nothing of it went over the first");
    }
}
