//! Every reason for which a connection is refused or ended before a handler has its say, and how often each came.
//!
//! A reason names a rule, never what broke it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::problem::Problem;

/// A reason. Those that have a problem are answered, and the connection is closed behind the answer; the others are closed
/// without one, because nobody asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Refusal {
    /// A bare LF or a bare CR in the head.
    LineEnding,
    /// A request line that is not `method SP target SP version`.
    RequestLine,
    /// Neither HTTP/1.1 nor HTTP/1.0.
    Version,
    /// A target that two readers could read differently.
    Target,
    /// A target over its limit.
    TargetTooLong,
    /// A header field that is folded, has no clean name, or holds a control character.
    HeaderField,
    /// A name that becomes one that matters when `_` is read as `-`.
    NameLookalike,
    /// More than one reading of where the body ends.
    Framing,
    /// A head over its limit.
    HeadTooLarge,
    /// Too many header fields.
    TooManyFields,
    /// A method that no route has and never will: CONNECT, TRACE, and what is not registered.
    Method,
    /// No host, or one that names a user or is no host.
    Host,
    /// A field twice that says who asks or what is sent.
    RepeatedField,
    /// A target that names another host than ours, or than `Host`.
    ForeignTarget,
    /// A body in a content coding.
    ContentCoding,
    /// An expectation that is not `100-continue`.
    Expectation,
    /// A head that the scan has not seen: it was read ahead behind a chunked body.
    Unscanned,
    /// A head that did not arrive whole in its time.
    HeadTooSlow,
    /// A body under the least rate, or over its time.
    BodyTooSlow,
    /// A body over its limit.
    BodyTooLarge,
    /// More chunks than a body may have.
    TooManyChunks,
    /// A body with extensions of chunks, or trailers, over their limit.
    BodyOverhead,
    /// A connection on which no first byte came.
    FirstByteTooSlow,
    /// A TLS handshake that failed: it was none, it was broken off, or the two could not agree.
    TlsHandshake,
    /// A TLS handshake that was not done in its time.
    TlsHandshakeTooSlow,
    /// A connection over HTTP/2 that sends what is no request: pings, settings, empty frames, streams that it gives up.
    Flood,
    /// A connection that was kept alive for nothing.
    Idle,
    /// An answer that was not taken.
    WriteStalled,
    /// More connections than may be open.
    TooManyConnections,
    /// More connections than one client may have.
    TooManyOfOneClient,
    /// More requests than may be in hand.
    TooManyInFlight,
}

impl Refusal {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 31] = [
        Self::LineEnding,
        Self::RequestLine,
        Self::Version,
        Self::Target,
        Self::TargetTooLong,
        Self::HeaderField,
        Self::NameLookalike,
        Self::Framing,
        Self::HeadTooLarge,
        Self::TooManyFields,
        Self::Method,
        Self::Host,
        Self::RepeatedField,
        Self::ForeignTarget,
        Self::ContentCoding,
        Self::Expectation,
        Self::Unscanned,
        Self::HeadTooSlow,
        Self::BodyTooSlow,
        Self::BodyTooLarge,
        Self::TooManyChunks,
        Self::BodyOverhead,
        Self::FirstByteTooSlow,
        Self::TlsHandshake,
        Self::TlsHandshakeTooSlow,
        Self::Flood,
        Self::Idle,
        Self::WriteStalled,
        Self::TooManyConnections,
        Self::TooManyOfOneClient,
        Self::TooManyInFlight,
    ];

    /// The reason's number, which is its place in [`Refusal::ALL`].
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    pub(crate) fn of_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Why a request with a good head was refused all the same, where that is what a problem says.
    pub(crate) fn of_problem(problem: &Problem) -> Option<Self> {
        match problem {
            Problem::Overloaded => Some(Self::TooManyInFlight),
            Problem::BodyTooSlow => Some(Self::BodyTooSlow),
            Problem::BodyTooLarge { .. } => Some(Self::BodyTooLarge),
            Problem::BodyInTooManyChunks => Some(Self::TooManyChunks),
            Problem::BodyOverhead => Some(Self::BodyOverhead),
            _ => None,
        }
    }

    /// What is answered to a head with this verdict.
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::TargetTooLong => Problem::TargetTooLong,
            Self::HeadTooLarge | Self::TooManyFields => Problem::HeadTooLarge,
            Self::Method => {
                Problem::MethodNotAllowed { allow: "GET, HEAD, POST, DELETE, OPTIONS".to_owned() }
            }
            Self::ContentCoding => Problem::ContentCoding,
            Self::Expectation => Problem::ExpectationFailed,
            Self::HeadTooSlow => Problem::HeadTooSlow,
            // Two opinions of a head; and what is met elsewhere and counted there, and never the verdict on one.
            _ => Problem::MalformedRequest,
        }
    }

    /// The reason as a label of a metric.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::LineEnding => "line_ending",
            Self::RequestLine => "request_line",
            Self::Version => "version",
            Self::Target => "target",
            Self::TargetTooLong => "target_too_long",
            Self::HeaderField => "header_field",
            Self::NameLookalike => "name_lookalike",
            Self::Framing => "framing",
            Self::HeadTooLarge => "head_too_large",
            Self::TooManyFields => "too_many_fields",
            Self::Method => "method",
            Self::Host => "host",
            Self::RepeatedField => "repeated_field",
            Self::ForeignTarget => "foreign_target",
            Self::ContentCoding => "content_coding",
            Self::Expectation => "expectation",
            Self::Unscanned => "unscanned",
            Self::HeadTooSlow => "head_too_slow",
            Self::BodyTooSlow => "body_too_slow",
            Self::BodyTooLarge => "body_too_large",
            Self::TooManyChunks => "too_many_chunks",
            Self::BodyOverhead => "body_overhead",
            Self::FirstByteTooSlow => "first_byte_too_slow",
            Self::TlsHandshake => "tls_handshake",
            Self::TlsHandshakeTooSlow => "tls_handshake_too_slow",
            Self::Flood => "flood",
            Self::Idle => "idle",
            Self::WriteStalled => "write_stalled",
            Self::TooManyConnections => "too_many_connections",
            Self::TooManyOfOneClient => "too_many_of_one_client",
            Self::TooManyInFlight => "too_many_in_flight",
        }
    }
}

/// How often each reason came, since the process began.
#[derive(Debug, Default)]
pub(crate) struct Refusals([AtomicU64; Refusal::ALL.len()]);

impl Refusals {
    pub(crate) fn count(&self, refusal: Refusal) {
        if let Some(counter) = self.0.get(usize::from(refusal.number())) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often this one came.
    pub(crate) fn of(&self, refusal: Refusal) -> u64 {
        self.0.get(usize::from(refusal.number())).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_found_again_by_its_number_and_counted_as_itself_alone() {
        let refusals = Refusals::default();
        for (number, refusal) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(refusal.number()), number);
            assert_eq!(Refusal::of_number(refusal.number()), Some(refusal));
            assert_eq!(refusals.of(refusal), 0);
            refusals.count(refusal);
            assert_eq!(refusals.of(refusal), 1);
        }
        assert_eq!(Refusal::of_number(u8::MAX), None);
    }
}
