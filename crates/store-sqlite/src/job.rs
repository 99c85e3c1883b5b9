//! A write on its way to the writer thread, and what it makes of what is known of its record.

use strongroom_domain::Revision;
use strongroom_ports::{
    Commit, NewSession, RecordId, RefreshHash, Rotation, SealedRecord, SessionId, StoreError, Timestamp,
    WriteId,
};
use tokio::sync::oneshot;

use crate::cache::Known;

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
    /// The record it changes.
    pub(crate) fn record(&self) -> Option<&RecordId> {
        match self {
            Self::Commit(id, _) | Self::Erase(id, ..) => Some(id),
            Self::OpenSession(_) | Self::Rotate { .. } | Self::RevokeSession(_) => None,
        }
    }

    /// The record it erases.
    pub(crate) fn erased(&self) -> Option<&RecordId> {
        match self {
            Self::Erase(id, ..) => Some(id),
            _ => None,
        }
    }

    /// What is known of its record after it, given what was known before; `None` where that is not enough to tell.
    pub(crate) fn after(&self, before: Option<Known>) -> Option<Known> {
        match self {
            Self::Commit(_, commit) => {
                let (wrapped_key, private_box) = match commit.expected {
                    None => (commit.wrapped_key.clone()?, None),
                    Some(expected) => {
                        let record = before.flatten().filter(|record| record.revision == expected)?;
                        (record.wrapped_key, record.private_box)
                    }
                };
                Some(Some(SealedRecord {
                    revision: commit.revision,
                    wrapped_key,
                    public_box: commit.public_box.clone(),
                    private_box: commit.private_box.clone().or(private_box),
                }))
            }
            Self::Erase(..) => Some(None),
            Self::OpenSession(_) | Self::Rotate { .. } | Self::RevokeSession(_) => before,
        }
    }
}
