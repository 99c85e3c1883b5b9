//! The suites find what they look for: stores and safes with one fault each, and the rule that turns red.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use strongroom_domain::{EntityTag, Generation, Patch, Precondition, Revision};
use strongroom_ports::{
    Addition, Caller, Commit, ConfirmationStore, CredentialStore, DueMail, Event, Export, KeySetSource,
    KeySetUnavailable, MailId, MailQuota, NewConfirmation, NewCredential, Pseudonym, RecordId, RecordStore,
    Removal, SealedRecord, SessionId, Snapshot, StoreError, StoredCredential, Timestamp, Upstream,
    UpstreamError, WriteId,
};
use strongroom_testkit::fake::{
    InMemoryAccountStore, InMemoryRecordStore, InMemoryUpstream, ScriptedKeySetSource,
};
use strongroom_testkit::{contract, sample};

/// A store that does all but one thing right.
#[derive(Debug)]
struct FaultyStore {
    sound: InMemoryRecordStore,
    fault: StoreFault,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum StoreFault {
    OverwritesWhateverIsThere,
    ErasesNothing,
    TellsEventsBackwards,
    LosesPrivateBoxes,
}

#[async_trait]
impl RecordStore for FaultyStore {
    async fn load(&self, id: &RecordId) -> Result<Option<SealedRecord>, StoreError> {
        let mut loaded = self.sound.load(id).await?;
        if let (Some(record), StoreFault::LosesPrivateBoxes) = (&mut loaded, self.fault) {
            record.private_box = None;
        }
        Ok(loaded)
    }

    async fn commit(&self, id: &RecordId, mut commit: Commit) -> Result<(), StoreError> {
        if self.fault == StoreFault::OverwritesWhateverIsThere {
            commit.expected = self.sound.load(id).await?.map(|record| record.revision);
        }
        self.sound.commit(id, commit).await
    }

    async fn erase(&self, id: &RecordId, expected: Revision, write_id: WriteId) -> Result<(), StoreError> {
        if self.fault == StoreFault::ErasesNothing {
            return Ok(());
        }
        self.sound.erase(id, expected, write_id).await
    }

    async fn events(
        &self,
        id: &RecordId,
        generation: Generation,
        after_version: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let mut events = self.sound.events(id, generation, after_version, limit).await?;
        if self.fault == StoreFault::TellsEventsBackwards {
            events.reverse();
        }
        Ok(events)
    }

    fn is_writable(&self) -> bool {
        true
    }
}

fn suite_on_a_store_that(fault: StoreFault) {
    block_on(contract::record_store(&FaultyStore { sound: InMemoryRecordStore::new(), fault }));
}

#[test]
#[should_panic(expected = "is stale")]
fn a_store_without_compare_and_set_is_found() {
    suite_on_a_store_that(StoreFault::OverwritesWhateverIsThere);
}

#[test]
#[should_panic(expected = "an erased record reads as none")]
fn a_store_that_erases_nothing_is_found() {
    suite_on_a_store_that(StoreFault::ErasesNothing);
}

#[test]
#[should_panic(expected = "events come in version order")]
fn a_store_that_tells_events_backwards_is_found() {
    suite_on_a_store_that(StoreFault::TellsEventsBackwards);
}

#[test]
#[should_panic(expected = "keys and boxes of any bytes come back as they were")]
fn a_store_that_loses_private_boxes_is_found() {
    suite_on_a_store_that(StoreFault::LosesPrivateBoxes);
}

/// A safe that does all but one thing right.
#[derive(Debug, Default)]
struct CarelessSafe {
    sound: InMemoryUpstream,
}

#[async_trait]
impl Upstream for CarelessSafe {
    async fn read(&self, caller: &Caller) -> Result<Option<Snapshot>, UpstreamError> {
        self.sound.read(caller).await
    }

    async fn merge(
        &self,
        caller: &Caller,
        patch: &Patch,
        _: &Precondition,
    ) -> Result<Option<EntityTag>, UpstreamError> {
        self.sound.merge(caller, patch, &Precondition::default()).await
    }

    async fn erase(&self, caller: &Caller, precondition: &Precondition) -> Result<(), UpstreamError> {
        self.sound.erase(caller, precondition).await
    }

    async fn export(&self, caller: &Caller) -> Result<Option<Export>, UpstreamError> {
        self.sound.export(caller).await
    }

