//! A request body behind the gate: it says when it has ended, and what ended it early.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::deadlines::Phase;
use crate::refusal::Refusal;
use crate::wire::{Rest, Wire};

/// Chunks of a body. A client that streams sends kilobytes in each; a body of single bytes in chunks costs us a hundred
/// times what it costs to send.
const CHUNKS: u32 = 4096;

/// Why a body ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFault {
    Broken,
    TooSlow,
    TooManyChunks,
}

impl From<Infallible> for BodyFault {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The body of a request that came over a connection.
#[derive(Debug)]
pub(crate) struct GatedBody {
    inner: Incoming,
    wire: Arc<Wire>,
    chunks: u32,
}

impl GatedBody {
    pub(crate) fn new(inner: Incoming, wire: Arc<Wire>) -> Self {
        Self { inner, wire, chunks: 0 }
    }
}

impl Body for GatedBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let is_chunked = self.wire.rest() == Rest::Chunks;
        Poll::Ready(match frame {
            None => {
                if is_chunked {
                    self.wire.set_rest(Rest::Nothing);
                    self.wire.enter(Phase::Busy);
                }
                None
            }
            Some(Ok(_)) if is_chunked && self.chunks == CHUNKS => Some(Err(BodyFault::TooManyChunks)),
            Some(Ok(frame)) => {
                self.chunks = self.chunks.saturating_add(1);
                Some(Ok(frame))
            }
            Some(Err(_)) if self.wire.expired() == Some(Refusal::BodyTooSlow) => {
                Some(Err(BodyFault::TooSlow))
            }
            Some(Err(_)) => Some(Err(BodyFault::Broken)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
