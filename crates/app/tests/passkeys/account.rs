//! The end of an account: nothing of it is left, and nothing of anybody else's is touched.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use strongroom_app::PasskeyError;
use strongroom_domain::Precondition;
use strongroom_ports::{
    Addition, CredentialStore, MockUpstream, NewCredential, Pseudonym, RecordId, Removal, SessionId,
    StoreError, StoredCredential, Upstream, UpstreamError,
};
use strongroom_testkit::fake::{InMemoryAccountStore, InMemoryUpstream};
use strongroom_testkit::sample;

use crate::doubles::House;

#[test]
fn a_closed_account_has_no_record_no_passkey_and_no_session_and_those_of_others_stay() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("jane's").await.signed_in;
        let again = house.sign_in("jane's", 0).await.unwrap().signed_in;
        let john = house.sign_up("john's").await.signed_in;
        for person in [&jane, &john] {
            let patch = sample::guide_patch();
            house.safe.merge(&person.caller, &patch, &Precondition::default()).await.unwrap();
        }
        house.accounts.close(&jane.caller).await.unwrap();
        assert_eq!(house.safe.read(&jane.caller).await, Ok(None));
        assert_eq!(house.sign_in("jane's", 0).await.unwrap_err(), PasskeyError::Refused);
        assert!(!house.is_live(&jane).await && !house.is_live(&again).await);
        assert!(house.authenticator.forgot(&[&jane, &again]), "no remembered token is known");
        assert!(house.safe.read(&john.caller).await.unwrap().is_some());
        assert!(house.is_live(&john).await);
        assert!(house.sign_in("john's", 0).await.is_ok());
    });
}

#[test]
fn an_account_can_be_closed_twice_and_where_there_is_none() {
    block_on(async {
        let house = House::new();
        let jane = house.sign_up("jane's").await.signed_in;
        for _ in 0..2 {
            assert_eq!(house.accounts.close(&jane.caller).await, Ok(()));
        }
        assert_eq!(house.accounts.close(&sample::caller()).await, Ok(()));
        let anew = house.sign_up("jane's").await.signed_in;
        assert_ne!(anew.caller, jane.caller, "its passkey makes somebody new");
    });
}

/// Passkeys in memory, and what happens while an account is closed.
#[derive(Debug)]
struct MeanwhileStore {
    kept: Arc<InMemoryAccountStore>,
    safe: Arc<InMemoryUpstream>,
    says: Result<(), StoreError>,
}

#[async_trait]
impl CredentialStore for MeanwhileStore {
    async fn add(&self, credential: NewCredential, most: usize) -> Result<Addition, StoreError> {
        self.kept.add(credential, most).await
    }

    async fn find(&self, name: &Pseudonym) -> Result<Option<StoredCredential>, StoreError> {
        self.kept.find(name).await
    }

    async fn of_owner(&self, owner: &RecordId) -> Result<Vec<StoredCredential>, StoreError> {
        self.kept.of_owner(owner).await
    }

    async fn replace(&self, name: &Pseudonym, edition: u64, sealed: Bytes) -> Result<(), StoreError> {
        self.kept.replace(name, edition, sealed).await
    }

    async fn remove(&self, owner: &RecordId, name: &Pseudonym) -> Result<Removal, StoreError> {
        self.kept.remove(owner, name).await
    }

    /// A write of the same person comes while the account is being closed.
    async fn close_account(&self, owner: &RecordId) -> Result<Vec<SessionId>, StoreError> {
        let (jane, patch) = (sample::caller(), sample::guide_patch());
        self.safe.merge(&jane, &patch, &Precondition::default()).await.unwrap();
        let ended = self.kept.close_account(owner).await?;
        self.says.map(|()| ended)
    }
}

fn house(says: Result<(), StoreError>) -> House {
    let (kept, safe) = (Arc::new(InMemoryAccountStore::new()), Arc::new(InMemoryUpstream::new()));
    let credentials = Arc::new(MeanwhileStore { kept: kept.clone(), safe: safe.clone(), says });
    House::over(kept.clone(), kept, credentials, safe.clone(), safe)
}

#[test]
fn a_write_that_comes_while_an_account_is_closed_leaves_nothing() {
    block_on(async {
        let house = house(Ok(()));
        house.accounts.close(&sample::caller()).await.unwrap();
        assert_eq!(house.safe.read(&sample::caller()).await, Ok(None));
    });
}

#[test]
fn a_store_that_cannot_say_whether_it_closed_an_account_leaves_no_token_remembered() {
    block_on(async {
        let house = house(Err(StoreError::Unknown));
        let jane = sample::caller();
        let jane = house.identity.begin(jane.tenant, jane.person).await.unwrap();
        assert_eq!(house.accounts.close(&jane.caller).await, Err(UpstreamError::Unavailable));
        assert!(house.authenticator.forgot(&[&jane]));
    });
}

#[test]
fn a_store_that_cannot_say_whether_it_closed_an_account_keeps_no_record_that_was_written_meanwhile() {
    block_on(async {
        for error in [StoreError::Unknown, StoreError::Unavailable] {
            let house = house(Err(error));
            assert_eq!(house.accounts.close(&sample::caller()).await, Err(UpstreamError::Unavailable));
            assert_eq!(house.safe.read(&sample::caller()).await, Ok(None), "{error}");
        }
    });
}

#[test]
fn an_account_whose_record_cannot_be_erased_stays_whole() {
    block_on(async {
        let mut upstream = MockUpstream::new();
        upstream.expect_erase().times(1).returning(|_, _| Err(UpstreamError::Unavailable));
        let store = Arc::new(InMemoryAccountStore::new());
        let safe = Arc::new(InMemoryUpstream::new());
        let house = House::over(store.clone(), store.clone(), store, safe, Arc::new(upstream));
        let jane = house.sign_up("jane's").await.signed_in;
        assert_eq!(house.accounts.close(&jane.caller).await, Err(UpstreamError::Unavailable));
        assert!(house.is_live(&jane).await);
        assert!(house.sign_in("jane's", 0).await.is_ok());
    });
}
