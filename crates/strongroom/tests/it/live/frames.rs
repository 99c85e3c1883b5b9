//! Frames as bytes (RFC 6455, 5.2), the wrong ones among them: whoever writes one says each part of it.

/// Bits of a frame's first byte.
pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const RSV2: u8 = 0x20;
pub(crate) const RSV3: u8 = 0x10;

/// Opcodes.
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// The bit of a frame's second byte that says that its payload is masked.
const MASKED: u8 = 0x80;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A length in one of its three forms, the shortest or not.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    Byte(u8),
    Word(u16),
    Long(u64),
}

impl Length {
    fn of(payload: &[u8]) -> Self {
        match u16::try_from(payload.len()) {
            Ok(length @ 0..=125) => Self::Byte(u8::try_from(length).unwrap()),
            Ok(length) => Self::Word(length),
            Err(_) => Self::Long(payload.len() as u64),
        }
    }
}

/// A frame as a client should send it; `first` is its flags and its opcode.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    frame_of_length(first, Length::of(payload), payload)
}

/// The same, with this length written before it.
pub(crate) fn frame_of_length(first: u8, length: Length, payload: &[u8]) -> Vec<u8> {
    let mut bytes = announced(first, length);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A frame as only a server should send it.
pub(crate) fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    [head(first, 0, Length::of(payload)).as_slice(), payload].concat()
}

/// All of a frame but its payload, which is announced and does not come.
pub(crate) fn announced(first: u8, length: Length) -> Vec<u8> {
    [head(first, MASKED, length).as_slice(), &MASK].concat()
}

/// What stands before the mask and the payload.
fn head(first: u8, masked: u8, length: Length) -> Vec<u8> {
    match length {
        Length::Byte(length) => vec![first, masked | length],
        Length::Word(length) => [&[first, masked | 0x7e][..], &length.to_be_bytes()].concat(),
        Length::Long(length) => [&[first, masked | 0x7f][..], &length.to_be_bytes()].concat(),
    }
}

/// A whole text message.
pub(crate) fn text(text: &str) -> Vec<u8> {
    frame(FIN | TEXT, text.as_bytes())
}

/// A close with a code and a reason.
pub(crate) fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// A text message in as many frames as there are parts.
pub(crate) fn fragments(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let opcode = if number == 0 { TEXT } else { CONTINUATION };
        let last = if number + 1 == parts.len() { FIN } else { 0 };
        bytes.extend(frame(last | opcode, part));
    }
    bytes
}
