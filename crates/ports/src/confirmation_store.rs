//! E-mail addresses that wait to be confirmed, and the mails that are still to be sent.
//!
//! A store sees keyed hashes and sealed boxes: neither an address nor a code. A code and the mail that carries it are kept together
//! or not at all.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::clock::Timestamp;
use crate::pseudonym::Pseudonym;
use crate::record_store::{RecordId, StoreError};

/// The random id of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MailId([u8; 16]);

impl MailId {
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
}

/// Printed by its kind alone.
impl fmt::Debug for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailId")
    }
}

/// A code that is about to be mailed, and its mail.
#[derive(Clone)]
pub struct NewConfirmation {
    /// Who asked.
    pub owner: RecordId,
    /// The address, hashed.
    pub address: Pseudonym,
    /// The code, hashed.
    pub code: Pseudonym,
    /// The mail's id.
    pub mail: MailId,
    /// The mail, sealed.
    pub sealed_mail: Bytes,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the code is worth nothing, and the mail no longer worth sending.
    pub expires_at: Timestamp,
}

/// Printed by its size.
impl fmt::Debug for NewConfirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewConfirmation")
            .field("sealed_mail_bytes", &self.sealed_mail.len())
            .finish_non_exhaustive()
    }
}

/// How many mails there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailQuota {
    /// The time that is looked back upon.
    pub window: Duration,
    /// Asked for by one person in that time.
    pub per_owner: u32,
    /// To one address in that time, whoever asked.
    pub per_address: u32,
    /// Waiting in the outbox, in all.
    pub waiting: u32,
}

/// A mail that is due.
#[derive(Clone, PartialEq, Eq)]
pub struct DueMail {
    /// Its id.
    pub id: MailId,
    /// Who asked for it.
    pub owner: RecordId,
    /// The mail, sealed.
    pub sealed: Bytes,
    /// How often sending has been tried.
    pub attempts: u32,
}

/// Printed by attempts and size.
impl fmt::Debug for DueMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DueMail")
            .field("attempts", &self.attempts)
            .field("sealed_bytes", &self.sealed.len())
            .finish_non_exhaustive()
    }
}

/// Keeps confirmations and their mails, durably: what returned is on disk.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ConfirmationStore: fmt::Debug + Send + Sync {
    /// Keeps a code with its mail, in the place of an earlier code of the same owner and address and of that code's mail, if it
    /// still waits; `false`, and nothing kept, when a quota is used up, which takes the store as long. What was asked for counts for the quota, also when it
    /// has been confirmed, sent or replaced since; what was refused does not.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn request(&self, confirmation: NewConfirmation, quota: MailQuota) -> Result<bool, StoreError>;

    /// Spends one try on the code of an owner and an address, and gives the hash to compare with. `None` when there is none, it has
    /// expired at `now`, or `most` tries are spent.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn take_try(
        &self,
        owner: &RecordId,
        address: &Pseudonym,
        most: u32,
        now: Timestamp,
    ) -> Result<Option<Pseudonym>, StoreError>;

    /// Uses up a code: `true` for exactly one caller. Its mail, if it still waits, goes with it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn use_up(
        &self,
        owner: &RecordId,
        address: &Pseudonym,
        code: &Pseudonym,
    ) -> Result<bool, StoreError>;

    /// The mails that are due at `now`, the longest due first, at most `limit`; those that have expired are forgotten. One whose
    /// box is lost comes with an empty box, which never opens, and holds up no other.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], [`StoreError::Unknown`] or [`StoreError::Damaged`].
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DueMail>, StoreError>;

    /// Forgets a mail: it has been sent, or never will be.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn done(&self, mail: &MailId) -> Result<(), StoreError>;

    /// Counts an attempt that failed, and puts the next off until then.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::Unknown`].
    async fn put_off(&self, mail: &MailId, until: Timestamp) -> Result<(), StoreError>;
}
