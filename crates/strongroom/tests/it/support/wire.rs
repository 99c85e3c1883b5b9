//! A client that writes and reads the very bytes: no library between the test and the wire.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// What else the files of the console may carry.
const ALLOWED_OF_PAGES: &[&str] = &[
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
];

/// What a handshake of `/ws` is answered with, and who asks for none is told.
pub(crate) const ALLOWED_OF_UPGRADES: &[&str] = &["sec-websocket-accept", "sec-websocket-version", "upgrade"];

/// The headers that any answer may have; each that has another fails the test that met it.
pub(crate) const ALLOWED: [&str; 17] = [
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "etag",
    "retry-after",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "x-request-id",
];

/// One connection, in the clear or through TLS.
pub(crate) struct Client<S = TcpStream> {
    reader: BufReader<S>,
}

/// One answer, as it stood on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In the order sent, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header that comes once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values =
            self.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str());
        let first = values.next();
        assert!(values.next().is_none(), "{name} came twice");
        first
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).expect("the server listens"))
    }

    /// From an address of this machine; all of 127.0.0.0/8 is.
    pub(crate) fn connect_from(from: IpAddr, address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::new(from, 0).into()).expect("an address of ours");
        socket.connect(&address.into()).expect("the server listens");
        Self::over(socket.into())
    }

    fn over(stream: TcpStream) -> Self {
        // A guard against a hang, never a claim about speed.
        stream.set_read_timeout(Some(Duration::from_mins(3))).expect("a timeout is set");
        Self { reader: BufReader::new(stream) }
    }

    /// The connection once more, to send from another thread.
    pub(crate) fn sender(&self) -> TcpStream {
        self.reader.get_ref().try_clone().expect("a socket")
    }

    /// Waits until bytes are there, and leaves them unread.
    pub(crate) fn wait_for_bytes(&self) {
        assert_eq!(self.reader.get_ref().peek(&mut [0]).expect("the server answers"), 1);
    }

    /// Waits for bytes or for the end, for so long at most: whether there is something to read.
    pub(crate) fn has_news_within(&self, time: Duration) -> bool {
        let stream = self.reader.get_ref();
        let guard = stream.read_timeout().expect("a socket");
        stream.set_read_timeout(Some(time)).expect("a timeout is set");
        let is_there = stream.peek(&mut [0]).is_ok();
        stream.set_read_timeout(guard).expect("a timeout is set");
        is_there
    }

    /// Has every send go out as a packet of its own.
    pub(crate) fn send_at_once(&mut self) {
        self.reader.get_mut().set_nodelay(true).expect("a socket");
    }

    /// Sends no more, and still reads.
    pub(crate) fn end(&mut self) {
        self.reader.get_mut().shutdown(std::net::Shutdown::Write).expect("a socket");
    }

    /// Closes our side: nothing more will be sent.
    pub(crate) fn finish(&self) {
        self.reader.get_ref().shutdown(std::net::Shutdown::Write).expect("the connection is there");
    }
}

impl<S: Read + Write> Client<S> {
    /// Over this stream.
    pub(crate) fn of(stream: S) -> Self {
        Self { reader: BufReader::new(stream) }
    }

    /// The stream beneath.
    pub(crate) fn stream(&mut self) -> &mut S {
        self.reader.get_mut()
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).expect("the server reads");
    }

    /// Sends bytes, or says how the connection ended.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Reads as many bytes as there is room for, or says how the connection ended.
    pub(crate) fn read_exact(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        self.reader.read_exact(bytes)
    }

    /// Reads one answer to a request with this method.
    pub(crate) fn receive(&mut self, method: &str) -> Answer {
        self.try_receive(method).expect("an answer")
    }

    /// Reads one answer, or says how the connection ended.
    pub(crate) fn try_receive(&mut self, method: &str) -> std::io::Result<Answer> {
        let ended = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(ended)?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(ended());
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(ended)?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let is_of_a_page =
            headers.iter().any(|(name, value)| name == "content-type" && !value.contains("json"));
        for (name, _) in &headers {
            let is_listed = |list: &[&str]| list.contains(&name.as_str());
            let is_listed = is_listed(&ALLOWED)
                || is_of_a_page && is_listed(ALLOWED_OF_PAGES)
                || matches!(status, 101 | 426) && is_listed(ALLOWED_OF_UPGRADES);
            assert!(is_listed, "an unlisted header: {name}");
        }
        let mut answer = Answer { status, headers, body: String::new() };
        if method != "HEAD" && status != 204 && status != 304 && status >= 200 {
            let length: usize =
                answer.header("content-length").and_then(|l| l.parse().ok()).expect("a length");
            let mut body = vec![0; length];
            self.reader.read_exact(&mut body)?;
            answer.body = String::from_utf8(body).expect("UTF-8");
        }
        Ok(answer)
    }

    /// One request, one answer. `Host` and `Content-Length` are added.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.send(&request(method, path, headers, body));
        self.receive(method)
    }

    /// One request without anything else, or how the connection ended.
    pub(crate) fn try_request(&mut self, method: &str, path: &str) -> std::io::Result<Answer> {
        self.try_send(&request(method, path, &[], ""))?;
        self.try_receive(method)
    }

    /// One request with a bearer token and, if there is a body, JSON.
    pub(crate) fn authorized(&mut self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![("Authorization", authorization.as_str())];
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        self.request(method, path, &headers, body)
    }

    /// Whether the server has closed its side.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.reader.read(&mut [0]), Ok(0) | Err(_))
    }
}

/// Whoever sends a request and reads the answer, whatever they say it in.
pub(crate) trait Exchanges {
    /// One request, one answer.
    fn exchange(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer;

    /// Whether the server has closed behind an answer that said so.
    fn is_over(&mut self) -> bool;
}

impl<S: Read + Write> Exchanges for Client<S> {
    fn exchange(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.request(method, path, headers, body)
    }

    fn is_over(&mut self) -> bool {
        self.is_closed()
    }
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text.push_str("Host: localhost\r\n");
    }
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    if !body.is_empty() || method == "POST" {
        text.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}
