//! Sessions: a family of tokens that began with one sign-in, kept so that ending it outlives a restart.

use std::fmt;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::record_store::{RecordId, StoreError};

/// The random id of a session (`fid` in its tokens).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// From sixteen random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The sixteen bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads the thirty-two lower-case hexadecimal digits that `Display` writes; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(u128::from_str_radix(text, 16).ok()?.to_be_bytes());
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// Printed by its kind alone.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId")
    }
}

/// The SHA-256 of a refresh token: what is stored of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefreshHash([u8; 32]);

impl RefreshHash {
    /// From the bytes of the hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Printed by its kind alone.
impl fmt::Debug for RefreshHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshHash")
    }
}

/// A session that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub owner: RecordId,
    /// The hash of its one valid refresh token.
    pub refresh: RefreshHash,
    /// When it began.
    pub created_at: Timestamp,
    /// When the last of its tokens is past use; the store may forget it then.
    pub lapses_at: Timestamp,
}

/// What became of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The presented token was the valid one; now the next is.
    Rotated,
    /// The presented token was valid once: somebody holds a copy. The session is revoked now.
    Replayed,
    /// There is no such session, or it was revoked or has lapsed. Nothing changed.
    Dead,
}

/// Keeps sessions, durably: what returned is on disk.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync {
    /// Keeps a new session.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn open(&self, session: NewSession) -> Result<(), StoreError>;

    /// Exchanges the valid refresh token for the next, or revokes the session when another than the valid one is
    /// presented. One presented token rotates at most once, however many present it at a time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn rotate(
        &self,
        id: &SessionId,
        presented: RefreshHash,
        next: RefreshHash,
        now: Timestamp,
        lapses_at: Timestamp,
    ) -> Result<Rotation, StoreError>;

    /// Ends a session for good; one that is unknown or ended already is no error.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn revoke(&self, id: &SessionId) -> Result<(), StoreError>;

    /// Whether the session is known, not revoked and not lapsed at `now`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Damaged`].
    async fn is_live(&self, id: &SessionId, now: Timestamp) -> Result<bool, StoreError>;
}
