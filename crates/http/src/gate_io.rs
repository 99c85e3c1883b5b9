//! The only thing that reads a client that speaks HTTP/1.1. It hands the HTTP library one scanned head at a time, with the
//! bytes of that head's body behind it and nothing more.
//!
//! A refused head never reaches the library: a request of our own goes in its place, whose verdict says what to answer.
//! So there is one path for error answers, and they come in order behind the answers before them.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::AsyncWrite;

use crate::deadlines::Phase;
use crate::gated_body::BodyFault;
use crate::head_scan::{self, BodyKind, Head, HeadLimits};
use crate::http2::preface;
use crate::linger::linger;
use crate::parking::{Warm, WarmOne};
use crate::refusal::{Refusal, Refusals};
use crate::scratch::{self, put};
use crate::stream::Stream;
use crate::wire::{Rest, Wire};

/// What goes to the library in place of a refused head. The method tells whether the answer may have a body.
const SUBSTITUTE: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
const SUBSTITUTE_HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// A client's stream, gated.
#[derive(Debug)]
pub(crate) struct GateIo {
    stream: Stream,
    wire: Arc<Wire>,
    refusals: Arc<Refusals>,
    warm: Arc<Warm>,
    limits: HeadLimits,
    /// Bytes of a body in chunks, with all that makes it one: its end is the library's word, and this holds without it.
    chunked_bytes: u64,
    /// Bytes of the head at hand that are not handed over yet: they are no body's.
    head_left: usize,
    /// Read from the socket and not handed over: part of a head, or what came behind a whole message.
    pending: BytesMut,
    /// Whether the pending bytes may hold a whole line that the scan has not seen.
    has_news: bool,
    turn: Turn,
}

/// Whose bytes come next.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// A head, not scanned yet.
    Head,
    /// So many bytes of the message at hand.
    Message(u64),
    /// A message in chunks: it ends where the library says so, and so many bytes later at most.
    Chunks(u64),
    /// A request of ours in place of a refused one.
    Substitute(&'static [u8]),
    /// Nobody's: the library ends with what it has, and a fresh one goes on when there is something to read.
    Renew,
    /// Nobody's: a refusal was the last word.
    Refused,
    /// Nobody's: there is no more, or nobody waited for it.
    Ended,
}

impl GateIo {
    pub(crate) fn new(
        stream: Stream,
        wire: Arc<Wire>,
        warm: Arc<Warm>,
        refusals: Arc<Refusals>,
        limits: HeadLimits,
        chunked_bytes: usize,
    ) -> Self {
        let (pending, has_news, turn) = (BytesMut::new(), false, Turn::Head);
        let chunked_bytes = u64::try_from(chunked_bytes).unwrap_or(u64::MAX);
        Self { stream, wire, refusals, warm, limits, chunked_bytes, head_left: 0, pending, has_news, turn }
    }

    /// Waits, holding next to nothing, until there is a head to serve or to refuse. `false`: there will be none, or its time
    /// was up before it began.
    pub(crate) async fn wait_for_head(&mut self) -> bool {
        poll_fn(|context| self.poll_for_head(context)).await
    }

    fn poll_for_head(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        loop {
            if self.has_news {
                // What may yet be the preface of HTTP/2 is no head to refuse.
                let is_undecided = preface::may_begin(&self.pending)
                    || matches!(head_scan::scan(&self.pending, &self.limits), Ok(None));
                if !is_undecided {
                    return Poll::Ready(true);
                }
                self.has_news = false;
                self.wire.enter(Phase::Head);
            }
            // A read, and not the runtime's word for it: of a new socket that says "readable" until it has been tried.
            let (before, pending) = (self.pending.len(), &mut self.pending);
            let read = scratch::poll_read(&mut self.stream, context, scratch::BYTES, |bytes| {
                pending.extend_from_slice(bytes);
                bytes.contains(&b'\n')
            });
            match read {
                Poll::Ready(Ok(_)) if self.pending.len() == before => return Poll::Ready(false),
                Poll::Ready(Ok(has_line)) => self.note_head_bytes(before, has_line),
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => break,
            }
        }
        if self.wire.phase() == Phase::Busy {
            self.wire.enter(Phase::Idle);
        }
        match self.wire.expired() {
            None => {
                self.wire.wait(context);
                Poll::Pending
            }
            Some(Refusal::HeadTooSlow) => {
                self.refuse(Refusal::HeadTooSlow);
                Poll::Ready(true)
            }
            Some(refusal) => {
                self.refusals.count(refusal);
                Poll::Ready(false)
            }
        }
    }

    /// Notes bytes of a head that came: whether another scan could find more than the last.
    fn note_head_bytes(&mut self, before: usize, has_line: bool) {
        let is_start = self.wire.phase() != Phase::Head;
        self.has_news = has_line || is_start || self.limits.tell(before, self.pending.len());
    }

