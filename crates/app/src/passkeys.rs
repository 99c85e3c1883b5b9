//! Passkeys and who owns them: a new account with one, one more for an account, a sign-in by one, the list, the end of one.
//!
//! A person is found by the passkey that was shown and by nothing else: no token is ever issued for an id that was merely
//! named. The ceremonies say whether a credential is what it claims to be; whose it is, is sealed beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use strongroom_domain::scrub;
use strongroom_ports::{
    Addition, Authenticator, BoxKind, Caller, CeremonyError, ChainId, Clock, CredentialId, CredentialStore,
    MadePasskey, NewCredential, PasskeyCeremonies, PasskeyNames, Principal, Pseudonym, Randomness, RecordId,
    Removal, Sealer, SessionId, StoreError, StoredCredential, Subject, TenantId, Timestamp, WalletAddress,
    WalletDirectory, fit_name,
};
use thiserror::Error;

use crate::identity::{Identity, IdentityError, SignedIn};
use crate::passkey_note::{KeyNames, PasskeyNote};
use crate::sealed_note::NotePlace;

/// Passkeys of one account. More than anybody has devices; few enough that all of them are opened for one list.
pub const MAX_PASSKEYS: usize = 20;

/// How often a passkey is sealed anew before its first replacement.
const FIRST_EDITION: u64 = 0;

/// The passkeys of this process's tenants.
#[derive(Debug)]
pub struct Passkeys {
    identity: Arc<Identity>,
    ceremonies: Arc<dyn PasskeyCeremonies>,
    credentials: Arc<dyn CredentialStore>,
    authenticator: Arc<dyn Authenticator>,
    sealer: Arc<dyn Sealer>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    wallets: Option<Arc<dyn WalletDirectory>>,
}

/// Fresh tokens of a session that began with a passkey.
#[derive(Debug)]
pub struct SignedInByPasskey {
    /// Whose, and the tokens.
    pub signed_in: SignedIn,
    /// What the passkey is called.
    pub names: KeyNames,
    /// The wallets that this passkey owns, and no other of the account's: empty without chains, and for a key that is not of P-256.
    pub wallets: BTreeMap<ChainId, WalletAddress>,
}

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPasskey {
    /// The id that its authenticator gave it.
    pub id: CredentialId,
    /// What it is called.
    pub names: KeyNames,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether the session that asks began with it.
    pub is_current: bool,
}

/// Why nothing came of a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasskeyError {
    /// The tenant has no passkeys here: 400.
    #[error("the tenant has no passkeys here")]
    UnknownTenant,
    /// Not a credential as browsers write them: 400.
    #[error("the credential is malformed")]
    Malformed,
    /// Not a credential of ours, not for this challenge, or not what it claims to be: 401.
    #[error("the credential was refused")]
    Refused,
    /// It is registered already: 409.
    #[error("the passkey is registered already")]
    Known,
    /// The account has [`MAX_PASSKEYS`]: 409.
    #[error("the account has as many passkeys as there may be")]
    TooMany,
    /// The hour's accounts with a passkey are given: 429.
    #[error("too many accounts this hour")]
    TooManyAccounts {
        /// When to try again.
        retry_after_s: u64,
    },
    /// It is the account's last: 409.
    #[error("it is the last passkey of the account")]
    Last,
    /// The account has no such passkey: 404.
    #[error("the account has no such passkey")]
    Absent,
    /// The session that adds it has ended meanwhile: 401.
    #[error("the session has ended")]
    SessionEnded,
    /// What is kept cannot be opened: 500.
    #[error("the stored passkey cannot be opened")]
    Damaged,
    /// Passkeys cannot be looked up or kept now: 503.
    #[error("passkeys are unavailable")]
    Unavailable,
}

impl Passkeys {
    /// Passkeys over their ports. `identity` begins the sessions.
    #[must_use]
    pub fn new(
        identity: Arc<Identity>,
        ceremonies: Arc<dyn PasskeyCeremonies>,
        credentials: Arc<dyn CredentialStore>,
        authenticator: Arc<dyn Authenticator>,
        sealer: Arc<dyn Sealer>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        let wallets = None;
        Self { identity, ceremonies, credentials, authenticator, sealer, clock, randomness, wallets }
    }

    /// The same, whose passkeys own wallets. Without this nobody has one.
    #[must_use]
    pub fn with_wallets(self, wallets: Arc<dyn WalletDirectory>) -> Self {
        Self { wallets: Some(wallets), ..self }
    }

    /// Begins a registration: the options for the browser, a JSON object.
    ///
    /// # Errors
    ///
    /// [`PasskeyError::UnknownTenant`].
    pub fn offer_registration(&self, tenant: &TenantId, names: PasskeyNames) -> Result<Bytes, PasskeyError> {
        Ok(self.ceremonies.offer_registration(tenant, names)?)
    }