    async fn is_ready(&self) -> bool {
        true
    }
}

#[test]
#[should_panic(expected = "If-Match `*` fails without a record")]
fn a_safe_that_ignores_preconditions_is_found() {
    block_on(contract::upstream(&CarelessSafe::default()));
}

#[test]
#[should_panic(expected = "all but one of the writers under one precondition are refused")]
fn a_safe_without_compare_and_set_is_found() {
    block_on(contract::upstream_concurrency(&CarelessSafe::default()));
}

/// A source that takes a failure for an empty document.
#[derive(Debug, Default)]
struct CarelessSource(ScriptedKeySetSource);

#[async_trait]
impl KeySetSource for CarelessSource {
    async fn fetch(&self) -> Result<Bytes, KeySetUnavailable> {
        Ok(self.0.fetch().await.unwrap_or_default())
    }
}

#[test]
#[should_panic(expected = "what is not published is unavailable")]
fn a_source_that_hides_its_failures_is_found() {
    let source = CarelessSource::default();
    block_on(contract::key_set_source(&source, |published| match published {
        Some(document) => source.0.publish(document),
        None => source.0.fail(),
    }));
}

/// Accounts that do all but one thing right.
#[derive(Debug)]
struct FaultyAccounts {
    sound: InMemoryAccountStore,
    fault: AccountFault,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum AccountFault {
    LetsTheLastPasskeyGo,
    ReplacesWhateverIsThere,
    CountsNoTries,
    KeepsMailsOfTheClosed,
}

#[async_trait]
impl CredentialStore for FaultyAccounts {
    async fn add(&self, credential: NewCredential, most: usize) -> Result<Addition, StoreError> {
        self.sound.add(credential, most).await
    }

    async fn find(&self, name: &Pseudonym) -> Result<Option<StoredCredential>, StoreError> {
        self.sound.find(name).await
    }

    async fn of_owner(&self, owner: &RecordId) -> Result<Vec<StoredCredential>, StoreError> {
        self.sound.of_owner(owner).await
    }

    async fn replace(&self, name: &Pseudonym, edition: u64, sealed: Bytes) -> Result<(), StoreError> {
        let present = self.sound.find(name).await?.map_or(edition, |kept| kept.edition);
        let is_careless = self.fault == AccountFault::ReplacesWhateverIsThere;
        self.sound.replace(name, if is_careless { present } else { edition }, sealed).await
    }

    async fn remove(&self, owner: &RecordId, name: &Pseudonym) -> Result<Removal, StoreError> {
        match self.sound.remove(owner, name).await? {
            Removal::Last if self.fault == AccountFault::LetsTheLastPasskeyGo => {
                Ok(Removal::Removed { ended: self.sound.close_account(owner).await? })
            }
            removal => Ok(removal),
        }
    }

    async fn close_account(&self, owner: &RecordId) -> Result<Vec<SessionId>, StoreError> {
        let waiting = self.sound.due(sample::now(), usize::MAX).await?;
        let ended = self.sound.close_account(owner).await?;
        for mail in waiting.into_iter().filter(|_| self.fault == AccountFault::KeepsMailsOfTheClosed) {
            let kept = NewConfirmation {
                owner: mail.owner,
                address: sample::fresh_pseudonym(),
                code: sample::fresh_pseudonym(),
                mail: mail.id,
                sealed_mail: mail.sealed,
                created_at: sample::now(),
                expires_at: Timestamp::from_millis(i64::MAX),
            };
            let quota = MailQuota { window: Duration::ZERO, per_owner: 9, per_address: 9, waiting: u32::MAX };
            self.sound.request(kept, quota).await?;
        }
        Ok(ended)
    }
}

#[async_trait]
impl ConfirmationStore for FaultyAccounts {
    async fn request(&self, confirmation: NewConfirmation, quota: MailQuota) -> Result<bool, StoreError> {
        self.sound.request(confirmation, quota).await
    }

    async fn take_try(
        &self,
        owner: &RecordId,
        address: &Pseudonym,
        most: u32,
        now: Timestamp,
    ) -> Result<Option<Pseudonym>, StoreError> {
        let most = if self.fault == AccountFault::CountsNoTries { u32::MAX } else { most };
        self.sound.take_try(owner, address, most, now).await
    }

    async fn use_up(
        &self,
        owner: &RecordId,
        address: &Pseudonym,
        code: &Pseudonym,
    ) -> Result<bool, StoreError> {
        self.sound.use_up(owner, address, code).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DueMail>, StoreError> {
        self.sound.due(now, limit).await
    }

    async fn done(&self, mail: &MailId) -> Result<(), StoreError> {
        self.sound.done(mail).await
    }

    async fn put_off(&self, mail: &MailId, until: Timestamp) -> Result<(), StoreError> {
        self.sound.put_off(mail, until).await
    }
}

fn accounts_that(fault: AccountFault) -> FaultyAccounts {
    FaultyAccounts { sound: InMemoryAccountStore::new(), fault }
}

#[test]
#[should_panic(expected = "the last passkey stays")]
fn a_store_that_lets_the_last_passkey_go_is_found() {
    let store = accounts_that(AccountFault::LetsTheLastPasskeyGo);
    block_on(contract::credential_store(&store, &store.sound));
}

#[test]
#[should_panic(expected = "another edition than the present is stale")]
fn a_store_that_replaces_whatever_is_there_is_found() {
    let store = accounts_that(AccountFault::ReplacesWhateverIsThere);
    block_on(contract::credential_store(&store, &store.sound));
}

#[test]
#[should_panic(expected = "a code has no more tries than there may be")]
fn a_store_that_counts_no_tries_is_found() {
    block_on(contract::confirmation_store(&accounts_that(AccountFault::CountsNoTries)));
}

#[test]
#[should_panic(expected = "its mails wait no longer")]
fn a_store_that_keeps_mails_of_closed_accounts_is_found() {
    let store = accounts_that(AccountFault::KeepsMailsOfTheClosed);
    block_on(contract::account_closing(&store, &store.sound, &store));
}
