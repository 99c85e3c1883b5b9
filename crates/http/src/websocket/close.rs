//! How sockets end: the close codes, and what each says (RFC 6455, section 7.4; 4000 and above are ours).

/// Why the server closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Close {
    /// The process drains.
    GoingAway,
    /// The client broke the protocol.
    Protocol,
    /// A binary message: the protocol is JSON.
    NotText,
    /// Text that is no UTF-8.
    NotUtf8,
    /// Too many messages in a second.
    TooManyMessages,
    /// A client that answers no ping.
    NotThere,
    /// A message, or what its fragments take on the wire, is too big.
    TooBig,
    /// The safe cannot answer.
    Internal,
    /// A frame found no room for too long.
    SlowReader,
    /// No first message in time.
    NotAuthenticated,
    /// A token that is refused, or no longer good.
    AuthenticationFailed,
    /// The person has as many sockets as may be.
    TooManySockets,
}

impl Close {
    /// Each of them, as they are counted.
    pub(crate) const ALL: [Self; 12] = [
        Self::GoingAway,
        Self::Protocol,
        Self::NotText,
        Self::NotUtf8,
        Self::TooManyMessages,
        Self::NotThere,
        Self::TooBig,
        Self::Internal,
        Self::SlowReader,
        Self::NotAuthenticated,
        Self::AuthenticationFailed,
        Self::TooManySockets,
    ];

    /// The code on the wire.
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::NotText => 1003,
            Self::NotUtf8 => 1007,
            Self::TooManyMessages | Self::NotThere => 1008,
            Self::TooBig => 1009,
            Self::Internal => 1011,
            Self::SlowReader => 1013,
            Self::NotAuthenticated => 4001,
            Self::AuthenticationFailed => 4002,
            Self::TooManySockets => 4003,
        }
    }

    /// What it says beside the code, and is counted as. Never a value, name or id.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "going away",
            Self::Protocol => "protocol error",
            Self::NotText => "text only",
            Self::NotUtf8 => "not UTF-8",
            Self::TooManyMessages => "too many messages",
            Self::NotThere => "no pong",
            Self::TooBig => "message too big",
            Self::Internal => "internal error",
            Self::SlowReader => "slow reader",
            Self::NotAuthenticated => "no authentication",
            Self::AuthenticationFailed => "authentication failed",
            Self::TooManySockets => "too many connections",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_is_told_apart_by_its_reason_and_is_in_the_reference() {
        let reference = include_str!("../../../../docs/reference/websocket.md");
        let mut reasons: Vec<_> = Close::ALL.iter().map(|close| close.reason()).collect();
        for close in Close::ALL {
            let row = format!("| {} | {} |", close.code(), close.reason());
            assert!(reference.contains(&row), "docs/reference/websocket.md lacks: {row}");
        }
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!(reasons.len(), Close::ALL.len());
    }
}
