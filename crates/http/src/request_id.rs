//! The id of a request: the caller's, if it is sane, else one of our own.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids than this are replaced: they go into logs.
const MAX_REQUEST_ID_BYTES: usize = 64;

/// A sane request id.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

/// Hexadecimal digits of a process's number, and of a request's behind it: enough for a million a second over eight years.
const PROCESS_DIGITS: usize = 16;
const COUNT_DIGITS: usize = 12;

/// Makes ids: a random number of this process and a counter, so that they are unique without a lock or a call.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: [u8; PROCESS_DIGITS],
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(process: u64) -> Self {
        Self { process: hex(process), next: AtomicU64::new(0) }
    }

    /// The request's own id, or a new one.
    pub(crate) fn of(&self, headers: &HeaderMap) -> RequestId {
        let mut ids = headers.get_all(X_REQUEST_ID).iter();
        match (ids.next(), ids.next()) {
            (Some(id), None) if is_sane(id.as_bytes()) => RequestId(id.clone()),
            _ => {
                let count = self.next.fetch_add(1, Ordering::Relaxed);
                let mut id = [0; PROCESS_DIGITS + COUNT_DIGITS];
                let (process, number) = id.split_at_mut(PROCESS_DIGITS);
                process.copy_from_slice(&self.process);
                number.copy_from_slice(&hex::<COUNT_DIGITS>(count));
                RequestId(HeaderValue::from_bytes(&id).unwrap_or(HeaderValue::from_static("-")))
            }
        }
    }
}

impl RequestId {
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("-")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The last so many hexadecimal digits.
fn hex<const DIGITS: usize>(mut number: u64) -> [u8; DIGITS] {
    let mut text = [b'0'; DIGITS];
    for digit in text.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 0xf) as usize];
        number >>= 4;
    }
    text
}

fn is_sane(id: &[u8]) -> bool {
    (1..=MAX_REQUEST_ID_BYTES).contains(&id.len())
        && id.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_id_is_kept_and_any_other_is_replaced() {
        let ids = RequestIds::new(0xfeed);
        let of = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::try_from(id).unwrap());
            ids.of(&headers).to_string()
        };
        assert_eq!(of("req-1_a.b"), "req-1_a.b");
        assert_eq!(of("two words"), "000000000000feed000000000000");
        assert_eq!(of(&"x".repeat(65)), "000000000000feed000000000001");
        let mut two = HeaderMap::new();
        two.append(X_REQUEST_ID, HeaderValue::from_static("one"));
        two.append(X_REQUEST_ID, HeaderValue::from_static("two"));
        assert_eq!(ids.of(&two).to_string(), "000000000000feed000000000002", "two are two opinions");
    }
}
