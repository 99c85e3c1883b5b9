//! What a connection begins with that speaks HTTP/2 (RFC 9113, section 3.4).

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether these bytes may yet become a preface.
pub(crate) fn may_begin(bytes: &[u8]) -> bool {
    bytes.len() < PREFACE.len() && PREFACE.starts_with(bytes)
}
