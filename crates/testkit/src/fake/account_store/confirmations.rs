//! The codes and the mails of the accounts in memory.

use std::collections::HashMap;

use async_trait::async_trait;
use strongroom_ports::{
    ConfirmationStore, DueMail, MailId, MailQuota, NewConfirmation, Pseudonym, RecordId, StoreError,
    Timestamp,
};

use super::InMemoryAccountStore;
use crate::fake::locked;

#[derive(Debug, Default)]
pub(super) struct Confirmations {
    codes: HashMap<(RecordId, Pseudonym), Code>,
    /// In the order in which they were asked for.
    outbox: Vec<Waiting>,
    requests: Vec<Request>,
}

#[derive(Debug)]
struct Code {
    hash: Pseudonym,
    mail: MailId,
    tries: u32,
    expires_at: Timestamp,
}

#[derive(Debug)]
struct Waiting {
    mail: DueMail,
    due_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Debug)]
struct Request {
    /// None once the account is closed.
    owner: Option<RecordId>,
    address: Pseudonym,
    at: Timestamp,
}

impl Confirmations {
    pub(super) fn forget_owner(&mut self, owner: &RecordId) {
        self.codes.retain(|(of, _), _| of != owner);
        self.outbox.retain(|waiting| waiting.mail.owner != *owner);
        for request in self.requests.iter_mut().filter(|request| request.owner == Some(*owner)) {
            request.owner = None;
        }
    }

    fn forget_mail(&mut self, mail: &MailId) {
        self.outbox.retain(|waiting| waiting.mail.id != *mail);
    }

    /// Whether there is room for one more, as of when it is asked for.
    fn has_room(&self, new: &NewConfirmation, quota: MailQuota) -> bool {
        let is_below = |count: usize, most: u32| u32::try_from(count).is_ok_and(|count| count < most);
        let recent = || self.requests.iter().filter(|request| request.at.plus(quota.window) > new.created_at);
        let replaced = self.codes.get(&(new.owner, new.address)).map(|code| code.mail);
        let waiting = self.outbox.iter().filter(|waiting| waiting.expires_at > new.created_at);
        is_below(recent().filter(|request| request.owner == Some(new.owner)).count(), quota.per_owner)
            && is_below(recent().filter(|request| request.address == new.address).count(), quota.per_address)
            && is_below(waiting.filter(|waiting| Some(waiting.mail.id) != replaced).count(), quota.waiting)
    }

    fn add(&mut self, new: NewConfirmation) {
        let NewConfirmation { owner, address, code, mail, sealed_mail, created_at, expires_at } = new;
        let replaced = self.codes.insert((owner, address), Code { hash: code, mail, tries: 0, expires_at });
        if let Some(replaced) = replaced {
            self.forget_mail(&replaced.mail);
        }
        let mail = DueMail { id: mail, owner, sealed: sealed_mail, attempts: 0 };
        self.outbox.push(Waiting { mail, due_at: created_at, expires_at });
        self.requests.push(Request { owner: Some(owner), address, at: created_at });
    }
}

#[async_trait]
impl ConfirmationStore for InMemoryAccountStore {
    async fn request(&self, confirmation: NewConfirmation, quota: MailQuota) -> Result<bool, StoreError> {
        let kept = &mut locked(&self.state).confirmations;
        let has_room = kept.has_room(&confirmation, quota);
        if has_room {
            kept.add(confirmation);
        }
        Ok(has_room)
    }

    async fn take_try(
        &self,
        owner: &RecordId,
        address: &Pseudonym,
        most: u32,
        now: Timestamp,
    ) -> Result<Option<Pseudonym>, StoreError> {
        let codes = &mut locked(&self.state).confirmations.codes;
        let live =
            codes.get_mut(&(*owner, *address)).filter(|code| code.tries < most && now < code.expires_at);
        Ok(live.map(|code| {
            code.tries += 1;
            code.hash
        }))
    }

    async fn use_up(
        &self,
        owner: &RecordId,
        address: &Pseudonym,
        code: &Pseudonym,
    ) -> Result<bool, StoreError> {
        let kept = &mut locked(&self.state).confirmations;
        let place = (*owner, *address);
        if kept.codes.get(&place).is_none_or(|kept| kept.hash != *code) {
            return Ok(false);
        }
        if let Some(used) = kept.codes.remove(&place) {
            kept.forget_mail(&used.mail);
        }
        Ok(true)
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DueMail>, StoreError> {
        let outbox = &mut locked(&self.state).confirmations.outbox;
        outbox.retain(|waiting| now < waiting.expires_at);
        let mut due: Vec<_> = outbox.iter().filter(|waiting| waiting.due_at <= now).collect();
        due.sort_by_key(|waiting| waiting.due_at);
        Ok(due.into_iter().take(limit).map(|waiting| waiting.mail.clone()).collect())
    }

    async fn done(&self, mail: &MailId) -> Result<(), StoreError> {
        locked(&self.state).confirmations.forget_mail(mail);
        Ok(())
    }

    async fn put_off(&self, mail: &MailId, until: Timestamp) -> Result<(), StoreError> {
        let outbox = &mut locked(&self.state).confirmations.outbox;
        if let Some(waiting) = outbox.iter_mut().find(|waiting| waiting.mail.id == *mail) {
            waiting.mail.attempts += 1;
            waiting.due_at = until;
        }
        Ok(())
    }
}
