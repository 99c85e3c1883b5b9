//! One connection: HTTP/1.1 by hyper behind the gate, or HTTP/2 (`http2`), until it ends, its time is up, or the drain ends it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use tokio::sync::{mpsc, watch};

use crate::answer::Body;
use crate::deadlines::Phase;
use crate::gate_io::GateIo;
use crate::gated_body::{BodyFault, GatedBody};
use crate::http2;
use crate::refusal::Refusal;
use crate::websocket::{self, Switch};
use crate::wire::{Rest, Wire};

/// How long a drain waits for the first request of a connection that has sent none: it may be in the socket already, and
/// no client repeats a first request by itself.
pub(crate) const FIRST_REQUEST_TIME: Duration = Duration::from_secs(1);

/// Who answers the requests of a connection.
pub(crate) trait Answers {
    /// `head`: lent, as it is large, and would be copied from hand to hand. `verdict`: what the scan said of it.
    fn answer<B>(
        &self,
        head: &Parts,
        body: B,
        verdict: Result<(), Refusal>,
    ) -> impl Future<Output = Response<Body>> + Send
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>> + Send;

    /// Something more of this connection to wait for, with a time of its own.
    fn watch(&self) -> Arc<Wire>;

    /// Whether HTTP/2 is spoken, too.
    fn speaks_http2(&self) -> bool;
}

/// Serves a connection. A drain lets the request in hand be answered, and a first one that is on its way. `alive` is held
/// until the connection has ended.
#[expect(
    clippy::manual_async_fn,
    reason = "an async function keeps each argument twice, and thousands of connections wait in this one"
)]
pub(crate) fn serve<S: Answers + Send + Sync + 'static>(
    mut io: GateIo,
    wire: Arc<Wire>,
    mut drain: watch::Receiver<bool>,
    service: S,
    alive: mpsc::Sender<()>,
) -> impl Future<Output = ()> {
    async move {
        let has_asked = AtomicBool::new(false);
        while is_wanted(&mut io, &mut drain, &has_asked).await {
            if service.speaks_http2() && !has_asked.load(Ordering::Relaxed) && io.speaks_http2() {
                let limits = io.limits();
                let (stream, before, refusals) = io.into_parts();
                let connection = http2::Connection { stream, before, wire, refusals, limits, service, alive };
                return Box::pin(http2::serve(connection, drain)).await;
            }
            let warm = io.warm_up();
            // Boxed, as all that is not waiting: a connection that waits holds none of it.
            let ended = Box::pin(serve_http(&mut io, &wire, &mut drain, &has_asked, &service)).await;
            drop(warm);
            // What waited for room when the library left is lost: then no more can follow.
            if let Ok(Some(switch)) = ended {
                if wire.phase() == Phase::Write {
                    break;
                }
                let (stream, before, _) = io.into_parts();
                let held = (service, alive);
                return Box::pin(websocket::serve(*switch, (stream, before), &wire, drain, held)).await;
            }
            if let Err(error) = &ended {
                // hyper's errors name what went wrong on the wire, never what was on it.
                tracing::trace!(%error, "a connection ended early");
            }
            // What an HTTP connection held when it failed is lost, and what follows could not be told from it.
            if ended.is_err() || !io.renew() {
                break;
            }
        }
        Box::pin(io.close()).await;
        drop((service, alive));
    }
}

/// Waits for a head; `false` when there will be none that anybody waits for.
async fn is_wanted(io: &mut GateIo, drain: &mut watch::Receiver<bool>, has_asked: &AtomicBool) -> bool {
    tokio::select! {
        biased;
        has_head = io.wait_for_head() => return has_head,
        () = begun(drain) => {}
    }
    if has_asked.load(Ordering::Relaxed) {
        return false;
    }
    Box::pin(tokio::time::timeout(FIRST_REQUEST_TIME, io.wait_for_head())).await.unwrap_or(false)
}

/// Serves requests until the library is done with what it was given, and says what the connection becomes, if it does not end.
async fn serve_http(
    io: &mut GateIo,
    wire: &Arc<Wire>,
    drain: &mut watch::Receiver<bool>,
    has_asked: &AtomicBool,
    service: &impl Answers,
) -> hyper::Result<Option<Box<Switch>>> {
    let becomes = OnceLock::new();
    let switch = &becomes;
    let answering = service_fn(|request: Request<Incoming>| {
        has_asked.store(true, Ordering::Relaxed);
        let verdict = wire.take_verdict();
        // The answer is begun within: what is only awaited there would have room twice.
        async move {
            let (head, body) = request.into_parts();
            let mut response = service.answer(&head, GatedBody::new(body, wire), verdict).await;
            if let Some(found) = response.extensions_mut().remove::<Switch>() {
                switch.get_or_init(|| Box::new(found));
            }
            if wire.rest() != Rest::Nothing {
                // The rest of the body is on the wire still: nothing behind it could be told from it.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let limits = io.limits();
    let serving = async {
        let connection = hyper::server::conn::http1::Builder::new()
            // The gate's limits are the ones that are met; 8 KiB is the least that the library takes.
            .max_buf_size(2 * limits.head_bytes.max(8192))
            .max_headers(limits.header_fields)
            // A client that has sent its request and closed its side still gets the answer, and a client that vanishes does
            // not cancel a write half-way. It also makes every read between messages the read of a head.
            .half_close(true)
            .serve_connection(io, answering);
        let mut connection = pin!(connection);
        tokio::select! {
            biased;
            ended = connection.as_mut() => return ended,
            () = begun(drain) => {}
        }
        let first_request = poll_fn(|context| match connection.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if has_asked.load(Ordering::Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        if let Ok(Some(ended)) = tokio::time::timeout(FIRST_REQUEST_TIME, first_request).await {
            return ended;
        }
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    serving.await?;
    Ok(becomes.into_inner())
}

/// Waits for the drain to begin; a server that is gone counts as one that drains.
pub(crate) async fn begun(drain: &mut watch::Receiver<bool>) {
    let _ = drain.wait_for(|drain| *drain).await;
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::deadlines::Deadlines;
    use crate::head_scan::HeadLimits;
    use crate::sweeper::Sweeper;

    /// As large as what the server hands in.
    struct Nobody {
        _room: [usize; 12],
    }

    impl Answers for Nobody {
        async fn answer<B>(&self, _: &Parts, _: B, _: Result<(), Refusal>) -> Response<Body>
        where
            B: hyper::body::Body<Data = Bytes, Error: Into<BodyFault>> + Send,
        {
            Response::default()
        }

        fn watch(&self) -> Arc<Wire> {
            Arc::new(Wire::new(Arc::default()))
        }

        fn speaks_http2(&self) -> bool {
            true
        }
    }

    #[tokio::test]
    async fn a_connection_that_waits_is_a_few_hundred_bytes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let wire = Sweeper::new(Deadlines::default()).watch();
        let limits = HeadLimits { head_bytes: 1024, target_bytes: 256, header_fields: 16 };
        let stream = crate::stream::Stream::Plain(stream);
        let io = GateIo::new(stream, wire.clone(), Arc::default(), Arc::default(), limits, 1024);
        let (_drain, drain) = watch::channel(false);
        let (alive, _all_done) = mpsc::channel(1);
        let waiting = serve(io, wire, drain, Nobody { _room: [0; 12] }, alive);
        assert!(size_of_val(&waiting) <= 640, "{} bytes", size_of_val(&waiting));
    }
}
