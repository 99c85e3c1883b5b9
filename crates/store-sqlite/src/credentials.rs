//! The port of passkeys, over the store's two queues.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use rusqlite::{Connection, Row};
use strongroom_ports::{
    Addition, CredentialStore, NewCredential, Pseudonym, RecordId, Removal, SessionId, StoreError,
    StoredCredential, Timestamp,
};

use crate::account_writes::AccountWrite;
use crate::answer::Answer;
use crate::box_slots;
use crate::job::Write;
use crate::reader::{Failure, Query};
use crate::store::SqliteStore;

#[async_trait]
impl CredentialStore for SqliteStore {
    async fn add(&self, credential: NewCredential, most: usize) -> Result<Addition, StoreError> {
        match self.change(AccountWrite::AddCredential { new: credential, most }).await? {
            Answer::Addition(addition) => Ok(addition),
            _ => Err(StoreError::Unknown),
        }
    }

    async fn find(&self, name: &Pseudonym) -> Result<Option<StoredCredential>, StoreError> {
        self.read(|reply| Query::Credential { name: *name, reply }).await
    }

    async fn of_owner(&self, owner: &RecordId) -> Result<Vec<StoredCredential>, StoreError> {
        self.check_readable(owner)?;
        self.read(|reply| Query::Credentials { owner: *owner, reply }).await
    }

    async fn replace(&self, name: &Pseudonym, edition: u64, sealed: Bytes) -> Result<(), StoreError> {
        self.change(AccountWrite::ReplaceCredential { name: *name, edition, sealed }).await.map(drop)
    }

    async fn remove(&self, owner: &RecordId, name: &Pseudonym) -> Result<Removal, StoreError> {
        match self.change(AccountWrite::RemoveCredential { owner: *owner, name: *name }).await? {
            Answer::Removal(removal) => Ok(removal),
            _ => Err(StoreError::Unknown),
        }
    }

    async fn close_account(&self, owner: &RecordId) -> Result<Vec<SessionId>, StoreError> {
        self.change(AccountWrite::Close { owner: *owner }).await?.ended()
    }
}

impl SqliteStore {
    /// Changes something of an account.
    pub(crate) async fn change(&self, write: AccountWrite) -> Result<Answer, StoreError> {
        self.write(Write::Account(Box::new(write))).await
    }
}

/// A passkey by its name.
pub(crate) fn by_name(
    connection: &Connection,
    name: &Pseudonym,
) -> Result<Option<StoredCredential>, Failure> {
    Ok(read(connection, "c.name = ?1", name.as_bytes())?.pop())
}

/// The passkeys of an owner, the oldest first.
pub(crate) fn of_owner(connection: &Connection, owner: &RecordId) -> Result<Vec<StoredCredential>, Failure> {
    read(connection, "c.owner = ?1", owner.as_bytes())
}

/// Passkeys with the parts of their boxes in one statement, and so of one moment.
fn read(
    connection: &Connection,
    which: &'static str,
    is: &[u8; 32],
) -> Result<Vec<StoredCredential>, Failure> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT c.name, c.owner, c.edition, c.created_at, s.body
         FROM credentials c LEFT JOIN box_slots s ON s.box = c.name
         WHERE {which} ORDER BY c.created_at, c.name, s.part"
    ))?;
    let mut rows = statement.query([is])?;
    let mut found: Vec<(StoredCredential, BytesMut)> = Vec::new();
    while let Some(row) = rows.next()? {
        let body: Option<Vec<u8>> = row.get(4)?;
        let part = body.as_deref().and_then(box_slots::part).ok_or(Failure::Contradiction)?;
        let head = head(row)?;
        match found.last_mut() {
            Some((last, sealed)) if last.name == head.name => sealed.extend_from_slice(part),
            _ => found.push((head, part.into())),
        }
    }
    Ok(found.into_iter().map(|(head, sealed)| StoredCredential { sealed: sealed.freeze(), ..head }).collect())
}

/// All but the box.
fn head(row: &Row<'_>) -> rusqlite::Result<StoredCredential> {
    let edition: i64 = row.get(2)?;
    Ok(StoredCredential {
        name: Pseudonym::from_bytes(row.get(0)?),
        owner: RecordId::from_bytes(row.get(1)?),
        edition: u64::try_from(edition).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(2, edition))?,
        sealed: Bytes::new(),
        created_at: Timestamp::from_millis(row.get(3)?),
    })
}
