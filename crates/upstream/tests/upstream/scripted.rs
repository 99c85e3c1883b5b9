//! A safe that does what a script says, request by request, and remembers every byte that it was asked.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use strongroom_domain::ExternalUserId;
use strongroom_ports::{Caller, PassedOn, RemoteSafe as _, TenantId, Upstream};
use strongroom_testkit::fake::ManualClock;
use strongroom_upstream::{
    BaseAddress, Client, ClientLimits, Credentials, Endpoint, HttpUpstream, RemoteLimits, Roots,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::server::{GENEROUS, SHORT};

/// What to do with one request.
#[derive(Clone)]
pub(crate) enum Step {
    /// Say this and wait for the next.
    Say(Vec<u8>),
    /// Say this and close.
    SayAndClose(Vec<u8>),
    /// Say this and reset the connection.
    SayAndReset(Vec<u8>),
    /// Say the first, then the second for ever.
    Repeat(Vec<u8>, Vec<u8>),
    /// Say this and then nothing more, and stay.
    Stall(Vec<u8>),
    /// Say this byte by byte, and never all of it within the time there is.
    Drip(Vec<u8>),
    /// Say this, and one more thing that nobody has asked for.
    SayTooMuch(Vec<u8>),
}

/// The safe.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    script: VecDeque<Step>,
    asked: Vec<String>,
    connections: usize,
    serving: Vec<JoinHandle<()>>,
}

impl Scripted {
    /// Does these in turn; a request beyond them is answered 204.
    pub(crate) async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { script: script.into_iter().collect(), ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = tokio::spawn(serve(stream, shared.clone()));
                let mut state = shared.lock().unwrap();
                state.connections += 1;
                state.serving.push(serving);
            }
        });
        Self { address, state }
    }

    /// The requests so far, heads and bodies.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Forgets what is left of the script.
    pub(crate) fn behave(&self) {
        self.state.lock().unwrap().script.clear();
    }

    /// Closes every connection there is.
    pub(crate) async fn hang_up(&self) {
        let serving = std::mem::take(&mut self.state.lock().unwrap().serving);
        for connection in serving {
            connection.abort();
            let _ = connection.await;
        }
    }

    /// The connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// A gateway to it, with time enough.
    pub(crate) fn upstream(&self) -> HttpUpstream {
        self.upstream_with(Credentials::CallerToken, generous())
    }

    /// A gateway to it that soon gives up.
    pub(crate) fn hasty_upstream(&self) -> HttpUpstream {
        self.upstream_with(
            Credentials::CallerToken,
            RemoteLimits { first_byte: SHORT, total: SHORT * 2, ..generous() },
        )
    }

    pub(crate) fn upstream_with(&self, credentials: Credentials, limits: RemoteLimits) -> HttpUpstream {
        upstream(&format!("http://{}/base/ibexsafe", self.address), credentials, limits)
    }
}

pub(crate) fn generous() -> RemoteLimits {
    RemoteLimits {
        connect: GENEROUS,
        first_byte: GENEROUS,
        total: GENEROUS,
        idle: GENEROUS,
        answer_bytes: 10_000,
    }
}

pub(crate) fn upstream(url: &str, credentials: Credentials, limits: RemoteLimits) -> HttpUpstream {
    upstream_that_believes(Roots::none(), url, credentials, limits)
}

/// One that believes certificates of these authorities.
pub(crate) fn upstream_that_believes(
    roots: Roots,
    url: &str,
    credentials: Credentials,
    limits: RemoteLimits,
) -> HttpUpstream {
    let client_limits = ClientLimits { connect: GENEROUS, total: GENEROUS, body_bytes: 10_000 };
    let client = Client::new(roots, Arc::new(ManualClock::default()), client_limits).unwrap();
    let address = BaseAddress::new(Endpoint::parse(url).unwrap()).unwrap();
    HttpUpstream::new(client, address, credentials, limits, None, [])
}

pub(crate) const PASSED: PassedOn<'_> = PassedOn {
    token: "the.callers.token",
    request_id: "request-7",
    trace_parent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    client: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 43)),
};

pub(crate) fn safe(upstream: &HttpUpstream) -> Box<dyn Upstream + '_> {
    upstream.on_behalf(PASSED)
}

pub(crate) fn jane() -> Caller {
    Caller {
        tenant: TenantId::parse("shop.example").unwrap(),
        person: ExternalUserId::parse("jane").unwrap(),
    }
}

pub(crate) fn json(body: &str) -> Vec<u8> {
    with("200 OK", "Content-Type: application/json\r\n", body)
}

/// A whole answer with these fields.
pub(crate) fn with(status: &str, fields: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{fields}\r\n{body}", body.len()).into_bytes()
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    while let Some(request) = read_request(&mut stream).await {
        let step = {
            let mut state = state.lock().unwrap();
            state.asked.push(request);
            state.script.pop_front().unwrap_or(Step::Say(with("204 No Content", "", "")))
        };
        match step {
            Step::Say(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Step::SayAndClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Step::SayAndReset(bytes) => {
                let _ = stream.write_all(&bytes).await;
                stream.set_zero_linger().unwrap();
                return;
            }
            Step::Repeat(first, then) => {
                let mut said = stream.write_all(&first).await;
                while said.is_ok() {
                    said = stream.write_all(&then).await;
                    tokio::task::yield_now().await;
                }
                return;
            }
            Step::Stall(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.read_u8().await;
                return;
            }
            Step::Drip(bytes) => {
                for byte in bytes {
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(SHORT).await;
                }
                return;
            }
            Step::SayTooMuch(bytes) => {
                let _ = stream.write_all(&[&bytes[..], &json(r#"{"of":"nobody"}"#)].concat()).await;
            }
        }
    }
}

/// One request, head and body, as it came; `None` when the gateway has gone.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(bytes).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + &String::from_utf8(body).ok()?)
}
