//! Reading and writing sockets: one buffer a core, lent to whoever reads or writes, so that whoever waits holds none.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::ReadBufCursor;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that one read takes from a socket at most.
pub(crate) const BYTES: usize = 16 * 1024;

thread_local! {
    /// Where sockets are read into, and small answers put together. One for all connections of a core: whoever waits holds no buffer.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; BYTES]);
}

/// Puts as many bytes as there are, fit and are allowed.
pub(crate) fn put(to: &mut ReadBufCursor<'_>, bytes: &[u8], most: u64) -> usize {
    let count = bytes.len().min(to.remaining()).min(usize::try_from(most).unwrap_or(usize::MAX));
    to.put_slice(bytes.get(..count).unwrap_or_default());
    count
}

/// Reads a socket into the core's buffer, and overwrites what it held: there are tokens and values in it.
pub(crate) fn poll_read<T>(
    stream: &mut (impl AsyncRead + Unpin),
    context: &mut Context<'_>,
    most: usize,
    take: impl FnOnce(&[u8]) -> T,
) -> Poll<io::Result<T>> {
    SCRATCH.with_borrow_mut(|scratch| {
        let most = most.min(scratch.len());
        let mut buffer = ReadBuf::new(scratch.get_mut(..most).unwrap_or_default());
        ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
        let taken = take(buffer.filled());
        buffer.filled_mut().fill(0);
        std::hint::black_box(buffer.filled());
        Poll::Ready(Ok(taken))
    })
}

/// Writes several parts, together where they fit into the core's buffer: the system takes one piece more cheaply than two, and
/// an answer is a head and a small body. What the buffer held is overwritten.
pub(crate) fn poll_write(
    stream: &mut (impl AsyncWrite + Unpin),
    context: &mut Context<'_>,
    parts: &[io::IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    let length = parts.iter().map(|part| part.len()).sum();
    SCRATCH.with_borrow_mut(|scratch| {
        let Some(together) = scratch.get_mut(..length) else {
            return Pin::new(stream).poll_write_vectored(context, parts);
        };
        let mut rest = &mut *together;
        for part in parts {
            let (to, behind) = rest.split_at_mut(part.len());
            to.copy_from_slice(part);
            rest = behind;
        }
        let written = Pin::new(stream).poll_write(context, together);
        together.fill(0);
        std::hint::black_box(&*together);
        written
    })
}
