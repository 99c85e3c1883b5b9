//! `strongroom serve`: the safe, or the gateway, as a configuration file says, until a signal ends it.

use std::net::SocketAddr;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use strongroom_app::MailOutbox;
use strongroom_http::{
    Api, BindError, HttpLimits, Listeners, Server, ServerOptions, Stopped, Tls, TrustedProxies,
};
use strongroom_jwt::Lifetimes;
use strongroom_store_sqlite::SqliteStore;
use strongroom_upstream::{Figures, HttpKeySetSource};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::ServeArgs;
use crate::compose::{Composed, Parts, PlaceParts, SafeParts, Verifiers, compose};
use crate::config::{Config, Environment, Layers, Place};
use crate::failure::Failure;
use crate::key_changes::{KeyChanges, KeySources};
use crate::logging::Logging;
use crate::mail_delivery::MailDelivery;
use crate::mailer::mailer;
use crate::{hardening, key_files, logging, metrics};

/// Runs the command: returns after SIGTERM or SIGINT, when what was in hand is answered.
///
/// # Errors
///
/// [`Failure`], before anything is served.
pub(crate) fn run(args: &ServeArgs, environment: Environment) -> Result<(), Failure> {
    let config = Config::load(Layers::new(environment).with_file(&args.config))?.config;
    let logging = logging::start(config.log);
    let (runtime, hangup) = runtime()?;
    // Ports first: a second server must go before it comes near the data.
    let listeners = bind(&config.server.listen, config.server.workers.map(usize::from))?;
    let admin = config.server.admin_listen.map(|address| bind(&[address], Some(1))).transpose()?;
    let (options, configured) = (options(&config), config.limits.connections);
    let sources = KeySources::of(&config);
    let tls = config.server.tls.as_ref().map(key_files::tls).transpose()?.map(Arc::new);
    let Composed { api, verifiers, store, outbox, figures } = compose(parts(config, false)?)?;
    let registry = registry((store.as_ref(), outbox.as_ref()), figures, &verifiers, &logging);
    let keys = KeyChanges::new(sources, verifiers, tls.clone(), hangup);

    let addresses = listeners.addresses().to_vec();
    let admin_address = admin.as_ref().and_then(|admin| admin.addresses().first().copied());
    let is_tls = tls.is_some();
    let served = Served { api, keys, store, outbox, listeners, admin, options, tls, registry };
    serve_until_signal(runtime, vec![served], || {
        warn_of_few_files(configured, options.connections);
        for address in addresses {
            let admin_address = admin_address.map(tracing::field::display);
            tracing::info!(%address, admin_address, tls = is_tls, "listening");
        }
        Ok(())
    })
}

/// What a configuration composes to, its keys read in.
pub(crate) fn parts(config: Config, loopback_is_localhost: bool) -> Result<Parts, Failure> {
    let fetches = Arc::new(HttpKeySetSource::figures());
    let issuers = config.issuers.iter();
    let issuers = issuers.map(|issuer| key_files::issuer(issuer, &config.tenants, &fetches));
    Ok(Parts {
        issuers: issuers.collect::<Result<_, _>>()?,
        fetches: fetches.clone(),
        place: match config.place {
            Place::Here(safe) => PlaceParts::Here(SafeParts {
                keyring: key_files::keyring(&safe.keyring)?,
                signing_keys: key_files::signing_keys(&config.tokens.signing_keys)?,
                directory: safe.path,
                outbox: safe.outbox,
                lifetimes: Lifetimes {
                    access_lifetime: config.tokens.access_lifetime,
                    refresh_lifetime: config.tokens.refresh_lifetime,
                    leeway: config.tokens.leeway,
                },
                sign_ups_per_hour: config.limits.sign_ups_per_hour,
                passkey_sign_ups_per_hour: config.limits.passkey_sign_ups_per_hour,
                chains: config.chains,
                mailer: mailer(config.mail)?,
            }),
            Place::Remote(remote) => PlaceParts::Remote(Box::new(key_files::remote(*remote)?)),
        },
        tenants: config.tenants,
        loopback_is_localhost,
        leeway: config.tokens.leeway,
        limits: config.limits.record,
        http_limits: HttpLimits {
            body_bytes: config.limits.body_bytes,
            chunks: config.limits.chunks,
            body_time: config.limits.body,
            requests_in_flight: config.limits.requests_in_flight,
            rate_per_person_per_s: config.limits.rate_per_person_per_s,
            rate_per_address_per_s: config.limits.rate_per_address_per_s,
        },
        trusted_proxies: TrustedProxies::new(config.server.trusted_proxies),
        has_console: config.console.enabled,
        websocket: config.websocket,
    })
}