    /// Whether what came first is no head, but the preface of HTTP/2.
    pub(crate) fn speaks_http2(&self) -> bool {
        self.stream.has_chosen_http2() || self.pending.starts_with(preface::PREFACE)
    }

    /// The stream, what has been read of it, and where refusals are counted.
    pub(crate) fn into_parts(self) -> (Stream, BytesMut, Arc<Refusals>) {
        (self.stream, self.pending, self.refusals)
    }

    /// Counts as warm for as long as what is returned lives.
    pub(crate) fn warm_up(&self) -> WarmOne {
        self.warm.enter()
    }

    pub(crate) fn limits(&self) -> HeadLimits {
        self.limits
    }

    /// Whether the socket goes on with a fresh HTTP connection: because it was parked, or because the library may have read
    /// ahead behind a chunked body, and what it holds must not be glued to the next head.
    pub(crate) fn renew(&mut self) -> bool {
        let is_wanted = matches!(self.turn, Turn::Renew);
        if is_wanted {
            self.turn = Turn::Head;
            self.has_news = !self.pending.is_empty();
        }
        is_wanted
    }

    /// Ends a connection. Where the client may still be sending, it is given time to read its last answer first.
    pub(crate) async fn close(mut self) {
        let socket = self.stream.socket();
        let is_sending = poll_fn(|context| Poll::Ready(socket.poll_read_ready(context).is_ready())).await;
        let has_more = is_sending || !self.pending.is_empty() || self.wire.rest() != Rest::Nothing;
        let may_send = has_more || matches!(self.turn, Turn::Refused | Turn::Chunks(_));
        if !may_send && matches!(self.stream, Stream::Plain(_)) {
            return;
        }
        // Through TLS the end is said whoever waits for it, and what was written before must find room first: the time of
        // an answer that is not taken holds.
        let said_end = poll_fn(|context| {
            let said = Pin::new(&mut self.stream).poll_shutdown(context);
            self.note_write(said, context)
        });
        if said_end.await.is_ok() && may_send {
            linger(self.stream.socket(), &self.wire).await;
        }
    }

