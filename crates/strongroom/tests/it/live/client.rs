//! A client of `/ws` without a library: it can speak wrongly, and it looks at every byte that comes.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use super::frames::{BINARY, CLOSE, FIN, PING, PONG, TEXT, close, frame, text};
use crate::support::{Answer, Client, Safe, wire};

/// The key of RFC 6455, 1.3, and what it is answered with.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A good handshake's own fields.
pub(crate) const HANDSHAKE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", KEY),
];

/// The bytes of a good handshake with further fields.
pub(crate) fn handshake(more: &[(&str, &str)]) -> Vec<u8> {
    wire::request("GET", "/ws", &[&HANDSHAKE, more].concat(), "")
}

/// A first message with this token.
pub(crate) fn auth(token: &str) -> Value {
    json!({ "type": "auth", "token": token })
}

/// A socket.
pub(crate) struct Live<S = TcpStream> {
    client: Client<S>,
    /// Every byte of every frame that came.
    pub(crate) received: Vec<u8>,
    /// What has come of a message that is not whole.
    begun: Option<Vec<u8>>,
}

/// What comes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Received {
    Said(Value),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    /// The end of the connection, which may have cut a frame off.
    End,
}

/// A connection with as much room on this side as the system gives: whoever reads it may be late.
pub(crate) fn roomy(safe: &Safe) -> Client {
    let socket = Socket::new(Domain::for_address(safe.address), Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4 * 1024 * 1024).unwrap();
    socket.connect(&safe.address.into()).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(3))).unwrap();
    Client::of(socket.into())
}

impl Live {
    /// A socket on which nothing has been said.
    pub(crate) fn open(safe: &Safe) -> Self {
        Self::begin(safe.connect(), &[])
    }

    /// A socket that has been told who it is and has told what there is: the last is the data of `user_data`.
    pub(crate) fn of(safe: &Safe, token: &str) -> (Self, Value) {
        let mut live = Self::open(safe);
        let found = live.authenticate(token);
        (live, found)
    }

    /// A socket with room for two KiB on this side, and in small segments, for which the other side keeps little.
    pub(crate) fn narrow(safe: &Safe) -> Self {
        let socket = Socket::new(Domain::for_address(safe.address), Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(2048).unwrap();
        socket.set_tcp_mss(100).unwrap();
        socket.connect(&safe.address.into()).unwrap();
        socket.set_read_timeout(Some(Duration::from_mins(3))).unwrap();
        Self::begin(Client::of(socket.into()), &[])
    }

    /// A socket of a connection with room.
    pub(crate) fn roomy(safe: &Safe) -> Self {
        Self::begin(roomy(safe), &[])
    }

    /// Sends no more, and still reads.
    pub(crate) fn end(&mut self) {
        self.client.end();
    }

    /// The connection once more, to send from another thread.
    pub(crate) fn sender(&self) -> TcpStream {
        self.client.sender()
    }
}

impl<S: Read + Write> Live<S> {
    /// Shakes hands with further fields.
    pub(crate) fn begin(mut client: Client<S>, more: &[(&str, &str)]) -> Self {
        client.send(&handshake(more));
        Self::taken(client)
    }

    /// Behind a handshake that has been sent.
    pub(crate) fn taken(client: Client<S>) -> Self {
        Self::try_taken(client).expect("an answer")
    }

    /// The same, or how the connection ended.
    pub(crate) fn try_taken(mut client: Client<S>) -> std::io::Result<Self> {
        let answer = client.try_receive("GET")?;
        is_taken(&answer, ACCEPT);
        Ok(Self { client, received: Vec::new(), begun: None })
    }

    /// Says who it is, and hears what there is.
    pub(crate) fn authenticate(&mut self, token: &str) -> Value {
        self.say(&auth(token));
        self.hear_burst()
    }

    /// What comes behind a good first message, up to the data of `user_data`.
    pub(crate) fn hear_burst(&mut self) -> Value {
        let success = self.hear_of("auth_success");
        assert!(success["message"].is_string(), "{success}");
        assert_eq!(self.hear_of("connection_success"), success);
        let found = self.hear_of("user_data");
        assert!(found["id"].is_string() && found["userdata"].is_object(), "{found}");
        assert!(found["version"].is_string() || found["version"].is_null(), "{found}");
        found
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.client.send(bytes);
    }

    /// Sends a message.
    pub(crate) fn say(&mut self, message: &Value) {
        self.client.send(&text(&message.to_string()));
    }

    /// The next message, however many frames it comes in, or the next control frame.
    pub(crate) fn receive(&mut self) -> Received {
        loop {
            let Some((first, payload)) = self.take_frame() else { return Received::End };
            let (is_last, opcode) = (first & FIN != 0, first & 0x0f);
            assert!(first & 0x70 == 0 && opcode != BINARY, "{first:#04x}");
            if opcode >= CLOSE {
                assert!(is_last && payload.len() < 126, "a whole, short control frame");
                return control(opcode, payload);
            }
            assert_eq!(opcode == TEXT, self.begun.is_none(), "messages follow each other");
            let mut whole = self.begun.take().unwrap_or_default();
            whole.extend(payload);
            if is_last {
                return Received::Said(message(&whole));
            }
            self.begun = Some(whole);
        }
    }

