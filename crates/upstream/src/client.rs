//! Connections to other servers, and single requests over one of their own with one deadline.
//!
//! A request for a key set is rare and needs no pool: a connection that is not kept cannot be stale, and none of its memory is
//! held between. The safe's connections are opened here and kept in `pool.rs`. Nothing here knows what is asked for, retries,
//! or follows.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use strongroom_ports::Clock;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::time_provider::TimeProvider;

use crate::addresses::Addresses;
use crate::client_certificate::ClientCertificate;
use crate::endpoint::Endpoint;
use crate::failure::RequestFailure;
use crate::race::first_of;
use crate::roots::Roots;
use crate::stream::Stream;

/// The longest head of an answer: cookies and policies of a large site fit.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The most fields of one.
const MAX_HEAD_FIELDS: usize = 100;
/// What hyper may buffer of an answer that comes faster than it is read.
const MAX_BUFFER_BYTES: usize = 64 * 1024;
/// Who asks: some servers answer nobody who does not say.
const USER_AGENT: &str = "strongroom";

/// What a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// From the name's look-up to the end of the TLS handshake.
    pub connect: Duration,
    /// From the beginning to the last byte of the answer.
    pub total: Duration,
    /// Of an answer's body.
    pub body_bytes: usize,
}

/// Sends requests to other servers.
#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
    addresses: Addresses,
    limits: ClientLimits,
}

impl Client {
    /// Believes certificates of these authorities, as long as they are valid by this clock. TLS 1.2 or 1.3.
    ///
    /// # Errors
    ///
    /// [`UnusableTls`] when the cipher's library does not work on this machine.
    pub fn new(roots: Roots, clock: Arc<dyn Clock>, limits: ClientLimits) -> Result<Self, UnusableTls> {
        Self::with(None, roots, clock, limits)
    }

    /// The same, and shows this certificate to a server that asks for one.
    ///
    /// # Errors
    ///
    /// As [`Client::new`].
    pub fn showing(
        certificate: ClientCertificate,
        roots: Roots,
        clock: Arc<dyn Clock>,
        limits: ClientLimits,
    ) -> Result<Self, UnusableTls> {
        Self::with(Some(certificate), roots, clock, limits)
    }

    fn with(
        shown: Option<ClientCertificate>,
        roots: Roots,
        clock: Arc<dyn Clock>,
        limits: ClientLimits,
    ) -> Result<Self, UnusableTls> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_details(provider, Arc::new(ByClock(clock)));
        let versions = builder.with_safe_default_protocol_versions().map_err(|_| UnusableTls)?;
        let builder = versions.with_root_certificates(roots.into_store());
        let mut config = match shown {
            None => builder.with_no_client_auth(),
            Some(certificate) => builder.with_client_cert_resolver(certificate.into_resolver()),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Key sets are fetched minutes apart, and a safe's connections are kept: a handshake more costs less than tickets that
        // lie about.
        config.resumption = Resumption::disabled();
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { tls, addresses: Addresses::of_the_system(), limits })
    }

    /// Sends a request and gives the whole answer, whatever its status. `Host`, `User-Agent` and `Connection` are added,
    /// the target is the endpoint's.
    ///
    /// # Errors
    ///
    /// [`RequestFailure`] when there is no whole answer within the limits.
    pub(crate) async fn send<B>(
        &self,
        endpoint: &Endpoint,
        mut request: Request<B>,
    ) -> Result<Response<Bytes>, RequestFailure>
    where
        B: Body + Send + Unpin + 'static,
        B::Data: Send,
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        *request.uri_mut() = endpoint.target().parse().map_err(|_| RequestFailure::Broken)?;
        let host = endpoint.authority().parse().map_err(|_| RequestFailure::Broken)?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, host);
        headers.insert(header::USER_AGENT, header::HeaderValue::from_static(USER_AGENT));
        headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        self.exchange(endpoint, request).await
    }

    async fn exchange<B>(
        &self,
        endpoint: &Endpoint,
        request: Request<B>,
    ) -> Result<Response<Bytes>, RequestFailure>
    where
        B: Body + Send + Unpin + 'static,
        B::Data: Send,
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        let began = Instant::now();
        let end = began + self.limits.total;
        let stream = timeout_at(end.min(began + self.limits.connect), self.connect(endpoint)).await;
        let stream = stream.map_err(|_| RequestFailure::ConnectTooSlow)??;
        converse(stream, request, self.limits.body_bytes, end).await
    }

    /// What a GET is answered.
    pub(crate) async fn probe(&self, endpoint: &Endpoint) -> Result<StatusCode, RequestFailure> {
        let answer = self.send(endpoint, Request::new(http_body_util::Empty::<Bytes>::new())).await;
        answer.map(|answer| answer.status())
    }

    /// A connection, by no deadline but the caller's own.
    pub(crate) async fn connect(&self, endpoint: &Endpoint) -> Result<Stream, RequestFailure> {
        let found = self.addresses.of(endpoint.place()).await;
        // A name that is said to be this machine's, and is not, gets nothing in the clear.
        let addresses: Vec<_> =
            found.iter().copied().filter(|it| !endpoint.is_plain() || it.ip().is_loopback()).collect();
        if addresses.is_empty() {
            return Err(RequestFailure::NoAddress);
        }
        let failed = |error: io::Error| RequestFailure::of_connection(&error);
        let stream = first_of(&addresses, TcpStream::connect).await.map_err(failed)?;
        // A request is written whole, and must not wait for the receipt of the one before.
        stream.set_nodelay(true).map_err(failed)?;
        let Some(name) = endpoint.server_name() else { return Ok(Stream::Plain(stream)) };
        let tls = self.tls.connect(name.clone(), stream).await;
        tls.map(|stream| Stream::Tls(Box::new(stream))).map_err(|error| RequestFailure::of_handshake(&error))
    }
}

