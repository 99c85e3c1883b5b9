//! One connection that speaks HTTP/2 (RFC 9113): by ALPN through TLS, or by its preface where it was known before.
//!
//! Frames are the library's business, and so are the floods that it can see; requests go the way of all others, behind the
//! same gate. A stream that its client gives up stops no handler: a write is never cancelled half-way.

pub mod head;
mod io;
pub(crate) mod preface;
mod stream;
mod traffic;

use std::error::Error as _;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::FutureExt;
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinError;

use self::io::Http2Io;
use self::stream::{AnswerBody, StreamBody, Streams};
use self::traffic::{STREAMS, Traffic};
use crate::answer::Body;
use crate::connection::{Answers, begun};
use crate::deadlines::Phase;
use crate::head_scan::HeadLimits;
use crate::refusal::{Refusal, Refusals};
use crate::stream::Stream;
use crate::wire::Wire;

/// Bytes that a client may send before they are read, of one body and of all of a connection: the least that the protocol
/// has. A body at its default limit comes in two goes.
const WINDOW_BYTES: u32 = 65_535;
/// Bytes of one frame: the least that the protocol has.
const FRAME_BYTES: u32 = 16_384;
/// Streams that the client may reset before we have so much as looked at them (CVE-2023-44487).
const RESETS_UNSEEN: usize = 20;
/// Streams that we may have to reset for what the client does in them (CVE-2025-8671).
const RESETS_OF_OURS: usize = 64;
/// What a field costs beside its name and value when the library counts a head (RFC 9113, section 6.5.2).
const FIELD_OVERHEAD_BYTES: usize = 32;
/// A connection that says nothing is asked whether it is there, and has as long again to say so. Below what a path through
/// networks forgets an idle connection after.
const PING_TIME: Duration = Duration::from_secs(20);

/// What a connection is served with.
pub(crate) struct Connection<S> {
    pub(crate) stream: Stream,
    /// Read already: the preface, where it told which protocol it is.
    pub(crate) before: BytesMut,
    pub(crate) wire: Arc<Wire>,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) limits: HeadLimits,
    pub(crate) service: S,
    /// Held until the last request has been answered.
    pub(crate) alive: mpsc::Sender<()>,
}

/// What the requests of a connection share.
struct Shared<S> {
    service: S,
    limits: HeadLimits,
    traffic: Arc<Traffic>,
    _alive: mpsc::Sender<()>,
}

/// Serves a connection until it ends, its time is up, or the drain ends it: then what is in hand is answered.
pub(crate) async fn serve<S>(connection: Connection<S>, mut drain: watch::Receiver<bool>)
where
    S: Answers + Send + Sync + 'static,
{
    let Connection { stream, before, wire, refusals, limits, service, alive } = connection;
    let traffic = Arc::new(Traffic::new(wire.clone()));
    // Whatever was waited for so far, it is the first request now.
    traffic.settle();
    let io =
        Http2Io { stream, before, wire: wire.clone(), traffic: traffic.clone(), refusals: refusals.clone() };
    let streams = Streams { traffic: traffic.clone(), refusals: refusals.clone() };
    let shared = Arc::new(Shared { service, limits, traffic: traffic.clone(), _alive: alive });
    // What is over our limits but not much gets an answer of ours, which says why.
    let list_bytes = 2 * limits.head_bytes + FIELD_OVERHEAD_BYTES * limits.header_fields;
    let connection = Builder::new(streams)
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(list_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESETS_UNSEEN)
        .max_local_error_reset_streams(RESETS_OF_OURS)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .keep_alive_interval(PING_TIME)
        .keep_alive_timeout(PING_TIME)
        .serve_connection(io, service_fn(move |request| shared.begin(request)));
    let mut connection = pin!(connection);
    let mut draining = pin!(begun(&mut drain));
    poll_fn(|context| {
        let ended = connection.as_mut().poll(context);
        if traffic.is_flooded() {
            refusals.count(Refusal::Flood);
            return Poll::Ready(());
        }
        if let Poll::Ready(ended) = ended {
            if ended.is_err_and(|error| is_flood(&error)) {
                refusals.count(Refusal::Flood);
            }
            return Poll::Ready(());
        }
        match (wire.phase(), wire.expired()) {
            // A write says so itself.
            (_, None | Some(Refusal::Idle)) | (Phase::Write, _) => {}
            // Who has not begun gets no goodbye.
            (_, Some(refusal)) => {
                refusals.count(refusal);
                return Poll::Ready(());
            }
        }
        let is_expired = wire.expired() == Some(Refusal::Idle);
        if traffic.is_leaving() {
            // What has been said is enough.
            if is_expired {
                return Poll::Ready(());
            }
        } else if is_expired || traffic.is_sent_away() || draining.as_mut().poll(context).is_ready() {
            if is_expired {
                refusals.count(Refusal::Idle);
            }
            connection.as_mut().graceful_shutdown();
            traffic.leave();
            context.waker().wake_by_ref();
        }
        wire.wait(context);
        Poll::Pending
    })
    .await;
}

impl<S: Answers + Send + Sync + 'static> Shared<S> {
    /// Takes a request, and answers it in a task that goes on whatever becomes of the stream.
    fn begin(
        self: &Arc<Self>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<AnswerBody>, JoinError>> + use<S> {
        let wire = self.service.watch();
        wire.enter(if request.body().is_end_stream() { Phase::Busy } else { Phase::Body });
        let in_hand = Arc::new(self.traffic.begin(wire.clone()));
        let (mut head, inner) = request.into_parts();
        let is_head = head.method == Method::HEAD;
        let verdict = head::admit(&mut head, &self.limits);
        let body =
            StreamBody { inner, wire: wire.clone(), traffic: self.traffic.clone(), is_waited_for: false };
        let (shared, traffic, of_handler) = (self.clone(), self.traffic.clone(), in_hand.clone());
        let answering = tokio::spawn(async move {
            let answer = shared.service.answer(&head, body, verdict).await;
            drop(of_handler);
            answer
        });
        async move {
            let answer = answering.await?;
            if answer.status() == StatusCode::TOO_MANY_REQUESTS && answer.headers().contains_key(CONNECTION) {
                // Told often enough. The library leaves the field out, and says it by a frame.
                traffic.send_away();
            }
            wire.enter(Phase::Write);
            Ok(in_pieces(answer, is_head, wire, in_hand))
        }
    }
}

/// An answer as it goes out: piece by piece, and of HEAD the head alone.
fn in_pieces(
    answer: Response<Body>,
    is_head: bool,
    wire: Arc<Wire>,
    in_hand: Arc<traffic::InHand>,
) -> Response<AnswerBody> {
    let (mut head, body) = answer.into_parts();
    // It is there whole; nothing is waited for.
    let mut rest = match body.collect().now_or_never() {
        Some(Ok(whole)) => whole.to_bytes(),
        _ => bytes::Bytes::new(),
    };
    if is_head && !rest.is_empty() {
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(rest.len()));
        rest = bytes::Bytes::new();
    }
    Response::from_parts(head, AnswerBody { rest, wire, _in_hand: in_hand })
}

/// Whether the library ended a connection for what the client did too much of.
fn is_flood(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<h2::Error>());
    cause.and_then(h2::Error::reason) == Some(h2::Reason::ENHANCE_YOUR_CALM)
}
