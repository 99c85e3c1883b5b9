//! Who owns which passkey. A store sees keyed hashes and sealed boxes, and never a credential's id, key or name.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::clock::Timestamp;
use crate::pseudonym::Pseudonym;
use crate::record_store::{RecordId, StoreError};
use crate::session_store::SessionId;

/// A passkey to keep.
#[derive(Clone)]
pub struct NewCredential {
    /// The keyed hash of its tenant and id.
    pub name: Pseudonym,
    /// Whose it is.
    pub owner: RecordId,
    /// Person, names and verifier, sealed.
    pub sealed: Bytes,
    /// When it was made.
    pub created_at: Timestamp,
    /// The session of whoever adds it to an account that there is; `None` for a new account, and for tokens without a session.
    pub session: Option<SessionId>,
}

/// Printed by its size.
impl fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCredential").field("sealed_bytes", &self.sealed.len()).finish_non_exhaustive()
    }
}

/// A passkey as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCredential {
    /// The keyed hash of its tenant and id.
    pub name: Pseudonym,
    /// Whose it is.
    pub owner: RecordId,
    /// How often its box has been replaced.
    pub edition: u64,
    /// Person, names and verifier, sealed.
    pub sealed: Bytes,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Printed by edition and size.
impl fmt::Debug for StoredCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCredential")
            .field("edition", &self.edition)
            .field("sealed_bytes", &self.sealed.len())
            .finish_non_exhaustive()
    }
}

/// What became of a passkey to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addition {
    /// It is kept.
    Added,
    /// Somebody has it already, the owner or another: nothing changed.
    Known,
    /// The owner has as many as there may be: nothing changed.
    Full,
    /// The session that adds it has ended: nothing changed.
    Ended,
}

/// What became of a passkey to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// It is gone, and these sessions, which began with it, have ended.
    Removed {
        /// Their ids, for whoever remembers their tokens.
        ended: Vec<SessionId>,
    },
    /// The owner has no such passkey: nothing changed.
    Absent,
    /// It is the owner's last: nothing changed.
    Last,
}

/// Keeps passkeys, durably: what returned is on disk.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait CredentialStore: fmt::Debug + Send + Sync {
    /// Keeps a passkey, unless its name is known, its owner has `most` of them, or the session that adds it is not the owner's or
    /// does not live: so nothing is added to an account that has been closed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn add(&self, credential: NewCredential, most: usize) -> Result<Addition, StoreError>;

    /// A passkey by its name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Damaged`].
    async fn find(&self, name: &Pseudonym) -> Result<Option<StoredCredential>, StoreError>;

    /// All passkeys of an owner, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Damaged`].
    async fn of_owner(&self, owner: &RecordId) -> Result<Vec<StoredCredential>, StoreError>;

    /// Puts another box in the place of that of this edition, and counts the edition up. [`StoreError::Stale`] when it is
    /// another by now, or the passkey is gone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stale`], [`StoreError::Unavailable`] or [`StoreError::Unknown`].
    async fn replace(&self, name: &Pseudonym, edition: u64, sealed: Bytes) -> Result<(), StoreError>;

    /// Removes a passkey of an owner who has another, and ends the sessions that began with it, in one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn remove(&self, owner: &RecordId, name: &Pseudonym) -> Result<Removal, StoreError>;

    /// Closes an account: its passkeys are gone, its sessions have ended, and what waits for a confirmation of its
    /// e-mail or to be mailed is gone, in one. Their bytes are gone from the disk when this returns. Gives the sessions that ended.
    /// An account that is not there is no error. That an address was mailed to still counts for the quota of that address.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]; or [`StoreError::Unknown`], also when the account is closed and its bytes are not gone yet:
    /// whoever asks again hears when they are.
    async fn close_account(&self, owner: &RecordId) -> Result<Vec<SessionId>, StoreError>;
}
