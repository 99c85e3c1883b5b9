//! The head of another server's answer: what it means, where its body ends, and whether another answer may follow it.
//!
//! Of the fields, those are kept that somebody asks about; the rest goes no further.

use std::mem::MaybeUninit;

use http::StatusCode;
use httparse::{Header, ParserConfig, Response, Status};
use strongroom_domain::EntityTag;

use crate::json_kind::{JsonKind, json_kind};

/// The longest head of an answer.
pub(crate) const MAX_BYTES: usize = 16 * 1024;
/// The most fields of one.
const MAX_FIELDS: usize = 100;

/// What an answer says before its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnswerHead {
    pub(crate) status: StatusCode,
    /// Whether, and how, its body is said to be JSON.
    pub(crate) kind: Option<JsonKind>,
    /// Its one tag; two of them, or another form, are none.
    pub(crate) tag: Option<EntityTag>,
    /// The seconds of `Retry-After`; a date is as good as none.
    pub(crate) retry_after_s: Option<u32>,
}

/// Where the body of an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Behind so many bytes.
    Length(u64),
    /// Behind its last chunk.
    Chunks,
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// Bytes of the head.
    pub(crate) length: usize,
    pub(crate) head: AnswerHead,
    pub(crate) framing: Framing,
    /// Whether another answer may follow.
    pub(crate) is_persistent: bool,
}

/// Why there is no head to go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no head.
    Broken,
    /// It is one, and nobody can tell a whole body from one that was cut off.
    Endless,
}

/// Reads a head from the beginning of these bytes; `None` while it is not whole.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Parsed>, Unreadable> {
    // The parser skips empty lines. Here they would be what is left of the answer before.
    if bytes.first().is_some_and(|first| *first != b'H') {
        return Err(Unreadable::Broken);
    }
    let mut room = [const { MaybeUninit::<Header<'_>>::uninit() }; MAX_FIELDS];
    let mut response = Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut room);
    let length = match parsed {
        Ok(Status::Complete(length)) if length <= MAX_BYTES => length,
        Ok(Status::Partial) if bytes.len() < MAX_BYTES => return Ok(None),
        _ => return Err(Unreadable::Broken),
    };
    let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Unreadable::Broken)?;
    let is_http_11 = response.version == Some(1);
    let said = Said::of(response.headers)?;
    let framing = said.framing(status, is_http_11)?;
    let kind = said.content_type.filter(|_| !said.is_coded).and_then(json_kind);
    let tag = said.tag.and_then(|tag| EntityTag::parse(std::str::from_utf8(tag).ok()?).ok());
    let retry_after_s = said.retry_after.and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    let head = AnswerHead { status, kind, tag, retry_after_s };
    // Whoever has switched protocols speaks something else from here, and whoever tells of a body where none can be may send one.
    let is_odd = status == StatusCode::SWITCHING_PROTOCOLS || (has_no_body(status) && said.tells_of_a_body());
    let is_persistent = is_http_11 && !said.closes && !is_odd;
    Ok(Some(Parsed { length, head, framing, is_persistent }))
}

/// The fields that matter.
#[derive(Default)]
struct Said<'h> {
    length: Option<u64>,
    coding: Option<&'h [u8]>,
    closes: bool,
    is_coded: bool,
    content_type: Option<&'h [u8]>,
    tag: Option<&'h [u8]>,
    tags: usize,
    retry_after: Option<&'h [u8]>,
}

impl<'h> Said<'h> {
    fn of(fields: &[Header<'h>]) -> Result<Self, Unreadable> {
        let mut said = Self::default();
        for Header { name, value } in fields {
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            // By their length first: most fields are none of these.
            match name.len() {
                4 if is("etag") => {
                    said.tags += 1;
                    said.tag = Some(*value).filter(|_| said.tags == 1);
                }
                10 if is("connection") => said.closes |= lists(value, b"close"),
                11 if is("retry-after") => said.retry_after = said.retry_after.or(Some(value)),
                12 if is("content-type") => said.content_type = said.content_type.or(Some(value)),
                14 if is("content-length") => {
                    let length = whole_number(value).ok_or(Unreadable::Broken)?;
                    if said.length.is_some_and(|before| before != length) {
                        return Err(Unreadable::Broken);
                    }
                    said.length = Some(length);
                }
                16 if is("content-encoding") => said.is_coded = true,
                // Two of them end in nobody knows what.
                17 if is("transfer-encoding") && said.coding.replace(value).is_some() => {
                    return Err(Unreadable::Endless);
                }
                _ => {}
            }
        }
        Ok(said)
    }

    fn tells_of_a_body(&self) -> bool {
        self.coding.is_some() || self.length.is_some_and(|length| length > 0)
    }

    /// Two opinions on where the answer ends, or none, or a coding that ends with the connection: then nobody can tell a whole one
    /// from a cut one.
    fn framing(&self, status: StatusCode, is_http_11: bool) -> Result<Framing, Unreadable> {
        if is_interim(status) && self.tells_of_a_body() {
            return Err(Unreadable::Endless);
        }
        let has_none = has_no_body(status);
        match (self.coding, self.length) {
            (Some(_), _) if !is_http_11 => Err(Unreadable::Broken),
            (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => {
                Ok(if has_none { Framing::Length(0) } else { Framing::Chunks })
            }
            (None, _) if has_none => Ok(Framing::Length(0)),
            (None, Some(length)) => Ok(Framing::Length(length)),
            _ => Err(Unreadable::Endless),
        }
    }
}

/// Whether the answer itself is still to come.
pub(crate) fn is_interim(status: StatusCode) -> bool {
    status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS
}

/// RFC 9112, section 6.3; nothing is asked for by `HEAD` here.
fn has_no_body(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Whether a list of words has this one, in any case.
fn lists(value: &[u8], word: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(word))
}

/// Digits and nothing else, of a number that there is.
fn whole_number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
