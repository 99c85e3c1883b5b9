//! One kept connection to a safe, and one exchange over it.
//!
//! Whoever asks drives the connection: no task runs beside the request, nothing wakes another, and whoever gives up takes the
//! connection along. HTTP is written and read by `outgoing.rs` and `incoming.rs`
//! (`docs/adr/0022-a-gateway-speaks-http-by-itself.md`).

use std::future::poll_fn;
use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::unconstrained;
use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::failure::RequestFailure;
use crate::figures::Counted;
use crate::incoming::{Answer, Broken, Incoming, Whole};
use crate::outgoing::Outgoing;
use crate::round::end_of_round;
use crate::scrub::scrub;
use crate::stream::Stream;

/// What one read takes from a connection at most: nearly every answer comes in one.
const READ_BYTES: usize = 16 * 1024;

/// A connection to the safe.
pub(crate) struct Line {
    stream: Stream,
    counted: Counted,
    alarm: Alarm,
    /// Whether nothing may follow what it was used for.
    is_spent: bool,
    has_answered: bool,
}

/// How an exchange fails.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// Nothing of the request has left this process.
    Unsent,
    /// It may have been read, or done.
    Broken(Broken),
}

/// How long an exchange may take.
#[derive(Clone, Copy)]
pub(crate) struct Until {
    /// The answer's head.
    pub(crate) head: Instant,
    /// All of it.
    pub(crate) end: Instant,
}

impl Line {
    /// A new stream, which nothing has been sent over.
    pub(crate) fn over(stream: Stream, counted: Counted) -> Self {
        Self { stream, counted, alarm: Alarm::new(), is_spent: false, has_answered: false }
    }

    /// Whether it is still good: what the safe has done to it meanwhile is seen now. A closed one is not, and neither is one
    /// over which something came that nobody had asked for.
    pub(crate) fn is_good(&mut self) -> bool {
        if self.is_spent {
            return false;
        }
        let mut byte = [0];
        let stream = &mut self.stream;
        let read = poll_fn(|context| Pin::new(&mut *stream).poll_read(context, &mut ReadBuf::new(&mut byte)));
        // However many are looked at in a row: one that the runtime has not let read would pass for good.
        let read = pin!(unconstrained(read)).poll(&mut Context::from_waker(Waker::noop()));
        read.is_pending()
    }

    /// Whether nothing has come by now, not even the end: what is there before a request is sent would be taken for its answer.
    /// The system is asked, as under load the runtime's news are a round old.
    fn is_silent(&mut self) -> bool {
        if !self.stream.is_plain() {
            // What TLS sends beside answers, tickets above all, is read here and done with; the first of it may come at any time.
            let is_good = self.is_good();
            if !(is_good && self.has_answered) {
                return is_good;
            }
        }
        let peeked = SockRef::from(self.stream.socket()).peek(&mut [MaybeUninit::uninit()]);
        peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Whether an answer has left it as it was found: else it is of no more use, and the other side is not to wait for its end.
    pub(crate) fn may_be_kept(&self) -> bool {
        !self.is_spent
    }

    /// Has it counted as kept, or as in use.
    pub(crate) fn set_kept(&mut self, is_kept: bool) {
        self.counted.set_kept(is_kept);
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn exchange(
        &mut self,
        request: &Outgoing,
        body_bytes: usize,
        until: Until,
    ) -> Result<Answer, Unanswered> {
        end_of_round().await;
        // What has come meanwhile is no answer to this.
        let is_silent = self.is_silent();
        // Until it has gone well: whoever gives up leaves half of it behind.
        self.is_spent = true;
        if !is_silent {
            return Err(Unanswered::Unsent);
        }
        let Self { stream, alarm, .. } = self;
        let sending = Sending::new(request.as_bytes(), stream.is_plain());
        let mut exchange = Exchange { sending, incoming: Incoming::new(body_bytes) };
        let answered = poll_fn(|context| match exchange.poll(stream, context) {
            Poll::Ready(answered) => Poll::Ready(answered),
            Poll::Pending => {
                let (deadline, failure) = if exchange.incoming.has_head() {
                    (until.end, RequestFailure::AnswerTooSlow)
                } else {
                    (until.head, RequestFailure::HeadTooSlow)
                };
                alarm.poll_past(deadline, context).map(|()| Err(Unanswered::Broken(Broken::Failed(failure))))
            }
        });
        let Whole { answer, is_persistent } = answered.await?;
        // An answer before the end of its request leaves a connection that nobody knows anything of.
        self.has_answered = true;
        self.is_spent = !is_persistent || exchange.sending.way != Way::Over;
        Ok(answer)
    }
}

/// A request on its way out and its answer on its way in: a safe may say no before it has read all.
struct Exchange<'r> {
    sending: Sending<'r>,
    incoming: Incoming,
}

impl Exchange<'_> {
    fn poll<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<Result<Whole, Unanswered>> {
        self.sending.poll(stream, context);
        loop {
            let mut room = [const { MaybeUninit::uninit() }; READ_BYTES];
            let mut buffer = ReadBuf::uninit(&mut room);
            let lost = Err(self.sending.lost());
            match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(lost),
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(lost),
                // Nobody is there to answer what could not be sent. To part of it there may be an answer, and an end there is.
                Poll::Pending if self.sending.is_in_vain() => return Poll::Ready(lost),
                Poll::Pending => return Poll::Pending,
            }
            let taken = self.incoming.take(buffer.filled());
            scrub(buffer.filled_mut());
            if let Some(whole) = taken.map_err(Unanswered::Broken)? {
                return Poll::Ready(Ok(whole));
            }
        }
    }
}

/// A request that goes out in as many pieces as the system takes it in.
struct Sending<'r> {
    rest: &'r [u8],
    way: Way,
    /// Whether nobody can have seen anything of it.
    is_untouched: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// There is more to send.
    Open,
    /// All of it is handed over, and may wait in this process.
    Flushing,
    /// All of it has gone.
    Over,
    /// The other side takes no more.
    Closed,
}

impl<'r> Sending<'r> {
    fn new(request: &'r [u8], is_plain: bool) -> Self {
        // What TLS has been given may be half gone when it fails.
        Self { rest: request, way: Way::Open, is_untouched: is_plain }
    }

    fn poll(&mut self, stream: &mut (impl AsyncWrite + Unpin), context: &mut Context<'_>) {
        while self.way == Way::Open {
            match Pin::new(&mut *stream).poll_write(context, self.rest) {
                Poll::Ready(Ok(sent)) if sent > 0 => {
                    self.is_untouched = false;
                    self.rest = self.rest.get(sent..).unwrap_or_default();
                    if self.rest.is_empty() {
                        self.way = Way::Flushing;
                    }
                }
                Poll::Ready(_) => self.way = Way::Closed,
                Poll::Pending => return,
            }
        }
        if self.way == Way::Flushing
            && let Poll::Ready(flushed) = Pin::new(stream).poll_flush(context)
        {
            self.way = if flushed.is_ok() { Way::Over } else { Way::Closed };
        }
    }

    /// Whether nothing has gone, and nothing will.
    fn is_in_vain(&self) -> bool {
        self.is_untouched && self.way == Way::Closed
    }

    /// What it means that the connection is gone.
    fn lost(&self) -> Unanswered {
        if self.is_untouched {
            Unanswered::Unsent
        } else {
            Unanswered::Broken(Broken::Lost(RequestFailure::Broken))
        }
    }
}

#[cfg(test)]
mod tests;
