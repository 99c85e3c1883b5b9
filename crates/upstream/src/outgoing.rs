//! A request as it goes over the wire, written from nothing into one piece: a line, the fields that are given, a body of JSON.
//!
//! What no line and no field can hold makes no request. Nothing here knows what is asked for.

use http::Method;
use strongroom_ports::UpstreamError;

use crate::scrub::Scrubbed;

/// A field: its name in small letters with `: ` behind it, and the two pieces of its value; without a value it is left out.
pub(crate) type Field<'a> = (&'static str, Option<[&'a str; 2]>);

/// A value of one piece.
pub(crate) fn value(text: &str) -> [&str; 2] {
    [text, ""]
}

/// A request, or why there is none.
pub(crate) type Built = Result<Outgoing, UpstreamError>;

/// The bytes of one request, with a token and perhaps private values among them: never printed, and overwritten afterwards.
pub(crate) struct Outgoing(Scrubbed);

impl Outgoing {
    /// Writes one. The target and the body are of several pieces; a `POST` says how long its body is even where there is none,
    /// as some servers would wait for it (RFC 9110, section 8.6).
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Failed`] for a target or a value with characters that end it.
    pub(crate) fn write(
        method: &Method,
        target: &[&str],
        fields: &[Field<'_>],
        body: Option<&[&[u8]]>,
    ) -> Built {
        let body_bytes: usize = body.unwrap_or_default().iter().map(|piece| piece.len()).sum();
        let length = (body.is_some() || *method == Method::POST).then(|| body_bytes.to_string());
        let own: [Field<'_>; 2] = [
            ("content-type: ", body.map(|_| value("application/json"))),
            ("content-length: ", length.as_deref().map(value)),
        ];
        let fields = || fields.iter().chain(&own).filter_map(|(name, value)| Some((*name, value.as_ref()?)));
        let of_fields: usize = fields()
            .map(|(name, [first, second])| name.len() + first.len() + second.len() + END_OF_LINE.len())
            .sum();
        let of_target: usize = target.iter().map(|piece| piece.len()).sum();
        let room = method.as_str().len()
            + 1
            + of_target
            + VERSION.len()
            + of_fields
            + END_OF_LINE.len()
            + body_bytes;

        let mut bytes = Vec::with_capacity(room);
        let mut is_sound = of_target > 0;
        bytes.extend_from_slice(method.as_str().as_bytes());
        bytes.push(b' ');
        for piece in target {
            is_sound &= all(piece, may_be_in_a_target);
            bytes.extend_from_slice(piece.as_bytes());
        }
        bytes.extend_from_slice(VERSION.as_bytes());
        for (name, [first, second]) in fields() {
            is_sound &= all(first, may_be_in_a_value) && all(second, may_be_in_a_value);
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(first.as_bytes());
            bytes.extend_from_slice(second.as_bytes());
            bytes.extend_from_slice(END_OF_LINE.as_bytes());
        }
        bytes.extend_from_slice(END_OF_LINE.as_bytes());
        for piece in body.unwrap_or_default() {
            bytes.extend_from_slice(piece);
        }
        let request = Self(bytes.into());
        if is_sound { Ok(request) } else { Err(UpstreamError::Failed) }
    }

    /// All of it, as it is sent.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

const VERSION: &str = " HTTP/1.1\r\n";
const END_OF_LINE: &str = "\r\n";

/// What is visible, but for what a target never has as it is and some readers cut off or refuse (RFC 3986, appendix A).
fn may_be_in_a_target(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>' | b'\\')
}

/// RFC 9110, section 5.5: no control but the tab.
fn may_be_in_a_value(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

/// Whether all of a text is of these. To its end whatever comes: so sixteen are looked at together, and a token is long.
fn all(text: &str, is_one: impl Fn(u8) -> bool) -> bool {
    text.as_bytes().iter().fold(true, |so_far, byte| so_far & is_one(*byte))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt as _;

    use super::*;

    fn written(
        method: &Method,
        target: &[&str],
        fields: &[Field<'_>],
        body: Option<&[&[u8]]>,
    ) -> Option<String> {
        let request = Outgoing::write(method, target, fields, body).ok()?;
        assert_eq!(request.0.len(), request.0.room(), "what it grows out of is not overwritten");
        Some(String::from_utf8(request.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn a_request_is_its_line_its_fields_and_its_body() {
        let fields = [
            ("host: ", Some(value("a.example"))),
            ("left-out: ", None),
            ("authorization: ", Some(["Bearer ", "t"])),
        ];
        let get = written(&Method::GET, &["/v1", "/a"], &fields, None).unwrap();
        assert_eq!(get, "GET /v1/a HTTP/1.1\r\nhost: a.example\r\nauthorization: Bearer t\r\n\r\n");
        let post = written(&Method::POST, &["/a"], &[], Some(&[b"{\"a\":", b"1234}"])).unwrap();
        assert_eq!(
            post,
            "POST /a HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{\"a\":1234}"
        );
    }

    #[test]
    fn a_post_says_that_it_has_no_body_and_nothing_else_speaks_of_one() {
        let of = |method| written(&method, &["/"], &[], None).unwrap();
        assert_eq!(of(Method::POST), "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(of(Method::DELETE), "DELETE / HTTP/1.1\r\n\r\n");
    }

    #[test]
    fn what_would_end_a_line_or_a_field_makes_no_request() {
        for target in ["", "/a b", "/a\r\nx: y", "/a\n", "/\0", "/\x7f", "/é", "/a#b", "/\"", "/<", "/\\"] {
            assert_eq!(written(&Method::GET, &[target], &[], None), None, "{target:?}");
        }
        for hostile in ["a\r\nx: y", "a\n", "a\r", "a\0", "a\x1b", "a\x7f"] {
            for fields in [("x: ", Some([hostile, ""])), ("x: ", Some(["a", hostile]))] {
                assert_eq!(written(&Method::GET, &["/"], &[fields], None), None, "{hostile:?}");
            }
        }
        assert!(written(&Method::GET, &["/"], &[("x: ", Some(value("a b\té")))], None).is_some());
    }

    #[test]
    fn what_was_sent_is_overwritten_when_the_request_is_let_go() {
        let request = Outgoing::write(&Method::POST, &["/"], &[], Some(&[&[b'7'; 4096]])).unwrap();
        // The middle of it: an allocator writes notes of its own to the edges of what it is given back.
        let at = request.as_bytes().as_ptr().addr() as u64 + 2048;
        let memory = File::open("/proc/self/mem").unwrap();
        let mut seen = [0; 64];
        memory.read_exact_at(&mut seen, at).unwrap();
        assert_eq!(seen, [b'7'; 64]);
        drop(request);
        // Memory that went back to the kernel cannot be read at all.
        let read = memory.read_exact_at(&mut seen, at);
        assert!(read.is_err() || seen != [b'7'; 64]);
    }
}
