//! One kept connection to a safe, and one exchange over it.
//!
//! Whoever asks drives the connection: no task runs beside the request, nothing wakes another, and whoever gives up takes the
//! connection along.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::unconstrained;
use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::failure::RequestFailure;
use crate::figures::Counted;
use crate::relay::Relay;
use crate::stream::{Allowance, Rationed, Stream};

/// The longest head of an answer.
pub(crate) const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The most fields of one.
const MAX_HEAD_FIELDS: usize = 100;
/// What hyper may buffer of an answer that comes faster than it is read.
const MAX_BUFFER_BYTES: usize = 64 * 1024;
/// What comes beside the body of an answer: its head, interim answers, the sizes of its chunks.
const MAX_OVERHEAD_BYTES: usize = 4 * MAX_HEAD_BYTES;

/// A connection to the safe.
pub(crate) struct Line {
    sender: SendRequest<Full<Bytes>>,
    /// Until it is over: a request that it has not begun is handed back when it goes.
    connection: Option<Connection<TokioIo<Rationed>, Full<Bytes>>>,
    allowance: Allowance,
    counted: Counted,
    relay: Relay,
    alarm: Alarm,
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// How an exchange fails.
pub(crate) enum Broken {
    /// Nothing of the request has left this process: here it is.
    Unsent(Box<Request<Full<Bytes>>>),
    /// It may have been read, or done; why there is no whole answer.
    Lost(RequestFailure),
    /// It came too late, is more than may be read, or cannot be told from one that was cut off: no second try.
    Failed(RequestFailure),
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
    /// Speaks HTTP/1.1 over a new stream.
    pub(crate) async fn over(stream: Stream, counted: Counted) -> Result<Self, hyper::Error> {
        let allowance = Allowance::default();
        let mut http = http1::Builder::new();
        http.max_headers(MAX_HEAD_FIELDS).max_header_size(MAX_HEAD_BYTES).max_buf_size(MAX_BUFFER_BYTES);
        let io = TokioIo::new(Rationed::new(stream, allowance.clone()));
        let (sender, connection) = http.handshake(io).await?;
        let connection = Some(connection);
        Ok(Self { sender, connection, allowance, counted, relay: Relay::new(), alarm: Alarm::new() })
    }

    /// Whether it is still good: what the safe has done to it meanwhile is seen now. A closed one is not, and neither is one
    /// over which something came that nobody had asked for.
    pub(crate) fn is_good(&mut self) -> bool {
        let Self { sender, connection, relay, .. } = self;
        // However many are looked at in a row: one that the runtime has not let read would pass for good.
        let is_over = relay.poll_alone(|context| {
            pin!(unconstrained(poll_fn(|context| poll_connection(connection, context)))).poll(context)
        });
        is_over.is_pending() && sender.is_ready()
    }

