//! Answers of a safe: what is read does not depend on the pieces that it comes in, a whole answer has the body that hyper finds,
//! and what is printed of one tells nothing of it.
//!
//! An input is a byte that says how large the pieces are, and then what the safe says.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::rt::{Read, ReadBufCursor, Write};
use strongroom_upstream::incoming::{Broken, Incoming};

/// The most of a body, so that inputs of a few hundred bytes go beyond it.
const BODY_BYTES: usize = 64;
/// Polls until hyper must have come to rest.
const MAX_POLLS: usize = 64;

type Reading = Result<Option<(u16, Vec<u8>, bool)>, Broken>;

/// Asserts what must hold of an answer; returns what was made of it.
pub(crate) fn check(input: &[u8]) -> String {
    let Some((size, said)) = input.split_first() else { return "nothing".to_owned() };
    let whole = read(said, said.len().max(1));
    for pieces in [1, 1 + usize::from(*size)] {
        let in_pieces = read(said, pieces);
        match (&whole, &in_pieces) {
            // What can be no head shows later where it comes in pieces, if it ever comes to its end.
            (Err(Broken::Lost(_)), Ok(None)) => {}
            _ => assert_eq!(whole, in_pieces, "another verdict"),
        }
    }
    match whole {
        Ok(None) => "cut off".to_owned(),
        Err(broken) => format!("{broken:?}"),
        Ok(Some((status, body, is_persistent))) => {
            assert!(body.len() <= BODY_BYTES, "more than may be read");
            if status != 101 {
                let Some((by_hyper, its_body, is_ready)) = by_hyper(said) else { panic!("hyper reads none") };
                assert_eq!((status, body), (by_hyper, its_body), "hyper reads another answer");
                assert!(is_ready || !is_persistent, "hyper finds nothing to follow it");
            }
            if is_persistent { "whole" } else { "whole, and the last" }.to_owned()
        }
    }
}

/// Status, body, and whether another may follow.
fn read(said: &[u8], piece: usize) -> Reading {
    let mut incoming = Incoming::new(BODY_BYTES);
    let mut left = said.len();
    for piece in said.chunks(piece) {
        left -= piece.len();
        if let Some(whole) = incoming.take(piece)? {
            let printed = format!("{whole:?}");
            let body = whole.answer.body();
            let is_told =
                body.len() > 8 && std::str::from_utf8(body).is_ok_and(|body| printed.contains(body));
            assert!(!is_told, "a value is printed");
            let is_persistent = whole.is_persistent && left == 0;
            return Ok(Some((whole.answer.status().as_u16(), body.to_vec(), is_persistent)));
        }
    }
    Ok(None)
}

/// What hyper makes of it, as a client that has sent a GET, and whether it would send another; `None` while it waits for more, or where it finds no answer.
fn by_hyper(said: &[u8]) -> Option<(u16, Vec<u8>, bool)> {
    let mut context = Context::from_waker(Waker::noop());
    let io = Said { bytes: said.to_vec(), at: 0, is_asked: false };
    // As many trailers as there are: they are limited in bytes here.
    let http = http1::Builder::new().max_headers(said.len().max(1)).clone();
    let Poll::Ready(made) = pin!(http.handshake(io)).poll(&mut context) else { return None };
    let (mut sender, connection) = made.ok()?;
    let mut connection = pin!(connection);
    let mut exchange = pin!(async {
        let answer = sender.send_request(Request::new(Empty::<&[u8]>::new())).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        Some((status, body.to_vec()))
    });
    let mut read = None;
    let mut is_over = false;
    for _ in 0..MAX_POLLS {
        if read.is_none()
            && let Poll::Ready(ended) = exchange.as_mut().poll(&mut context)
        {
            read = Some(ended?);
        }
        is_over = is_over || connection.as_mut().poll(&mut context).is_ready();
    }
    read.map(|(status, body)| (status, body, !is_over))
}

/// A connection over which this is said to whoever has asked, and nothing more for now.
struct Said {
    bytes: Vec<u8>,
    at: usize,
    is_asked: bool,
}

impl Read for Said {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        let rest = this.bytes.get(this.at..).unwrap_or_default();
        if rest.is_empty() || !this.is_asked {
            return Poll::Pending;
        }
        let count = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..count).unwrap_or_default());
        this.at += count;
        Poll::Ready(Ok(()))
    }
}

impl Write for Said {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.get_mut().is_asked = true;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
