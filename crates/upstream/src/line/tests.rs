//! What an exchange makes of a connection that takes its bytes in pieces, takes none, or ends.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use rcgen::{CertificateParams, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;
use crate::arrival::OtherEnd;
use crate::figures::Figures;

const LOST: Unanswered = Unanswered::Broken(Broken::Lost(RequestFailure::Broken));
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
const TOO_LARGE: &[u8] = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n";

/// What a connection does, call by call; with nothing left it waits.
#[derive(Default)]
struct Scripted {
    /// How many bytes it takes.
    writes: VecDeque<io::Result<usize>>,
    flushes: VecDeque<io::Result<()>>,
    /// What it has to say; nothing is its end.
    reads: VecDeque<io::Result<&'static [u8]>>,
    taken: Vec<u8>,
}

impl AsyncRead for Scripted {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut().reads.pop_front() {
            None => Poll::Pending,
            Some(said) => Poll::Ready(said.map(|said| buffer.put_slice(said))),
        }
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match this.writes.pop_front() {
            None => Poll::Pending,
            Some(Err(error)) => Poll::Ready(Err(error)),
            Some(Ok(most)) => {
                let count = most.min(bytes.len());
                this.taken.extend_from_slice(&bytes[..count]);
                Poll::Ready(Ok(count))
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().flushes.pop_front().map_or(Poll::Pending, Poll::Ready)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn broken_pipe<T>() -> io::Result<T> {
    Err(io::ErrorKind::BrokenPipe.into())
}

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\n\r\n";

/// Polls an exchange once over such a connection: what came of it, if anything, and how far the request is.
fn poll_once(is_plain: bool, scripted: &mut Scripted) -> (Option<Result<u16, Unanswered>>, Way) {
    let mut exchange = Exchange { sending: Sending::new(REQUEST, is_plain), incoming: Incoming::new(100) };
    let ended = match exchange.poll(scripted, &mut Context::from_waker(Waker::noop())) {
        Poll::Pending => None,
        Poll::Ready(ended) => Some(ended.map(|whole| whole.answer.status().as_u16())),
    };
    (ended, exchange.sending.way)
}

#[test]
fn a_request_goes_out_in_as_many_pieces_as_it_is_taken_in() {
    let mut scripted = Scripted {
        writes: [Ok(3), Ok(1), Ok(100)].into(),
        flushes: [Ok(())].into(),
        reads: [Ok(OK)].into(),
        ..Scripted::default()
    };
    assert_eq!(poll_once(true, &mut scripted), (Some(Ok(200)), Way::Over));
    assert_eq!(scripted.taken, REQUEST);
}

#[test]
fn nothing_may_follow_a_request_that_was_answered_before_its_end() {
    let early = || Scripted { writes: [Ok(3)].into(), reads: [Ok(TOO_LARGE)].into(), ..Scripted::default() };
    assert_eq!(poll_once(true, &mut early()), (Some(Ok(413)), Way::Open));
    // Handed over, and still in this process.
    let mut unflushed = Scripted { writes: [Ok(100)].into(), ..early() };
    assert_eq!(poll_once(false, &mut unflushed), (Some(Ok(413)), Way::Flushing));
    let mut closed = Scripted { writes: [Ok(3), broken_pipe()].into(), ..early() };
    assert_eq!(poll_once(true, &mut closed), (Some(Ok(413)), Way::Closed));
}

#[test]
fn a_request_is_unsent_where_nothing_of_it_can_have_been_seen_and_nowhere_else() {
    let with = |writes: Vec<io::Result<usize>>, reads: Vec<io::Result<&'static [u8]>>| Scripted {
        writes: writes.into(),
        flushes: [Ok(())].into(),
        reads: reads.into(),
        ..Scripted::default()
    };
    let ended = |is_plain, mut scripted| poll_once(is_plain, &mut scripted).0;
    // Nobody is there to wait for.
    assert_eq!(ended(true, with(vec![broken_pipe()], vec![])), Some(Err(Unanswered::Unsent)));
    assert_eq!(ended(true, with(vec![Ok(0)], vec![])), Some(Err(Unanswered::Unsent)));
    assert_eq!(ended(true, with(vec![], vec![Ok(b"")])), Some(Err(Unanswered::Unsent)));
    assert_eq!(ended(true, with(vec![], vec![broken_pipe()])), Some(Err(Unanswered::Unsent)));
    // TLS may have sent what it says that it could not.
    assert_eq!(ended(false, with(vec![broken_pipe()], vec![Ok(b"")])), Some(Err(LOST)));
    // To part of it there may be an answer yet; else there is an end.
    assert_eq!(ended(true, with(vec![Ok(1), broken_pipe()], vec![])), None);
    assert_eq!(ended(true, with(vec![Ok(1), broken_pipe()], vec![Ok(b"")])), Some(Err(LOST)));
    assert_eq!(ended(false, with(vec![broken_pipe()], vec![broken_pipe()])), Some(Err(LOST)));
    assert_eq!(ended(true, with(vec![Ok(100)], vec![Ok(b"")])), Some(Err(LOST)));
    assert_eq!(ended(true, with(vec![Ok(100)], vec![broken_pipe()])), Some(Err(LOST)));
    assert_eq!(ended(true, with(vec![Ok(100)], vec![Ok(b"HTTP/1.1 200"), Ok(b"")])), Some(Err(LOST)));
    assert_eq!(ended(true, with(vec![Ok(100)], vec![])), None);
}

fn request() -> Outgoing {
    Outgoing::write(&Method::GET, &["/"], &[], None).unwrap()
}

fn soon() -> Until {
    let end = Instant::now() + Duration::from_mins(1);
    Until { head: end, end }
}

/// A line, and its other end.
async fn line() -> (Line, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let figures = Arc::new(Figures::new("safe", []));
    (Line::over(Stream::Plain(stream), Counted::open(figures)), listener.accept().await.unwrap().0)
}

/// Has the runtime hear of all that has come.
async fn hear() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_line_that_has_answered_may_be_used_again() {
    let (mut line, mut safe) = line().await;
    for _ in 0..2 {
        assert!(line.is_good());
        let request = request();
        let (answer, ()) = tokio::join!(line.exchange(&request, 100, soon()), async {
            let mut head = [0; 18];
            safe.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"GET / HTTP/1.1\r\n\r\n");
            safe.write_all(OK).await.unwrap();
        });
        assert_eq!(answer.unwrap().body(), b"ab");
        assert!(line.may_be_kept());
    }
}

#[tokio::test]
async fn what_is_said_or_ends_before_anything_is_asked_is_no_answer() {
    for ends in [false, true] {
        let (mut line, mut safe) = line().await;
        assert!(line.is_good());
        let request = request();
        let mut exchange = Box::pin(line.exchange(&request, 100, soon()));
        // It waits for its round, and the other side speaks or goes meanwhile.
        assert!(exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(safe.try_read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let other_end = OtherEnd::of(&safe);
        if ends {
            drop(safe);
        } else {
            safe.write_all(OK).await.unwrap();
        }
        other_end.await_arrival();
        hear().await;
        assert!(matches!(exchange.await, Err(Unanswered::Unsent)), "ends: {ends}");
        assert!(!line.may_be_kept());
    }
}

#[tokio::test]
async fn what_the_runtime_has_not_heard_of_is_no_answer_either() {
    let (mut line, safe) = line().await;
    let request = request();
    let mut exchange = Box::pin(line.exchange(&request, 100, soon()));
    let mut context = Context::from_waker(Waker::noop());
    assert!(exchange.as_mut().poll(&mut context).is_pending());
    // Without a turn of the runtime: only the system knows.
    assert_eq!(safe.try_write(OK).unwrap(), OK.len());
    OtherEnd::of(&safe).await_arrival();
    assert!(matches!(exchange.as_mut().poll(&mut context), Poll::Ready(Err(Unanswered::Unsent))));
}

#[tokio::test]
async fn a_line_whose_request_was_answered_before_its_end_is_used_no_more() {
    let (mut line, mut safe) = line().await;
    // More than the system takes for whoever does not read.
    let body = vec![b'x'; 64 << 20];
    let request = Outgoing::write(&Method::POST, &["/"], &[], Some(&[&body])).unwrap();
    let (answer, ()) = tokio::join!(line.exchange(&request, 100, soon()), async {
        safe.read_exact(&mut [0; 18]).await.unwrap();
        safe.write_all(TOO_LARGE).await.unwrap();
    });
    assert_eq!(answer.unwrap().status(), 413);
    assert!(!line.may_be_kept());
}

/// A line through TLS that has shaken hands, and its other end.
async fn line_through_tls() -> (Line, tokio_rustls::server::TlsStream<TcpStream>) {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let client = client.unwrap().with_root_certificates(roots).with_no_client_auth();
    let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let server = server.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let accepted = listener.accept().await.unwrap().0;
    let name = ServerName::try_from("localhost").unwrap();
    let (client, server) = tokio::join!(
        TlsConnector::from(Arc::new(client)).connect(name, stream),
        TlsAcceptor::from(Arc::new(server)).accept(accepted)
    );
    let stream = Stream::Tls(Box::new(client.unwrap()));
    (Line::over(stream, Counted::open(Arc::new(Figures::new("safe", [])))), server.unwrap())
}

#[tokio::test]
async fn through_tls_tickets_are_no_answer_and_what_comes_behind_one_unasked_is_none_either() {
    for is_heard in [false, true] {
        let (mut line, mut safe) = line_through_tls().await;
        let request = request();
        // The second time, too: the tickets that came with the handshake have been read.
        for _ in 0..2 {
            let (answer, ()) = tokio::join!(line.exchange(&request, 100, soon()), async {
                safe.read_exact(&mut [0; 18]).await.unwrap();
                safe.write_all(OK).await.unwrap();
                safe.flush().await.unwrap();
            });
            assert_eq!(answer.unwrap().status(), 200);
            assert!(line.may_be_kept());
        }
        let mut exchange = Box::pin(line.exchange(&request, 100, soon()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(exchange.as_mut().poll(&mut context).is_pending());
        // Without a turn of the runtime: only the system knows, unless it is asked.
        assert!(pin!(safe.write_all(OK)).poll(&mut context).is_ready());
        assert!(pin!(safe.flush()).poll(&mut context).is_ready());
        OtherEnd::of(safe.get_ref().0).await_arrival();
        if is_heard {
            hear().await;
        }
        let Poll::Ready(answer) = exchange.as_mut().poll(&mut context) else {
            panic!("it waits for an answer")
        };
        assert!(matches!(answer, Err(Unanswered::Unsent)), "heard of: {is_heard}");
    }
}

#[tokio::test]
async fn a_line_whose_exchange_was_given_up_is_used_no_more() {
    let (mut line, mut safe) = line().await;
    let request = request();
    {
        let mut exchange = Box::pin(line.exchange(&request, 100, soon()));
        for _ in 0..2 {
            assert!(exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
    }
    safe.read_exact(&mut [0; 18]).await.unwrap();
    assert!(!line.may_be_kept() && !line.is_good());
}

#[tokio::test]
async fn an_answer_that_has_nothing_behind_it_or_too_much_ends_its_line() {
    for said in [
        &b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
    ] {
        let (mut line, mut safe) = line().await;
        let request = request();
        let (answer, ()) = tokio::join!(line.exchange(&request, 100, soon()), async {
            safe.read_exact(&mut [0; 18]).await.unwrap();
            safe.write_all(said).await.unwrap();
        });
        assert_eq!(answer.unwrap().status(), 200);
        assert!(!line.may_be_kept());
    }
}
