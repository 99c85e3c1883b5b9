//! What a connection can wait for, how long each wait may be, and the seconds they are counted in. Pure, but for the count.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::refusal::Refusal;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Its first byte ever, and once more its first through TLS.
    FirstByte,
    /// The rest of a TLS handshake.
    Handshake,
    /// Us: the request is there, the answer is not.
    Busy,
    /// The next request.
    Idle,
    /// The rest of a head.
    Head,
    /// The rest of a body.
    Body,
    /// Room in the socket for the answer.
    Write,
    /// The client to have read its last answer.
    Linger,
}

impl Phase {
    pub(crate) fn of_number(number: u8) -> Self {
        let all = [
            Self::FirstByte,
            Self::Handshake,
            Self::Busy,
            Self::Idle,
            Self::Head,
            Self::Body,
            Self::Write,
            Self::Linger,
        ];
        all.get(usize::from(number)).copied().unwrap_or(Self::Busy)
    }
}

/// A body's rate is judged from here on: the first seconds belong to slow starts.
const RATE_GRACE_S: u32 = 5;
/// How long a client may take to read its last answer and close.
const LINGER_S: u32 = 2;

/// How long each wait may be, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// For the first byte of a connection, and through TLS for the first byte of its first request.
    pub first_byte_s: u32,
    /// For a head, or a TLS handshake, from its first byte to its last.
    pub head_s: u32,
    /// Between requests.
    pub idle_s: u32,
    /// Bytes a second that a body must come with, on average, once it has had five seconds.
    pub body_bytes_per_s: u32,
    /// For the client to take any byte of an answer.
    pub write_stall_s: u32,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { first_byte_s: 10, head_s: 10, idle_s: 75, body_bytes_per_s: 256, write_stall_s: 20 }
    }
}

impl Deadlines {
    /// Why a wait of this many whole seconds must end, if it must.
    pub(crate) fn due(&self, phase: Phase, elapsed_s: u32, body_bytes: u64) -> Option<Refusal> {
        // Ticks counted so far may span a second less than they are: a wait is over when there is one more.
        let over = |limit_s: u32, refusal| (elapsed_s > limit_s).then_some(refusal);
        match phase {
            Phase::Busy => None,
            Phase::FirstByte => over(self.first_byte_s, Refusal::FirstByteTooSlow),
            Phase::Handshake => over(self.head_s, Refusal::TlsHandshakeTooSlow),
            Phase::Idle => over(self.idle_s, Refusal::Idle),
            Phase::Head => over(self.head_s, Refusal::HeadTooSlow),
            Phase::Body => {
                let least = u64::from(self.body_bytes_per_s) * u64::from(elapsed_s.saturating_sub(1));
                (elapsed_s > RATE_GRACE_S && body_bytes < least).then_some(Refusal::BodyTooSlow)
            }
            Phase::Write => over(self.write_stall_s, Refusal::WriteStalled),
            Phase::Linger => over(LINGER_S, Refusal::Idle),
        }
    }
}

/// Seconds of a core's clock, since it began.
#[derive(Debug, Default)]
pub(crate) struct Ticks(AtomicU32);

impl Ticks {
    pub(crate) fn now(&self) -> u32 {
        self.0.load(Relaxed)
    }

    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINES: Deadlines =
        Deadlines { first_byte_s: 1, head_s: 2, idle_s: 3, body_bytes_per_s: 100, write_stall_s: 4 };

    #[test]
    fn each_wait_has_its_own_time_and_our_own_work_has_none() {
        for (phase, last_s, refusal) in [
            (Phase::FirstByte, 1, Refusal::FirstByteTooSlow),
            (Phase::Handshake, 2, Refusal::TlsHandshakeTooSlow),
            (Phase::Head, 2, Refusal::HeadTooSlow),
            (Phase::Idle, 3, Refusal::Idle),
            (Phase::Write, 4, Refusal::WriteStalled),
            (Phase::Body, 5, Refusal::BodyTooSlow),
        ] {
            assert_eq!(DEADLINES.due(phase, last_s, 0), None, "{phase:?}");
            assert_eq!(DEADLINES.due(phase, last_s + 1, 0), Some(refusal), "{phase:?}");
        }
        assert_eq!(DEADLINES.due(Phase::Busy, u32::MAX, 0), None);
    }

    #[test]
    fn a_body_is_in_time_as_long_as_it_comes_at_the_least_rate() {
        assert_eq!(DEADLINES.due(Phase::Body, 11, 1000), None);
        assert_eq!(DEADLINES.due(Phase::Body, 11, 999), Some(Refusal::BodyTooSlow));
        assert_eq!(DEADLINES.due(Phase::Body, 60, 5900), None, "by average, not by its worst second");
    }
}
