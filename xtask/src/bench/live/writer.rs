//! One keep-alive connection that sends a write and does not wait for its answer.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::workspace::Outcome;

/// A connection, and what it has received of the answer to its write.
pub(super) struct Writer {
    stream: TcpStream,
    received: Vec<u8>,
    turn: usize,
}

impl Writer {
    /// # Errors
    ///
    /// Nobody listens there.
    pub(super) fn connect(authority: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(authority)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, received: Vec::new(), turn: 0 })
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends the write of this turn. Requests are far smaller than what a socket takes at once.
    ///
    /// # Errors
    ///
    /// The connection fails.
    pub(super) fn send(&mut self, request: &[u8], turn: usize) -> Outcome {
        self.turn = turn;
        Ok(self.stream.write_all(request)?)
    }

    /// Takes in what is there, and gives the turn when the answer is whole.
    ///
    /// # Errors
    ///
    /// The connection fails, or the answer is no 200.
    pub(super) fn receive(&mut self) -> Outcome<Option<usize>> {
        let mut chunk = [0; 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => return Err("the server hung up on a writer".into()),
            Ok(read) => self.received.extend(&chunk[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error.into()),
        }
        if !is_whole(&self.received)? {
            return Ok(None);
        }
        self.received.clear();
        Ok(Some(self.turn))
    }
}

/// Whether an answer is all there. The only one that is waited for is what every write is answered.
fn is_whole(answer: &[u8]) -> Outcome<bool> {
    const OK: &[u8] = b"HTTP/1.1 200 ";
    let begun = answer.len().min(OK.len());
    if answer[..begun] != OK[..begun] {
        return Err("a write was refused under load".into());
    }
    Ok(answer.ends_with(br#"{"success":true}"#))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte_and_a_refusal_is_an_error() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"success\":true}";
        for end in 0..answer.len() {
            assert!(!is_whole(&answer[..end]).unwrap(), "{end}");
        }
        assert!(is_whole(answer).unwrap());
        assert!(is_whole(b"HTTP/1.1 429 Too Many Requests\r\n").is_err());
    }
}
