//! Reads the bytes of a request head once, before the HTTP library does: where it ends, where its body will end, and
//! whether there is any second opinion about either.
//!
//! A pure function of bytes. It decides what a handler can no longer see (RFC 9112, section 11.2) and whatever the library
//! would refuse in words of its own. What the fields mean is `gate`'s business.

use memchr::memchr;

use crate::characters::Characters;
use crate::refusal::Refusal;
use crate::target;

/// How large a head may be.
#[derive(Debug, Clone, Copy)]
pub struct HeadLimits {
    /// Bytes of the head, the empty line included; more are 431.
    pub head_bytes: usize,
    /// Bytes of the request target; more are 414.
    pub target_bytes: usize,
    /// Header fields; more are 431.
    pub header_fields: usize,
}

impl HeadLimits {
    /// Whether a head that has grown from `before` to `now` bytes, without a whole line more, may have met a limit.
    pub(crate) fn tell(&self, before: usize, now: usize) -> bool {
        let line_bytes = self.target_bytes + AROUND_TARGET_BYTES;
        now >= self.head_bytes || (before <= line_bytes && now > line_bytes)
    }
}

/// A head that is there whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its bytes, from the first of the input up to the empty line's end.
    pub length: usize,
    /// What follows it.
    pub body: BodyKind,
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// There is no body.
    None,
    /// So many bytes, one at least.
    Length(u64),
    /// Chunks, up to an empty one.
    Chunked,
}

/// A method is at most as long as this; the longest that is registered has 17 letters.
const METHOD_BYTES: usize = 32;
/// The rest of the longest request line up to its LF, without the target. A line is too long once it can be none any more:
/// the verdict must not depend on how the bytes arrive.
const AROUND_TARGET_BYTES: usize = METHOD_BYTES + b"  HTTP/1.1\r".len();
/// Digits of a length that any body could have.
const LENGTH_DIGITS: usize = 18;

/// Names that decide something and hold a `-`, which some servers take a `_` for.
const NAMES_WITH_HYPHEN: [&[u8]; 14] = [
    b"content-length",
    b"content-type",
    b"content-encoding",
    b"transfer-encoding",
    b"idempotency-key",
    b"if-match",
    b"if-none-match",
    b"sec-fetch-site",
    b"x-blockchain-id",
    b"x-forwarded-for",
    b"x-ibex-auth",
    b"x-request-id",
    b"x-rp-id",
    b"x-rpid",
];

/// Scans the head that `bytes` begin with: `None` while more bytes must come.
///
/// # Errors
///
/// The first rule that is broken.
pub fn scan(bytes: &[u8], limits: &HeadLimits) -> Result<Option<Head>, Refusal> {
    // A client may end its last body with one line too many (RFC 9112, section 2.2).
    let start = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
    let mut lines = Lines { bytes, at: start };
    let Some(request_line) = lines.next()? else {
        return unfinished(bytes.get(start..).unwrap_or_default(), None, limits);
    };
    let is_http_10 = check_request_line(request_line, limits)?;
    let mut framing = Framing::default();
    let mut fields = 0_usize;
    loop {
        match lines.next()? {
            None => return unfinished(bytes.get(start..).unwrap_or_default(), Some(fields), limits),
            Some([]) => break,
            Some(line) => {
                fields += 1;
                if fields > limits.header_fields {
                    return Err(Refusal::TooManyFields);
                }
                check_field(line, is_http_10, &mut framing)?;
            }
        }
    }
    if lines.at - start > limits.head_bytes {
        return Err(Refusal::HeadTooLarge);
    }
    Ok(Some(Head { length: lines.at, body: framing.body() }))
}

/// What can be said of a head that has not come whole: that it is too large already, or can be none any more.
fn unfinished(head: &[u8], fields: Option<usize>, limits: &HeadLimits) -> Result<Option<Head>, Refusal> {
    let has_request_line = fields.is_some();
    if !has_request_line {
        let method = head.split(|b| *b == b' ').next().unwrap_or_default();
        // TLS, or anything else that is not HTTP. A lone CR may yet become an empty line.
        if !(method.iter().all(|b| is_token_character(*b)) || head == b"\r") || method.len() > METHOD_BYTES {
            return Err(Refusal::RequestLine);
        }
        if head.len() > limits.target_bytes + AROUND_TARGET_BYTES {
            return Err(Refusal::TargetTooLong);
        }
    }
    if head.len() >= limits.head_bytes { Err(Refusal::HeadTooLarge) } else { Ok(None) }
}

/// Lines that end in CRLF and hold neither CR nor LF otherwise.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<Option<&'a [u8]>, Refusal> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(end) = memchr(b'\n', rest) else { return Ok(None) };
        let Some((line, b"\r")) = rest.get(..end).and_then(|line| line.split_at_checked(end.wrapping_sub(1)))
        else {
            return Err(Refusal::LineEnding);
        };
        self.at += end + 1;
        Ok(Some(line))
    }
}

