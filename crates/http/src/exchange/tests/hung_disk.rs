//! A store that says nothing for as long as it likes: nobody waits for it longer than a minute, and what ends sessions there ends
//! them here as well, whoever has stopped waiting.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use strongroom_ports::{
    Addition, CredentialStore, NewCredential, NewSession, Pseudonym, RecordId, RefreshHash, Removal,
    Rotation, Sealer as _, SessionEntry, SessionId, SessionStore, StoreError, StoredCredential,
    TokenIssuer as _,
};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::passkeys::{IN, UP, challenge, post};
use super::*;

const SESSION: SessionId = SessionId::from_bytes([7; 16]);

/// A store in memory, which hangs until it is let go on.
#[derive(Debug)]
struct HungStore {
    kept: InMemoryAccountStore,
    gate: Semaphore,
}

impl HungStore {
    async fn wait(&self) -> &InMemoryAccountStore {
        // Nobody is ever let through: the gate is taken away.
        let _closed = self.gate.acquire().await;
        &self.kept
    }
}

#[async_trait]
impl SessionStore for HungStore {
    async fn open(&self, session: NewSession) -> Result<Vec<SessionId>, StoreError> {
        self.wait().await.open(session).await
    }

    async fn rotate(
        &self,
        id: &SessionId,
        presented: RefreshHash,
        next: RefreshHash,
        now: Timestamp,
        lapses_at: Timestamp,
    ) -> Result<Rotation, StoreError> {
        self.wait().await.rotate(id, presented, next, now, lapses_at).await
    }

    async fn revoke(&self, id: &SessionId) -> Result<(), StoreError> {
        self.wait().await.revoke(id).await
    }

    async fn revoke_of(&self, owner: &RecordId, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.wait().await.revoke_of(owner, id, now).await
    }

    async fn list(
        &self,
        owner: &RecordId,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<SessionEntry>, StoreError> {
        self.wait().await.list(owner, now, most).await
    }

    async fn is_live(&self, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.wait().await.is_live(id, now).await
    }
}

#[async_trait]
impl CredentialStore for HungStore {
    async fn add(&self, credential: NewCredential, most: usize) -> Result<Addition, StoreError> {
        self.wait().await.add(credential, most).await
    }

    async fn find(&self, name: &Pseudonym) -> Result<Option<StoredCredential>, StoreError> {
        self.wait().await.find(name).await
    }

    async fn of_owner(&self, owner: &RecordId) -> Result<Vec<StoredCredential>, StoreError> {
        self.wait().await.of_owner(owner).await
    }

    async fn replace(&self, name: &Pseudonym, edition: u64, sealed: Bytes) -> Result<(), StoreError> {
        self.wait().await.replace(name, edition, sealed).await
    }

    async fn remove(&self, owner: &RecordId, name: &Pseudonym) -> Result<Removal, StoreError> {
        self.wait().await.remove(owner, name).await
    }

