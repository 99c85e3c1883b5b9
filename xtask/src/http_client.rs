//! A keep-alive HTTP/1.1 client of a page, for driving our own server on loopback: requests are given as bytes, so that
//! the load generator measures the server and not us. Everything it waits for is bounded.
//!
//! It understands answers with a `Content-Length` and answers without a body, which is all that Strongroom sends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::workspace::Outcome;

/// How long one read or write may stall; generous, because a shared machine may be busy.
const STALL: Duration = Duration::from_mins(1);
/// The longest line and the most header lines of an answer that we accept.
const LINE_BYTES: u64 = 8 * 1024;
const HEADER_LINES: usize = 64;
/// The largest body of an answer that we accept; the contract's own limit.
const BODY_BYTES: usize = 1024 * 1024;

/// One connection, used for one request after the other.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    /// Connects to `authority`, `host:port`.
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub(crate) fn open(authority: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(STALL))?;
        stream.set_write_timeout(Some(STALL))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends one request, complete with head and body, and reads its answer.
    ///
    /// # Errors
    ///
    /// The connection fails or stalls, or the answer is not HTTP as this client knows it.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Outcome<Answer> {
        self.send(request)?;
        self.receive()
    }

    /// Sends one request, whose answer is to be received before the next is sent.
    ///
    /// # Errors
    ///
    /// The connection fails or stalls.
    pub(crate) fn send(&mut self, request: &[u8]) -> Outcome {
        Ok(self.stream.get_mut().write_all(request)?)
    }

    /// Reads the answer to the request that was sent.
    ///
    /// # Errors
    ///
    /// The connection fails or stalls, or the answer is not HTTP as this client knows it.
    pub(crate) fn receive(&mut self) -> Outcome<Answer> {
        read_answer(&mut self.stream)
    }
}

/// The bytes of one request; a body is sent as JSON.
pub(crate) fn request(
    method: &str,
    authority: &str,
    path: &str,
    bearer: Option<&str>,
    body: Option<&str>,
) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(token) = bearer {
        head.extend(["Authorization: Bearer ", token, "\r\n"]);
    }
    if let Some(body) = body {
        head.extend(["Content-Type: application/json\r\nContent-Length: ", &body.len().to_string(), "\r\n"]);
    }
    head.extend(["\r\n", body.unwrap_or_default()]);
    head.into_bytes()
}

fn read_answer(stream: &mut impl BufRead) -> Outcome<Answer> {
    let status_line = read_line(stream)?;
    let status: u16 = match status_line.split(' ').nth(1).map(str::parse) {
        Some(Ok(status)) if status_line.starts_with("HTTP/1.1 ") => status,
        _ => return Err("the answer is not HTTP/1.1".into()),
    };
    let mut length = None;
    for _ in 0..HEADER_LINES {
        let line = read_line(stream)?;
        if line.is_empty() {
            let mut body = vec![0; body_length(status, length)?];
            stream.read_exact(&mut body)?;
            return Ok(Answer { status, body });
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse()?);
        }
    }
    Err("the answer has too many headers".into())
}

fn body_length(status: u16, length: Option<usize>) -> Outcome<usize> {
    match (status, length) {
        (204 | 304, _) => Ok(0),
        (_, Some(length)) if length <= BODY_BYTES => Ok(length),
        (_, Some(_)) => Err("the answer is too large".into()),
        (_, None) => Err("the answer has no Content-Length".into()),
    }
}

fn read_line(stream: &mut impl BufRead) -> Outcome<String> {
    let mut line = String::new();
    stream.take(LINE_BYTES).read_line(&mut line)?;
    let line = line
        .strip_suffix("\r\n")
        .ok_or("the answer ends in the middle of a line, or the line is too long")?;
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(mut bytes: &[u8], count: usize) -> Vec<Answer> {
        (0..count).map(|_| read_answer(&mut bytes).unwrap()).collect()
    }

    #[test]
    fn answers_on_one_connection_are_told_apart() {
        let stream = b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        let expected = [Answer { status: 204, body: vec![] }, Answer { status: 200, body: b"hi".to_vec() }];
        assert_eq!(answers(stream, 2), expected);
    }

    #[test]
    fn an_answer_without_an_end_is_refused() {
        assert!(read_answer(&mut b"HTTP/1.1 200 OK\r\n\r\nhi".as_slice()).is_err());
        assert!(read_answer(&mut b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi".as_slice()).is_err());
        assert!(read_answer(&mut b"HTTP/1.1 200 OK".as_slice()).is_err());
    }

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let bytes = request("POST", "h:1", "/p", Some("t"), Some("{}"));
        let expected = "POST /p HTTP/1.1\r\nHost: h:1\r\nAuthorization: Bearer t\r\n\
                        Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }
}
