//! Sockets over loopback, between doubles: what a safe, an authenticator or a reader does wrong, and what comes of it.
//!
//! The clock stands still but for what a test lets pass; what comes over a wire is waited for on the machine's own time.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::BytesMut;
use http::HeaderMap;
use serde_json::Value;
use socket2::SockRef;
use strongroom_app::{Changes, Doorbells, LocalSafe};
use strongroom_domain::{Limits, Precondition};
use strongroom_ports::{ChangeBell, Sealer, Timestamp, Upstream};
use strongroom_testkit::fake::{
    CountingRandomness, InMemoryRecordStore, InMemoryUpstream, ManualClock, StaticAuthenticator,
    TransparentSealer,
};
use strongroom_testkit::sample;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use self::client::Client;
use self::doubles::{CountingStore, FickleAuthenticator, ToldSafe, TroubledSafe};
use super::{Sockets, Switch, WebSocketLimits, serve};
use crate::api::{Api, Safe};
use crate::client_address::TrustedProxies;
use crate::exchange::tests::{HTTP_LIMITS, api_behind};
use crate::metrics::Metrics;
use crate::rate_limit::PersonRate;
use crate::stream::Stream;
use crate::tenant_names::TenantNames;
use crate::verbs::Verbs;
use crate::wire::Wire;

mod auth_again;
mod client;
mod doubles;
mod frames;
mod gaps;
mod gateways;
mod judgements;
mod rates;
mod resumes;
mod slow_readers;
mod unavailable;

/// Of a socket that neither the pace of its client nor a ping ends.
const LIMITS: WebSocketLimits = WebSocketLimits {
    sockets: 8,
    sockets_per_person: 8,
    message_bytes: 16 * 1024,
    messages_per_s: u32::MAX,
    auth_time: Duration::from_secs(30),
    ping_time: Duration::from_hours(24),
    write_time: Duration::from_secs(10),
};

const MS: Duration = Duration::from_millis(1);
/// How long on the machine's own clock something may take that comes at once.
const PATIENCE: Duration = Duration::from_mins(1);

/// What sockets are served by, whose clock stands still.
struct Process {
    api: Arc<Api>,
    sockets: Arc<Sockets>,
    clock: Arc<ManualClock>,
    authenticator: Arc<FickleAuthenticator>,
    drain: watch::Sender<bool>,
    patience: watch::Receiver<bool>,
    /// The clock stands still until this is dropped.
    _standing: mpsc::Sender<()>,
}

impl Process {
    /// Knows `jane` for good, and `john`, who is somebody else.
    fn of(compose: impl FnOnce(&mut Api)) -> Self {
        let clock = Arc::new(ManualClock::default());
        let authenticator = Arc::new(FickleAuthenticator::default());
        authenticator.know("jane", sample::caller(), Timestamp::from_millis(i64::MAX));
        authenticator.know("john", sample::fresh_caller("john"), Timestamp::from_millis(i64::MAX));
        let proxies = TrustedProxies::default();
        let mut api = api_behind(proxies, InMemoryUpstream::new(), StaticAuthenticator::new(), HTTP_LIMITS);
        (api.clock, api.authenticator) = (clock.clone(), authenticator.clone());
        compose(&mut api);
        // A paused clock runs ahead whenever nobody has anything to do, but while something blocks.
        let (standing, held) = mpsc::channel::<()>();
        let (over, patience) = watch::channel(false);
        tokio::task::spawn_blocking(move || {
            over.send_replace(held.recv_timeout(PATIENCE).is_err());
        });
        let sockets = Arc::new(Sockets::new(LIMITS, Arc::new(PersonRate::new(0))));
        let (drain, _) = watch::channel(false);
        Self { api: Arc::new(api), sockets, clock, authenticator, drain, patience, _standing: standing }
    }

