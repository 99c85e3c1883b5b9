//! Passkeys of glass, an authenticator that remembers what it was told to forget, and the use cases over both.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use strongroom_app::{
    Accounts, Identity, KeyNames, PasskeyError, Passkeys, SignUpQuota, SignedIn, SignedInByPasskey,
};
use strongroom_ports::{
    AuthenticationUnavailable, Authenticator, CredentialId, CredentialStore, PasskeyNames, Principal,
    RefreshClaims, SessionId, SessionStore, Timestamp, TokenIssuer, Upstream, Verdict,
};
use strongroom_testkit::fake::{
    CountingRandomness, GlassPasskeys, InMemoryAccountStore, InMemoryUpstream, ManualClock,
    TransparentSealer, TransparentTokenIssuer,
};
use strongroom_testkit::sample;

/// New accounts with a passkey that a house takes in an hour.
pub(crate) const SIGN_UPS_PER_HOUR: u32 = 50;

/// Passkeys, accounts, and hands on everything beneath them.
pub(crate) struct House {
    pub(crate) store: Arc<InMemoryAccountStore>,
    pub(crate) authenticator: Arc<ForgettingAuthenticator>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) safe: Arc<InMemoryUpstream>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) passkeys: Passkeys,
    pub(crate) accounts: Accounts,
}

impl House {
    pub(crate) fn new() -> Self {
        let store = Arc::new(InMemoryAccountStore::new());
        let safe = Arc::new(InMemoryUpstream::new());
        Self::over(store.clone(), store.clone(), store, safe.clone(), safe)
    }

    /// The same, where some ports are others.
    pub(crate) fn over(
        store: Arc<InMemoryAccountStore>,
        sessions: Arc<dyn SessionStore>,
        credentials: Arc<dyn CredentialStore>,
        safe: Arc<InMemoryUpstream>,
        upstream: Arc<dyn Upstream>,
    ) -> Self {
        let authenticator = Arc::new(ForgettingAuthenticator::default());
        let (clock, sealer) = (Arc::new(ManualClock::default()), Arc::new(TransparentSealer::new()));
        let randomness = Arc::new(CountingRandomness::new());
        let identity = Arc::new(Identity::new(
            Arc::new(TransparentTokenIssuer::new()),
            authenticator.clone(),
            sessions.clone(),
            sealer.clone(),
            clock.clone(),
            randomness.clone(),
            SignUpQuota::new(1, SIGN_UPS_PER_HOUR),
        ));
        let passkeys = Passkeys::new(
            identity.clone(),
            Arc::new(GlassPasskeys::new([sample::TENANT, sample::OTHER_TENANT].map(sample::tenant))),
            credentials.clone(),
            authenticator.clone(),
            sealer.clone(),
            clock.clone(),
            randomness,
        );
        let accounts =
            Accounts::new(upstream, credentials, sessions, authenticator.clone(), sealer, clock.clone());
        Self { store, authenticator, clock, safe, identity, passkeys, accounts }
    }

    /// A new person of a tenant, with a passkey of this id.
    pub(crate) async fn sign_up_at(&self, tenant: &str, id: &str) -> Result<SignedInByPasskey, PasskeyError> {
        let tenant = sample::tenant(tenant);
        let offered = challenge(&self.passkeys.offer_registration(&tenant, PasskeyNames::default())?);
        self.passkeys.sign_up(&tenant, &shown(&offered, id, 0), KeyNames::default()).await
    }

    pub(crate) async fn sign_up(&self, id: &str) -> SignedInByPasskey {
        self.sign_up_at(sample::TENANT, id).await.unwrap()
    }

    /// One more passkey for a person.
    pub(crate) async fn add(&self, to: &SignedIn, id: &str) -> Result<SignedInByPasskey, PasskeyError> {
        let offered =
            challenge(&self.passkeys.offer_registration(&to.caller.tenant, PasskeyNames::default())?);
        self.passkeys.add(&principal(to), &shown(&offered, id, 0), KeyNames::default()).await
    }

    /// A sign-in by a passkey whose authenticator has counted so far.
    pub(crate) async fn sign_in(&self, id: &str, counter: u32) -> Result<SignedInByPasskey, PasskeyError> {
        self.sign_in_at(sample::TENANT, id, counter).await
    }

    pub(crate) async fn sign_in_at(
        &self,
        tenant: &str,
        id: &str,
        counter: u32,
    ) -> Result<SignedInByPasskey, PasskeyError> {
        let tenant = sample::tenant(tenant);
        let offered = challenge(&self.passkeys.offer_sign_in(&tenant)?);
        self.passkeys.sign_in(&tenant, &shown(&offered, id, counter)).await
    }

    pub(crate) async fn is_live(&self, signed_in: &SignedIn) -> bool {
        self.store.is_live(&claims(signed_in).session, sample::now()).await.unwrap()
    }
}

/// What a pair's tokens say.
pub(crate) fn claims(signed_in: &SignedIn) -> RefreshClaims {
    TransparentTokenIssuer::new().read_refresh(signed_in.tokens.refresh.as_str()).unwrap()
}

/// Whom a pair's access token speaks for.
pub(crate) fn principal(signed_in: &SignedIn) -> Principal {
    let RefreshClaims { caller, session, credential, .. } = claims(signed_in);
    Principal { caller, session: Some(session), credential, expires_at: Timestamp::from_millis(i64::MAX) }
}

pub(crate) fn credential_id(id: &str) -> CredentialId {
    CredentialId::new(id.as_bytes()).unwrap()
}

/// A credential of glass: the challenge, its id, and how far its authenticator has counted.
pub(crate) fn shown(challenge: &str, id: &str, counter: u32) -> Vec<u8> {
    format!(r#"{{"challenge":"{challenge}","id":"{id}","counter":{counter}}}"#).into_bytes()
}

/// The challenge of some options.
pub(crate) fn challenge(options: &[u8]) -> String {
    let options = String::from_utf8(options.to_vec()).unwrap();
    let (_, behind) = options.split_once(r#""challenge":""#).unwrap();
    behind.split('"').next().unwrap().to_owned()
}

/// Knows no token, and remembers which sessions it was told to forget.
#[derive(Debug, Default)]
pub(crate) struct ForgettingAuthenticator(Mutex<HashSet<SessionId>>);

impl ForgettingAuthenticator {
    /// Whether it forgot the sessions of exactly these pairs.
    pub(crate) fn forgot(&self, pairs: &[&SignedIn]) -> bool {
        *self.0.lock().unwrap() == pairs.iter().map(|pair| claims(pair).session).collect()
    }
}

#[async_trait]
impl Authenticator for ForgettingAuthenticator {
    async fn authenticate(&self, _: &str) -> Result<Verdict, AuthenticationUnavailable> {
        Ok(Verdict::NotMine)
    }

    fn forget(&self, session: &SessionId) {
        self.0.lock().unwrap().insert(*session);
    }
}
