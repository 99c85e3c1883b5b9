//! Sessions: a family of tokens that began with one sign-in, kept so that ending it outlives a restart.

use std::fmt;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::pseudonym::Pseudonym;
use crate::record_store::{RecordId, StoreError};

/// Sessions that one owner may have live at a time. More than anybody has devices; few enough that a list of them is one short
/// answer, and that a stolen passkey cannot fill a disk.
pub const MAX_LIVE_SESSIONS: usize = 100;

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
    /// The passkey it began with; none when it began without one.
    pub credential: Option<Pseudonym>,
    /// The hash of its one valid refresh token.
    pub refresh: RefreshHash,
    /// When it began.
    pub created_at: Timestamp,
    /// When the last of its tokens is past use; the store may forget it then.
    pub lapses_at: Timestamp,
}

/// A live session, as its owner sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionEntry {
    /// Its id.
    pub id: SessionId,
    /// The passkey it began with; none when it began without one.
    pub credential: Option<Pseudonym>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its tokens were exchanged last; none when they never were.
    pub refreshed_at: Option<Timestamp>,
    /// When the last of its tokens is past use.
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
    /// Keeps a new session. One that began with a passkey needs it to be kept for that owner: a passkey that is removed meanwhile
    /// begins nothing.
    ///
    /// An owner has at most [`MAX_LIVE_SESSIONS`] live at the new one's beginning, the new one included: beyond that the oldest
    /// end. Gives those, for whoever remembers their tokens.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stale`] without that passkey, [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn open(&self, session: NewSession) -> Result<Vec<SessionId>, StoreError>;

    /// Exchanges the valid refresh token for the next, or revokes the session when another than the valid one is
    /// presented. One presented token rotates at most once, however many present it at a time. A rotation is the session's last
    /// refresh, at `now`.
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

    /// Ends a session of this owner for good; `false`, and nothing changed, when the owner has none of this id that is live at
    /// `now`, whoever else may have.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn revoke_of(&self, owner: &RecordId, id: &SessionId, now: Timestamp) -> Result<bool, StoreError>;

    /// The sessions of an owner that are live at `now`, the newest first, at most `most`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Damaged`].
    async fn list(
        &self,
        owner: &RecordId,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<SessionEntry>, StoreError>;

    /// Whether the session is known, not revoked and not lapsed at `now`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Damaged`].
    async fn is_live(&self, id: &SessionId, now: Timestamp) -> Result<bool, StoreError>;
}
