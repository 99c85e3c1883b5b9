//! The drawing, as code: which adapter stands behind which port. Nothing is decided here but who meets whom.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use strongroom_app::{Identity, LocalSafe, SignUpQuota, Tenant, Tenants};
use strongroom_domain::Limits;
use strongroom_http::{Api, HttpLimits, TrustedProxies};
use strongroom_jwt::{
    ForeignIssuer, ForeignTokens, KeySetKeeper, Lifetimes, OwnTokens, SigningKeys, TokenCache,
};
use strongroom_ports::{Authenticator, Clock, Randomness};
use strongroom_seal::{EnvelopeSealer, Keyring, SystemRandomness};
use strongroom_store_sqlite::{OpenError, Options, SqliteStore};

use crate::failure::Failure;
use crate::system_clock::SystemClock;

/// Verified tokens remembered, at some 200 bytes each: as many people as one process serves in an hour.
const TOKENS_REMEMBERED: usize = 50_000;

/// What a safe is made of: values only, read and checked.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) keyring: Keyring,
    pub(crate) signing_keys: SigningKeys,
    pub(crate) issuers: Vec<ForeignIssuer>,
    pub(crate) directory: PathBuf,
    pub(crate) tenants: Vec<Tenant>,
    /// Whether the loopback addresses are names of the tenant `localhost`.
    pub(crate) loopback_is_localhost: bool,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) limits: Limits,
    pub(crate) http_limits: HttpLimits,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) sign_ups_per_hour: u32,
}

/// Who verifies tokens: for whoever changes their keys while they serve, and for figures.
#[derive(Debug)]
pub(crate) struct Verifiers {
    pub(crate) own: Arc<OwnTokens>,
    pub(crate) foreign: Arc<ForeignTokens>,
    pub(crate) remembered: Arc<TokenCache>,
    /// Those of the key sets that are fetched, not yet at work.
    pub(crate) keepers: Vec<KeySetKeeper>,
}

/// Puts a safe together. Opens the store: from here on the data directory is ours.
///
/// # Errors
///
/// [`Failure::Keys`] or [`Failure::Store`].
pub(crate) fn compose(parts: Parts) -> Result<(Api, SqliteStore, Verifiers), Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness);

    let store = open_store(parts.directory, &parts.keyring)?;
    let sealer = EnvelopeSealer::new(parts.keyring).map_err(|error| Failure::Keys(error.to_string()))?;
    let (records, sessions, sealer) = (Arc::new(store.clone()), Arc::new(store.clone()), Arc::new(sealer));

    let leeway = parts.lifetimes.leeway;
    let own = Arc::new(OwnTokens::new(
        parts.signing_keys,
        parts.tenants.iter().map(|tenant| tenant.id.clone()),
        sessions.clone(),
        clock.clone(),
        randomness.clone(),
        parts.lifetimes,
    ));
    let mut foreign = foreign_tokens(parts.issuers, clock.clone(), leeway)?;
    let keepers = foreign.take_keepers();
    let foreign = Arc::new(foreign);
    let inner: Vec<Arc<dyn Authenticator>> = vec![own.clone(), foreign.clone()];
    let authenticator = Arc::new(TokenCache::new(inner, clock.clone(), TOKENS_REMEMBERED, leeway));
    let verifiers = Verifiers { own: own.clone(), foreign, remembered: authenticator.clone(), keepers };

    let safe = LocalSafe::new(records, sealer.clone(), clock.clone(), randomness.clone(), parts.limits);
    let identity = Identity::new(
        own.clone(),
        authenticator.clone(),
        sessions,
        sealer,
        clock.clone(),
        randomness.clone(),
        SignUpQuota::new(parts.sign_ups_per_hour),
    );
    let api = Api::new(
        Arc::new(safe),
        authenticator,
        identity,
        own,
        Tenants::new(parts.tenants, parts.loopback_is_localhost),
        clock,
        parts.limits,
        parts.http_limits,
        parts.trusted_proxies,
        random_u64(&*randomness),
    );
    Ok((api, store, verifiers))
}

fn open_store(directory: PathBuf, keyring: &Keyring) -> Result<SqliteStore, Failure> {
    let place = directory.display().to_string();
    SqliteStore::open(Options::new(directory, keyring.key_checks())).map_err(|error| match error {
        OpenError::KeyMissing(_) | OpenError::KeyDiffers(_) => Failure::Keys(format!("{place}: {error}")),
        _ => Failure::Store(format!("{place}: {error}")),
    })
}

fn foreign_tokens(
    issuers: Vec<ForeignIssuer>,
    clock: Arc<dyn Clock>,
    leeway: Duration,
) -> Result<ForeignTokens, Failure> {
    ForeignTokens::build(issuers, clock, leeway).map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Failure::Keys(lines.join("\n"))
    })
}

fn random_u64(randomness: &dyn Randomness) -> u64 {
    let mut bytes = [0; 8];
    randomness.fill(&mut bytes);
    u64::from_be_bytes(bytes)
}
