//! What the writer thread answers.

use strongroom_ports::{Addition, DueMail, Pseudonym, Removal, Rotation, SessionId, StoreError};

/// What a write answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    /// Whether there was something to do.
    Decided(bool),
    /// Sessions that ended.
    Ended(Vec<SessionId>),
    Rotation(Rotation),
    Addition(Addition),
    Removal(Removal),
    Code(Option<Pseudonym>),
    Due(Vec<DueMail>),
}

impl Answer {
    pub(crate) fn decided(self) -> Result<bool, StoreError> {
        match self {
            Self::Decided(decided) => Ok(decided),
            _ => Err(StoreError::Unknown),
        }
    }

    pub(crate) fn ended(self) -> Result<Vec<SessionId>, StoreError> {
        match self {
            Self::Ended(ended) => Ok(ended),
            _ => Err(StoreError::Unknown),
        }
    }
}
