//! Why a socket is over, and who is to be told.

use super::close::Close;
use super::handshake::Switch;
use super::server_message::{self, Fault, Frame};
use super::socket::{Gone, Received};

/// Why a socket is over.
pub(super) enum End {
    /// We say why, after a last word, if there is one.
    Ours(Close, Option<Frame>),
    /// The client has said so.
    Theirs,
    /// The client is gone.
    Gone,
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Ours(close, None)
    }
}

/// What is no message and no sign ends a socket.
impl From<Received> for End {
    fn from(received: Received) -> Self {
        match received {
            Received::Fault(close) => close.into(),
            Received::Closing => Self::Theirs,
            Received::Text(_) | Received::Sign | Received::Gone => Self::Gone,
        }
    }
}

impl Switch {
    /// Ends a socket whose token is not good, or no longer.
    pub(super) fn refuse_token(&self, fault: Fault) -> End {
        self.refuse(fault, Close::AuthenticationFailed)
    }

    /// Ends a socket after a last word: an `auth_error`.
    pub(super) fn refuse(&self, fault: Fault, close: Close) -> End {
        End::Ours(close, Some(server_message::auth_error(fault, self.now())))
    }
}
