//! A write on its way to the writer thread, and what it answers.

use strongroom_domain::Revision;
use strongroom_ports::{
    Commit, NewSession, RecordId, RefreshHash, Rotation, SessionId, StoreError, Timestamp, WriteId,
};
use tokio::sync::oneshot;

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
}

/// What a write answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    Rotation(Rotation),
}

impl Write {
    /// The record it erases.
    pub(crate) fn erased(&self) -> Option<&RecordId> {
        match self {
            Self::Erase(id, ..) => Some(id),
            _ => None,
        }
    }
}