    /// Lets time pass, on every clock.
    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        tokio::time::advance(time).await;
    }

    /// The same, but for the last millisecond.
    async fn nearly_pass(&self, time: Duration) {
        self.pass(time.saturating_sub(MS)).await;
    }

    /// A moment from now.
    fn in_ms(&self, ms: u64) -> Timestamp {
        use strongroom_ports::Clock as _;
        self.clock.now().plus(Duration::from_millis(ms))
    }

    /// A client behind its handshake, with little room between it and the server.
    async fn connect(&self) -> Client {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        SockRef::from(&accepted).set_send_buffer_size(4096).unwrap();
        let switch = Switch {
            api: self.api.clone(),
            metrics: Arc::new(Metrics::new(self.api.places.clone(), &Verbs::default())),
            sockets: self.sockets.clone(),
            names: Arc::new(TenantNames::default()),
            request_id: self.api.request_ids.of(&HeaderMap::new()),
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            _place: Arc::new(self.sockets.enter().unwrap()),
        };
        let drain = self.drain.subscribe();
        let serving = tokio::spawn(async move {
            let wire = Wire::new(Arc::default());
            serve(switch, (Stream::Plain(accepted), BytesMut::new()), &wire, drain, ()).await;
        });
        Client::over(stream, self.patience.clone(), serving).await
    }

    /// A client that has said who it is and has been welcomed; the record comes next.
    async fn welcome(&self, token: &str) -> Client {
        let mut client = self.connect().await;
        client.authenticate(token).await;
        client.hear_welcome().await;
        client
    }

    /// How often the server has closed a socket for this reason.
    fn closed(&self, reason: &str) -> u64 {
        self.sockets.all_closed().filter(|(close, _)| close.reason() == reason).map(|(_, count)| count).sum()
    }
}

/// A safe in this process.
struct House {
    process: Process,
    safe: Arc<TroubledSafe>,
    store: Arc<CountingStore>,
}

impl House {
    fn new() -> Self {
        Self::keeping_events(1000)
    }

    /// With an outbox of this many events.
    fn keeping_events(events: usize) -> Self {
        let bells = Arc::new(Doorbells::new());
        let kept = InMemoryRecordStore::new().keeping_events(events).with_bell(bells.clone());
        let store = Arc::new(CountingStore::over(kept));
        let sealer: Arc<dyn Sealer> = Arc::new(TransparentSealer::new());
        let local = Arc::new(LocalSafe::new(
            store.clone(),
            sealer.clone(),
            Arc::new(ManualClock::default()),
            Arc::new(CountingRandomness::new()),
            Limits { value_bytes: 256 * 1024, record_keys: 16, record_bytes: 1024 * 1024 },
        ));
        let safe = Arc::new(TroubledSafe::over(local));
        let process = Process::of(|api| {
            let Safe::Here { upstream, changes, .. } = &mut api.safe else { panic!("a safe") };
            *upstream = safe.clone();
            *changes = Arc::new(Changes::new(safe.clone(), store.clone(), sealer, bells));
        });
        Self { process, safe, store }
    }

    /// Gives `n` of the guide's person this text, and tells the version that this makes.
    async fn set(&self, text: &str) -> String {
        let patch = sample::patch(&[("n", Some(sample::text(text)))]);
        let tag = self.safe.merge(&sample::caller(), &patch, &Precondition::default()).await.unwrap();
        tag.unwrap().revision().unwrap().to_string()
    }

    /// A client of the guide's person, and what it was shown first.
    async fn welcome(&self) -> (Client, (Value, Value)) {
        let mut client = self.process.welcome("jane").await;
        let shown = client.hear_record().await;
        // Its own message, so that no update waits for a `resume`.
        client.hears_nothing().await;
        (client, shown)
    }
}

/// A gateway, and the safe behind it.
struct Gateway {
    process: Process,
    safe: Arc<ToldSafe>,
    bells: Arc<Doorbells>,
}

impl Gateway {
    fn new() -> Self {
        let (safe, bells) = (Arc::new(ToldSafe::new()), Arc::new(Doorbells::new()));
        let process = Process::of(|api| {
            let (safe, doorbells) = (safe.clone(), bells.clone());
            api.safe = Safe::Remote { safe, verbs: Verbs::default(), identity: None, doorbells };
        });
        Self { process, safe, bells }
    }

    /// Something of the guide's person has passed through.
    fn ring(&self) {
        self.bells.ring(&self.process.api.people.record_id(&sample::caller()));
    }

    /// A client of the guide's person, behind what it was shown first.
    async fn welcome(&self) -> Client {
        let mut client = self.process.welcome("jane").await;
        client.hear_record().await;
        client.hears_nothing().await;
        client
    }
}

/// Lets every task run until it waits.
async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}
