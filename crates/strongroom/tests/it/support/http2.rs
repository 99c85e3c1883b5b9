//! A client that speaks HTTP/2: through a library where answers matter, and in frames of the test's own where they must not
//! be good ones.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use http::Request;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::tls::Authority;
use super::wire::{ALLOWED, ALLOWED_OF_UPGRADES, Answer, Exchanges};

/// A guard against a hang, never a claim about speed.
const GUARD: Duration = Duration::from_mins(3);

/// One connection, with a library between.
pub(crate) struct Http2Client {
    runtime: Runtime,
    sender: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

impl Http2Client {
    /// In the clear: it is known that the server speaks it.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, &Builder::new())
    }

    /// The same, with settings of one's own.
    pub(crate) fn connect_with(address: SocketAddr, builder: &Builder) -> Self {
        let runtime = runtime();
        let (sender, connection) = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let (sender, connection) = builder.handshake(stream).await.unwrap();
            (sender, tokio::spawn(connection))
        });
        Self { runtime, sender, connection }
    }

    /// Through TLS, where the two agree on it.
    pub(crate) fn connect_tls(authority: &Authority, address: SocketAddr) -> Self {
        let runtime = runtime();
        let mut config = authority.client_config(None);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let (sender, connection) = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            let (sender, connection) = h2::client::handshake(stream).await.unwrap();
            (sender, tokio::spawn(connection))
        });
        Self { runtime, sender, connection }
    }

    /// Sends a request and gives what its answer comes from, and what the rest of its body goes to unless it is whole.
    pub(crate) fn begin(
        &mut self,
        request: Request<()>,
        body: Option<&str>,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        self.try_begin(request, body).expect("the connection is open")
    }

    fn try_begin(
        &mut self,
        request: Request<()>,
        body: Option<&str>,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        self.runtime.block_on(async {
            let mut sender = self.sender.clone().ready().await?;
            let is_whole = body == Some("");
            let (answer, mut sending) = sender.send_request(request, is_whole)?;
            if let Some(body) = body.filter(|body| !body.is_empty()) {
                sending.send_data(Bytes::copy_from_slice(body.as_bytes()), true)?;
            }
            // Out with it.
            tokio::task::yield_now().await;
            Ok((answer, sending))
        })
    }

    pub(crate) fn finish(&mut self, answer: ResponseFuture) -> Result<Answer, h2::Error> {
        let whole = async {
            let (head, mut body) = answer.await?.into_parts();
            let mut text = Vec::new();
            while let Some(data) = body.data().await {
                let data = data?;
                body.flow_control().release_capacity(data.len())?;
                text.extend_from_slice(&data);
            }
            let text_of = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
            let headers: Vec<_> =
                head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text_of(value))).collect();
            for (name, _) in &headers {
                let is_listed = |list: &[&str]| list.contains(&name.as_str());
                let is_listed =
                    is_listed(&ALLOWED) || head.status.as_u16() == 426 && is_listed(ALLOWED_OF_UPGRADES);
                assert!(is_listed, "an unlisted header: {name}");
            }
            let body = String::from_utf8(text).unwrap();
            Ok(Answer { status: head.status.as_u16(), headers, body })
        };
        self.runtime.block_on(async { tokio::time::timeout(GUARD, whole).await.expect("an answer") })
    }

    /// One request, one answer, or the reason why there was none.
    pub(crate) fn try_request(&mut self, request: Request<()>, body: &str) -> Result<Answer, Option<Reason>> {
        let begun = self.try_begin(request, Some(body));
        begun.and_then(|(answer, _)| self.finish(answer)).map_err(|error| error.reason())
    }

    /// A request whose answer is given no more room than there is; why its stream ended, once it has.
    pub(crate) fn try_request_without_room(&mut self, request: Request<()>) -> Option<Reason> {
        let (answer, _) = self.begin(request, Some(""));
        let ended = async {
            let mut body = answer.await.unwrap().into_body();
            while let Some(data) = body.data().await {
                if let Err(error) = data {
                    return error.reason();
                }
            }
            None
        };
        self.runtime.block_on(async { tokio::time::timeout(GUARD, ended).await.expect("an end") })
    }

    /// Waits for the end of the connection, and says whether the server said goodbye.
    pub(crate) fn ends_with_goodbye(self) -> bool {
        let Self { runtime, sender: _sender, connection } = self;
        let ended =
            runtime.block_on(async { tokio::time::timeout(GUARD, connection).await.expect("an end") });
        match ended.unwrap() {
            Ok(()) => true,
            Err(error) => error.is_go_away() && error.reason() == Some(Reason::NO_ERROR),
        }
    }
}

impl Exchanges for Http2Client {
    fn exchange(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.try_request(request(method, path, headers), body).expect("an answer")
    }

    fn is_over(&mut self) -> bool {
        panic!("nothing in HTTP/2 says that it closes")
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A request to `localhost`; `Host` becomes `:authority`.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(format!("https://localhost{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// One connection in the clear, in frames of the test's own.
pub(crate) struct Frames(TcpStream);

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

impl Frames {
    /// Connects and sends the preface, with settings that change nothing.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::in_parts(address, &[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
    }

    /// The same, the preface in packets of one's own making.
    pub(crate) fn in_parts(address: SocketAddr, preface: &[&[u8]]) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(GUARD)).unwrap();
        stream.set_nodelay(true).unwrap();
        for part in preface {
            stream.write_all(part).unwrap();
        }
        let mut frames = Self(stream);
        frames.send(SETTINGS, 0, 0, b"").unwrap();
        frames
    }

    pub(crate) fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> std::io::Result<()> {
        self.0.write_all(&frame(kind, flags, stream, payload))
    }

    pub(crate) fn send_all(&mut self, frames: &[u8]) -> std::io::Result<()> {
        self.0.write_all(frames)
    }

    /// Reads and forgets what comes, in a thread of its own, so that a flood is not held up by its answers.
    pub(crate) fn read_in_background(&self) {
        let mut reading = self.0.try_clone().unwrap();
        std::thread::spawn(move || std::io::copy(&mut reading, &mut std::io::sink()));
    }

    /// The next frame of one of these kinds: kind, flags, stream and payload. `None` at the end.
    pub(crate) fn next_of(&mut self, kinds: &[u8]) -> Option<(u8, u8, u32, Vec<u8>)> {
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.0.read_exact(&mut payload).ok()?;
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            if kinds.contains(&head[3]) {
                return Some((head[3], head[4], stream, payload));
            }
        }
    }
}

/// A frame (RFC 9113, section 4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A block of fields, each in the plainest form that there is (RFC 7541, section 6.2.2).
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            assert!(text.len() < 127);
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.as_bytes());
        }
    }
    block
}

/// The pseudo-fields of an ordinary request.
pub(crate) const ORDINARY: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":path", "/health"), (":authority", "localhost")];
