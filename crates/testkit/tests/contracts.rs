//! Every fake passes the contract that its real sibling passes.

use std::sync::Arc;

use futures_executor::block_on;
use strongroom_ports::{
    Authenticator, ChainId, ConfirmationStore, CredentialStore, Principal, RecordStore, SessionStore,
    TenantId, Timestamp, Verdict,
};
use strongroom_testkit::fake::{
    CountingRandomness, InMemoryAccountStore, InMemoryRecordStore, InMemoryUpstream, ManualClock,
    PaperWallets, RecordingBell, ScriptedKeySetSource, StaticAuthenticator, TransparentSealer,
    TransparentTokenIssuer,
};
use strongroom_testkit::{contract, sample};

#[test]
fn the_record_store_in_memory_keeps_its_contract() {
    block_on(contract::record_store(&InMemoryRecordStore::new()));
}

#[test]
fn the_record_store_in_memory_keeps_its_contract_among_threads() {
    let store: Arc<dyn RecordStore> = Arc::new(InMemoryRecordStore::new());
    contract::record_store_concurrency(&[Arc::clone(&store), store], block_on);
}

#[test]
fn the_record_store_in_memory_rings_as_it_must() {
    let bell = Arc::new(RecordingBell::new());
    let store = InMemoryRecordStore::new().with_bell(bell.clone());
    block_on(contract::change_bell(&store, &bell));
}

#[test]
#[should_panic(expected = "a write rings before it is answered")]
fn a_store_that_does_not_ring_is_found() {
    block_on(contract::change_bell(&InMemoryRecordStore::new(), &RecordingBell::new()));
}

#[test]
fn the_session_store_in_memory_keeps_its_contract() {
    block_on(contract::session_store(&InMemoryAccountStore::new()));
}

#[test]
fn the_session_store_in_memory_keeps_its_contract_among_threads() {
    let store: Arc<dyn SessionStore> = Arc::new(InMemoryAccountStore::new());
    contract::session_store_concurrency(&[Arc::clone(&store), store], block_on);
}

#[test]
fn the_passkeys_in_memory_keep_their_contract() {
    let store = InMemoryAccountStore::new();
    block_on(contract::credential_store(&store, &store));
}

#[test]
fn the_passkeys_in_memory_keep_their_contract_among_threads() {
    let store = Arc::new(InMemoryAccountStore::new());
    let credentials: Arc<dyn CredentialStore> = store.clone();
    let sessions: Arc<dyn SessionStore> = store;
    contract::credential_store_concurrency(&[Arc::clone(&credentials), Arc::clone(&credentials)], block_on);
    contract::removal_against_sign_in(&credentials, &sessions, block_on);
}

#[test]
fn the_confirmations_in_memory_keep_their_contract() {
    block_on(contract::confirmation_store(&InMemoryAccountStore::new()));
}

#[test]
fn the_confirmations_in_memory_keep_their_contract_among_threads() {
    let store: Arc<dyn ConfirmationStore> = Arc::new(InMemoryAccountStore::new());
    contract::confirmation_store_concurrency(&[Arc::clone(&store), store], block_on);
}

#[test]
fn closing_an_account_in_memory_keeps_its_contract() {
    let store = InMemoryAccountStore::new();
    block_on(contract::account_closing(&store, &store, &store));
}

#[test]
fn the_transparent_sealer_keeps_its_contract() {
    contract::sealer(&TransparentSealer::new());
}

#[test]
#[should_panic(expected = "a box shows nothing of its plaintext")]
fn the_transparent_sealer_hides_nothing_and_the_suite_says_so() {
    contract::sealer_secrecy(&TransparentSealer::new());
}

#[test]
fn the_transparent_token_issuer_keeps_its_contract() {
    contract::token_issuer(&TransparentTokenIssuer::new(), &sample::tenant(sample::TENANT));
}

#[test]
fn the_static_authenticator_keeps_its_contract() {
    let session = sample::fresh_session_id();
    let expires_at = Timestamp::from_millis(i64::MAX);
    let jane = Principal { caller: sample::caller(), session: Some(session), credential: None, expires_at };
    let authenticator = StaticAuthenticator::new().with("Jane's token", jane.clone());
    block_on(contract::authenticator(&authenticator, "Jane's token", &jane));
    block_on(contract::authenticator_after_revocation(&authenticator, "Jane's token", &session));
}

#[test]
fn forgetting_one_session_leaves_the_tokens_of_others() {
    let authenticator = StaticAuthenticator::new().with_caller("jane", sample::caller());
    authenticator.forget(&sample::fresh_session_id());
    assert!(matches!(block_on(authenticator.authenticate("jane")), Ok(Verdict::Known(_))));
}

#[test]
fn the_scripted_key_set_source_keeps_its_contract() {
    let source = ScriptedKeySetSource::new();
    block_on(contract::key_set_source(&source, |published| match published {
        Some(document) => source.publish(document),
        None => source.fail(),
    }));
}

#[test]
fn the_safe_in_memory_keeps_its_contract() {
    block_on(contract::upstream(&InMemoryUpstream::new()));
}

#[test]
fn the_safe_in_memory_keeps_its_contract_among_callers() {
    block_on(contract::upstream_concurrency(&InMemoryUpstream::new()));
}

#[test]
fn manual_clock_keeps_its_contract() {
    contract::clock(&ManualClock::default());
}

#[test]
fn counting_randomness_keeps_its_contract() {
    contract::randomness(&CountingRandomness::new());
}

#[test]
fn paper_wallets_keep_the_contract_of_wallets() {
    let [with_chains, without] = ["shop.example", "other.example"].map(|id| TenantId::parse(id).unwrap());
    let chains = ["1", "8453"].map(|id| ChainId::parse(id).unwrap());
    let wallets = PaperWallets::new([(with_chains.clone(), chains.to_vec()), (without.clone(), Vec::new())]);
    contract::wallet_directory(&wallets, &with_chains, &chains, &without);
}
