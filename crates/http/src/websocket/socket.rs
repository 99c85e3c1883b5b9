//! One WebSocket over a client's stream. Frames are the library's business; here is what it takes in, what it is given, and which
//! close code each fault has.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Sink, Stream as _};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame as WireFrame, Utf8Bytes};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::close::Close;
use super::limits::WebSocketLimits;
use crate::linger::linger;
use crate::stream::Stream;
use crate::wire::Wire;

/// What is read at once, and held by whoever waits: a client says little, but for its token.
const READ_BYTES: usize = 256;
/// What goes into one frame: a longer message is sent in several, so that a socket never holds more than this to be written.
const FRAME_BYTES: usize = 16 * 1024;
/// What a message may take on the wire, as so many times its limit: frames of nothing are many, and cost as much.
const WIRE_FACTOR: usize = 2;
/// What a client's ping or pong has before its payload: two bytes, and the mask.
const SIGN_HEAD_BYTES: usize = 6;

/// Bytes that may wait in the kernel, beyond what the client has room for: there they are nobody's any more, and a client that
/// reads nothing would have megabytes of them before it was noticed.
const UNSENT_BYTES: u32 = 64 * 1024;
/// How long a client may take to hear that it is over, and to say so; less where the whole process waits for it.
const CLOSING_TIME: Duration = Duration::from_secs(2);
const CLOSING_TIME_OF_DRAIN: Duration = Duration::from_millis(500);

/// A socket.
#[derive(Debug)]
pub(crate) struct Socket {
    inner: WebSocketStream<Metered>,
    wire_bytes: usize,
    sending: Option<Sending>,
    frames_sent: u64,
}

/// A message on its way out.
#[derive(Debug)]
struct Sending {
    rest: Bytes,
    has_begun: bool,
}

/// What came of a client.
#[derive(Debug)]
pub(crate) enum Received {
    /// A message.
    Text(Utf8Bytes),
    /// A ping, whose answer is on its way, or a pong.
    Sign,
    /// The client closes; the answer is on its way.
    Closing,
    /// The client is gone, without a word.
    Gone,
    /// What must end the socket.
    Fault(Close),
}

/// The client is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

impl Socket {
    /// Over a stream. `before`: what has been read of it behind the handshake.
    pub(crate) async fn new(mut stream: Stream, before: BytesMut, limits: &WebSocketLimits) -> Self {
        // A system that knows no such bound has another.
        let _ = SockRef::from(&*stream.socket()).set_tcp_notsent_lowat(UNSENT_BYTES);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            // A frame, and pongs; beyond, only the last pong is kept, as the protocol allows.
            .max_write_buffer_size(2 * FRAME_BYTES)
            .max_message_size(Some(limits.message_bytes))
            .max_frame_size(Some(limits.message_bytes));
        let wire_bytes = limits.message_bytes.saturating_mul(WIRE_FACTOR);
        let metered = Metered { stream, left: wire_bytes };
        let inner =
            WebSocketStream::from_partially_read(metered, before.to_vec(), Role::Server, Some(config));
        Self { inner: inner.await, wire_bytes, sending: None, frames_sent: 0 }
    }

    /// Waits for a client's next message or sign. Nothing is lost when the wait is given up.
    pub(crate) async fn receive(&mut self) -> Received {
        let received = poll_fn(|context| Pin::new(&mut self.inner).poll_next(context)).await;
        match received {
            Some(Ok(Message::Text(text))) => {
                self.inner.get_mut().left = self.wire_bytes;
                Received::Text(text)
            }
            Some(Ok(Message::Ping(sign) | Message::Pong(sign))) => {
                // It may stand between fragments, whose message has no more room for it.
                let left = &mut self.inner.get_mut().left;
                *left = left.saturating_add(SIGN_HEAD_BYTES + sign.len()).min(self.wire_bytes);
                Received::Sign
            }
            Some(Ok(Message::Close(_))) => Received::Closing,
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => Received::Fault(Close::NotText),
            Some(Err(error)) => fault(&error).map_or(Received::Gone, Received::Fault),
            None => Received::Gone,
        }
    }

    /// Begins to send a message, when all before it has been [`flushed`](Self::flushed).
    pub(crate) fn send(&mut self, text: Bytes) {
        self.sending = Some(Sending { rest: text, has_begun: false });
    }