    /// Begins a sign-in: the options for the browser, a JSON object.
    ///
    /// # Errors
    ///
    /// [`PasskeyError::UnknownTenant`].
    pub fn offer_sign_in(&self, tenant: &TenantId) -> Result<Bytes, PasskeyError> {
        Ok(self.ceremonies.offer_sign_in(tenant)?)
    }

    /// A new person of a tenant, who has the passkey that was just made. `names` stand before those that its registration
    /// began with.
    ///
    /// # Errors
    ///
    /// [`PasskeyError`].
    pub async fn sign_up(
        &self,
        tenant: &TenantId,
        credential: &[u8],
        names: KeyNames,
    ) -> Result<SignedInByPasskey, PasskeyError> {
        let made = self.ceremonies.finish_registration(tenant, credential)?;
        let person = self.identity.new_person_with_passkey()?;
        self.register((Caller { tenant: tenant.clone(), person }, None), made, names).await
    }

    /// One more passkey for a person whose token the caller of this method has verified, as long as its session lives.
    ///
    /// # Errors
    ///
    /// [`PasskeyError`].
    pub async fn add(
        &self,
        principal: &Principal,
        credential: &[u8],
        names: KeyNames,
    ) -> Result<SignedInByPasskey, PasskeyError> {
        let Principal { caller, session, .. } = principal;
        let made = self.ceremonies.finish_registration(&caller.tenant, credential)?;
        self.register((caller.clone(), *session), made, names).await
    }

    async fn register(
        &self,
        (caller, session): (Caller, Option<SessionId>),
        made: MadePasskey,
        names: KeyNames,
    ) -> Result<SignedInByPasskey, PasskeyError> {
        let names = KeyNames {
            key_name: names.key_name.or(made.names.key_name).as_deref().and_then(fit_name),
            key_display_name: names
                .key_display_name
                .or(made.names.key_display_name)
                .as_deref()
                .and_then(fit_name),
        };
        let (person, verifier) = (caller.person.clone(), made.verifier.to_vec());
        let note = PasskeyNote { person, id: made.id, names, verifier };
        let owner = self.sealer.record_id(&caller);
        let credential = NewCredential {
            name: self.name(&caller.tenant, &note.id),
            owner,
            sealed: self.seal(owner, FIRST_EDITION, &note)?,
            created_at: self.clock.now(),
            session,
        };
        match self.credentials.add(credential, MAX_PASSKEYS).await? {
            Addition::Added => self.begin(caller, note).await,
            Addition::Known => Err(PasskeyError::Known),
            Addition::Full => Err(PasskeyError::TooMany),
            Addition::Ended => Err(PasskeyError::SessionEnded),
        }
    }

    /// Signs in whoever owns the passkey that was shown.
    ///
    /// # Errors
    ///
    /// [`PasskeyError`].
    pub async fn sign_in(
        &self,
        tenant: &TenantId,
        credential: &[u8],
    ) -> Result<SignedInByPasskey, PasskeyError> {
        let assertion = self.ceremonies.take_assertion(tenant, credential)?;
        let name = self.name(tenant, assertion.credential());
        let stored = self.credentials.find(&name).await?.ok_or(PasskeyError::Refused)?;
        let mut note = self.open(tenant, &stored).ok_or(PasskeyError::Refused)?;
        if let Some(verifier) = assertion.verify(&note.verifier)? {
            // Before there are tokens: of two that show one counter, the second finds another edition.
            note.verifier = verifier.to_vec();
            let sealed = self.seal(stored.owner, stored.edition.wrapping_add(1), &note)?;
            self.credentials.replace(&name, stored.edition, sealed).await?;
        }
        self.begin(Caller { tenant: tenant.clone(), person: note.person.clone() }, note).await
    }

    /// The caller's passkeys, the oldest first, but for those that do not open.
    ///
    /// # Errors
    ///
    /// [`PasskeyError::Damaged`] or [`PasskeyError::Unavailable`].
    pub async fn list(&self, principal: &Principal) -> Result<Vec<OwnPasskey>, PasskeyError> {
        let Principal { caller, credential, .. } = principal;
        let stored = self.credentials.of_owner(&self.sealer.record_id(caller)).await?;
        let own = |stored: &StoredCredential| {
            let PasskeyNote { id, names, .. } = self.open(&caller.tenant, stored)?;
            let is_current = credential.as_ref() == Some(&id);
            Some(OwnPasskey { id, names, created_at: stored.created_at, is_current })
        };
        Ok(stored.iter().filter_map(own).collect())
    }