/// Printed by its limits.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Sends the request and reads the answer to its end. Not spawned: whoever gives up takes the connection along.
async fn converse<B>(
    stream: Stream,
    request: Request<B>,
    body_bytes: usize,
    end: Instant,
) -> Result<Response<Bytes>, RequestFailure>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let mut http = http1::Builder::new();
    http.max_headers(MAX_HEAD_FIELDS).max_header_size(MAX_HEAD_BYTES).max_buf_size(MAX_BUFFER_BYTES);
    let (mut sender, connection) =
        http.handshake(TokioIo::new(stream)).await.map_err(|_| RequestFailure::Broken)?;
    let exchange = async move {
        let answer = timeout_at(end, sender.send_request(request)).await;
        let answer = answer.map_err(|_| RequestFailure::HeadTooSlow)?.map_err(|_| RequestFailure::Broken)?;
        timeout_at(end, collect(answer, body_bytes)).await.map_err(|_| RequestFailure::AnswerTooSlow)?
    };
    tokio::pin!(connection, exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        // What had been read by then is still to be had.
        _ = &mut connection => exchange.await,
    }
}

async fn collect(answer: Response<Incoming>, body_bytes: usize) -> Result<Response<Bytes>, RequestFailure> {
    let (head, body) = answer.into_parts();
    if body.size_hint().lower() > body_bytes as u64 {
        return Err(RequestFailure::TooLong);
    }
    match Limited::new(body, body_bytes).collect().await {
        Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(RequestFailure::TooLong),
        Err(_) => Err(RequestFailure::Broken),
    }
}

/// The port's clock, for the dates of certificates.
#[derive(Debug)]
struct ByClock(Arc<dyn Clock>);

impl TimeProvider for ByClock {
    fn current_time(&self) -> Option<UnixTime> {
        let since = SystemTime::from(self.0.now()).duration_since(UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(since))
    }
}

/// TLS does not work on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("TLS cannot be set up")]
pub struct UnusableTls;

#[cfg(test)]
mod tests {
    use strongroom_testkit::fake::ManualClock;
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn a_server_whose_first_address_takes_no_connection_is_reached_by_its_second() {
        // Its queue holds one that nobody takes, and the system drops whatever else knocks.
        let dead = TcpSocket::new_v4().unwrap();
        dead.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let dead = dead.listen(0).unwrap();
        let dead_at = dead.local_addr().unwrap();
        let _in_its_queue = TcpStream::connect(dead_at).await.unwrap();
        let live = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let live_at = live.local_addr().unwrap();

        let limits = ClientLimits { connect: LONG, total: LONG, body_bytes: 1000 };
        let client = Client::new(Roots::none(), Arc::new(ManualClock::default()), limits).unwrap();
        let addresses = Addresses::by(Duration::MAX, LONG, move |_, _| Ok(vec![dead_at, live_at]));
        let client = Client { addresses, ..client };
        let endpoint = Endpoint::parse("http://localhost:1/").unwrap();
        // Looked up by a thread, for which a clock that stands still would not wait.
        client.addresses.of(endpoint.place()).await;
        tokio::time::pause();
        let connected = timeout_at(Instant::now() + LONG, client.connect(&endpoint)).await.unwrap();
        let Ok(Stream::Plain(stream)) = connected else { panic!("no connection") };
        assert_eq!(stream.peer_addr().unwrap(), live_at);
    }
}
