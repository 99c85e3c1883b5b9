//! Slow clients, thousands of them, in one thread: each does as little as it can, once a second, and comes again when it is
//! sent away.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::workspace::Outcome;

/// Between two rounds.
const TICK: Duration = Duration::from_secs(1);
/// A record is asked for this often: more than a socket's buffers take of an answer that nobody reads.
const GREEDY_READS: usize = 12;

/// What a slow client does.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// Sends a head, a byte at a time.
    Head,
    /// Sends a body, a byte at a time.
    Body,
    /// Takes an answer, a byte at a time.
    Answer,
}

struct Client {
    manner: Manner,
    /// `None`: it was sent away, and comes again in the next round.
    socket: Option<TcpStream>,
}

/// The slow clients.
pub(super) struct Crowd<'a> {
    authority: &'a str,
    read: &'a [u8],
    clients: Vec<Client>,
}

/// How it went.
#[derive(Debug)]
pub(super) struct Tally {
    /// Connections that the server ended.
    pub(super) ended: usize,
    pub(super) open: usize,
}

impl<'a> Crowd<'a> {
    /// So many of them, a third of each manner. `read`: a request that the third kind sends, with its token.
    pub(super) fn open(authority: &'a str, count: usize, read: &'a [u8]) -> Outcome<Self> {
        let mut crowd = Self { authority, read, clients: Vec::with_capacity(count) };
        for number in 0..count {
            let manner = [Manner::Head, Manner::Body, Manner::Answer][number % 3];
            let socket = Some(crowd.connect(manner)?);
            crowd.clients.push(Client { manner, socket });
        }
        Ok(crowd)
    }

    /// Goes on until told that it is enough.
    pub(super) fn dawdle(&mut self, enough: &AtomicBool) -> Tally {
        let mut ended = 0;
        while !enough.load(Ordering::Relaxed) {
            let round = Instant::now();
            let mut clients = std::mem::take(&mut self.clients);
            for client in &mut clients {
                client.socket = match client.socket.take() {
                    Some(mut socket) => {
                        let is_alive = is_alive(client.manner, &mut socket);
                        ended += usize::from(!is_alive);
                        is_alive.then_some(socket)
                    }
                    None => self.connect(client.manner).ok(),
                };
            }
            self.clients = clients;
            std::thread::sleep(TICK.saturating_sub(round.elapsed()));
        }
        Tally { ended, open: self.clients.iter().filter(|client| client.socket.is_some()).count() }
    }

    fn connect(&self, manner: Manner) -> Outcome<TcpStream> {
        let mut socket = TcpStream::connect(self.authority)?;
        match manner {
            Manner::Head => socket.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")?,
            Manner::Body => socket.write_all(&self.write_head())?,
            Manner::Answer => socket.write_all(&self.read.repeat(GREEDY_READS))?,
        }
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    /// The head of a write by the same person, whose body is to come.
    fn write_head(&self) -> Vec<u8> {
        let read = String::from_utf8_lossy(self.read);
        let fields = read.split_once("\r\n").map_or("", |(_, fields)| fields.trim_end());
        let line = "POST /v1/ibexsafe/userdata HTTP/1.1\r\n";
        format!("{line}{fields}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
            .into_bytes()
    }
}

/// One byte more, if the server is still there.
fn is_alive(manner: Manner, socket: &mut TcpStream) -> bool {
    let may_go_on = |result: std::io::Result<usize>| match result {
        Ok(count) => count > 0,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    };
    match manner {
        Manner::Answer => may_go_on(socket.read(&mut [0])),
        Manner::Head | Manner::Body => {
            may_go_on(socket.write(b" ")) && may_go_on(socket.read(&mut [0; 1024]))
        }
    }
}