    /// The wallets of the passkey that the caller's session began with; none for a session without one.
    ///
    /// # Errors
    ///
    /// [`PasskeyError::Damaged`] or [`PasskeyError::Unavailable`].
    pub async fn wallets(
        &self,
        principal: &Principal,
    ) -> Result<BTreeMap<ChainId, WalletAddress>, PasskeyError> {
        let Principal { caller, credential: Some(credential), .. } = principal else {
            return Ok(BTreeMap::new());
        };
        let name = self.name(&caller.tenant, credential);
        let stored = self.credentials.of_owner(&self.sealer.record_id(caller)).await?;
        let shown = stored.iter().find(|stored| stored.name == name);
        let note = shown.and_then(|stored| self.open(&caller.tenant, stored));
        Ok(note.map(|note| self.wallets_of(&caller.tenant, &note)).unwrap_or_default())
    }

    /// Removes a passkey of the caller's and ends the sessions that began with it, that of the caller's token included.
    ///
    /// # Errors
    ///
    /// [`PasskeyError::Last`], [`PasskeyError::Absent`] or [`PasskeyError::Unavailable`].
    pub async fn remove(&self, caller: &Caller, id: &CredentialId) -> Result<(), PasskeyError> {
        let name = self.name(&caller.tenant, id);
        match self.credentials.remove(&self.sealer.record_id(caller), &name).await? {
            Removal::Removed { ended } => {
                for session in &ended {
                    self.authenticator.forget(session);
                }
                Ok(())
            }
            Removal::Absent => Err(PasskeyError::Absent),
            Removal::Last => Err(PasskeyError::Last),
        }
    }

    async fn begin(&self, caller: Caller, note: PasskeyNote) -> Result<SignedInByPasskey, PasskeyError> {
        let wallets = self.wallets_of(&caller.tenant, &note);
        let signed_in = self.identity.begin_with(caller, Some(&note.id)).await?;
        Ok(SignedInByPasskey { signed_in, names: note.names, wallets })
    }

    fn wallets_of(&self, tenant: &TenantId, passkey: &PasskeyNote) -> BTreeMap<ChainId, WalletAddress> {
        let owner = self.ceremonies.verification_point(&passkey.verifier);
        let wallets =
            self.wallets.as_ref().zip(owner).map(|(directory, owner)| directory.wallets(tenant, &owner));
        wallets.unwrap_or_default()
    }

    fn name(&self, tenant: &TenantId, id: &CredentialId) -> Pseudonym {
        self.sealer.pseudonym(&Subject::Credential { tenant, id })
    }

    fn seal(&self, owner: RecordId, edition: u64, note: &PasskeyNote) -> Result<Bytes, PasskeyError> {
        let plaintext = note.encode().ok_or(PasskeyError::Unavailable)?;
        let place = NotePlace { owner, kind: BoxKind::Credential, edition };
        let sealed = place.seal(&*self.sealer, &*self.randomness, &plaintext);
        scrub(plaintext);
        sealed.map_err(|error| {
            tracing::error!(%error, "a passkey could not be sealed");
            PasskeyError::Unavailable
        })
    }

    /// Opens what is kept of a passkey of a tenant. What a store has moved to another owner or under another name is none, as is
    /// what does not open: nobody can be told more by that than by a passkey that is not there, and whoever runs the safe finds it in the log.
    fn open(&self, tenant: &TenantId, stored: &StoredCredential) -> Option<PasskeyNote> {
        let owner = stored.owner;
        let place = NotePlace { owner, kind: BoxKind::Credential, edition: stored.edition };
        let opened = place.open(&*self.sealer, &stored.sealed);
        let plaintext = opened.inspect_err(|error| tracing::warn!(%error, "a passkey does not open")).ok()?;
        let note = PasskeyNote::decode(plaintext.as_bytes()).filter(|note| {
            let caller = Caller { tenant: tenant.clone(), person: note.person.clone() };
            self.sealer.record_id(&caller) == owner && self.name(tenant, &note.id) == stored.name
        });
        if note.is_none() {
            tracing::warn!("a passkey opens to something else");
        }
        note
    }
}

impl From<CeremonyError> for PasskeyError {
    fn from(error: CeremonyError) -> Self {
        match error {
            CeremonyError::UnknownTenant => Self::UnknownTenant,
            CeremonyError::Malformed => Self::Malformed,
            CeremonyError::Refused => Self::Refused,
        }
    }
}

impl From<StoreError> for PasskeyError {
    fn from(error: StoreError) -> Self {
        match error {
            // Another sign-in has used the passkey meanwhile, or it was removed.
            StoreError::Stale => Self::Refused,
            StoreError::Damaged => Self::Damaged,
            StoreError::Unknown | StoreError::Unavailable => Self::Unavailable,
        }
    }
}

impl From<IdentityError> for PasskeyError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Refused => Self::Refused,
            IdentityError::TooMany { retry_after_s } => Self::TooManyAccounts { retry_after_s },
            _ => Self::Unavailable,
        }
    }
}