/// Beside the connections there are listeners, the store's files, standard error, and who asks how we are.
const OTHER_FILES: usize = 160;

/// As many connections as the system allows files for: the others' files are kept free, or a flood of connections would take
/// those of the operator's.
fn connections(configured: usize) -> usize {
    let allowed = hardening::raise_open_files().map(|allowed| usize::try_from(allowed).unwrap_or(usize::MAX));
    allowed.map_or(configured, |allowed| configured.min(allowed.saturating_sub(OTHER_FILES).max(1)))
}

/// Says so when the system allows fewer open files than the configured connections need.
fn warn_of_few_files(configured: usize, in_force: usize) {
    if in_force < configured {
        let message = "the system allows too few open files for limits.connections: fewer are in force";
        tracing::warn!(configured, in_force, "{message}");
    }
}

/// How a configuration wants its connections treated.
pub(crate) fn options(config: &Config) -> ServerOptions {
    ServerOptions {
        connections: connections(config.limits.connections),
        connections_per_address: config.limits.connections_per_address,
        head: config.limits.head,
        deadlines: config.limits.deadlines,
        drain_time: config.server.drain,
    }
}

/// The runtime of the main thread, which waits for signals, for key sets, for mail and for the drain; and SIGHUP, which from here on
/// ends nothing: one that comes while the safe starts is heeded once it serves.
pub(crate) fn runtime() -> Result<(Runtime, Signal), Failure> {
    let could_not = |error| Failure::Running(format!("could not start: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(could_not)?;
    let hangup = {
        let _entered = runtime.enter();
        signal(SignalKind::hangup()).map_err(could_not)?
    };
    Ok((runtime, hangup))
}

/// Sockets for every worker, by default one worker per core.
pub(crate) fn bind(addresses: &[SocketAddr], workers: Option<usize>) -> Result<Listeners, Failure> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    Listeners::bind(addresses, workers.unwrap_or_else(cores))
        .map_err(|error: BindError| Failure::Running(error.to_string()))
}

/// What there is to scrape.
pub(crate) fn registry(
    (store, outbox): (Option<&SqliteStore>, Option<&Arc<MailOutbox>>),
    figures: Vec<Arc<Figures>>,
    verifiers: &Verifiers,
    logging: &Logging,
) -> Registry {
    let mut registry = Registry::default();
    metrics::register(
        &mut registry,
        (store.cloned(), outbox.cloned()),
        figures,
        verifiers,
        logging.dropped_lines(),
    );
    registry
}

/// What is served, and where.
pub(crate) struct Served {
    pub(crate) api: Api,
    pub(crate) keys: KeyChanges,
    pub(crate) store: Option<SqliteStore>,
    pub(crate) outbox: Option<Arc<MailOutbox>>,
    pub(crate) listeners: Listeners,
    pub(crate) admin: Option<Listeners>,
    pub(crate) options: ServerOptions,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) registry: Registry,
}

/// Serves, says so once signals are heeded, and comes back when one has ended it. Whoever stands behind another comes after
/// it: they end in this order.
pub(crate) fn serve_until_signal(
    runtime: Runtime,
    surfaces: Vec<Served>,
    ready: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let could_not = |error| Failure::Running(format!("could not serve: {error}"));
    let mut stores = Vec::new();
    let stopped = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(could_not)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(could_not)?;
        let (mut servers, mut deliveries) = (Vec::new(), Vec::new());
        for surface in surfaces {
            let Served { api, mut keys, store, outbox, listeners, admin, options, tls, registry } = surface;
            keys.keep();
            servers.push(Server::start(api, listeners, admin, options, tls, registry).map_err(could_not)?);
            stores.extend(store);
            deliveries.extend(outbox.map(MailDelivery::begin));
            tokio::spawn(async move { keys.heed_signals().await });
        }
        let said = ready();
        if said.is_ok() {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("draining");
        }
        let mut stopped = Stopped::Cleanly;
        for server in servers {
            if server.stop().await == Stopped::AtDeadline {
                stopped = Stopped::AtDeadline;
            }
        }
        for delivery in deliveries {
            delivery.end().await;
        }
        said.map(|()| stopped)
    });
    // A look-up of a name that hangs must not hold up the end.
    runtime.shutdown_background();
    for store in stores {
        store.close();
    }
    tracing::info!("stopped");
    match stopped? {
        Stopped::Cleanly => Ok(()),
        Stopped::AtDeadline => {
            Err(Failure::Running("the drain took too long: what was left was cut off".to_owned()))
        }
    }
}