/// Checks `method SP target SP version`, and says whether it is HTTP/1.0.
fn check_request_line(line: &[u8], limits: &HeadLimits) -> Result<bool, Refusal> {
    if line.contains(&b'\r') {
        return Err(Refusal::LineEnding);
    }
    let (method, rest) = word(line).ok_or(Refusal::RequestLine)?;
    let (target, version) = word(rest).ok_or(Refusal::RequestLine)?;
    if version.contains(&b' ')
        || !(1..=METHOD_BYTES).contains(&method.len())
        || !method.iter().all(|b| is_token_character(*b))
    {
        return Err(Refusal::RequestLine);
    }
    if target.len() > limits.target_bytes {
        return Err(Refusal::TargetTooLong);
    }
    let is_http_10 = match version {
        b"HTTP/1.1" => false,
        b"HTTP/1.0" => true,
        _ => return Err(Refusal::Version),
    };
    target::check(target, method == b"CONNECT")?;
    Ok(is_http_10)
}

/// What stands before the first space, and behind it.
fn word(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, rest) = line.split_at_checked(memchr(b' ', line)?)?;
    Some((word, rest.get(1..)?))
}

/// Where the body ends, as told so far.
#[derive(Default)]
struct Framing {
    length: Option<u64>,
    is_chunked: bool,
}

impl Framing {
    fn body(&self) -> BodyKind {
        match self.length {
            _ if self.is_chunked => BodyKind::Chunked,
            None | Some(0) => BodyKind::None,
            Some(length) => BodyKind::Length(length),
        }
    }
}

/// Checks `name: value`, and notes what it says about the body.
fn check_field(line: &[u8], is_http_10: bool, framing: &mut Framing) -> Result<(), Refusal> {
    let colon = line.iter().position(|b| *b == b':').ok_or(Refusal::HeaderField)?;
    let (name, value) = line.split_at(colon);
    let value = value.get(1..).unwrap_or_default();
    // Anything but a token here: a fold, whitespace before the colon, a second name.
    if !is_name(name) {
        return Err(Refusal::HeaderField);
    }
    if !is_text(value) {
        return Err(if value.contains(&b'\r') { Refusal::LineEnding } else { Refusal::HeaderField });
    }
    match name.len() {
        14 if name.eq_ignore_ascii_case(b"content-length") => {
            let length = content_length(value).ok_or(Refusal::Framing)?;
            if framing.is_chunked || framing.length.replace(length).is_some() {
                return Err(Refusal::Framing);
            }
        }
        17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
            let is_chunked = trimmed(value).eq_ignore_ascii_case(b"chunked");
            if !is_chunked || is_http_10 || framing.is_chunked || framing.length.is_some() {
                return Err(Refusal::Framing);
            }
            framing.is_chunked = true;
        }
        _ if is_lookalike(name) => return Err(Refusal::NameLookalike),
        _ => {}
    }
    Ok(())
}

/// A token (RFC 9110, section 5.1).
pub(crate) fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|b| is_token_character(*b))
}

pub(crate) fn is_lookalike(name: &[u8]) -> bool {
    if !name.contains(&b'_') {
        return false;
    }
    let hyphen = |b: &u8| if *b == b'_' { b'-' } else { b.to_ascii_lowercase() };
    NAMES_WITH_HYPHEN.iter().any(|known| name.iter().map(hyphen).eq(known.iter().copied()))
}

/// Digits, and nothing else: no sign, no list.
pub(crate) fn content_length(value: &[u8]) -> Option<u64> {
    let digits = trimmed(value);
    if !(1..=LENGTH_DIGITS).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0_u64, |length, digit| {
        digit.is_ascii_digit().then(|| length * 10 + u64::from(digit - b'0'))
    })
}

/// Without the optional whitespace around it: space and tab, which is less than Rust trims.
fn trimmed(value: &[u8]) -> &[u8] {
    let is_word = |b: &u8| !matches!(b, b' ' | b'\t');
    let start = value.iter().position(is_word).unwrap_or(value.len());
    let end = value.iter().rposition(is_word).map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

/// Tab and whatever is no control character. Bytes of 0x80 and more are opaque (RFC 9110, section 5.5).
///
/// Every byte is looked at, without an early end: so the compiler takes sixteen at a time, and a token is the longest thing
/// in a head.
fn is_text(value: &[u8]) -> bool {
    let is_control = |b: u8| b.is_ascii_control() && b != b'\t';
    !value.iter().fold(false, |found, b| found | is_control(*b))
}

fn is_token_character(b: u8) -> bool {
    const TOKEN: Characters = Characters::alphanumeric_and(b"!#$%&'*+-.^_`|~");
    TOKEN.has(b)
}

#[cfg(test)]
mod library_tests;
#[cfg(test)]
mod tests;
