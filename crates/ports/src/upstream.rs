//! The safe as the outside sees it, wherever it is: in this process, or behind another host.

use std::fmt;

use async_trait::async_trait;
use strongroom_domain::{EntityTag, LimitExceeded, Patch, Precondition, PublicView, Revision, WriteOnlyKey};
use thiserror::Error;

use crate::caller::Caller;
use crate::clock::Timestamp;

/// What a read finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// What may be read; may be empty.
    pub view: PublicView,
    /// The state it was read at. A safe of ours always names it, by a revision; another may not.
    pub tag: Option<EntityTag>,
}

/// What a data subject is told of the whole record (GDPR, article 15).
#[derive(Debug, Clone)]
pub struct Export {
    /// The state it was read at.
    pub revision: Revision,
    /// When this generation of the record was created.
    pub created_at: Timestamp,
    /// When the last effective write was.
    pub updated_at: Timestamp,
    /// What may be read.
    pub view: PublicView,
    /// The names of write-only keys, ordered, without their values.
    pub write_only: Vec<WriteOnlyKey>,
}

/// A safe. The caller is verified and owns the record that is asked for.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Upstream: fmt::Debug + Send + Sync {
    /// The caller's record as it may be read; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`], never [`UpstreamError::PreconditionFailed`] or [`UpstreamError::Limit`].
    async fn read(&self, caller: &Caller) -> Result<Option<Snapshot>, UpstreamError>;

    /// Merges a patch into the caller's record, wholly and durably, or changes nothing. Returns the state after it; `None`
    /// where there is still no record, or where a safe that is none of ours does not say. A patch without effect changes no version and creates no record.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`].
    async fn merge(
        &self,
        caller: &Caller,
        patch: &Patch,
        precondition: &Precondition,
    ) -> Result<Option<EntityTag>, UpstreamError>;

    /// Erases the caller's record and the key that opens it; succeeds where there is none.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`], never [`UpstreamError::Limit`].
    async fn erase(&self, caller: &Caller, precondition: &Precondition) -> Result<(), UpstreamError>;

    /// Everything that may be told of the caller's record; `None` where there is none.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    async fn export(&self, caller: &Caller) -> Result<Option<Export>, UpstreamError>;

    /// Whether it could take a write now; what readiness asks.
    async fn is_ready(&self) -> bool;
}

/// Why a safe did not do what it was asked. One variant per answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UpstreamError {
    /// The record is in another state than the caller named. Nothing changed.
    #[error("the record is in another state than the caller named")]
    PreconditionFailed,
    /// The merged record would pass a limit. Nothing changed.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The safe cannot answer now; of a write, its outcome may be unknown.
    #[error("the safe is unavailable")]
    Unavailable,
    /// What is stored cannot be opened.
    #[error("the stored record cannot be opened")]
    Damaged,
    /// A remote safe takes no body of this size. Nothing changed.
    #[error("the remote safe takes no body of this size")]
    TooLarge,
    /// A remote safe has been asked too often. Nothing changed.
    #[error("the remote safe has been asked too often")]
    Busy {
        /// When to try again.
        retry_after_s: u32,
    },
    /// A remote safe refuses what is right by our rules. Nothing changed.
    #[error("the remote safe refuses the request")]
    Refused,
    /// A remote safe does not take the caller's token for a verb. Nothing changed.
    #[error("the remote safe does not take the caller's token")]
    TokenRefused,
    /// A remote safe has nothing where a verb points. Nothing changed.
    #[error("the remote safe has nothing there")]
    NotThere,
    /// A remote safe cannot be reached, or its answer cannot be used; of a write, its outcome may be unknown.
    #[error("the remote safe gives no answer that can be used")]
    Failed,
    /// A remote safe did not answer in time; of a write, its outcome may be unknown.
    #[error("the remote safe did not answer in time")]
    TooSlow,
}
