//! Each write is counted once: a safe that resets a connection, wherever in an exchange, sees no write twice and serves each
//! read.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use socket2::SockRef;

use super::{gateway_on_one_core, world};
use crate::support::{Client, Safe, foreign_token};

/// Where in an exchange the connection is reset.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    /// Before a byte of the request is read: a new connection as it comes, a kept one while it waits.
    AtOnce,
    AfterTheHead,
    AfterTheRequest,
    InTheAnswer,
}

const EVERYWHERE: [When; 4] = [When::AtOnce, When::AfterTheHead, When::AfterTheRequest, When::InTheAnswer];

const ANSWER: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"success\":true}";

/// A safe that resets one exchange and is good otherwise.
struct Resetting {
    address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    /// The one reset that is still to come.
    next: Option<When>,
    /// Request lines, of requests that may not have come whole.
    begun: Vec<String>,
    /// How often a kept connection was reset while it waited.
    idle_resets: usize,
}

impl Resetting {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state: Arc<(Mutex<State>, Condvar)> = Arc::default();
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = shared.clone();
                if state.0.lock().unwrap().next.take_if(|when| *when == When::AtOnce).is_some() {
                    reset(&stream);
                    continue;
                }
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, state }
    }

    fn arm(&self, when: When) {
        self.state.0.lock().unwrap().next = Some(when);
    }

    /// Back when a connection that waits has been reset.
    fn wait_for_idle_reset(&self) {
        let (state, changed) = &*self.state;
        let guard = Duration::from_mins(1);
        let waited = changed.wait_timeout_while(state.lock().unwrap(), guard, |state| state.idle_resets == 0);
        waited.unwrap().0.idle_resets = 0;
    }

    /// The request lines since the last time.
    fn begun(&self) -> Vec<String> {
        std::mem::take(&mut self.state.0.lock().unwrap().begun)
    }
}

/// Ends a connection at once, with whatever is on its way.
fn reset(stream: &TcpStream) {
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

fn serve(stream: TcpStream, (state, changed): &(Mutex<State>, Condvar)) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = String::from_utf8(head).unwrap();
        let when = {
            let mut state = state.lock().unwrap();
            state.begun.push(head.lines().next().unwrap().to_owned());
            state.next.take_if(|when| *when != When::AtOnce)
        };
        if when == Some(When::AfterTheHead) {
            return reset(reader.get_ref());
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        reader.read_exact(&mut vec![0; length.unwrap_or(0)]).unwrap();
        let said = match when {
            None => ANSWER,
            Some(When::InTheAnswer) => &ANSWER[..ANSWER.len() - 5],
            Some(_) => "",
        };
        reader.get_mut().write_all(said.as_bytes()).unwrap();
        if when.is_some() {
            return reset(reader.get_ref());
        }
        if head.contains("/last ") {
            reset(reader.get_ref());
            drop(reader);
            state.lock().unwrap().idle_resets += 1;
            changed.notify_all();
            return;
        }
    }
}

#[test]
fn a_write_is_seen_once_and_a_read_is_answered_wherever_the_safe_resets_the_connection() {
    let (world, safe) = (world(), Resetting::start());
    let gateway = gateway_on_one_core(&world, safe.address, "verbs = [\"*\"]");
    let token = foreign_token("jane");
    let mut client = gateway.connect();
    let read = "/v1/ibexsafe/userdata/external/jane";
    let write = r#"{"externalUserId":"jane","data":{"a":1}}"#;
    let requests = [
        ("GET", read, ""),
        ("GET", "/v1/ibexsafe/verb", ""),
        ("POST", "/v1/ibexsafe/userdata", write),
        ("POST", "/v1/ibexsafe/verb", "{}"),
        ("DELETE", read, ""),
    ];
    for when in EVERYWHERE {
        for is_kept in [false, true] {
            for (method, path, body) in requests {
                let what = format!("{method} {path}, {when:?}, over a kept connection: {is_kept}");
                only_connection(&gateway, &safe, &mut client, &token, is_kept && when != When::AtOnce);
                if !is_kept || when != When::AtOnce {
                    safe.arm(when);
                }
                safe.begun();
                let answer = client.authorized(&token, method, path, body);
                let seen = safe.begun().len();
                let expected: &[(u16, usize)] = match (method, when, is_kept) {
                    // Seen before anything is sent, as if it had not been; or a read, tried over a new connection.
                    (_, When::AtOnce, true) | ("GET", When::AtOnce, false) => &[(200, 1)],
                    ("GET", _, _) => &[(200, 2)],
                    // Seen in time or not: either nothing had been sent, or nobody can tell.
                    (_, When::AtOnce, false) => &[(200, 1), (502, 0)],
                    _ => &[(502, 1)],
                };
                // An erasure is answered without a body.
                let status = if answer.status == 204 { 200 } else { answer.status };
                assert!(expected.contains(&(status, seen)), "{what}: {status}, seen {seen} times");
            }
        }
    }
}

/// Leaves the gateway with one connection to the safe that is kept and good, or with none that is.
fn only_connection(gateway: &Safe, safe: &Resetting, client: &mut Client, token: &str, is_kept: bool) {
    let path = if is_kept { "/v1/ibexsafe/first" } else { "/v1/ibexsafe/last" };
    assert_eq!(client.authorized(token, "GET", path, "").status, 200);
    if !is_kept {
        safe.wait_for_idle_reset();
        // The reset has come to the gateway's machine. That the gateway has heard of it is certain once it has served
        // a connection that is younger: it cannot read from one before it has asked what happened to all.
        assert_eq!(gateway.connect().request("GET", "/health", &[], "").status, 200);
    }
}
