//! How answers leave: at the end of a round, and no slower than a client must take them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::Write;
use tokio::io::AsyncWrite;

use super::GateIo;
use crate::deadlines::Phase;
use crate::refusal::Refusal;
use crate::stream::Stream;

impl GateIo {
    fn write(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut Stream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        ready!(self.round.poll_end(context));
        let written = write(Pin::new(&mut self.stream), context);
        self.round.note(&written);
        self.note_write(written, context)
    }

    /// Notes whether an answer's bytes find room.
    pub(super) fn note_write<T>(
        &self,
        written: Poll<io::Result<T>>,
        context: &Context<'_>,
    ) -> Poll<io::Result<T>> {
        match (&written, self.wire.phase()) {
            (Poll::Pending, Phase::Write) if self.wire.expired().is_some() => {
                self.refusals.count(Refusal::WriteStalled);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            (Poll::Pending, _) => {
                self.wire.enter(Phase::Write);
                self.wire.wait(context);
            }
            (Poll::Ready(_), Phase::Write) => self.wire.enter(self.wire.rest().phase()),
            (Poll::Ready(_), _) => {}
        }
        written
    }
}

impl Write for GateIo {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().write(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().write(context, |stream, context| stream.poll_write_vectored(context, parts))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.note_write(flushed, context)
    }

    /// The library is done; the socket is closed by [`GateIo::close`], or goes on with a fresh connection.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Waker;

    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::deadlines::Deadlines;
    use crate::head_scan::HeadLimits;
    use crate::sweeper::Sweeper;

    #[tokio::test]
    async fn an_answer_leaves_at_the_end_of_the_round_it_was_made_in() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stream = Stream::Plain(listener.accept().await.unwrap().0);
        let wire = Sweeper::new(Deadlines::default()).watch();
        let limits = HeadLimits { head_bytes: 1024, target_bytes: 256, header_fields: 16 };
        let mut io = GateIo::new(stream, wire, Arc::default(), Arc::default(), limits, 1024);
        let mut context = Context::from_waker(Waker::noop());
        for parts in [&[io::IoSlice::new(b"a")][..], &[io::IoSlice::new(b"b"), io::IoSlice::new(b"c")]] {
            assert!(Pin::new(&mut io).poll_write_vectored(&mut context, parts).is_pending());
            assert_eq!(client.try_read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
            assert!(Pin::new(&mut io).poll_write_vectored(&mut context, parts).is_ready());
            client.readable().await.unwrap();
            assert_eq!(client.try_read(&mut [0; 8]).unwrap(), parts.len());
        }
        assert!(Pin::new(&mut io).poll_write(&mut context, b"d").is_pending());
        assert!(Pin::new(&mut io).poll_write(&mut context, b"d").is_ready());
    }
}
