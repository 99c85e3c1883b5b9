//! WebSocket frames (RFC 6455, section 5), as much of them as a client of our own server on loopback needs: whole messages, no
//! extension, and a mask of zeros, which protects no proxy from anybody and changes no byte.

use crate::workspace::Outcome;

/// The largest message that is read.
const MESSAGE_BYTES: usize = 16 * 1024;

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const LAST: u8 = 0x80;
const MASKED: u8 = 0x80;
/// In the place of a length: it follows, in two bytes or in eight.
const IN_TWO_BYTES: u8 = 0x7E;
const IN_EIGHT_BYTES: u8 = 0x7F;

/// What the server says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Text(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    /// It closes, for the reason of this code; 1005 without one.
    Close(u16),
}

/// A message of the client's.
pub(super) fn text(payload: &str) -> Vec<u8> {
    frame(TEXT, payload.as_bytes())
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8]) -> Vec<u8> {
    frame(PONG, payload)
}

fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![LAST | opcode];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..=125), _) => bytes.push(MASKED | length),
        (_, Ok(length)) => {
            bytes.push(MASKED | IN_TWO_BYTES);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(MASKED | IN_EIGHT_BYTES);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// Bytes of the server's, and the frames in them.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
}

impl Inbox {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// The first frame, when all of it is there.
    ///
    /// # Errors
    ///
    /// A frame that our server does not send.
    pub(super) fn take(&mut self) -> Outcome<Option<Frame>> {
        let Some((first, length, head)) = self.head() else { return Ok(None) };
        if length > MESSAGE_BYTES || first & !0x0F != LAST {
            return Err("a frame is too large, or no whole message".into());
        }
        if self.bytes.len() < head + length {
            return Ok(None);
        }
        let payload = self.bytes[head..head + length].to_vec();
        self.bytes.drain(..head + length);
        if self.bytes.is_empty() {
            // Thousands wait, and hold nothing meanwhile.
            self.bytes = Vec::new();
        }
        Ok(Some(match first & 0x0F {
            TEXT => Frame::Text(payload),
            PING => Frame::Ping(payload),
            PONG => Frame::Pong,
            CLOSE => Frame::Close(match payload.as_slice() {
                [high, low, ..] => u16::from_be_bytes([*high, *low]),
                _ => 1005,
            }),
            _ => return Err("a frame of no known kind".into()),
        }))
    }

    /// First byte, payload's length and head's length, when they are there.
    fn head(&self) -> Option<(u8, usize, usize)> {
        let [first, second, rest @ ..] = self.bytes.as_slice() else { return None };
        Some(match second {
            &IN_TWO_BYTES => (*first, usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
            &IN_EIGHT_BYTES => (*first, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?, 10),
            length => (*first, usize::from(*length), 2),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Vec<Frame> {
        let mut inbox = Inbox::default();
        let mut frames = Vec::new();
        // In pieces of one byte, as they may come.
        for byte in bytes {
            inbox.put(&[*byte]);
            while let Some(frame) = inbox.take().unwrap() {
                frames.push(frame);
            }
        }
        frames
    }

    #[test]
    fn frames_are_told_apart_in_whatever_pieces_they_come() {
        let long = vec![b'x'; 300];
        let mut bytes = vec![0x81, 2, b'h', b'i', 0x89, 1, 7, 0x81, 126, 1, 44];
        bytes.extend(&long);
        bytes.extend([0x88, 2, 3, 0xE9]);
        let expected =
            [Frame::Text(b"hi".to_vec()), Frame::Ping(vec![7]), Frame::Text(long), Frame::Close(1001)];
        assert_eq!(frames(&bytes), expected);
    }

    #[test]
    fn a_frame_of_the_client_is_masked_with_zeros_and_says_its_length_shortest() {
        assert_eq!(text("hi"), [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
        assert_eq!(text(&"x".repeat(300))[..8], [0x81, 0xFE, 1, 44, 0, 0, 0, 0]);
        assert_eq!(pong(&[7]), [0x8A, 0x81, 0, 0, 0, 0, 7]);
    }

    #[test]
    fn a_part_of_a_message_is_refused() {
        let mut inbox = Inbox::default();
        inbox.put(&[0x01, 0]);
        assert!(inbox.take().is_err());
    }
}
