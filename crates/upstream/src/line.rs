//! One kept connection to a safe, and one exchange over it.
//!
//! Whoever asks drives the connection: no task runs beside the request, nothing wakes another, and whoever gives up takes the
//! connection along.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};

use crate::failure::RequestFailure;
use crate::figures::Counted;
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
    connection: Connection<TokioIo<Rationed>, Full<Bytes>>,
    allowance: Allowance,
    counted: Counted,
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
        Ok(Self { sender, connection, allowance, counted })
    }

    /// Whether it is still good: what the safe has done to it meanwhile is seen now. A closed one is not, and neither is one
    /// over which something came that nobody had asked for.
    pub(crate) async fn is_good(&mut self) -> bool {
        let connection = &mut self.connection;
        let is_over = poll_fn(|cx| Poll::Ready(Pin::new(&mut *connection).poll(cx).is_ready())).await;
        !is_over && self.sender.is_ready()
    }

    /// Has it counted as kept, or as in use.
    pub(crate) fn set_kept(&mut self, is_kept: bool) {
        self.counted.set_kept(is_kept);
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        body_bytes: usize,
        until: Until,
    ) -> Result<Answer, Broken> {
        self.allowance.grant(body_bytes.saturating_add(MAX_OVERHEAD_BYTES));
        let Self { sender, connection, allowance, .. } = self;
        let answer = async move {
            let head = timeout_at(until.head, sender.try_send_request(request)).await;
            match head.map_err(|_| Broken::Failed(RequestFailure::HeadTooSlow))? {
                Ok(answer) => timeout_at(until.end, collect(answer, body_bytes))
                    .await
                    .map_err(|_| Broken::Failed(RequestFailure::AnswerTooSlow))?,
                Err(mut error) => {
                    Err(error.take_message().map_or(Broken::Lost(RequestFailure::Broken), |request| {
                        Broken::Unsent(Box::new(request))
                    }))
                }
            }
        };
        tokio::pin!(answer);
        let mut is_over = false;
        let answered = poll_fn(|cx| {
            // What has come before the connection ended is still to be had.
            is_over = is_over || Pin::new(&mut *connection).poll(cx).is_ready();
            match answer.as_mut().poll(cx) {
                // The answer's reader has made room, or the request is only now in the channel.
                Poll::Pending if !is_over => {
                    is_over = Pin::new(&mut *connection).poll(cx).is_ready();
                    if is_over { answer.as_mut().poll(cx) } else { Poll::Pending }
                }
                polled => polled,
            }
        })
        .await;
        match answered {
            // Cut off by us.
            Err(Broken::Lost(_)) if allowance.is_overrun() => Err(Broken::Lost(RequestFailure::TooLong)),
            answered => answered,
        }
    }
}

async fn collect(answer: Response<Incoming>, body_bytes: usize) -> Result<Answer, Broken> {
    let (head, body) = answer.into_parts();
    let (has_length, is_chunked) = (
        head.headers.contains_key(header::CONTENT_LENGTH),
        head.headers.contains_key(header::TRANSFER_ENCODING),
    );
    // Two opinions on where the answer ends, or none: then nobody can tell a whole one from a cut one.
    let ends_somewhere = body.is_end_stream() || has_length || is_chunked;
    if (has_length && is_chunked) || !ends_somewhere {
        return Err(Broken::Failed(RequestFailure::Broken));
    }
    if body.size_hint().lower() > body_bytes as u64 {
        return Err(Broken::Failed(RequestFailure::TooLong));
    }
    match Limited::new(body, body_bytes).collect().await {
        Ok(body) => Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() }),
        Err(error) if error.is::<LengthLimitError>() => Err(Broken::Failed(RequestFailure::TooLong)),
        Err(_) => Err(Broken::Lost(RequestFailure::Broken)),
    }
}
