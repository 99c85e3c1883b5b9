//! The server: a current-thread runtime per core, each with its own sockets; admin beside them; a drain that finishes what
//! is in hand.
//!
//! No work moves between cores: a connection lives and dies on the one that accepted it.

use std::io;
use std::net::{IpAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use prometheus_client::registry::Registry;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use crate::admin::{Admin, Draining};
use crate::answer::Body;
use crate::api::Api;
use crate::client_address::{Client, Peer};
use crate::connection::{self, Answers, begun};
use crate::crowd::{Crowd, OneOfCrowd};
use crate::deadlines::Deadlines;
use crate::exchange::Exchange;
use crate::exposition;
use crate::gate_io::GateIo;
use crate::gated_body::BodyFault;
use crate::handshake::shake_hands;
use crate::head_scan::HeadLimits;
use crate::listeners::Listeners;
use crate::metrics::Metrics;
use crate::parking::Warm;
use crate::places::Places;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::sweeper::Sweeper;
use crate::tls::Tls;
use crate::verbs::Verbs;
use crate::wire::Wire;

/// Connections of the admin listener: a scraper, a prober and a person.
const ADMIN_CONNECTIONS: usize = 64;
/// How long a probe in hand may take when all the rest has ended.
const ADMIN_DRAIN_TIME: Duration = Duration::from_secs(1);
/// 429s on one connection, after which it is closed: whoever pipelines on would otherwise cost as much as if it were served.
const TIMES_SENT_AWAY: u32 = 16;
/// How long an accept loop rests when the process is out of file descriptors: a connection that ends frees one.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// How the server treats its connections.
#[derive(Debug, Clone, Copy)]
pub struct ServerOptions {
    /// Connections in all; more are closed as they come.
    pub connections: usize,
    /// Connections of one client address; more are closed as they come. Trusted proxies are not bound by it.
    pub connections_per_address: usize,
    /// How large a request head may be.
    pub head: HeadLimits,
    /// How long each wait for a client may be.
    pub deadlines: Deadlines,
    /// How long a drain may take before what is left is cut off.
    pub drain_time: Duration,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    main: Cores,
    /// Ends after the others, so that probes see the drain.
    admin: Cores,
    draining: Arc<Draining>,
    _names: Vec<UnixListener>,
}

/// Threads that serve, and how to end them.
#[derive(Debug)]
struct Cores {
    threads: Vec<JoinHandle<()>>,
    drain: watch::Sender<bool>,
    finished: mpsc::Receiver<()>,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Every request in hand was answered.
    Cleanly,
    /// The deadline came first.
    AtDeadline,
}

/// One port's worth of service, shared by the cores.
struct Port {
    service: Service,
    /// `None`: connections are in the clear.
    tls: Option<Arc<Tls>>,
    api: Arc<Api>,
    metrics: Arc<Metrics>,
    crowd: Arc<Crowd<Client>>,
    connections: usize,
    head: HeadLimits,
    /// Bytes of a body in chunks on the wire.
    chunked_bytes: usize,
    deadlines: Deadlines,
}

/// A port, and the connections to it that one core has.
struct Core {
    port: Arc<Port>,
    sweeper: Sweeper,
    warm: Arc<Warm>,
}

enum Service {
    Api(Box<Exchange>),
    Admin(Admin),
}

impl Server {
    /// Starts one thread per core of `listeners`, and one for the admin routes. `registry`: what others count, to be listed
    /// beside what is counted here. `tls`: what
    /// connections begin with; the admin routes are in the clear.
    ///
    /// # Errors
    ///
    /// When a thread or a runtime cannot be had.
    pub fn start(
        api: Api,
        listeners: Listeners,
        admin: Option<Listeners>,
        options: ServerOptions,
        tls: Option<Arc<Tls>>,
        mut registry: Registry,
    ) -> io::Result<Self> {
        let api = Arc::new(api);
        let draining = Arc::new(Draining::default());
        let chunked_bytes = api.http_limits.wire_bytes();
        let port = |service, tls, connections, per_address, metrics| {
            let ServerOptions { head, deadlines, .. } = options;
            let (api, crowd) = (api.clone(), Arc::new(Crowd::new(per_address)));
            Arc::new(Port { service, tls, api, metrics, crowd, connections, head, chunked_bytes, deadlines })
        };
        let metrics = Arc::new(Metrics::new(api.places.clone(), &api.safe.verbs()));
        let exchange = Exchange::new(api.clone(), metrics.clone()).map_err(io::Error::other)?;
        exposition::register(&mut registry, metrics.clone(), exchange.sockets().clone());
        let (connections, per_address) = (options.connections, options.connections_per_address);
        let main = port(Service::Api(Box::new(exchange)), tls, connections, per_address, metrics);
        let admin_service = Admin::new(api.safe.readiness(), draining.clone(), registry);
        // Operators' own mistakes are not counted among strangers'.
        let side = port(
            Service::Admin(admin_service),
            None,
            ADMIN_CONNECTIONS,
            ADMIN_CONNECTIONS,
            Arc::new(Metrics::new(Arc::new(Places::new(ADMIN_CONNECTIONS, 0)), &Verbs::default())),
        );

        let mut names = listeners.names;
        let mut admin_sockets = Vec::new();
        if let Some(admin) = admin {
            names.extend(admin.names);
            admin_sockets = admin.per_core;
        }
        Ok(Self {
            main: Cores::start("core", listeners.per_core, &main, options.drain_time)?,
            admin: Cores::start("admin", admin_sockets, &side, ADMIN_DRAIN_TIME)?,
            draining,
            _names: names,
        })
    }

    /// Stops: readiness goes off, nothing more is accepted, what is in hand is finished, up to the deadline.
    pub async fn stop(self) -> Stopped {
        self.draining.begin();
        let stopped = self.main.stop().await;
        self.admin.stop().await;
        stopped
    }
}

impl Cores {
    fn start(
        name: &str,
        per_core: Vec<Vec<TcpListener>>,
        port: &Arc<Port>,
        drain_time: Duration,
    ) -> io::Result<Self> {
        let (drain, _) = watch::channel(false);
        let (cut_off, finished) = mpsc::channel(1);
        let mut threads = Vec::new();
        for (core, sockets) in per_core.into_iter().enumerate() {
            let (port, drain, cut_off) = (port.clone(), drain.subscribe(), cut_off.clone());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let run = move || runtime.block_on(run_core(sockets, port, drain, cut_off, drain_time));
            threads.push(std::thread::Builder::new().name(format!("{name}-{core}")).spawn(run)?);
        }
        Ok(Self { threads, drain, finished })
    }

    async fn stop(mut self) -> Stopped {
        // Nobody listens any more only when every core has ended already.
        let _ = self.drain.send(true);
        // Each core holds a sender: the channel ends with the last of them, and carries word only of what was cut off.
        let mut was_cut_off = self.finished.recv().await.is_some();
        for thread in self.threads {
            was_cut_off |= thread.join().is_err();
        }
        if was_cut_off { Stopped::AtDeadline } else { Stopped::Cleanly }
    }
}

/// One core: accepts on its sockets until the drain, then waits for its connections.
async fn run_core(
    sockets: Vec<TcpListener>,
    port: Arc<Port>,
    drain: watch::Receiver<bool>,
    cut_off: mpsc::Sender<()>,
    drain_time: Duration,
) {
    // Every connection holds a sender; the channel ends with the last of them.
    let (alive, mut all_done) = mpsc::channel::<()>(1);
    let warm = Arc::<Warm>::default();
    port.metrics.watch(warm.clone());
    let core = Arc::new(Core { sweeper: Sweeper::new(port.deadlines), port, warm });
    let sweeping = core.clone();
    tokio::spawn(async move { sweeping.sweeper.run().await });
    let accepting: Vec<_> = sockets
        .into_iter()
        .map(|socket| tokio::spawn(accept(socket, core.clone(), drain.clone(), alive.clone())))
        .collect();
    for task in accepting {
        if let Err(error) = task.await {
            tracing::error!(panicked = error.is_panic(), "an accept loop ended early");
        }
    }
    drop(alive);
    if tokio::time::timeout(drain_time, all_done.recv()).await.is_err() {
        // The only message that this channel ever carries; one that is there already says the same.
        let _ = cut_off.try_send(());
    }
}

async fn accept(
    socket: TcpListener,
    core: Arc<Core>,
    mut drain: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    let listener = match tokio::net::TcpListener::from_std(socket) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "a listening socket cannot be used"),
    };
    // Said once, until one could be accepted again: it may go on for long, twenty times a second.
    let mut is_said = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = begun(&mut drain) => break,
        };
        match accepted {
            Ok((stream, from)) => {
                is_said = false;
                core.take(stream, from.ip(), &drain, &alive);
            }
            Err(error) => {
                if !std::mem::replace(&mut is_said, true) {
                    tracing::warn!(%error, "a connection could not be accepted");
                }
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
    // Closing a socket of a group resets whoever waits in its queue: take them in first.
    let taken_in = listener
        .into_std()
        .map(|socket| take_in(&socket, |stream, from| core.take(stream, from, &drain, &alive)));
    if let Ok(Err(error)) | Err(error) = taken_in {
        tracing::warn!(error = %error.kind(), "connections that waited could not be accepted");
    }
}

/// Accepts what waits in a socket's queue, and no more.
fn take_in(socket: &TcpListener, mut take: impl FnMut(TcpStream, IpAddr)) -> io::Result<()> {
    loop {
        match socket.accept() {
            Ok((stream, from)) => {
                stream.set_nonblocking(true)?;
                take(TcpStream::from_std(stream)?, from.ip());
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

impl Core {
    /// Takes a connection's place among all and among its client's, or counts why there is none.
    fn admit(self: &Arc<Self>, peer: Peer) -> Option<Open> {
        self.port.metrics.accepted.fetch_add(1, Ordering::Relaxed);
        let before = self.port.metrics.open.fetch_add(1, Ordering::Relaxed);
        let mut open = Open { core: self.clone(), peer, sent_away: AtomicU32::new(0), of_client: None };
        if before >= self.port.connections {
            self.port.metrics.refusals.count(Refusal::TooManyConnections);
            return None;
        }
        if !peer.is_proxy {
            open.of_client = self.port.crowd.enter(Client::of(peer.address));
            if open.of_client.is_none() {
                self.port.metrics.refusals.count(Refusal::TooManyOfOneClient);
                return None;
            }
        }
        Some(open)
    }

    /// Serves a connection in a task of its own, or drops it when there are too many.
    fn take(
        self: &Arc<Self>,
        stream: TcpStream,
        from: IpAddr,
        drain: &watch::Receiver<bool>,
        alive: &mpsc::Sender<()>,
    ) {
        let peer = self.port.api.trusted_proxies.peer(from);
        let Some(open) = self.admit(peer) else { return };
        // Answers are small and whole: waiting for more to send would only delay them. A socket that refuses is dying.
        let _ = stream.set_nodelay(true);
        let wire = self.sweeper.watch();
        let (drain, alive) = (drain.clone(), alive.clone());
        match self.port.tls.clone() {
            None => self.serve(Stream::Plain(stream), wire, open, drain, alive),
            Some(tls) => {
                tokio::spawn(self.clone().begin(stream, tls, wire, open, drain, alive));
            }
        }
    }

    /// Shakes hands, and has the connection served in another task, which holds nothing of this one's. A drain waits for a
    /// handshake as long as for a first request.
    async fn begin(
        self: Arc<Self>,
        stream: TcpStream,
        tls: Arc<Tls>,
        wire: Arc<Wire>,
        open: Open,
        mut drain: watch::Receiver<bool>,
        alive: mpsc::Sender<()>,
    ) {
        let shaken = {
            let mut handshake = pin!(shake_hands(stream, &tls, &wire, &self.port.metrics.refusals));
            tokio::select! {
                biased;
                stream = handshake.as_mut() => stream,
                () = begun(&mut drain) => {
                    tokio::time::timeout(connection::FIRST_REQUEST_TIME, handshake).await.unwrap_or_default()
                }
            }
        };
        if let Some(stream) = shaken {
            self.serve(stream, wire, open, drain, alive);
        }
    }

    fn serve(
        &self,
        stream: Stream,
        wire: Arc<Wire>,
        open: Open,
        drain: watch::Receiver<bool>,
        alive: mpsc::Sender<()>,
    ) {
        let (warm, refusals) = (self.warm.clone(), self.port.metrics.refusals.clone());
        let (head, chunked_bytes) = (self.port.head, self.port.chunked_bytes);
        let io = GateIo::new(stream, wire.clone(), warm, refusals, head, chunked_bytes);
        tokio::spawn(connection::serve(io, wire, drain, open, alive));
    }
}

/// A connection that counts as open while this lives.
struct Open {
    core: Arc<Core>,
    peer: Peer,
    /// How often it was told to wait, and went on.
    sent_away: AtomicU32,
    of_client: Option<OneOfCrowd<Client>>,
}

impl Answers for Open {
    async fn answer<B>(&self, head: &Parts, body: B, verdict: Result<(), Refusal>) -> Response<Body>
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>> + Send,
    {
        let mut response = match &self.core.port.service {
            // Pinned where it is begun: it is large, and would be copied to where it is awaited.
            Service::Api(exchange) => pin!(exchange.answer(head, body, verdict, self.peer)).await,
            Service::Admin(admin) => admin.answer(head, verdict, self.peer).await,
        };
        // What one client does in haste is no reason to close what a proxy keeps for all.
        if response.status() == StatusCode::TOO_MANY_REQUESTS
            && !self.peer.is_proxy
            && self.sent_away.fetch_add(1, Ordering::Relaxed) >= TIMES_SENT_AWAY
        {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn watch(&self) -> Arc<Wire> {
        self.core.sweeper.watch()
    }

    fn speaks_http2(&self) -> bool {
        matches!(self.core.port.service, Service::Api(_))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.core.port.metrics.open.fetch_sub(1, Ordering::Relaxed);
    }
}
