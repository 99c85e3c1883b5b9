//! The drawing, as code: which adapter stands behind which port. Nothing is decided here but who meets whom.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use strongroom_app::{
    Accounts, Changes, Doorbells, EmailConfirmation, Identity, LocalSafe, MailBell, MailOutbox, Origin,
    Passkeys, SignUpQuota, Tenant, Tenants,
};
use strongroom_domain::Limits;
use strongroom_http::{Api, HttpLimits, Safe, TrustedProxies, Verbs, WebSocketLimits};
use strongroom_jwt::{
    ForeignIssuer, ForeignTokens, GatewayAssertions, KeySetKeeper, Lifetimes, OwnTokens, SigningKeys,
    TokenCache,
};
use strongroom_passkey::{PasskeyTenant, WebauthnCeremonies};
use strongroom_ports::{Authenticator, ChangeBell, Clock, Mailer, Randomness, RemoteIdentity, Sealer};
use strongroom_seal::{EnvelopeSealer, Keyring, SystemRandomness};
use strongroom_store_sqlite::{OpenError, Options, SqliteStore};
use strongroom_upstream::{
    ApiKey, BaseAddress, Client, Credentials, Endpoint, Figures, HttpIdentity, HttpUpstream, RemoteLimits,
};
use strongroom_wallet::SafeWallets;

use crate::config::{Outbox, TenantChains};
use crate::failure::Failure;
use crate::system_clock::SystemClock;

/// Verified tokens remembered, at some 200 bytes each: as many people as one process serves in an hour.
const TOKENS_REMEMBERED: usize = 50_000;

/// Callers whose assertions are remembered, at some 900 bytes each: as many as one gateway serves in a minute.
const ASSERTIONS_REMEMBERED: usize = 20_000;

/// What a process is made of: values only, read and checked.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) place: PlaceParts,
    pub(crate) issuers: Vec<ForeignIssuer>,
    /// Where fetches of their key sets are counted.
    pub(crate) fetches: Arc<Figures>,
    pub(crate) tenants: Vec<Tenant>,
    /// Whether the loopback addresses are names of the tenant `localhost`.
    pub(crate) loopback_is_localhost: bool,
    pub(crate) leeway: Duration,
    pub(crate) limits: Limits,
    pub(crate) http_limits: HttpLimits,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) has_console: bool,
    pub(crate) websocket: WebSocketLimits,
}

/// Where the safe is, and what that takes.
#[derive(Debug)]
pub(crate) enum PlaceParts {
    /// In this process.
    Here(SafeParts),
    /// Elsewhere.
    Remote(Box<RemoteParts>),
}

/// What a safe is made of.
#[derive(Debug)]
pub(crate) struct SafeParts {
    pub(crate) keyring: Keyring,
    pub(crate) signing_keys: SigningKeys,
    pub(crate) directory: PathBuf,
    pub(crate) outbox: Outbox,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) sign_ups_per_hour: u32,
    pub(crate) passkey_sign_ups_per_hour: u32,
    /// On which chains passkeys own wallets.
    pub(crate) chains: Vec<TenantChains>,
    /// The way out for mail.
    pub(crate) mailer: Arc<dyn Mailer>,
}

/// What a gateway is made of.
#[derive(Debug)]
pub(crate) struct RemoteParts {
    pub(crate) client: Client,
    pub(crate) address: BaseAddress,
    /// The identity service, if there is one, and what asks it.
    pub(crate) identity: Option<(Client, BaseAddress)>,
    pub(crate) credentials: CredentialParts,
    pub(crate) limits: RemoteLimits,
    pub(crate) health: Option<Endpoint>,
    pub(crate) verbs: Verbs,
}

/// What the safe behind a gateway is shown.
#[derive(Debug)]
pub(crate) enum CredentialParts {
    CallerToken,
    ApiKey(ApiKey),
    Assertion { keys: SigningKeys, issuer: String, audience: String },
}

/// A process put together.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) api: Api,
    pub(crate) verifiers: Verifiers,
    /// The store, where the safe is here.
    pub(crate) store: Option<SqliteStore>,
    /// The mails of a safe, which nobody sends yet.
    pub(crate) outbox: Option<Arc<MailOutbox>>,
    /// What is counted of other servers that requests go on to.
    pub(crate) figures: Vec<Arc<Figures>>,
}

