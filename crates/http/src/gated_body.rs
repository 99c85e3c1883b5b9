//! A request body behind the gate: it says when it is waited for and when it has ended, and what ended it early.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::deadlines::Phase;
use crate::wire::{Rest, Wire};

/// Why a body ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyFault {
    /// The connection ended, or what came is no body.
    #[error("the body is broken")]
    Broken,
    /// It came under the least rate.
    #[error("the body is too slow")]
    TooSlow,
    /// Over its limit of bytes on the wire.
    #[error("the body is too long")]
    TooLong,
    /// Extensions of chunks, or trailers, over their limit.
    #[error("the body carries too much beside its data")]
    Overhead,
}

impl From<Infallible> for BodyFault {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// What the library says of extensions and trailers over its limits. It has no other name for them; tests over the wire
/// notice when it changes its words, and until then such a body is a broken one.
const OVERHEAD: [&str; 3] =
    ["chunk extensions over limit", "chunk trailers bytes over limit", "chunk trailers count overflow"];

impl BodyFault {
    /// The fault behind an error of the library: the socket's, which is ours, or one of its own.
    fn of(error: &hyper::Error) -> Self {
        let Some(cause) = error.source().and_then(|cause| cause.downcast_ref::<io::Error>()) else {
            return Self::Broken;
        };
        let Some(said) = cause.get_ref() else { return Self::Broken };
        match said.downcast_ref::<Self>() {
            Some(fault) => *fault,
            None if OVERHEAD.contains(&&*said.to_string()) => Self::Overhead,
            None => Self::Broken,
        }
    }
}

/// The body of a request that came over a connection.
#[derive(Debug)]
pub(crate) struct GatedBody<'w> {
    inner: Incoming,
    wire: &'w Wire,
    is_waited_for: bool,
}

impl<'w> GatedBody<'w> {
    pub(crate) fn new(inner: Incoming, wire: &'w Wire) -> Self {
        Self { inner, wire, is_waited_for: false }
    }
}

impl Body for GatedBody<'_> {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        if !std::mem::replace(&mut self.is_waited_for, true) {
            // While the token was checked nobody asked for it: that was not the client's time.
            self.wire.restart(Phase::Body);
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if frame.is_none() && self.wire.rest() == Rest::Chunks {
            self.wire.set_rest(Rest::Nothing);
            self.wire.enter(Phase::Busy);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(|error| BodyFault::of(&error))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::{Request, Response};
    use http_body_util::{BodyExt, Empty};
    use hyper::server::conn::http1::Builder;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::deadlines::{Deadlines, Ticks};
    use crate::refusal::Refusal;

    #[tokio::test]
    async fn a_body_is_waited_for_from_the_moment_that_it_is_asked_for() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        theirs.write_all(b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello").await.unwrap();
        theirs.shutdown().await.unwrap();
        let ticks = Arc::new(Ticks::default());
        let wire = &Wire::new(ticks.clone());
        let service = service_fn(|request: Request<Incoming>| async {
            let mut body = GatedBody::new(request.into_body(), wire);
            wire.enter(Phase::Body);
            // The token took its time.
            (0..60).for_each(|_| ticks.advance());
            wire.end_if_due(&Deadlines::default());
            assert_eq!(wire.expired(), Some(Refusal::BodyTooSlow));
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "hello");
            wire.end_if_due(&Deadlines::default());
            assert_eq!(wire.expired(), None);
            // And once it is asked for, it is the client's time that passes.
            (0..60).for_each(|_| ticks.advance());
            wire.end_if_due(&Deadlines::default());
            assert!(body.frame().await.is_none());
            assert_eq!(wire.expired(), Some(Refusal::BodyTooSlow));
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        });
        Builder::new().half_close(true).serve_connection(TokioIo::new(ours), service).await.unwrap();
    }
}