    /// Begins to ask whether the client is there, likewise.
    pub(crate) fn ping(&mut self) -> Result<(), Gone> {
        Pin::new(&mut self.inner).start_send(Message::Ping(Bytes::new())).map_err(|_| Gone)
    }

    /// Waits until all is in the system's hands. Nothing is lost when the wait is given up.
    pub(crate) async fn flushed(&mut self) -> Result<(), Gone> {
        poll_fn(|context| self.poll_flushed(context)).await
    }

    fn poll_flushed(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let mut inner = Pin::new(&mut self.inner);
        while let Some(sending) = &mut self.sending {
            ready!(inner.as_mut().poll_flush(context)).map_err(|_| Gone)?;
            let piece = sending.rest.split_to(sending.rest.len().min(FRAME_BYTES));
            let kind = if sending.has_begun { Data::Continue } else { Data::Text };
            let frame = WireFrame::message(piece, OpCode::Data(kind), sending.rest.is_empty());
            inner.as_mut().start_send(Message::Frame(frame)).map_err(|_| Gone)?;
            sending.has_begun = true;
            self.frames_sent += 1;
            if sending.rest.is_empty() {
                self.sending = None;
            }
        }
        inner.poll_flush(context).map_err(|_| Gone)
    }

    /// How many frames of messages have gone out or wait for room: whoever takes a long message slowly does take it.
    pub(crate) fn frames_sent(&self) -> u64 {
        self.frames_sent
    }

    /// Says a last word, if there is one, and why it is over, if the client has not closed itself; and lets the client hear it:
    /// the reset of a socket that is still written to would overtake it.
    pub(crate) async fn finish(mut self, mut last: Option<Bytes>, close: Option<Close>, wire: &Wire) {
        // Of what was on its way, whoever is refused gets no more. In the middle of a message no other can begin, but a close may
        // stand there (RFC 6455, section 5.4).
        if close == Some(Close::AuthenticationFailed)
            && self.sending.take().is_some_and(|sending| sending.has_begun)
        {
            last = None;
        }
        let drains = close == Some(Close::GoingAway);
        let time = if drains { CLOSING_TIME_OF_DRAIN } else { CLOSING_TIME };
        let said = tokio::time::timeout(time, async {
            self.flushed().await?;
            if let Some(text) = last {
                self.send(text);
                self.flushed().await?;
            }
            let mut inner = Pin::new(&mut self.inner);
            if let Some(close) = close {
                let frame =
                    CloseFrame { code: close.code().into(), reason: Utf8Bytes::from_static(close.reason()) };
                inner.as_mut().start_send(Message::Close(Some(frame))).map_err(|_| Gone)?;
                poll_fn(|context| inner.as_mut().poll_flush(context)).await.map_err(|_| Gone)?;
            }
            // Up to the client's own word, or to a fault behind which there is none.
            while let Some(Ok(_)) = poll_fn(|context| inner.as_mut().poll_next(context)).await {}
            Ok::<_, Gone>(())
        });
        if said.await != Ok(Err(Gone)) {
            let stream = &mut self.inner.get_mut().stream;
            let ended = poll_fn(|context| Pin::new(&mut *stream).poll_shutdown(context));
            if matches!(tokio::time::timeout(time, ended).await, Ok(Ok(()))) && !drains {
                linger(stream.socket(), wire).await;
            }
        }
    }
}

/// The close code of a fault of the client's; `None`: there is nobody to tell.
fn fault(error: &Error) -> Option<Close> {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(Close::Protocol),
        Error::Utf8(_) => Some(Close::NotUtf8),
        Error::Capacity(_) => Some(Close::TooBig),
        Error::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => Some(Close::TooBig),
        _ => None,
    }
}

/// A stream that gives so many bytes and no more until it is told to: the library counts what a message holds, and not the
/// frames of nothing that it may come in.
#[derive(Debug)]
struct Metered {
    stream: Stream,
    left: usize,
}

impl AsyncRead for Metered {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        let Some(left) = this.left.checked_sub(read) else {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        };
        this.left = left;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn little_of_what_a_client_does_not_take_waits_in_the_kernel() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let seen = SockRef::from(&accepted).try_clone().unwrap();
        let limits = WebSocketLimits::default();
        let _socket = Socket::new(Stream::Plain(accepted), BytesMut::new(), &limits).await;
        assert_eq!(seen.tcp_notsent_lowat().unwrap(), UNSENT_BYTES);
    }
}
