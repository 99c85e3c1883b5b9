//! A write on its way to the writer thread.

use strongroom_domain::Revision;
use strongroom_ports::{
    Commit, NewSession, RecordId, RefreshHash, SessionId, StoreError, Timestamp, WriteId,
};
use tokio::sync::oneshot;

use crate::account_writes::AccountWrite;
use crate::answer::Answer;

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

impl Write {
    /// The record that it writes or erases.
    pub(crate) fn record(&self) -> Option<&RecordId> {
        match self {
            Self::Commit(id, _) | Self::Erase(id, ..) => Some(id),
            _ => None,
        }
    }

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