/// Who verifies tokens, and makes them: for whoever changes their keys while they serve, and for figures.
#[derive(Debug)]
pub(crate) struct Verifiers {
    /// Those of a safe.
    pub(crate) own: Option<Arc<OwnTokens>>,
    pub(crate) foreign: Arc<ForeignTokens>,
    pub(crate) remembered: Arc<TokenCache>,
    /// Those of a gateway.
    pub(crate) assertions: Option<Arc<GatewayAssertions>>,
    /// Those of the key sets that are fetched, not yet at work.
    pub(crate) keepers: Vec<KeySetKeeper>,
    /// Where their fetches are counted.
    pub(crate) fetches: Arc<Figures>,
}

/// Puts a process together: a safe, or a gateway in front of one.
///
/// # Errors
///
/// [`Failure::Keys`] or [`Failure::Store`].
pub(crate) fn compose(parts: Parts) -> Result<Composed, Failure> {
    let (clock, randomness): Outside = (Arc::new(SystemClock), Arc::new(SystemRandomness));
    let mut foreign = foreign_tokens(parts.issuers, clock.clone(), parts.leeway)?;
    let keepers = foreign.take_keepers();
    let foreign = Arc::new(foreign);
    let remember = |inner| Arc::new(TokenCache::new(inner, clock.clone(), TOKENS_REMEMBERED, parts.leeway));
    let outside = (clock.clone(), randomness.clone());

    let House { safe, remembered, people, own, assertions, store, outbox, figures } = match parts.place {
        PlaceParts::Here(safe) => {
            safe_here(safe, &parts.tenants, parts.limits, outside, foreign.clone(), remember)?
        }
        PlaceParts::Remote(remote) => gateway(*remote, outside, foreign.clone(), remember)?,
    };
    let mut api = Api::new(
        safe,
        remembered.clone(),
        people,
        Tenants::new(parts.tenants, parts.loopback_is_localhost),
        clock,
        parts.limits,
        parts.http_limits,
        parts.trusted_proxies,
        random_u64(&*randomness),
    );
    api.has_console = parts.has_console;
    api.websocket = parts.websocket;
    let verifiers = Verifiers { own, foreign, remembered, assertions, keepers, fetches: parts.fetches };
    Ok(Composed { api, verifiers, store, outbox, figures })
}

type Outside = (Arc<dyn Clock>, Arc<dyn Randomness>);

/// What a safe and a gateway differ in.
struct House {
    safe: Safe,
    remembered: Arc<TokenCache>,
    /// Names people in logs.
    people: Arc<dyn Sealer>,
    own: Option<Arc<OwnTokens>>,
    assertions: Option<Arc<GatewayAssertions>>,
    store: Option<SqliteStore>,
    outbox: Option<Arc<MailOutbox>>,
    figures: Vec<Arc<Figures>>,
}

/// The safe in this process. Opens the store: from here on the data directory is ours.
fn safe_here(
    parts: SafeParts,
    tenants: &[Tenant],
    limits: Limits,
    (clock, randomness): Outside,
    foreign: Arc<ForeignTokens>,
    remember: impl FnOnce(Vec<Arc<dyn Authenticator>>) -> Arc<TokenCache>,
) -> Result<House, Failure> {
    let doorbells = Arc::new(Doorbells::new());
    let store = open_store(parts.directory, parts.outbox, &parts.keyring, doorbells.clone())?;
    let sealer = EnvelopeSealer::new(parts.keyring).map_err(|error| Failure::Keys(error.to_string()))?;
    let ceremonies = ceremonies(tenants, (clock.clone(), randomness.clone()))?;
    let (kept, sealer) = (Arc::new(store.clone()), Arc::new(sealer));
    let own = Arc::new(OwnTokens::new(
        parts.signing_keys,
        tenants.iter().map(|tenant| tenant.id.clone()),
        kept.clone(),
        clock.clone(),
        randomness.clone(),
        parts.lifetimes,
    ));
    let remembered = remember(vec![own.clone(), foreign]);
    let upstream = LocalSafe::new(kept.clone(), sealer.clone(), clock.clone(), randomness.clone(), limits);
    let upstream = Arc::new(upstream);
    let bell = Arc::new(MailBell::new());
    let email = Box::new(EmailConfirmation::new(
        kept.clone(),
        upstream.clone(),
        sealer.clone(),
        clock.clone(),
        randomness.clone(),
        bell.clone(),
    ));
    let outbox = MailOutbox::new(kept.clone(), sealer.clone(), parts.mailer, clock.clone(), bell);
    let identity = Arc::new(Identity::new(
        own.clone(),
        remembered.clone(),
        kept.clone(),
        sealer.clone(),
        clock.clone(),
        randomness.clone(),
        SignUpQuota::new(parts.sign_ups_per_hour, parts.passkey_sign_ups_per_hour),
    ));
    let passkeys = Passkeys::new(
        identity.clone(),
        Arc::new(ceremonies),
        kept.clone(),
        remembered.clone(),
        sealer.clone(),
        clock.clone(),
        randomness,
    );
    let passkeys = Arc::new(passkeys.with_wallets(Arc::new(SafeWallets::new(parts.chains))));
    let changes = Changes::new(upstream.clone(), kept.clone(), sealer.clone(), doorbells);
    let changes = Arc::new(changes);
    let accounts = Arc::new(Accounts::new(
        upstream.clone(),
        kept.clone(),
        kept,
        remembered.clone(),
        sealer.clone(),
        clock,
    ));
    let safe = Safe::Here { upstream, identity, passkeys, accounts, email, issuer: own.clone(), changes };
    Ok(House {
        safe,
        remembered,
        people: sealer,
        own: Some(own),
        assertions: None,
        store: Some(store),
        outbox: Some(Arc::new(outbox)),
        figures: Vec::new(),
    })
}

