//! The head gate: one verdict, however the bytes arrive; and whatever it lets pass, the HTTP library reads in the same way
//! and in no words of its own.

use http::{HeaderName, HeaderValue, Method, Uri};
use strongroom_http::head_scan::{BodyKind, Head, HeadLimits, scan};

/// What the configuration has by default, and so little that an input of a few hundred bytes meets every limit.
const LIMITS: [HeadLimits; 2] = [
    HeadLimits { head_bytes: 16384, target_bytes: 8192, header_fields: 100 },
    HeadLimits { head_bytes: 256, target_bytes: 64, header_fields: 4 },
];
/// Room for as many fields as any of [`LIMITS`] lets through.
const MAX_FIELDS: usize = 100;
/// Up to here an input is cut at every byte; a longer one near its line ends only, or a check would take the square of it.
const CUT_EVERYWHERE_BYTES: usize = 128;
/// How many beginnings beyond the first that is decided are judged, besides the whole.
const CUTS_BEHIND: usize = 16;

/// Asserts that the gate keeps its promises for these bytes; returns what it says under the default limits.
pub(crate) fn check(bytes: &[u8]) -> String {
    let [verdict, _] = LIMITS.map(|limits| {
        let verdict = scan(bytes, &limits);
        assert_eq!(scan(bytes, &limits), verdict, "the same bytes are judged differently");
        is_the_same_however_it_arrives(bytes, &limits);
        if let Ok(Some(head)) = verdict {
            is_read_alike(bytes, head, &limits);
        }
        verdict
    });
    match verdict {
        Ok(None) => "incomplete".to_owned(),
        Ok(Some(Head { body: BodyKind::Length(_), .. })) => "Length".to_owned(),
        Ok(Some(head)) => format!("{:?}", head.body),
        Err(refusal) => format!("{refusal:?}"),
    }
}

/// A verdict on a beginning is the verdict on the whole: a head that was found stays where it is, what was refused stays
/// refused, and what is incomplete has not been promised anything.
fn is_the_same_however_it_arrives(bytes: &[u8], limits: &HeadLimits) {
    let mut first = None;
    let mut cuts_behind = 0;
    for end in (0..=bytes.len()).filter(|end| is_cut(bytes, *end)) {
        cuts_behind += usize::from(first.is_some());
        if cuts_behind > CUTS_BEHIND && end < bytes.len() {
            continue;
        }
        let beginning = bytes.get(..end).unwrap_or_default();
        let verdict = scan(beginning, limits);
        match (first, verdict) {
            (None, Ok(None)) => {}
            (None, decided) => first = Some(decided),
            (Some(Ok(head)), verdict) => assert_eq!(verdict, Ok(head), "a head that was found is lost"),
            (Some(Err(_)), verdict) => assert!(verdict.is_err(), "what was refused is let through"),
        }
    }
}

fn is_cut(bytes: &[u8], end: usize) -> bool {
    let is_line_end = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|b| *b == b'\n');
    bytes.len() <= CUT_EVERYWHERE_BYTES
        || end == bytes.len()
        || end.is_multiple_of(61)
        || [end.checked_sub(2), end.checked_sub(1), Some(end)].into_iter().any(is_line_end)
}

/// Whatever passes has clean lines, and the parser under hyper agrees on every part of it.
fn is_read_alike(bytes: &[u8], head: Head, limits: &HeadLimits) {
    let text = bytes.get(..head.length).unwrap_or_default();
    assert_eq!(text.len(), head.length, "the head is longer than the input");
    assert!(text.ends_with(b"\r\n\r\n") && head.length <= limits.head_bytes + 2);
    assert!(!text.contains(&0), "a NUL passes");
    for (at, byte) in text.iter().enumerate() {
        let (before, behind) = (at.checked_sub(1).and_then(|at| text.get(at)), text.get(at + 1));
        match byte {
            b'\r' => assert_eq!(behind, Some(&b'\n'), "a bare CR passes"),
            b'\n' => assert_eq!(before, Some(&b'\r'), "a bare LF passes"),
            _ => {}
        }
    }

    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let parsed = request.parse(bytes);
    assert_eq!(parsed, Ok(httparse::Status::Complete(head.length)), "the library sees another head");

    let line = text.strip_prefix(b"\r\n").unwrap_or(text);
    let line = line.split(|b| *b == b'\r').next().unwrap_or_default();
    let words: Vec<&[u8]> = line.split(|b| *b == b' ').collect();
    let (method, path) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
    let version: &[u8] = if request.version == Some(1) { b"HTTP/1.1" } else { b"HTTP/1.0" };
    assert_eq!(words, [method.as_bytes(), path.as_bytes(), version], "another request line");
    assert!(Method::from_bytes(method.as_bytes()).is_ok(), "the library has no such method");
    assert!(path.parse::<Uri>().is_ok(), "the library has no such target");

    let lines = text.split(|b| *b == b'\n').filter(|line| line.contains(&b':')).count();
    let in_request_line = usize::from(line.contains(&b':'));
    assert_eq!(request.headers.len(), lines - in_request_line, "another number of fields");
    assert!(request.headers.len() <= limits.header_fields);
    for field in request.headers.iter() {
        assert!(HeaderName::from_bytes(field.name.as_bytes()).is_ok(), "the library has no such name");
        assert!(HeaderValue::from_bytes(field.value).is_ok(), "the library has no such value");
    }
    assert_eq!(body(&request), Some(head.body), "another opinion about the body");
}

/// How the body ends, by RFC 9112, section 6.3, read as strictly as can be: `None` where there are two opinions.
fn body(request: &httparse::Request<'_, '_>) -> Option<BodyKind> {
    let values = |name: &str| -> Vec<&str> {
        let fields = request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
        fields.map(|field| std::str::from_utf8(field.value).unwrap_or("?")).collect()
    };
    match (values("content-length").as_slice(), values("transfer-encoding").as_slice()) {
        ([], []) => Some(BodyKind::None),
        ([length], []) if length.bytes().all(|b| b.is_ascii_digit()) => length
            .parse()
            .ok()
            .map(|length| if length == 0 { BodyKind::None } else { BodyKind::Length(length) }),
        ([], [coding]) if coding.eq_ignore_ascii_case("chunked") && request.version == Some(1) => {
            Some(BodyKind::Chunked)
        }
        _ => None,
    }
}
