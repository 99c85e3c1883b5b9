//! Ceremonies without cryptography, an authenticator that remembers what it was told to forget, and passkeys over both.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use strongroom_app::{
    Accounts, Identity, KeyNames, PasskeyError, Passkeys, SignUpQuota, SignedIn, SignedInByPasskey,
};
use strongroom_ports::{
    AuthenticationUnavailable, Authenticator, CeremonyError, CredentialId, CredentialStore, MadePasskey,
    P256Point, PasskeyAssertion, PasskeyCeremonies, PasskeyNames, Principal, RefreshClaims, SessionId,
    SessionStore, TenantId, Timestamp, TokenIssuer, Upstream, Verdict,
};
use strongroom_testkit::fake::{
    CountingRandomness, InMemoryAccountStore, InMemoryUpstream, ManualClock, TransparentSealer,
    TransparentTokenIssuer,
};
use strongroom_testkit::sample;

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
            SignUpQuota::new(1),
        ));
        let passkeys = Passkeys::new(
            identity.clone(),
            Arc::new(PlainCeremonies::default()),
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
        let challenge = text(&self.passkeys.offer_registration(&tenant, PasskeyNames::default())?);
        self.passkeys.sign_up(&tenant, &shown(&challenge, id, 0), KeyNames::default()).await
    }

    pub(crate) async fn sign_up(&self, id: &str) -> SignedInByPasskey {
        self.sign_up_at(sample::TENANT, id).await.unwrap()
    }

    /// One more passkey for a person.
    pub(crate) async fn add(&self, to: &SignedIn, id: &str) -> Result<SignedInByPasskey, PasskeyError> {
        let challenge = text(&self.passkeys.offer_registration(&to.caller.tenant, PasskeyNames::default())?);
        self.passkeys.add(&to.caller, &shown(&challenge, id, 0), KeyNames::default()).await
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
        let challenge = text(&self.passkeys.offer_sign_in(&tenant)?);
        self.passkeys.sign_in(&tenant, &shown(&challenge, id, counter)).await
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

/// A credential as [`PlainCeremonies`] take it: the challenge, its id, and how far its authenticator has counted.
pub(crate) fn shown(challenge: &str, id: &str, counter: u32) -> Vec<u8> {
    format!("{challenge} {id} {counter}").into_bytes()
}

pub(crate) fn text(options: &[u8]) -> String {
    String::from_utf8(options.to_vec()).unwrap()
}

/// Ceremonies whose options are the challenge alone. A verifier is a counter, which may stay at nought and must else go up.
#[derive(Debug, Default)]
struct PlainCeremonies {
    open: Mutex<HashSet<String>>,
    offered: AtomicU64,
    names: Mutex<PasskeyNames>,
}

impl PlainCeremonies {
    fn offer(&self, kind: &str, tenant: &TenantId) -> Bytes {
        let challenge =
            format!("{kind}:{}:{}", tenant.as_str(), self.offered.fetch_add(1, Ordering::Relaxed));
        self.open.lock().unwrap().insert(challenge.clone());
        challenge.into()
    }

    fn take(
        &self,
        kind: &str,
        tenant: &TenantId,
        credential: &[u8],
    ) -> Result<(CredentialId, u32), CeremonyError> {
        let text = std::str::from_utf8(credential).map_err(|_| CeremonyError::Malformed)?;
        let [challenge, id, counter] = <[&str; 3]>::try_from(text.split(' ').collect::<Vec<_>>())
            .map_err(|_| CeremonyError::Malformed)?;
        let is_open = self.open.lock().unwrap().remove(challenge);
        if !is_open || !challenge.starts_with(&format!("{kind}:{}:", tenant.as_str())) {
            return Err(CeremonyError::Refused);
        }
        Ok((credential_id(id), counter.parse().map_err(|_| CeremonyError::Malformed)?))
    }
}

impl PasskeyCeremonies for PlainCeremonies {
    fn offer_registration(&self, tenant: &TenantId, names: PasskeyNames) -> Result<Bytes, CeremonyError> {
        *self.names.lock().unwrap() = names;
        Ok(self.offer("registration", tenant))
    }

    fn finish_registration(
        &self,
        tenant: &TenantId,
        credential: &[u8],
    ) -> Result<MadePasskey, CeremonyError> {
        let (id, counter) = self.take("registration", tenant, credential)?;
        let names = self.names.lock().unwrap().clone();
        Ok(MadePasskey { id, verifier: counter.to_string().into(), names })
    }

    fn offer_sign_in(&self, tenant: &TenantId) -> Result<Bytes, CeremonyError> {
        Ok(self.offer("sign-in", tenant))
    }

    fn take_assertion(
        &self,
        tenant: &TenantId,
        credential: &[u8],
    ) -> Result<Box<dyn PasskeyAssertion>, CeremonyError> {
        let (id, counter) = self.take("sign-in", tenant, credential)?;
        Ok(Box::new(PlainAssertion { id, counter }))
    }

    fn verification_point(&self, _: &[u8]) -> Option<P256Point> {
        None
    }
}

#[derive(Debug)]
struct PlainAssertion {
    id: CredentialId,
    counter: u32,
}

impl PasskeyAssertion for PlainAssertion {
    fn credential(&self) -> &CredentialId {
        &self.id
    }

    fn verify(self: Box<Self>, verifier: &[u8]) -> Result<Option<Bytes>, CeremonyError> {
        let kept: u32 = text(verifier).parse().map_err(|_| CeremonyError::Refused)?;
        match self.counter {
            0 if kept == 0 => Ok(None),
            counter if counter > kept => Ok(Some(counter.to_string().into())),
            _ => Err(CeremonyError::Refused),
        }
    }
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
