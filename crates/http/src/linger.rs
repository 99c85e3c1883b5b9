//! The time a client is given to read its last answer: the reset of a full socket would overtake it.

use std::future::poll_fn;
use std::task::Poll;

use tokio::net::TcpStream;

use crate::deadlines::Phase;
use crate::scratch;
use crate::wire::Wire;

/// Bytes that are read and thrown away behind a last answer.
const LINGER_BYTES: usize = 1024 * 1024;

/// Reads and throws away what a client still sends, up to its end: so many bytes, and for so long. Nothing more is answered,
/// so that what came through TLS need not be opened.
pub(crate) async fn linger(socket: &mut TcpStream, wire: &Wire) {
    wire.enter(Phase::Linger);
    let mut left = LINGER_BYTES;
    while left > 0 {
        let discard = poll_fn(|context| {
            let read = scratch::poll_read(socket, context, scratch::BYTES, <[u8]>::len);
            if read.is_pending() && wire.expired().is_some() {
                return Poll::Ready(Ok(0));
            }
            wire.wait(context);
            read
        });
        match discard.await {
            Ok(1..) if wire.expired().is_some() => break,
            Ok(read @ 1..) => left = left.saturating_sub(read),
            Ok(0) | Err(_) => break,
        }
    }
}