    /// Waits for a whole head and judges it. Afterwards it is another's turn.
    fn poll_head(&mut self, context: &mut Context<'_>, to: &mut ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        loop {
            if std::mem::take(&mut self.has_news) {
                match head_scan::scan(&self.pending, &self.limits) {
                    Ok(Some(head)) => {
                        self.pass(head);
                        return Poll::Ready(Ok(()));
                    }
                    Ok(None) => self.wire.enter(Phase::Head),
                    Err(refusal) => {
                        self.refuse(refusal);
                        return Poll::Ready(Ok(()));
                    }
                }
            }
            let before = self.pending.len();
            let (pending, limits, chunked_bytes) = (&mut self.pending, &self.limits, self.chunked_bytes);
            let read = scratch::poll_read(&mut self.stream, context, scratch::BYTES, |bytes| {
                // Nearly every head comes whole and alone: it goes to the library from where it was read.
                if pending.is_empty()
                    && let Ok(Some(head)) = head_scan::scan(bytes, limits)
                {
                    let count = put(to, bytes, message_bytes(head, chunked_bytes));
                    pending.extend_from_slice(bytes.get(count..).unwrap_or_default());
                    return Took::Head(head, count);
                }
                pending.extend_from_slice(bytes);
                if bytes.is_empty() {
                    Took::Nothing
                } else {
                    Took::Bytes { has_line: bytes.contains(&b'\n') }
                }
            })?;
            match read {
                Poll::Ready(Took::Head(head, count)) => {
                    self.pass(head);
                    self.handed_over(count);
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Took::Bytes { has_line }) => self.note_head_bytes(before, has_line),
                // Its end, between requests or within a head: nobody waits for an answer.
                Poll::Ready(Took::Nothing) => {
                    self.pending.clear();
                    self.turn = Turn::Ended;
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => {
                    if self.pending.is_empty() && self.wire.phase() == Phase::Busy {
                        self.wire.enter(Phase::Idle);
                        if self.warm.is_crowded() {
                            self.turn = Turn::Renew;
                            return Poll::Ready(Ok(()));
                        }
                    }
                    match self.wire.expired() {
                        None => {
                            self.wire.wait(context);
                            return Poll::Pending;
                        }
                        Some(Refusal::HeadTooSlow) => self.refuse(Refusal::HeadTooSlow),
                        Some(refusal) => {
                            self.refusals.count(refusal);
                            self.turn = Turn::Ended;
                        }
                    }
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }

    /// Lets a head through, and notes what comes behind it.
    fn pass(&mut self, head: Head) {
        self.wire.judge(Ok(()));
        self.head_left = head.length;
        let bytes = message_bytes(head, self.chunked_bytes);
        let (turn, rest) = match head.body {
            BodyKind::None => (Turn::Message(bytes), Rest::Nothing),
            BodyKind::Length(_) => (Turn::Message(bytes), Rest::Bytes),
            BodyKind::Chunked => (Turn::Chunks(bytes), Rest::Chunks),
        };
        self.turn = turn;
        self.wire.set_rest(rest);
        self.wire.enter(rest.phase());
    }

    fn refuse(&mut self, refusal: Refusal) {
        let asks_for_head = self.pending.trim_ascii_start().starts_with(b"HEAD ");
        self.pending = BytesMut::new();
        self.wire.judge(Err(refusal));
        self.wire.set_rest(Rest::Nothing);
        self.wire.enter(Phase::Busy);
        self.turn = Turn::Substitute(if asks_for_head { SUBSTITUTE_HEAD } else { SUBSTITUTE });
    }

    /// Hands over what is there of the message at hand, `left` bytes at most.
    fn poll_message(
        &mut self,
        context: &mut Context<'_>,
        to: &mut ReadBufCursor<'_>,
        left: u64,
    ) -> Poll<io::Result<()>> {
        let count = if self.pending.is_empty() {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(to.remaining());
            match scratch::poll_read(&mut self.stream, context, most, |bytes| put(to, bytes, left))? {
                Poll::Ready(count) => count,
                Poll::Pending if self.wire.expired() == Some(Refusal::BodyTooSlow) => {
                    return Poll::Ready(Err(io::Error::other(BodyFault::TooSlow)));
                }
                Poll::Pending => {
                    self.wire.wait(context);
                    return Poll::Pending;
                }
            }
        } else {
            let count = put(to, &self.pending, left);
            self.pending.advance(count);
            if self.pending.is_empty() {
                self.pending = BytesMut::new();
            }
            count
        };
        self.handed_over(count);
        Poll::Ready(Ok(()))
    }

    /// Notes bytes of the message at hand that went to the library.
    fn handed_over(&mut self, count: usize) {
        let of_head = count.min(self.head_left);
        self.head_left -= of_head;
        if self.wire.phase() == Phase::Body {
            self.wire.note_body_bytes(count - of_head);
        }
        if let Turn::Message(left) | Turn::Chunks(left) = &mut self.turn {
            *left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
            if let Turn::Message(0) = self.turn {
                self.turn = Turn::Head;
                self.has_news = !self.pending.is_empty();
                if self.wire.rest() == Rest::Bytes {
                    self.wire.set_rest(Rest::Nothing);
                    self.wire.enter(Phase::Busy);
                }
            }
        }
    }

    /// Notes whether an answer's bytes find room.
    fn note_write<T>(&self, written: Poll<io::Result<T>>, context: &Context<'_>) -> Poll<io::Result<T>> {
        match (&written, self.wire.phase()) {
            (Poll::Pending, Phase::Write) if self.wire.expired().is_some() => {
                self.refusals.count(Refusal::WriteStalled);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            (Poll::Pending, _) => {
                self.wire.enter(Phase::Write);
                self.wire.wait(context);
            }
            (Poll::Ready(_), Phase::Write) => self.wire.enter(self.wire.rest().phase()),
            (Poll::Ready(_), _) => {}
        }
        written
    }
}

/// What a read in search of a head took from the socket.
enum Took {
    /// A whole head, so many bytes of which (and of its body) were handed over at once.
    Head(Head, usize),
    Bytes {
        has_line: bool,
    },
    Nothing,
}

/// Bytes of a head and of the body behind it, as many as the head tells, or as may be.
fn message_bytes(head: Head, chunked_bytes: u64) -> u64 {
    let body = match head.body {
        BodyKind::None => 0,
        BodyKind::Length(body) => body,
        BodyKind::Chunked => chunked_bytes,
    };
    u64::try_from(head.length).unwrap_or(u64::MAX).saturating_add(body)
}

impl Read for GateIo {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if matches!(this.turn, Turn::Head) {
            let room = to.remaining();
            ready!(this.poll_head(context, &mut to))?;
            if to.remaining() < room {
                return Poll::Ready(Ok(()));
            }
        }
        match this.turn {
            Turn::Head | Turn::Renew | Turn::Refused | Turn::Ended => Poll::Ready(Ok(())),
            Turn::Chunks(_) if this.wire.rest() == Rest::Nothing => {
                this.turn = Turn::Renew;
                Poll::Ready(Ok(()))
            }
            Turn::Chunks(0) => Poll::Ready(Err(io::Error::other(BodyFault::TooLong))),
            Turn::Message(left) | Turn::Chunks(left) => this.poll_message(context, &mut to, left),
            Turn::Substitute(request) => {
                put(&mut to, request, u64::MAX);
                this.turn = Turn::Refused;
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl Write for GateIo {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.note_write(written, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        this.note_write(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.note_write(flushed, context)
    }

    /// The library is done; the socket is closed by [`GateIo::close`], or goes on with a fresh connection.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
