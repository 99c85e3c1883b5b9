//! How a request to another server ends, as it is counted.

use http::StatusCode;

use crate::failure::RequestFailure;

/// The words for it: the class of a status, or why there was none.
///
/// `unreachable`: no address, nobody listens, or a connection is reset as it is made; `tls`: no TLS, or a certificate that is not believed; `connect_timeout`,
/// `head_timeout`, `answer_timeout`: too slow to connect, to begin the answer, to end it; `broken`: no whole HTTP answer;
/// `too_long`: more than may be read; `given_up`: whoever asked has gone.
pub const OUTCOMES: [&str; 13] = [
    "1xx",
    "2xx",
    "3xx",
    "4xx",
    "5xx",
    "unreachable",
    "tls",
    "connect_timeout",
    "head_timeout",
    "answer_timeout",
    "broken",
    "too_long",
    "given_up",
];

/// The end of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A whole answer, whatever it was good for.
    Answered(StatusCode),
    /// None.
    Failed(RequestFailure),
    /// Nobody waits for it any more.
    GivenUp,
}

impl Outcome {
    pub(crate) fn of(ended: Result<StatusCode, RequestFailure>) -> Self {
        ended.map_or_else(Self::Failed, Self::Answered)
    }

    /// Its place among the [`OUTCOMES`].
    pub(crate) fn place(self) -> usize {
        use RequestFailure as Failure;
        match self {
            Self::Answered(status) => usize::from(status.as_u16() / 100).clamp(1, 5) - 1,
            Self::Failed(Failure::NoAddress | Failure::Unreachable | Failure::Reset) => 5,
            Self::Failed(
                Failure::Tls
                | Failure::CertificateOutOfDate
                | Failure::CertificateOfAnother
                | Failure::CertificateUntrusted
                | Failure::CertificateUnsound,
            ) => 6,
            Self::Failed(Failure::ConnectTooSlow) => 7,
            Self::Failed(Failure::HeadTooSlow) => 8,
            Self::Failed(Failure::AnswerTooSlow) => 9,
            Self::Failed(Failure::Broken) => 10,
            Self::Failed(Failure::TooLong) => 11,
            Self::GivenUp => 12,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_the_word_for_it() {
        let status = |code| Outcome::of(Ok(StatusCode::from_u16(code).unwrap()));
        let failed = |failure| Outcome::of(Err(failure));
        for (outcome, word) in [
            (status(101), "1xx"),
            (status(204), "2xx"),
            (status(302), "3xx"),
            (status(499), "4xx"),
            (status(599), "5xx"),
            (status(999), "5xx"),
            (failed(RequestFailure::NoAddress), "unreachable"),
            (failed(RequestFailure::CertificateUntrusted), "tls"),
            (failed(RequestFailure::ConnectTooSlow), "connect_timeout"),
            (failed(RequestFailure::HeadTooSlow), "head_timeout"),
            (failed(RequestFailure::AnswerTooSlow), "answer_timeout"),
            (failed(RequestFailure::Broken), "broken"),
            (failed(RequestFailure::TooLong), "too_long"),
            (Outcome::GivenUp, "given_up"),
        ] {
            assert_eq!(OUTCOMES[outcome.place()], word);
        }
    }
}
