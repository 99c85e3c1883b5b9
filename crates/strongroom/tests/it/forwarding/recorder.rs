//! A safe that remembers every byte that it was asked, and answers always the same.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// An answer that says nothing.
pub(super) const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// The safe.
pub(super) struct Recorder {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    /// One that answers this to whatever it is asked.
    pub(super) fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let shared = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let asked = shared.clone();
                std::thread::spawn(move || record(stream, answer, &asked));
            }
        });
        Self { address, asked }
    }

    /// The requests since the last time, heads and bodies; one that was not whole stands among them as far as it came.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn record(stream: TcpStream, answer: &str, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut bytes = Vec::new();
        let is_whole = read_request(&mut reader, &mut bytes).is_some();
        if bytes.is_empty() {
            return;
        }
        // Noted before it is answered: whoever has the answer finds it here.
        asked.lock().unwrap().push(String::from_utf8_lossy(&bytes).into_owned());
        if !is_whole || reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Adds what comes of one request; `None` where it ends before its end.
fn read_request(reader: &mut BufReader<TcpStream>, bytes: &mut Vec<u8>) -> Option<()> {
    while !bytes.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', bytes).ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(bytes).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let before = bytes.len();
    let length: u64 = length.unwrap_or(0);
    reader.by_ref().take(length).read_to_end(bytes).ok()?;
    ((bytes.len() - before) as u64 == length).then_some(())
}

/// The request as the safe must have seen it, its fields in any order.
pub(super) fn is(request: &str, line: &str, fields: &[&str], body: &str) -> bool {
    let Some((head, sent)) = request.split_once("\r\n\r\n") else { return false };
    let mut seen: Vec<_> = head.split("\r\n").collect();
    let first = seen.remove(0);
    let mut wanted = fields.to_vec();
    seen.sort_unstable();
    wanted.sort_unstable();
    first == line && seen == wanted && sent == body
}
