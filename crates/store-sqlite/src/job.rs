//! A write on its way to the writer thread, and what it answers.

use strongroom_domain::Revision;
use strongroom_ports::{
    Addition, Commit, DueMail, NewSession, Pseudonym, RecordId, RefreshHash, Removal, Rotation, SessionId,
    StoreError, Timestamp, WriteId,
};
use tokio::sync::oneshot;

use crate::account_writes::AccountWrite;

/// A write and whoever waits for it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) write: Write,
    pub(crate) reply: oneshot::Sender<Result<Answer, StoreError>>,
}

/// One write, as its caller asked for it.
#[derive(Debug)]
pub(crate) enum Write {
    Commit(RecordId, Box<Commit>),
    Erase(RecordId, Revision, WriteId),
    OpenSession(Box<NewSession>),
    Rotate { id: SessionId, presented: RefreshHash, next: RefreshHash, now: Timestamp, lapses_at: Timestamp },
    RevokeSession(SessionId),
    Account(Box<AccountWrite>),
    RevokeSessionOf { owner: RecordId, id: SessionId, now: Timestamp },
}

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

impl Write {
    /// The record it erases, or that of the account it closes.
    pub(crate) fn erased(&self) -> Option<&RecordId> {
        match self {
            Self::Erase(id, ..) => Some(id),
            Self::Account(write) => match &**write {
                AccountWrite::Close { owner } => Some(owner),
                _ => None,
            },
            _ => None,
        }
    }
}
