//! `traceparent` (W3C Trace Context, section 3.2): which trace of the caller's a request belongs to.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// `00-` trace id `-` parent id `-` flags.
const VERSION_0_BYTES: usize = 55;

/// The id of a trace: 32 hexadecimal digits, not all of them zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceId(u128);

impl TraceId {
    /// What the request names; `None` where it names none, more than one, or in a form that is none.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        parse(only_field(headers)?.as_bytes())
    }
}

/// The field as it came, where its form is sound: to be passed on. More than version 0 has is not passed on: nobody here
/// can say what it holds.
pub(crate) fn sound(headers: &HeaderMap) -> Option<&str> {
    let field = only_field(headers)?.to_str().ok()?;
    parse(field.as_bytes()).filter(|_| field.len() == VERSION_0_BYTES).map(|_| field)
}

fn only_field(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut fields = headers.get_all(TRACEPARENT).iter();
    fields.next().filter(|_| fields.next().is_none())
}

fn parse(field: &[u8]) -> Option<TraceId> {
    let text = std::str::from_utf8(field).ok()?;
    let (version_0, more) = text.split_at_checked(VERSION_0_BYTES)?;
    let mut parts = version_0.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // A later version may have more behind another dash, and is read as far as this one goes.
    let may_have_more = version != "00" && more.starts_with('-');
    let fits = [(version, 2), (trace, 32), (parent, 16), (flags, 2)]
        .iter()
        .all(|(part, length)| part.len() == *length && part.bytes().all(is_lower_hex));
    if !fits || version == "ff" || !(more.is_empty() || may_have_more) || parts.next().is_some() {
        return None;
    }
    let is_zero = |part: &str| part.bytes().all(|b| b == b'0');
    if is_zero(trace) || is_zero(parent) {
        return None;
    }
    u128::from_str_radix(trace, 16).ok().map(TraceId)
}

fn is_lower_hex(b: u8) -> bool {
    matches!(b, b'0'..=b'9' | b'a'..=b'f')
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn the_trace_is_read_and_written_as_it_came() {
        let trace = parse(GOOD.as_bytes()).unwrap();
        assert_eq!(trace.to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(parse(format!("cc{}-what the future will be like", &GOOD[2..]).as_bytes()), Some(trace));
    }

    #[test]
    fn what_has_another_form_is_no_trace() {
        for field in [
            "",
            "00",
            &GOOD[..54],
            &format!("{GOOD}-00"),
            &format!("{GOOD} "),
            &GOOD.to_uppercase(),
            &GOOD.replace("00-0a", "ff-0a"),
            &GOOD.replace("0af7651916cd43dd8448eb211c80319c", "00000000000000000000000000000000"),
            &GOOD.replace("b7ad6b7169203331", "0000000000000000"),
            &GOOD.replace("0af765", "0af76g"),
            &GOOD.replace('-', "_"),
        ] {
            assert_eq!(parse(field.as_bytes()), None, "{field}");
        }
    }
}
