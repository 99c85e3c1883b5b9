//! The beginning of a connection through TLS: its first byte, then the handshake, each within its time.
//!
//! A connection that says nothing costs a socket; what TLS needs is made when the first byte is there. Nothing that a client
//! sent is logged, and no word of what went wrong: a scanner would fill the log.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::io::{AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::deadlines::Phase;
use crate::linger::linger;
use crate::refusal::{Refusal, Refusals};
use crate::stream::{Socket, Stream};
use crate::tls::Tls;
use crate::wire::Wire;

/// Shakes hands. `None`: there is no connection, for a reason that has been counted, or because the client has gone.
pub(crate) async fn shake_hands(
    mut tcp: TcpStream,
    tls: &Tls,
    wire: &Arc<Wire>,
    refusals: &Refusals,
) -> Option<Stream> {
    if !has_begun(&mut tcp, wire, refusals).await {
        return None;
    }
    wire.enter(Phase::Handshake);
    // Boxed: whoever waits for a first byte holds none of it.
    match Box::pin(accept(tcp, tls, wire, refusals)).await {
        Ok(stream) => {
            // From here on it is the first byte of a request that is waited for.
            wire.enter(Phase::FirstByte);
            Some(Stream::Tls(Box::new(stream)))
        }
        Err(socket) => {
            if let Some(mut socket) = socket
                && socket.tcp.shutdown().await.is_ok()
            {
                // A client that is refused for its certificate believes that it is connected, and sends: it must still get
                // to read the alert.
                linger(&mut socket.tcp, wire).await;
            }
            None
        }
    }
}

/// Waits for a first byte, and leaves it unread.
async fn has_begun(tcp: &mut TcpStream, wire: &Wire, refusals: &Refusals) -> bool {
    poll_fn(|context| {
        // A read, and not the runtime's word for it: of a new socket that says "readable" until it has been tried.
        match tcp.poll_peek(context, &mut ReadBuf::new(&mut [0])) {
            Poll::Ready(peeked) => Poll::Ready(matches!(peeked, Ok(1..))),
            Poll::Pending => {
                let Some(refusal) = wire.expired() else {
                    wire.wait(context);
                    return Poll::Pending;
                };
                refusals.count(refusal);
                Poll::Ready(false)
            }
        }
    })
    .await
}

/// The handshake itself, with the certificate that is in force now. The socket comes back where the client was told why not.
/// A refusal is counted before the client can see that the connection has ended.
async fn accept(
    tcp: TcpStream,
    tls: &Tls,
    wire: &Arc<Wire>,
    refusals: &Refusals,
) -> Result<TlsStream<Socket>, Option<Socket>> {
    let acceptor = TlsAcceptor::from(tls.in_force());
    let mut accept = pin!(acceptor.accept(Socket::new(tcp, wire.clone())).into_fallible());
    let shaken: Option<Result<_, (io::Error, Socket)>> = poll_fn(|context| {
        if let Poll::Ready(shaken) = accept.as_mut().poll(context) {
            return Poll::Ready(Some(shaken));
        }
        if wire.expired().is_some() {
            return Poll::Ready(None);
        }
        wire.wait(context);
        Poll::Pending
    })
    .await;
    match shaken {
        Some(Ok(stream)) => Ok(stream),
        Some(Err((_, socket))) => {
            refusals.count(Refusal::TlsHandshake);
            Err(Some(socket))
        }
        None => {
            refusals.count(Refusal::TlsHandshakeTooSlow);
            Err(None)
        }
    }
}
