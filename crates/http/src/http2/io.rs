//! A connection's bytes for the HTTP/2 library: what was read before it began, then the stream. Watches what comes and
//! whether what goes finds room.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::AsyncWrite;

use super::traffic::Traffic;
use crate::deadlines::Phase;
use crate::refusal::{Refusal, Refusals};
use crate::scratch::{self, put};
use crate::stream::Stream;
use crate::wire::Wire;

#[derive(Debug)]
pub(super) struct Http2Io {
    pub(super) stream: Stream,
    /// Read already, while it could have been a head of HTTP/1.1.
    pub(super) before: BytesMut,
    pub(super) wire: Arc<Wire>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) refusals: Arc<Refusals>,
}

impl Http2Io {
    /// Notes whether bytes find room.
    fn note_write<T>(&self, written: Poll<io::Result<T>>, context: &Context<'_>) -> Poll<io::Result<T>> {
        let is_waiting = self.wire.phase() == Phase::Write;
        match &written {
            Poll::Pending if is_waiting && self.wire.expired().is_some() => {
                self.refusals.count(Refusal::WriteStalled);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            Poll::Pending => {
                self.wire.enter(Phase::Write);
                self.wire.wait(context);
            }
            Poll::Ready(_) if is_waiting => self.traffic.settle(),
            Poll::Ready(_) => {}
        }
        written
    }
}

impl Read for Http2Io {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.before.is_empty() {
            let count = put(&mut to, &this.before, u64::MAX);
            this.before.advance(count);
            return Poll::Ready(Ok(()));
        }
        let most = to.remaining();
        scratch::poll_read(&mut this.stream, context, most, |bytes| {
            this.traffic.note_read(put(&mut to, bytes, u64::MAX));
        })
    }
}

impl Write for Http2Io {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.note_write(written, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        this.note_write(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.note_write(flushed, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let said = Pin::new(&mut this.stream).poll_shutdown(context);
        this.note_write(said, context)
    }
}