    /// A frame's first byte and its payload.
    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let head = self.take(2)?;
        let length = match head[1] {
            126 => u64::from(u16::from_be_bytes(self.take(2)?.try_into().unwrap())),
            127 => u64::from_be_bytes(self.take(8)?.try_into().unwrap()),
            short => short.into(),
        };
        assert!(head[1] < 128, "a server masks nothing");
        let shortest = if length > 0xffff { 127 } else { length.min(126) };
        assert_eq!(u64::from(head[1]), shortest, "the shortest form of {length}");
        Some((head[0], self.take(length.try_into().unwrap())?))
    }

    /// So many bytes; or the connection has ended. A wait without end fails the test.
    fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        match self.client.read_exact(&mut bytes) {
            Ok(()) => {
                self.received.extend_from_slice(&bytes);
                Some(bytes)
            }
            Err(error) => match error.kind() {
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => None,
                _ => panic!("nothing came: {error}"),
            },
        }
    }

    /// The next message; or the code that the server closed with, if it said one. Pings are answered, a close too, and
    /// behind it the server must hang up.
    pub(crate) fn try_hear(&mut self) -> Result<Value, Option<u16>> {
        // A guard against a wait without end: nobody is asked so often before something happens.
        let mut pings = 0;
        while pings < 6 {
            match self.receive() {
                Received::Said(message) => return Ok(message),
                Received::Ping(payload) => {
                    pings += 1;
                    let _ = self.client.try_send(&frame(FIN | PONG, &payload));
                }
                Received::Pong(_) => {}
                Received::Close(code, _) => {
                    assert!(code.is_some(), "a server says why");
                    let _ = self.client.try_send(&close(code.unwrap_or(1000), b""));
                    assert_eq!(self.receive(), Received::End, "behind a close");
                    return Err(code);
                }
                Received::End => return Err(None),
            }
        }
        panic!("nothing came but pings");
    }

    /// The next message.
    pub(crate) fn hear(&mut self) -> Value {
        self.try_hear().unwrap_or_else(|code| panic!("closed: {code:?}"))
    }

    /// The data of the next message, which must be of this type.
    pub(crate) fn hear_of(&mut self, kind: &str) -> Value {
        let mut message = self.hear();
        assert_eq!(message["type"], kind, "{message}");
        message["data"].take()
    }

    /// The version of the next message, which must be an update of one version.
    pub(crate) fn hear_update(&mut self) -> Value {
        let update = self.hear_of("user_data_update");
        let members: Vec<_> = update.as_object().unwrap().keys().collect();
        assert_eq!(members, ["changed", "removed", "version"], "{update}");
        assert!(update["changed"].is_object() && update["removed"].is_array(), "{update}");
        update
    }

    /// That the socket lives, and has nothing to say of what was before.
    pub(crate) fn is_well(&mut self) {
        self.say(&json!({ "type": "ping" }));
        self.hear_of("pong");
    }

    /// That the socket lives, whatever it has to say still.
    pub(crate) fn is_open(&mut self) -> bool {
        self.say(&json!({ "type": "ping" }));
        loop {
            match self.try_hear() {
                Ok(message) if message["type"] == "pong" => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// The code of the close that must come next.
    pub(crate) fn closed(&mut self) -> Option<u16> {
        self.try_hear().map_or_else(|code| code, |message| panic!("no close: {message}"))
    }

    /// The code that it closes with in the end, whatever is said before.
    pub(crate) fn closed_in_the_end(&mut self) -> Option<u16> {
        loop {
            if let Err(code) = self.try_hear() {
                return code;
            }
        }
    }

    /// The code of the `auth_error` that must come next, with the close behind it.
    pub(crate) fn refused(&mut self) -> String {
        let error = self.hear_of("auth_error");
        assert!(error["message"].is_string(), "{error}");
        let code = error["error_code"].as_str().expect("a code").to_owned();
        assert_eq!(self.closed(), Some(4002), "{code}");
        code
    }

    /// The code of the `error` that must come next.
    pub(crate) fn hear_error(&mut self) -> String {
        let error = self.hear_of("error");
        assert!(error["message"].is_string(), "{error}");
        error["error_code"].as_str().expect("a code").to_owned()
    }
}

/// The answer to a handshake whose key is to be answered so.
pub(crate) fn is_taken(answer: &Answer, accept: &str) {
    assert_eq!(answer.status, 101, "{answer:?}");
    assert!(answer.header("upgrade").unwrap().eq_ignore_ascii_case("websocket"), "{answer:?}");
    assert!(answer.header("connection").unwrap().eq_ignore_ascii_case("upgrade"), "{answer:?}");
    assert_eq!(answer.header("sec-websocket-accept"), Some(accept), "{answer:?}");
}

fn control(opcode: u8, payload: Vec<u8>) -> Received {
    match opcode {
        PING => Received::Ping(payload),
        PONG => Received::Pong(payload),
        CLOSE => {
            assert_ne!(payload.len(), 1, "half a code");
            let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
            let reason = payload.get(2..).unwrap_or_default().to_vec();
            Received::Close(code, String::from_utf8(reason).unwrap())
        }
        _ => panic!("opcode {opcode}"),
    }
}

/// A message of the server: always these three members, and a time.
fn message(payload: &[u8]) -> Value {
    let message: Value = serde_json::from_slice(payload).unwrap();
    let members: Vec<_> = message.as_object().unwrap().keys().collect();
    assert_eq!(members, ["type", "data", "timestamp"], "{message}");
    assert!(message["type"].is_string(), "{message}");
    let time = message["timestamp"].as_str().unwrap();
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{message}");
    message
}
