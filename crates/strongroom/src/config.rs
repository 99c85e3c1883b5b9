//! The configuration: typed, with every problem found at once, each with its key and where it came from.
//!
//! Environment above file above default. Nothing here touches the process: the environment is handed
//! in, and secrets never meet a listing, an error or a `Debug`. What each setting does and why its default is what it is:
//! `docs/reference/configuration.md`.

mod console;
mod issuer;
mod layers;
mod limits;
mod literal;
mod log;
mod mail;
mod problem;
mod raw;
mod reader;
mod safe;
mod secret;
mod server;
mod show;
mod tenant;
mod tls;
mod tokens;
mod upstream;
mod wallets;
mod web_origin;
mod websocket;

#[cfg(test)]
mod documentation_tests;
#[cfg(test)]
mod issuer_tests;
#[cfg(test)]
mod mail_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
#[cfg(test)]
mod upstream_tests;
#[cfg(test)]
mod wallets_tests;

use strongroom_app::Tenant;
use strongroom_http::WebSocketLimits;
use strongroom_ports::ChainId;

pub(crate) use console::Console;
pub(crate) use issuer::{Issuer, IssuerKeys, PublishedKeys, Reach};
pub(crate) use layers::{Environment, Layers};
pub(crate) use limits::Limits;
pub(crate) use log::{Log, LogFormat};
pub(crate) use mail::{Mail, Transport};
pub(crate) use problem::Refused;
pub(crate) use reader::InForce;
pub(crate) use safe::{Outbox, Safe};
pub(crate) use secret::KeySource;
pub(crate) use server::Server;
pub(crate) use tls::Tls;
pub(crate) use tokens::{LONGEST_TOKEN_LIFE, Tokens};
pub(crate) use upstream::{ClientCertificateFiles, Remote, ShownToSafe};
pub(crate) use wallets::TenantChains;

use problem::Source;
use reader::Reader;
use wallets::Chain;

/// The configuration as people should find it, with a comment at every setting.
pub(crate) const EXAMPLE: &str = include_str!("config/example.toml");

/// Everything that can be set. Nothing in it is checked again.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// `[server]`.
    pub(crate) server: Server,
    /// `[safe]` or `[upstream]`.
    pub(crate) place: Place,
    /// `[tokens]`.
    pub(crate) tokens: Tokens,
    /// `[[issuer]]`: distinct ones, each with a configured tenant.
    pub(crate) issuers: Vec<Issuer>,
    /// `[[tenant]]`: at least one; distinct ids, distinct origins.
    pub(crate) tenants: Vec<Tenant>,
    /// Their `chain_ids`, with `[[chain]]`: those tenants that have any.
    pub(crate) chains: Vec<TenantChains>,
    /// `[limits]`.
    pub(crate) limits: Limits,
    /// `[mail]`.
    pub(crate) mail: Mail,
    /// `[console]`.
    pub(crate) console: Console,
    /// `[websocket]`.
    pub(crate) websocket: WebSocketLimits,
    /// `[log]`.
    pub(crate) log: Log,
}

/// Where the safe is: one of the two, never both.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// `[safe]`: in this process.
    Here(Safe),
    /// `[upstream]`: elsewhere, and this process is its gateway.
    Remote(Box<Remote>),
}

/// A configuration, and where each of its values came from.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// What is in force.
    pub(crate) config: Config,
    /// The same, setting by setting, for `config show`.
    pub(crate) in_force: Vec<InForce>,
}

impl Config {
    /// Reads the layers.
    ///
    /// # Errors
    ///
    /// [`Refused`] with all the problems.
    pub(crate) fn load(layers: Layers) -> Result<Loaded, Refused> {
        let gathered = layers.gather();
        if gathered.problems.iter().any(|problem| matches!(problem.source, Source::File(_))) {
            // A file that cannot be read at all would make problems of everything it says.
            return Err(Refused { problems: gathered.problems });
        }
        let mut reader = Reader::new(gathered);
        let config = Self::read(&mut reader);
        let (problems, in_force) = reader.finish();
        match config {
            Some(config) if problems.is_empty() => Ok(Loaded { config, in_force }),
            _ => Err(Refused { problems }),
        }
    }

    fn read(reader: &mut Reader) -> Option<Self> {
        let server = reader.section("server", Server::read);
        let place = read_place(reader);
        let tokens = reader.section("tokens", Tokens::read);
        let issuers = reader.tables("issuer", Issuer::read);
        let (tenants, chain_ids): (Vec<_>, Vec<_>) =
            reader.tables("tenant", tenant::read).into_iter().unzip();
        let chains = reader.tables("chain", Chain::read);
        let limits = reader.section("limits", Limits::read);
        let mail = reader.section("mail", Mail::read);
        let console = reader.section("console", Console::read);
        let websocket = reader.section("websocket", websocket::read);
        let log = reader.section("log", Log::read);

        check_tenants(reader, &tenants, server.as_ref());
        let has_own_tokens = !matches!(place, Some(Place::Remote(_)));
        check_issuers(reader, &issuers, &tenants, has_own_tokens);
        if !has_own_tokens {
            check_gateway(reader, &issuers);
            check_nothing_of_a_safe(reader, tokens.as_ref(), &tenants, limits.as_ref());
            for key in mail.iter().flat_map(Mail::of_a_safe) {
                reader.refuse(&key, "never beside [upstream]: the safe mails its people itself");
            }
            check_no_wallets(reader, &chain_ids, &chains);
        }
        let chains = if has_own_tokens {
            wallets::tenant_chains(reader, &tenants, &chain_ids, &chains)
        } else {
            Vec::new()
        };
        Some(Self {
            server: server?,
            place: place?,
            tokens: tokens?,
            issuers: issuers.into_iter().collect::<Option<_>>()?,
            tenants: tenants.into_iter().collect::<Option<_>>()?,
            chains,
            limits: limits?,
            mail: mail?,
            console: console?,
            websocket: websocket?,
            log: log?,
        })
    }
}

