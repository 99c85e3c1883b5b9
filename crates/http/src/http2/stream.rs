//! One request of an HTTP/2 connection: its body as it comes, its answer as it goes, and the task that both live in.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::rt::Executor;

use super::traffic::{InHand, Traffic};
use crate::deadlines::Phase;
use crate::gated_body::BodyFault;
use crate::refusal::{Refusal, Refusals};
use crate::wire::Wire;

/// Bytes of an answer that are handed to the library at a time. What it has been given it keeps until the client takes it;
/// what it has not been given is ours to take back.
const PIECE_BYTES: usize = 8 * 1024;

/// The body of a request.
#[derive(Debug)]
pub(super) struct StreamBody {
    pub(super) inner: Incoming,
    pub(super) wire: Arc<Wire>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) is_waited_for: bool,
}

impl Body for StreamBody {
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
        let this = &mut *self;
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    this.wire.note_body_bytes(data.len());
                    this.traffic.note_body(data.len());
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(BodyFault::Broken))),
            Poll::Ready(None) => {
                this.wire.enter(Phase::Busy);
                Poll::Ready(None)
            }
            Poll::Pending if this.wire.expired() == Some(Refusal::BodyTooSlow) => {
                Poll::Ready(Some(Err(BodyFault::TooSlow)))
            }
            Poll::Pending => {
                this.wire.wait(context);
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body of an answer, handed over piece by piece.
#[derive(Debug)]
pub(super) struct AnswerBody {
    pub(super) rest: Bytes,
    pub(super) wire: Arc<Wire>,
    pub(super) _in_hand: Arc<InHand>,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        // It is asked for when there is room: the client has taken something.
        self.wire.restart(Phase::Write);
        let count = self.rest.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(count)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX))
    }
}

/// Makes the tasks of a connection's requests. Each ends when its answer is not taken in time, which resets its stream and
/// frees what waits there.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    pub(super) traffic: Arc<Traffic>,
    pub(super) refusals: Arc<Refusals>,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let Some(wire) = self.traffic.take_begun() else { return };
        let refusals = self.refusals.clone();
        tokio::spawn(async move {
            let mut stream = pin!(stream);
            poll_fn(|context| {
                if stream.as_mut().poll(context).is_ready() {
                    return Poll::Ready(());
                }
                if wire.phase() == Phase::Write {
                    if wire.expired().is_some() {
                        refusals.count(Refusal::WriteStalled);
                        return Poll::Ready(());
                    }
                    wire.wait(context);
                }
                Poll::Pending
            })
            .await;
        });
    }
}
