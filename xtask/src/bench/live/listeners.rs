//! Sockets that were opened and authenticated and listen from then on: thousands, in one thread.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use serde_json::Value;

use super::frames::{self, Frame, Inbox};
use crate::bench::load::Person;
use crate::workspace::Outcome;

/// How long one read may stall while a socket is opened; generous, because a shared machine may be busy.
const STALL: Duration = Duration::from_mins(1);
/// The longest head of an answer to a handshake.
const HEAD_BYTES: usize = 8 * 1024;

/// All of them, and what tells which of them has something to say.
pub(super) struct Listeners {
    all: Vec<Listener>,
    epoll: OwnedFd,
}

struct Listener {
    stream: TcpStream,
    inbox: Inbox,
}

impl Listeners {
    /// Opens a socket for each person, and waits until it has been told the record.
    ///
    /// # Errors
    ///
    /// The server refuses one; too few open files for so many.
    pub(super) fn open(authority: &str, host: &str, people: &[Person]) -> Outcome<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut all = Vec::with_capacity(people.len());
        for (number, person) in people.iter().enumerate() {
            let listener = Listener::open(authority, host, person)?;
            epoll::add(&epoll, &listener.stream, EventData::new_u64(number as u64), EventFlags::IN)?;
            all.push(listener);
        }
        Ok(Self { all, epoll })
    }

    /// Waits until something has happened, or for so long.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub(super) fn wait(&self, patience: Duration, events: &mut Vec<Event>) -> Outcome {
        let time = Timespec::try_from(patience).map_err(|_| "a time that the system does not know")?;
        match epoll::wait(&self.epoll, spare_capacity(events), Some(&time)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Does nothing for so long but answer pings.
    ///
    /// # Errors
    ///
    /// The server has closed a socket.
    pub(super) fn idle(&mut self, time: Duration) -> Outcome {
        let (start, mut events) = (Instant::now(), Vec::with_capacity(256));
        while let Some(left) = time.checked_sub(start.elapsed()) {
            self.wait(left, &mut events)?;
            for event in events.drain(..) {
                let data = event.data;
                self.hear(usize::try_from(data.u64())?, |_| ())?;
            }
        }
        Ok(())
    }

    /// What events are waited for at; a socket's is known by its place among the people.
    pub(super) fn epoll(&self) -> &OwnedFd {
        &self.epoll
    }

    /// Hands over what the socket in this place has been told, if there is one in it. Pings are answered on the way.
    ///
    /// # Errors
    ///
    /// The server has closed it.
    pub(super) fn hear(&mut self, place: usize, mut told: impl FnMut(Value)) -> Outcome {
        let Some(listener) = self.all.get_mut(place) else { return Ok(()) };
        listener.receive()?;
        while let Some(message) = listener.message()? {
            told(message);
        }
        Ok(())
    }
}

impl Listener {
    fn open(authority: &str, host: &str, person: &Person) -> Outcome<Self> {
        let mut stream = TcpStream::connect(authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(STALL))?;
        stream.write_all(
            format!(
                "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            .as_bytes(),
        )?;
        read_handshake(&mut stream)?;
        stream.write_all(&frames::text(&person.first_message()))?;
        let mut listener = Self { stream, inbox: Inbox::default() };
        loop {
            match listener.message()? {
                Some(message) if message["type"] == "user_data" => break,
                Some(message) if message["type"] == "auth_error" => return Err("a token was refused".into()),
                Some(_) => {}
                None => listener.receive()?,
            }
        }
        listener.stream.set_nonblocking(true)?;
        Ok(listener)
    }

    /// Takes in what is there; waits for it while the socket is one that waits.
    fn receive(&mut self) -> Outcome {
        let mut chunk = [0; 4096];
        match self.stream.read(&mut chunk) {
            Ok(0) => Err("the server hung up on a socket".into()),
            Ok(read) => {
                self.inbox.put(&chunk[..read]);
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn message(&mut self) -> Outcome<Option<Value>> {
        while let Some(frame) = self.inbox.take()? {
            match frame {
                Frame::Text(text) => return Ok(Some(serde_json::from_slice(&text)?)),
                Frame::Ping(payload) => self.stream.write_all(&frames::pong(&payload))?,
                Frame::Pong => {}
                Frame::Close(code) => return Err(format!("the server closed a socket with {code}").into()),
            }
        }
        Ok(None)
    }
}

/// The server says nothing behind it before it is spoken to.
fn read_handshake(stream: &mut TcpStream) -> Outcome {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut chunk)?;
        if read == 0 || head.len() > HEAD_BYTES {
            return Err("the handshake was not answered".into());
        }
        head.extend(&chunk[..read]);
    }
    if head.starts_with(b"HTTP/1.1 101 ") { Ok(()) } else { Err("the handshake was refused".into()) }
}
