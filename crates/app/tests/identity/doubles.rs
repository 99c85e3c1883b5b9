//! Sessions whose every commit waits for a test's word, an authenticator that remembers what it was told to forget, and
//! an identity over both.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_lock::Semaphore;
use async_trait::async_trait;
use strongroom_app::{Identity, IdentityError, SignUpQuota, SignedIn, Tenant};
use strongroom_ports::{
    AuthenticationUnavailable, Authenticator, NewSession, RecordId, RefreshHash, Rotation, SessionEntry,
    SessionId, SessionStore, StoreError, Timestamp, TokenIssuer, Verdict,
};
use strongroom_testkit::fake::{
    CountingRandomness, InMemoryAccountStore, ManualClock, TransparentSealer, TransparentTokenIssuer,
};
use strongroom_testkit::sample;

/// Sign-ups in an hour.
pub(crate) const PER_HOUR: u32 = 20;

/// An identity, and hands on everything beneath it.
pub(crate) struct House {
    pub(crate) sessions: Arc<GatedSessions>,
    pub(crate) authenticator: Arc<ForgettingAuthenticator>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) identity: Identity,
}

impl House {
    pub(crate) fn new() -> Self {
        let sessions = Arc::new(GatedSessions::default());
        let authenticator = Arc::new(ForgettingAuthenticator::default());
        let clock = Arc::new(ManualClock::default());
        let identity = Identity::new(
            Arc::new(TransparentTokenIssuer::new()),
            authenticator.clone(),
            sessions.clone(),
            Arc::new(TransparentSealer::new()),
            clock.clone(),
            Arc::new(CountingRandomness::new()),
            SignUpQuota::new(PER_HOUR, PER_HOUR),
        );
        Self { sessions, authenticator, clock, identity }
    }

    /// The guide's person, signed in.
    pub(crate) async fn sign_in(&self) -> SignedIn {
        let jane = sample::caller();
        self.identity.begin(jane.tenant, jane.person).await.unwrap()
    }

    /// Exchanges the refresh token of a pair.
    pub(crate) async fn refresh(&self, held: &SignedIn) -> Result<SignedIn, IdentityError> {
        self.identity.refresh(self.identity.read_refresh(held.tokens.refresh.as_str()).unwrap()).await
    }

    pub(crate) async fn is_live(&self, session: SessionId) -> bool {
        self.sessions.is_live(&session, sample::now()).await.unwrap()
    }
}

/// The session of a pair.
pub(crate) fn session_of(signed_in: &SignedIn) -> SessionId {
    TransparentTokenIssuer::new().read_refresh(signed_in.tokens.refresh.as_str()).unwrap().session
}

/// A tenant that gives accounts without a passkey.
pub(crate) fn open_tenant() -> Tenant {
    Tenant {
        id: sample::tenant(sample::TENANT),
        name: "Development".to_owned(),
        origins: Vec::new(),
        sign_up_without_passkey: true,
    }
}

/// Sessions in memory. Once the gate is shut, each exchange needs a permit before it commits.
#[derive(Debug)]
pub(crate) struct GatedSessions {
    kept: InMemoryAccountStore,
    is_shut: AtomicBool,
    gate: Semaphore,
}

impl Default for GatedSessions {
    fn default() -> Self {
        let (kept, is_shut) = (InMemoryAccountStore::new(), AtomicBool::new(false));
        Self { kept, is_shut, gate: Semaphore::new(0) }
    }
}

impl GatedSessions {
    /// Lets no exchange commit from here on.
    pub(crate) fn shut(&self) {
        self.is_shut.store(true, Ordering::SeqCst);
    }

    /// Lets every exchange commit, those that wait in the order of their arrival.
    pub(crate) fn open_gate(&self) {
        self.is_shut.store(false, Ordering::SeqCst);
        self.gate.add_permits(1_000);
    }
}

#[async_trait]
impl SessionStore for GatedSessions {
    async fn open(&self, session: NewSession) -> Result<Vec<SessionId>, StoreError> {
        self.kept.open(session).await
    }

    async fn rotate(
        &self,
        id: &SessionId,
        presented: RefreshHash,
        next: RefreshHash,
        now: Timestamp,
        lapses_at: Timestamp,
    ) -> Result<Rotation, StoreError> {
        if self.is_shut.load(Ordering::SeqCst) {
            self.gate.acquire().await.forget();
        }
        self.kept.rotate(id, presented, next, now, lapses_at).await
    }

    async fn revoke(&self, id: &SessionId) -> Result<(), StoreError> {
        self.kept.revoke(id).await
    }

    async fn revoke_of(&self, owner: &RecordId, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.kept.revoke_of(owner, id, now).await
    }

    async fn list(
        &self,
        owner: &RecordId,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<SessionEntry>, StoreError> {
        self.kept.list(owner, now, most).await
    }

    async fn is_live(&self, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.kept.is_live(id, now).await
    }
}

/// Knows no token, and remembers which sessions it was told to forget.
#[derive(Debug, Default)]
pub(crate) struct ForgettingAuthenticator(Mutex<Vec<SessionId>>);

impl ForgettingAuthenticator {
    pub(crate) fn forgotten(&self) -> Vec<SessionId> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Authenticator for ForgettingAuthenticator {
    async fn authenticate(&self, _: &str) -> Result<Verdict, AuthenticationUnavailable> {
        Ok(Verdict::NotMine)
    }

    fn forget(&self, session: &SessionId) {
        self.0.lock().unwrap().push(*session);
    }
}
