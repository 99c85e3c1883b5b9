//! The port of confirmations and their mails, over the queue of writes.

use async_trait::async_trait;
use strongroom_ports::{
    ConfirmationStore, DueMail, MailId, MailQuota, NewConfirmation, Pseudonym, RecordId, StoreError,
    Timestamp,
};

use crate::account_writes::AccountWrite;
use crate::answer::Answer;
use crate::store::SqliteStore;

#[async_trait]
impl ConfirmationStore for SqliteStore {
    async fn request(&self, confirmation: NewConfirmation, quota: MailQuota) -> Result<bool, StoreError> {
        self.change(AccountWrite::RequestConfirmation { new: confirmation, quota }).await?.decided()
    }

    async fn take_try(
        &self,
        owner: &RecordId,
        address: &Pseudonym,
        most: u32,
        now: Timestamp,
    ) -> Result<Option<Pseudonym>, StoreError> {
        match self.change(AccountWrite::TakeTry { owner: *owner, address: *address, most, now }).await? {
            Answer::Code(code) => Ok(code),
            _ => Err(StoreError::Unknown),
        }
    }

    async fn use_up(
        &self,
        owner: &RecordId,
        address: &Pseudonym,
        code: &Pseudonym,
    ) -> Result<bool, StoreError> {
        let write = AccountWrite::UseUp { owner: *owner, address: *address, code: *code };
        self.change(write).await?.decided()
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DueMail>, StoreError> {
        match self.change(AccountWrite::DueMails { now, limit }).await? {
            Answer::Due(due) => Ok(due),
            _ => Err(StoreError::Unknown),
        }
    }

    async fn done(&self, mail: &MailId) -> Result<(), StoreError> {
        self.change(AccountWrite::MailDone { id: *mail }).await.map(drop)
    }

    async fn put_off(&self, mail: &MailId, until: Timestamp) -> Result<(), StoreError> {
        self.change(AccountWrite::PutOff { id: *mail, until }).await.map(drop)
    }
}