/// The ceremonies of the tenants, whose origins the configuration has checked.
fn ceremonies(tenants: &[Tenant], (clock, randomness): Outside) -> Result<WebauthnCeremonies, Failure> {
    let tenants = tenants.iter().map(|tenant| PasskeyTenant {
        id: tenant.id.clone(),
        name: tenant.name.clone(),
        origins: tenant.origins.iter().map(Origin::as_str).map(str::to_owned).collect(),
    });
    WebauthnCeremonies::new(tenants, clock, randomness).map_err(|error| Failure::Running(error.to_string()))
}

/// The way to a safe elsewhere. Touches no disk: what names people in the log is drawn anew at each start.
fn gateway(
    parts: RemoteParts,
    (clock, randomness): Outside,
    foreign: Arc<ForeignTokens>,
    remember: impl FnOnce(Vec<Arc<dyn Authenticator>>) -> Arc<TokenCache>,
) -> Result<House, Failure> {
    let people = EnvelopeSealer::new(Keyring::generate(&SystemRandomness, clock.now()));
    let people = people.map_err(|error| Failure::Keys(error.to_string()))?;
    let (credentials, assertions) = match parts.credentials {
        CredentialParts::CallerToken => (Credentials::CallerToken, None),
        CredentialParts::ApiKey(key) => (Credentials::ApiKey(key), None),
        CredentialParts::Assertion { keys, issuer, audience } => {
            let remembered = ASSERTIONS_REMEMBERED;
            let made = GatewayAssertions::new(keys, issuer, audience, remembered, clock, randomness);
            let made = Arc::new(made);
            (Credentials::Assertion(made.clone()), Some(made))
        }
    };
    let RemoteParts { client, address, limits, health, verbs, identity, .. } = parts;
    let identity = identity.map(|(client, at)| {
        let identity = HttpIdentity::new(client, at.clone(), limits);
        // Whoever takes assertions is ours. An identity service at another server may be anybody's.
        let is_our_safe = assertions.is_some() && at.endpoint().is_at_the_server_of(address.endpoint());
        if is_our_safe { identity.telling_clients() } else { identity }
    });
    let upstream = HttpUpstream::new(client, address, credentials, limits, health, verbs.listed());
    let figures = [upstream.figures()].into_iter().chain(identity.as_ref().map(HttpIdentity::figures));
    let figures = figures.collect();
    let identity = identity.map(|identity| Arc::new(identity) as Arc<dyn RemoteIdentity>);
    Ok(House {
        safe: Safe::Remote { safe: Arc::new(upstream), verbs, identity, doorbells: Arc::default() },
        remembered: remember(vec![foreign]),
        people: Arc::new(people),
        own: None,
        assertions,
        store: None,
        outbox: None,
        figures,
    })
}

fn open_store(
    directory: PathBuf,
    outbox: Outbox,
    keyring: &Keyring,
    bell: Arc<dyn ChangeBell>,
) -> Result<SqliteStore, Failure> {
    let place = directory.display().to_string();
    let options = Options {
        events_per_record: outbox.versions,
        event_bytes_per_record: outbox.bytes,
        bell: Some(bell),
        ..Options::new(directory, keyring.key_checks())
    };
    SqliteStore::open(options).map_err(|error| match error {
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

#[cfg(test)]
mod tests;
