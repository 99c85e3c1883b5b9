//! What sockets may take of a process.

use std::time::Duration;

/// Limits of `/ws`.
#[derive(Debug, Clone, Copy)]
pub struct WebSocketLimits {
    /// Sockets at a time, over all cores; more are answered 503.
    pub sockets: usize,
    /// Sockets of one person at a time; one more is closed with 4003.
    pub sockets_per_person: usize,
    /// Bytes of a client's message, and of each of its frames; more close the socket with 1009.
    pub message_bytes: usize,
    /// Messages of a client in a second, pings and pongs included; more close the socket with 1008.
    pub messages_per_s: u32,
    /// How long the first message may take; longer closes the socket with 4001.
    pub auth_time: Duration,
    /// How often a client is asked whether it is there; one that has said nothing until the next time is not.
    pub ping_time: Duration,
    /// How long a frame may wait for room in the socket; longer closes it with 1013.
    pub write_time: Duration,
}

impl Default for WebSocketLimits {
    fn default() -> Self {
        Self {
            sockets: 15_000,
            sockets_per_person: 8,
            message_bytes: 16 * 1024,
            messages_per_s: 20,
            auth_time: Duration::from_secs(30),
            ping_time: Duration::from_secs(30),
            write_time: Duration::from_secs(10),
        }
    }
}
