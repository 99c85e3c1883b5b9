//! A server that says what a test tells it to, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom_testkit::fake::ManualClock;
use strongroom_upstream::{Client, ClientLimits, Endpoint, HttpKeySetSource, Roots};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A guard against a hang, never a claim about speed.
pub(crate) const GENEROUS: Duration = Duration::from_mins(1);
/// What is waited for when nothing will come.
pub(crate) const SHORT: Duration = Duration::from_millis(100);
pub(crate) const MAX_BODY_BYTES: usize = 100_000;

/// What to do with a connection that has asked.
#[derive(Clone)]
pub(crate) enum Act {
    /// Say this and close.
    Say(Vec<u8>),
    /// Say the first, then the second for ever.
    Repeat(Vec<u8>, Vec<u8>),
    /// Say this and then nothing more, and stay.
    Stall(Vec<u8>),
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    act: Act,
    asked: Vec<String>,
}

impl Server {
    pub(crate) async fn start(act: Act) -> Self {
        Self::start_with(None, act).await
    }

    pub(crate) async fn start_with(tls: Option<TlsAcceptor>, act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { act, asked: Vec::new() }));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, state) = (tls.clone(), shared.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &state).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &state).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, state }
    }

    pub(crate) fn act(&self, act: Act) {
        self.state.lock().unwrap().act = act;
    }

    /// The heads of the requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    pub(crate) fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}/jwks.json?v=1", self.address.port())
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: &Mutex<State>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let act = {
        let mut state = state.lock().unwrap();
        state.asked.push(String::from_utf8(head).unwrap());
        state.act.clone()
    };
    // Whoever has heard enough hangs up.
    match act {
        Act::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::Repeat(first, then) => {
            let mut said = stream.write_all(&first).await;
            while said.is_ok() {
                said = stream.write_all(&then).await;
                tokio::task::yield_now().await;
            }
        }
        Act::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.read_u8().await;
        }
    }
}

pub(crate) fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A source that waits this long.
pub(crate) fn source(url: &str, roots: Roots, total: Duration) -> HttpKeySetSource {
    let limits = ClientLimits { connect: total, total, body_bytes: MAX_BODY_BYTES };
    let client = Client::new(roots, Arc::new(ManualClock::default()), limits).unwrap();
    HttpKeySetSource::new(client, Endpoint::parse(url).unwrap(), Arc::new(HttpKeySetSource::figures()))
}
