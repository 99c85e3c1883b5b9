//! One connection: HTTP/1.1 by hyper, until it ends or the drain ends it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::answer::Body;

/// Bytes of a request head, the request line included. More is 431.
const HEAD_BYTES: usize = 16 * 1024;
/// Header fields of a request. More is 431.
const HEADER_FIELDS: usize = 100;
/// How long a drain waits for the first request of a connection that has sent none: it may be in the socket already, and
/// no client repeats a first request by itself.
const FIRST_REQUEST_TIME: Duration = Duration::from_secs(1);

/// Serves a connection. A drain lets the request in hand be answered, and a first one that is on its way.
pub(crate) async fn serve<A>(
    stream: TcpStream,
    idle_time: Duration,
    mut drain: watch::Receiver<bool>,
    answer: impl Fn(Request<Incoming>) -> A,
) where
    A: Future<Output = Response<Body>>,
{
    // Answers are small and whole: waiting for more to send would only delay them. A socket that refuses is dying.
    let _ = stream.set_nodelay(true);
    let has_asked = AtomicBool::new(false);
    let service = service_fn(|request| {
        has_asked.store(true, Ordering::Relaxed);
        let answer = answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle_time)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADER_FIELDS)
        // A client that has sent its request and closed its side still gets the answer, and a client that vanishes does
        // not cancel a write half-way.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = begun(&mut drain) => None,
    };
    if ended.is_none() {
        let first_request = poll_fn(|context| match connection.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if has_asked.load(Ordering::Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        ended = tokio::time::timeout(FIRST_REQUEST_TIME, first_request).await.unwrap_or(None);
    }
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    if let Err(error) = ended {
        // hyper's errors name what went wrong on the wire, never what was on it.
        tracing::trace!(%error, "a connection ended early");
    }
}

/// Waits for the drain to begin; a server that is gone counts as one that drains.
pub(crate) async fn begun(drain: &mut watch::Receiver<bool>) {
    let _ = drain.wait_for(|drain| *drain).await;
}