    async fn close_account(&self, owner: &RecordId) -> Result<Vec<SessionId>, StoreError> {
        self.wait().await.close_account(owner).await
    }
}

/// The surface over a store that hangs, in which `jane` has the session of her token.
async fn hung_surface() -> (Exchange, Arc<HungStore>) {
    let in_session = Principal { session: Some(SESSION), ..principal(sample::caller()) };
    let authenticator = Arc::new(StaticAuthenticator::new().with("jane", in_session));
    let mut surface = surface();
    let (clock, sealer) = (Arc::new(ManualClock::default()), Arc::new(TransparentSealer::new()));
    let store = Arc::new(HungStore { kept: InMemoryAccountStore::new(), gate: Semaphore::new(0) });
    let session = NewSession {
        id: SESSION,
        owner: sealer.record_id(&sample::caller()),
        credential: None,
        refresh: RefreshHash::from_bytes([0; 32]),
        created_at: sample::now(),
        lapses_at: Timestamp::from_millis(i64::MAX),
    };
    store.kept.open(session).await.unwrap();
    let randomness = Arc::new(CountingRandomness::new());
    let api = Arc::get_mut(&mut surface.api).unwrap();
    api.authenticator = authenticator.clone();
    let Safe::Here { identity, passkeys, accounts, upstream, .. } = &mut api.safe else { panic!("a safe") };
    *identity = Arc::new(Identity::new(
        Arc::new(TransparentTokenIssuer::new()),
        authenticator.clone(),
        store.clone(),
        sealer.clone(),
        clock.clone(),
        randomness.clone(),
        SignUpQuota::new(1, 1),
    ));
    *passkeys = Arc::new(Passkeys::new(
        identity.clone(),
        Arc::new(GlassPasskeys::new([sample::tenant(sample::TENANT)])),
        store.clone(),
        authenticator.clone(),
        sealer.clone(),
        clock.clone(),
        randomness,
    ));
    *accounts =
        Arc::new(Accounts::new(upstream.clone(), store.clone(), store.clone(), authenticator, sealer, clock));
    (surface, store)
}

fn session_path() -> String {
    format!("/v1/auth/sessions/{SESSION}")
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_store_that_hangs_longer_than_a_minute() {
    let (surface, _store) = hung_surface().await;
    let shown = async |path, id| json!({ "challenge": challenge(&surface, path, sample::TENANT).await, "id": id, "counter": 0 });
    let sign_up = json!({ "credential": shown(UP, "a").await }).to_string();
    let added = json!({ "credential": shown(UP, "b").await, "externalUserId": sample::EXTERNAL_USER_ID });
    let sign_in = json!({ "credential": shown(IN, "a").await }).to_string();
    let issued = TransparentTokenIssuer::new().issue(&sample::caller(), &SESSION, None).unwrap();
    let refresh = json!({ "refresh_token": issued.refresh.as_str() }).to_string();
    for (request, body) in [
        (anonymous("GET", SIGN_UP), String::new()),
        (post(UP), sign_up),
        (request("POST", UP), added.to_string()),
        (post(IN), sign_in),
        (post(REFRESH), refresh),
        (request("POST", "/v1/auth/sign-out"), String::new()),
        (request("GET", "/v1/auth/sessions"), String::new()),
        (request("DELETE", &session_path()), String::new()),
        (request("GET", "/v1/auth/passkeys"), String::new()),
        (request("DELETE", "/v1/auth/passkeys/YQ"), String::new()),
        (request("DELETE", "/v1/users/me"), String::new()),
    ] {
        let asked = format!("{:?} {:?}", request.method_ref(), request.uri_ref());
        let answer = timeout(Duration::from_secs(61), send(&surface, request, body)).await;
        assert_eq!(answer.expect(&asked).problem(), (503, "unavailable".to_owned()), "{asked}");
        assert_eq!(surface.api.places.taken(), 0, "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_ends_a_session_does_so_though_nobody_waits_for_it_any_more() {
    let of_session = session_path();
    for (method, path) in
        [("POST", "/v1/auth/sign-out"), ("DELETE", &*of_session), ("DELETE", "/v1/users/me")]
    {
        for client_waits in [true, false] {
            let (surface, store) = hung_surface().await;
            if client_waits {
                assert_eq!(send(&surface, request(method, path), "").await.status, 503, "{path}");
            } else {
                let given_up = timeout(Duration::from_secs(1), send(&surface, request(method, path), ""));
                assert!(given_up.await.is_err(), "{path}");
            }
            assert_eq!(send(&surface, request("GET", READ), "").await.status, 204, "{path}");
            store.gate.close();
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let answer = send(&surface, request("GET", READ), "").await;
            assert_eq!(answer.problem(), (401, "token_invalid".to_owned()), "{path} {client_waits}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_though_nobody_waits_is_bounded() {
    let (surface, store) = hung_surface().await;
    let sign_out = async || send(&surface, request("POST", "/v1/auth/sign-out"), "").await.problem();
    for _ in 0..2 * HTTP_LIMITS.requests_in_flight {
        assert_eq!(sign_out().await, (503, "unavailable".to_owned()));
    }
    assert_eq!(sign_out().await, (503, "overloaded".to_owned()));
    store.gate.close();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(send(&surface, request("GET", READ), "").await.status, 401, "there is room again");
}
