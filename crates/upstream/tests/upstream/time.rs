//! One deadline over all that a caller's request takes, on a clock that the tests move.

use std::sync::mpsc;
use std::time::Duration;

use strongroom_ports::UpstreamError;
use strongroom_upstream::Credentials;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::scripted::{generous, jane, json, safe, upstream, upstream_that_believes, with};
use crate::tls::Authority;

const TOTAL: Duration = Duration::from_secs(30);

/// While this lives, time passes only where a test says so: tokio moves a paused clock by itself when nothing is to be done, but
/// not while a thread of its own is busy.
struct Stopped(#[expect(dead_code, reason = "held to be dropped")] mpsc::Sender<()>);

impl Stopped {
    fn clock() -> Self {
        let (holder, held) = mpsc::channel();
        tokio::task::spawn_blocking(move || held.recv());
        tokio::time::pause();
        Self(holder)
    }
}

#[tokio::test]
async fn both_ways_to_read_share_one_deadline() {
    let _stopped = Stopped::clock();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let limits = strongroom_upstream::RemoteLimits { first_byte: 4 * TOTAL, total: TOTAL, ..generous() };
    let upstream = upstream(&url, Credentials::CallerToken, limits);
    let began = Instant::now();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        tokio::time::advance(TOTAL * 2 / 3).await;
        stream.write_all(&with("401 Unauthorized", "", "")).await.unwrap();
        // The second way is asked, and not answered: what is left of the time passes, and a little more.
        assert!(stream.read(&mut request).await.unwrap() > 0);
        tokio::time::advance(TOTAL / 3 + Duration::from_millis(2)).await;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        // Whoever has a whole deadline of its own for the second is over by now.
        tokio::time::advance(TOTAL).await;
    };
    let view = safe(&upstream);
    let jane = jane();
    let read = async { (view.read(&jane).await, began.elapsed()) };
    let ((read, took), ()) = tokio::join!(read, server);
    assert_eq!(read, Err(UpstreamError::TooSlow));
    assert!(took < TOTAL * 4 / 3, "{took:?}");
}

#[tokio::test]
async fn the_time_for_the_first_byte_begins_when_there_is_a_connection() {
    let _stopped = Stopped::clock();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (authority, first_byte) = (Authority::new(), TOTAL / 4);
    let limits = strongroom_upstream::RemoteLimits { connect: TOTAL, first_byte, total: TOTAL, ..generous() };
    let upstream = upstream_that_believes(authority.roots(), &url, Credentials::CallerToken, limits);
    let acceptor = authority.acceptor("127.0.0.1", |_| {});
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        // Two thirds of that time for the handshake, and two thirds for the head.
        tokio::time::advance(first_byte * 2 / 3).await;
        let mut stream = acceptor.accept(stream).await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        tokio::time::advance(first_byte * 2 / 3).await;
        stream.write_all(&json("{}")).await.unwrap();
        stream
    };
    let (view, jane) = (safe(&upstream), jane());
    let (read, _stream) = tokio::join!(view.read(&jane), server);
    assert!(read.is_ok(), "{read:?}");
}