/// Where the safe is, when that is said once.
fn read_place(reader: &mut Reader) -> Option<Place> {
    if !reader.has("upstream") {
        return reader.section("safe", Safe::read).map(Place::Here);
    }
    if reader.has("safe") {
        reader.section("safe", Safe::read);
        reader.refuse("upstream", "given beside [safe]: the safe is in this process or behind it, not both");
    }
    reader.section("upstream", Remote::read).map(|remote| Place::Remote(Box::new(remote)))
}

/// What a gateway needs: somebody else's tokens, since it has none of its own, and none of those that gateways make.
fn check_gateway(reader: &mut Reader, issuers: &[Option<Issuer>]) {
    if issuers.is_empty() {
        reader.refuse("issuer", "a gateway has no tokens of its own: at least one [[issuer]] must be given");
    }
    for (index, _) in known(issuers).filter(|(_, issuer)| issuer.is_gateway()) {
        reader.refuse(&format!("issuer[{index}].gateway"), "a gateway takes no word of another gateway");
    }
}

/// What a gateway obeys nothing of, since it makes neither tokens nor accounts.
fn check_nothing_of_a_safe(
    reader: &mut Reader,
    tokens: Option<&Tokens>,
    tenants: &[Option<Tenant>],
    limits: Option<&Limits>,
) {
    let mut keys: Vec<String> = Vec::new();
    if let Some(tokens) = tokens {
        keys.extend(tokens.of_own_tokens(reader).map(str::to_owned));
    }
    let sign_up = known(tenants).filter(|(_, tenant)| tenant.sign_up_without_passkey);
    keys.extend(sign_up.map(|(index, _)| format!("tenant[{index}].sign_up_without_passkey")));
    if let Some(limits) = limits {
        keys.extend(limits.of_sign_ups().map(str::to_owned));
    }
    for key in keys {
        reader.refuse(&key, "never beside [upstream]: tokens and accounts are made where the safe is");
    }
}

/// Addresses are answered by whoever has the passkeys.
fn check_no_wallets(reader: &mut Reader, chain_ids: &[Option<Vec<ChainId>>], chains: &[Option<Chain>]) {
    let named = known(chain_ids).filter(|(_, ids)| !ids.is_empty());
    let keys = named.map(|(index, _)| format!("tenant[{index}].chain_ids"));
    for key in keys.chain(known(chains).map(|(index, _)| format!("chain[{index}].id"))) {
        reader.refuse(
            &key,
            "never beside [upstream]: passkeys are where the safe is, and so are their wallets",
        );
    }
}

/// What tenants must be among each other, and towards the listeners. Those that could not be read are left out.
fn check_tenants(reader: &mut Reader, tenants: &[Option<Tenant>], server: Option<&Server>) {
    if tenants.is_empty() {
        reader.refuse("tenant", "at least one [[tenant]] must be given");
    }
    for (index, tenant) in known(tenants) {
        let mut before = known(&tenants[..index]);
        if before.any(|(_, other)| other.id == tenant.id) {
            reader.refuse(&format!("tenant[{index}].rp_id"), "named twice");
        }
        for (at, origin) in tenant.origins.iter().enumerate() {
            let of_others = known(&tenants[..index]).any(|(_, other)| other.origins.contains(origin));
            if of_others || tenant.origins[..at].contains(origin) {
                reader.refuse(&format!("tenant[{index}].origins[{at}]"), "registered twice");
            }
        }
        if tenant.sign_up_without_passkey && server.is_some_and(|server| !server.is_loopback_only()) {
            let message = "for development: refused with a listener that is not loopback";
            reader.refuse(&format!("tenant[{index}].sign_up_without_passkey"), message);
        }
    }
}

/// What issuers must be among each other, and towards the tenants, which are the issuers of our own tokens.
fn check_issuers(
    reader: &mut Reader,
    issuers: &[Option<Issuer>],
    tenants: &[Option<Tenant>],
    has_own_tokens: bool,
) {
    let all_tenants_known = tenants.iter().all(Option::is_some);
    for (index, issuer) in known(issuers) {
        if known(&issuers[..index]).any(|(_, other)| other.iss == issuer.iss) {
            reader.refuse(&format!("issuer[{index}].issuer"), "named twice");
        }
        if has_own_tokens && known(tenants).any(|(_, tenant)| tenant.id.as_str() == issuer.iss) {
            reader.refuse(
                &format!("issuer[{index}].issuer"),
                "a tenant's rp_id is the issuer of our own tokens",
            );
        }
        if let Reach::Tenant { tenant: named, .. } = &issuer.reach
            && all_tenants_known
            && !known(tenants).any(|(_, tenant)| tenant.id == *named)
        {
            reader.refuse(&format!("issuer[{index}].tenant"), "no [[tenant]] has this rp_id");
        }
    }
}

/// Those that could be read, with their place in the file.
fn known<T>(all: &[Option<T>]) -> impl Iterator<Item = (usize, &T)> {
    all.iter().enumerate().filter_map(|(index, one)| Some((index, one.as_ref()?)))
}
