//! For tests: when something has come to a socket, by the system's own word and without a turn of the runtime. A write is not
//! there yet when it returns, where the system is busy.

use std::net::SocketAddr;

use tokio::net::TcpStream;

/// The other end of a stream.
#[derive(Clone, Copy)]
pub(crate) struct OtherEnd {
    local: SocketAddr,
    remote: SocketAddr,
}

impl OtherEnd {
    pub(crate) fn of(stream: &TcpStream) -> Self {
        Self { local: stream.peer_addr().unwrap(), remote: stream.local_addr().unwrap() }
    }

    /// Waits until it has bytes that nobody has read, or has heard that no more will come.
    pub(crate) fn await_arrival(self) {
        // Addresses in hexadecimal, and a state of 8 for "no more will come": `n: local remote state tx:rx …`.
        let port = |address: SocketAddr| format!(":{:04X}", address.port());
        let (local, remote) = (port(self.local), port(self.remote));
        let has_heard = |line: &str| {
            let words: Vec<_> = line.split_whitespace().collect();
            let [_, at, from, state, queues, ..] = words.as_slice() else { return false };
            at.ends_with(&local)
                && from.ends_with(&remote)
                && (*state == "08" || !queues.ends_with(":00000000"))
        };
        for _ in 0..1_000_000 {
            if std::fs::read_to_string("/proc/net/tcp").unwrap().lines().any(has_heard) {
                return;
            }
            std::thread::yield_now();
        }
        panic!("nothing has come");
    }
}