    /// Has it counted as kept, or as in use.
    pub(crate) fn set_kept(&mut self, is_kept: bool) {
        self.counted.set_kept(is_kept);
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn exchange(
        &mut self,
        request: Box<Request<Full<Bytes>>>,
        body_bytes: usize,
        until: Until,
    ) -> Result<Answer, Broken> {
        self.allowance.grant(body_bytes.saturating_add(MAX_OVERHEAD_BYTES));
        match self.send_and_read(request, body_bytes, until).await {
            // Cut off by us: it would say as much again.
            Err(Broken::Lost(_)) if self.allowance.is_overrun() => {
                Err(Broken::Failed(RequestFailure::TooLong))
            }
            answered => answered,
        }
    }

    async fn send_and_read(
        &mut self,
        request: Box<Request<Full<Bytes>>>,
        body_bytes: usize,
        until: Until,
    ) -> Result<Answer, Broken> {
        // What is waited for is pinned here, each in a place that the next may have: handed over, it would have room twice.
        let answer = {
            let answer = pin!(self.sender.try_send_request(*request));
            self.drive(answer, false, until.head).await.ok_or(Broken::Failed(RequestFailure::HeadTooSlow))?
        };
        let answer = answer.map_err(|mut error| {
            let unsent = error.take_message().map(|request| Broken::Unsent(Box::new(request)));
            unsent.unwrap_or(Broken::Lost(RequestFailure::Broken))
        })?;
        let announced = announced_bytes(&answer, body_bytes)?;
        let (head, body) = answer.into_parts();
        let body = {
            let body = pin!(whole(Limited::new(body, body_bytes), announced));
            // Nearly every body has come with its head.
            self.drive(body, true, until.end).await.ok_or(Broken::Failed(RequestFailure::AnswerTooSlow))?
        };
        match body {
            Ok(body) => Ok(Answer { status: head.status, headers: head.headers, body }),
            Err(error) if error.is::<LengthLimitError>() => Err(Broken::Failed(RequestFailure::TooLong)),
            Err(_) => Err(Broken::Lost(RequestFailure::Broken)),
        }
    }

    /// Waits for something that the connection brings about; `None` when it takes too long. What may be there already is looked
    /// at before the connection, which is the larger of the two.
    async fn drive<T>(
        &mut self,
        mut awaited: Pin<&mut impl Future<Output = T>>,
        may_be_there: bool,
        deadline: Instant,
    ) -> Option<T> {
        let Self { connection, relay, alarm, .. } = self;
        poll_fn(|context| {
            let brought = relay.poll(context, |context| {
                if may_be_there && let Poll::Ready(brought) = awaited.as_mut().poll(context) {
                    return Poll::Ready(brought);
                }
                // What has come before it ended is still to be had.
                let _is_over = poll_connection(connection, context);
                awaited.as_mut().poll(context)
            });
            match brought {
                Poll::Ready(brought) => Poll::Ready(Some(brought)),
                Poll::Pending => alarm.poll_past(deadline, context).map(|()| None),
            }
        })
        .await
    }
}

/// Goes on with a connection, and lets it go when it is over.
fn poll_connection(
    connection: &mut Option<Connection<TokioIo<Rationed>, Full<Bytes>>>,
    context: &mut Context<'_>,
) -> Poll<()> {
    let is_over = connection.as_mut().is_none_or(|connection| Pin::new(connection).poll(context).is_ready());
    if is_over {
        *connection = None;
        return Poll::Ready(());
    }
    Poll::Pending
}

/// At least how long the body of an answer is that anybody can find the end of.
fn announced_bytes(answer: &Response<Incoming>, body_bytes: usize) -> Result<usize, Broken> {
    let (headers, body) = (answer.headers(), answer.body());
    let has_length = headers.contains_key(header::CONTENT_LENGTH);
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let coding = codings.next();
    let is_chunked = coding.is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    // Any other coding, or two fields of them, ends with the connection, or in nobody knows what.
    if codings.next().is_some() || (coding.is_some() && !is_chunked) {
        return Err(Broken::Failed(RequestFailure::Broken));
    }
    // Two opinions on where the answer ends, or none: then nobody can tell a whole one from a cut one.
    let ends_somewhere = body.is_end_stream() || has_length || is_chunked;
    if (has_length && is_chunked) || !ends_somewhere {
        return Err(Broken::Failed(RequestFailure::Broken));
    }
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > body_bytes {
        return Err(Broken::Failed(RequestFailure::TooLong));
    }
    Ok(announced)
}

/// A body in one piece, as nearly every one comes. Of more pieces none is kept beside the others: a safe that sends a byte in each
/// would take many times what it says.
async fn whole<B: Body<Data = Bytes> + Unpin>(mut body: B, announced: usize) -> Result<Bytes, B::Error> {
    let (mut first, mut joined) = (Bytes::new(), Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        if first.is_empty() && joined.is_empty() {
            first = piece;
            continue;
        }
        if joined.is_empty() {
            joined.reserve(announced.max(first.len() + piece.len()));
            joined.extend_from_slice(&std::mem::take(&mut first));
        }
        joined.extend_from_slice(&piece);
    }
    Ok(if joined.is_empty() { first } else { joined.into() })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::{Arc, Weak};

    use futures_util::StreamExt as _;
    use futures_util::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    async fn joined(pieces: &[&'static str], announced: usize) -> Bytes {
        let frames =
            pieces.iter().map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::from_static(piece.as_bytes()))));
        let trailers = stream::iter([Ok(Frame::trailers(HeaderMap::new()))]);
        whole(StreamBody::new(stream::iter(frames).chain(trailers)), announced).await.unwrap()
    }

    #[tokio::test]
    async fn pieces_are_joined_in_their_order_whether_or_not_their_length_was_told() {
        for announced in [0, 6] {
            assert_eq!(joined(&["ab", "", "c", "def"], announced).await, "abcdef");
            assert_eq!(joined(&["", "abcdef"], announced).await, "abcdef");
        }
        assert_eq!(joined(&[], 0).await, "");
    }

    #[tokio::test]
    async fn a_body_in_one_piece_is_not_copied() {
        let piece = "abcdef";
        assert_eq!(joined(&[piece], piece.len()).await.as_ptr(), piece.as_ptr());
    }

    struct Piece(Arc<[u8]>);

    impl AsRef<[u8]> for Piece {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    #[tokio::test]
    async fn of_many_pieces_no_more_than_the_last_is_held() {
        let (mut held, mut most) = (Vec::<Weak<[u8]>>::new(), 0);
        let frames = std::iter::from_fn(|| {
            held.retain(|piece| piece.strong_count() > 0);
            most = most.max(held.len());
            let owner = Arc::from(*b"a");
            held.push(Arc::downgrade(&owner));
            Some(Ok::<_, Infallible>(Frame::data(Bytes::from_owner(Piece(owner)))))
        });
        let body = whole(StreamBody::new(stream::iter(frames.take(1000))), 0).await.unwrap();
        assert_eq!((body.len(), most), (1000, 1));
    }
}
