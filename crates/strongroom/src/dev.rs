//! `strongroom dev`: everything made on first use, a demo person to try it with, and what to paste.
//!
//! For one machine: loopback only, keys beside the data, and no limits per client, since every client has this machine's
//! address.

use std::fs::DirBuilder;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use strongroom_app::SignedIn;
use strongroom_domain::ExternalUserId;
use strongroom_http::{Listeners, Safe, ServerOptions};
use strongroom_jwt::SigningKeys;
use strongroom_ports::{Clock, TenantId};
use strongroom_seal::secret_file::write_new_secret_file;
use strongroom_seal::{Keyring, SystemRandomness};

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::{DevArgs, Format};
use crate::compose::{Composed, compose};
use crate::config::{Config, KeySource, Layers};
use crate::failure::Failure;
use crate::key_changes::{KeyChanges, KeySources};
use crate::key_files;
use crate::logging::{self, Logging};
use crate::serve::{Served, bind, options, parts, registry, runtime, serve_until_signal};
use crate::system_clock::SystemClock;

/// The person of the guide's examples.
const DEMO_PERSON: &str = "c76302cb-f845-40f4-9c56-29710323afba";

/// Where `dev` keeps the store, below its data directory.
pub(crate) const STORE: &str = "store";
/// Where `dev` puts mails, likewise.
const MAIL: &str = "mail";
const KEYRING: &str = "keys/keyring.json";
const SIGNING_KEYS: &str = "keys/signing.json";
const GATEWAY_KEYS: &str = "keys/gateway.json";
const GATEWAY_PUBLIC: &str = "keys/gateway-public.json";

/// Runs the command: returns after SIGTERM or SIGINT.
///
/// # Errors
///
/// [`Failure`].
pub(crate) fn run(args: &DevArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let (runtime, hangup) = runtime()?;
    let somewhere = SocketAddr::new(args.listen.ip(), 0);
    let listeners = bind(&[args.listen], None)?;
    let admin = bind(&[somewhere], Some(1))?;
    let (address, admin_address) = (only(&listeners)?, only(&admin)?);
    make_keys(args)?;
    let mut surfaces = Vec::new();
    let demo = if args.gateway {
        let safe_listeners = bind(&[somewhere], None)?;
        let safe_address = only(&safe_listeners)?;
        let safe = compose_from(&args.data_dir, &safe_settings(address, safe_address))?;
        let demo = begin(&runtime, &safe.composed)?;
        let gateway = compose_from(&args.data_dir, &gateway_settings(address, safe_address))?;
        let gateway_hangup = {
            let _entered = runtime.enter();
            signal(SignalKind::hangup())
                .map_err(|error| Failure::Running(format!("could not start: {error}")))?
        };
        surfaces.push(gateway.serve(listeners, Some(admin), gateway_hangup));
        surfaces.push(safe.serve(safe_listeners, None, hangup));
        demo
    } else {
        let safe = compose_from(&args.data_dir, &settings(address))?;
        let demo = begin(&runtime, &safe.composed)?;
        surfaces.push(safe.serve(listeners, Some(admin), hangup));
        demo
    };
    serve_until_signal(runtime, surfaces, || {
        match args.format {
            Format::Json => say_json(args, address, admin_address, &demo, out),
            Format::Text => say_text(args, address, admin_address, &demo, out),
        }?;
        Ok(out.flush()?)
    })
}

fn only(listeners: &Listeners) -> Result<SocketAddr, Failure> {
    match listeners.addresses() {
        [address] => Ok(*address),
        _ => Err(Failure::Running("no address was bound".to_owned())),
    }
}

/// One of the two, put together.
struct Surface {
    composed: Composed,
    sources: KeySources,
    options: ServerOptions,
    logging: Logging,
}

fn compose_from(data_dir: &Path, settings: &str) -> Result<Surface, Failure> {
    let layers = Layers::new(Vec::new()).with_text(&data_dir.join("strongroom.toml"), settings);
    let config = Config::load(layers)?.config;
    let logging = logging::start(config.log);
    let (options, sources) = (options(&config), KeySources::of(&config));
    Ok(Surface { composed: compose(parts(config, true)?)?, sources, options, logging })
}

impl Surface {
    fn serve(self, listeners: Listeners, admin: Option<Listeners>, hangup: Signal) -> Served {
        let Composed { api, verifiers, store, outbox, figures } = self.composed;
        let registry = registry((store.as_ref(), outbox.as_ref()), figures, &verifiers, &self.logging);
        let keys = KeyChanges::new(self.sources, verifiers, None, hangup);
        Served { api, keys, store, outbox, listeners, admin, options: self.options, tls: None, registry }
    }
}

/// A session of the demo person.
fn begin(runtime: &Runtime, safe: &Composed) -> Result<SignedIn, Failure> {
    let refused = |error: &dyn std::error::Error| Failure::Running(format!("the demo person: {error}"));
    let Safe::Here { identity, .. } = &safe.api.safe else {
        return Err(Failure::Running("no safe was composed".to_owned()));
    };
    let tenant = TenantId::parse("localhost").map_err(|error| refused(&error))?;
    let person = ExternalUserId::parse(DEMO_PERSON).map_err(|error| refused(&error))?;
    runtime.block_on(identity.begin(tenant, person)).map_err(|error| refused(&error))
}

/// What `dev` serves with, in the words of a configuration file; relative paths are below the data directory.
fn settings(address: SocketAddr) -> String {
    format!(
        r#"
[server]
listen = ["{address}"]

[safe]
path = "{STORE}"
keyring_file = "{KEYRING}"

[tokens]
signing_keys_file = "{SIGNING_KEYS}"

[[tenant]]
rp_id = "localhost"
name = "Demo"
{origins}
sign_up_without_passkey = true

[mail]
transport = "file"
directory = "{MAIL}"

[limits]
connections_per_address = 20000
rate_per_person_per_s = 0
rate_per_address_per_s = 0

[log]
format = "text"
level = "warn"
access = false
"#,
        origins = origins(address),
    )
}

/// What the safe behind the gateway serves with: the gateway, which has this machine's address, is believed about whose
/// address asks, as it should be wherever rates are in force. Its pages are the gateway's: a passkey names the page that it was
/// shown to.
fn safe_settings(gateway: SocketAddr, address: SocketAddr) -> String {
    let trusting = format!("[server]\ntrusted_proxies = [\"{}\"]", address.ip());
    let settings = settings(address).replace("[server]", &trusting);
    format!("{}{KNOWN_GATEWAY}", settings.replace(&origins(address), &origins(gateway)))
}

/// The pages of the tenant.
fn origins(address: SocketAddr) -> String {
    format!("origins = [\"http://localhost:{}\", \"http://{address}\"]", address.port())
}

/// How the safe knows its gateway.
const KNOWN_GATEWAY: &str = r#"
[[issuer]]
issuer = "strongroom-gateway"
audience = ["strongroom-safe"]
jwks_file = "keys/gateway-public.json"
algorithms = ["EdDSA"]
gateway = true
"#;

/// What the gateway serves with: the tokens are the safe's, whose keys it fetches.
fn gateway_settings(address: SocketAddr, safe: SocketAddr) -> String {
    let safe_section = format!("[safe]\npath = \"{STORE}\"\nkeyring_file = \"{KEYRING}\"\n");
    let upstream = format!(
        r#"[upstream]
safe_url = "http://{safe}/v1/ibexsafe"
identity_url = "http://{safe}"
assertion_key_file = "{GATEWAY_KEYS}"
health_path = "/health"
verbs = ["POST validateEmail", "POST confirmEmail"]

[[issuer]]
issuer = "localhost"
audience = ["localhost"]
jwks_url = "http://{safe}/.well-known/jwks.json"
algorithms = ["EdDSA"]
tenant = "localhost"
"#
    );
    let tokens = format!("[tokens]\nsigning_keys_file = \"{SIGNING_KEYS}\"\n");
    settings(address)
        .replace(&safe_section, &upstream)
        .replace(&tokens, "")
        .replace(&format!("[mail]\ntransport = \"file\"\ndirectory = \"{MAIL}\"\n"), "")
        .replace("sign_up_without_passkey = true\n", "")
}

/// Makes the key files on first use.
fn make_keys(args: &DevArgs) -> Result<(), Failure> {
    let data_dir = args.data_dir.as_path();
    let (keyring, signing_keys) = (data_dir.join(KEYRING), data_dir.join(SIGNING_KEYS));
    if data_dir.join(STORE).exists() && !keyring.exists() {
        // A new one would open nothing, and stand in the way of the old one when it is found.
        let place = keyring.display();
        return Err(Failure::Keys(format!("{place}: missing, and the data beside it is sealed with it")));
    }
    for directory in [&keyring, &signing_keys].map(|file| file.parent().unwrap_or(data_dir)) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| Failure::Running(format!("could not make {}: {error}", directory.display())))?;
    }
    let now = SystemClock.now();
    make(&keyring, || Ok(Keyring::generate(&SystemRandomness, now).to_json().to_vec()))?;
    let generate = || {
        let keys = SigningKeys::generate(now, &SystemRandomness).map_err(|error| error.to_string())?;
        Ok(keys.to_json().as_bytes().to_vec())
    };
    make(&signing_keys, generate)?;
    if args.gateway {
        let (secret, public) = (data_dir.join(GATEWAY_KEYS), data_dir.join(GATEWAY_PUBLIC));
        make(&secret, generate)?;
        let keys = key_files::signing_keys(&KeySource::File(secret))?;
        std::fs::write(&public, keys.key_set())
            .map_err(|error| Failure::Running(format!("could not write {}: {error}", public.display())))?;
    }
    Ok(())
}

/// Makes a key file unless it is there.
fn make(path: &Path, content: impl FnOnce() -> Result<Vec<u8>, String>) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let content = zeroize::Zeroizing::new(content().map_err(Failure::Keys)?);
    write_new_secret_file(path, &content).map_err(|error| Failure::Keys(error.to_string()))
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Ready<'a> {
    base_url: String,
    admin_url: String,
    data_dir: &'a Path,
    mail_dir: PathBuf,
    demo: Demo<'a>,
}

#[derive(Serialize)]
struct Demo<'a> {
    #[serde(rename = "externalUserId")]
    external_user_id: &'a str,
    access_token: &'a str,
    refresh_token: &'a str,
}

/// One line, and nothing else on standard output.
fn say_json(
    args: &DevArgs,
    address: SocketAddr,
    admin_address: SocketAddr,
    demo: &SignedIn,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let ready = Ready {
        base_url: format!("http://{address}"),
        admin_url: format!("http://{admin_address}"),
        data_dir: &args.data_dir,
        mail_dir: args.data_dir.join(MAIL),
        demo: Demo {
            external_user_id: demo.caller.person.as_str(),
            access_token: demo.tokens.access.as_str(),
            refresh_token: demo.tokens.refresh.as_str(),
        },
    };
    let line = serde_json::to_string(&ready).map_err(|error| Failure::Running(error.to_string()))?;
    Ok(writeln!(out, "{line}")?)
}

/// Where the console is, under the name that passkeys need. A gateway has none.
fn console(args: &DevArgs, address: SocketAddr) -> String {
    let port = address.port();
    if args.gateway { String::new() } else { format!("The console is http://localhost:{port}/console\n") }
}

fn say_text(
    args: &DevArgs,
    address: SocketAddr,
    admin_address: SocketAddr,
    demo: &SignedIn,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (person, token) = (demo.caller.person.as_str(), demo.tokens.access.as_str());
    Ok(writeln!(
        out,
        r#"Strongroom serves at http://{address}   (admin: http://{admin_address}, data: {data})
Mails, codes to confirm an address among them, are files in {mail}
{console}The demo person is {person}. Paste this into another terminal:

TOKEN={token}

# store (guide, section 1)
curl -i http://{address}/v1.1/ibexsafe/userdata -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{{"externalUserId":"{person}","data":{{"email":"jane.doe@foo.domain","optin.newsletter":true,"private.apiKey":"secret-api-key-12345"}}}}'

# read (section 2): private.apiKey does not come back
curl -i http://{address}/v1.1/ibexsafe/userdata/external/{person} -H "Authorization: Bearer $TOKEN"

# update one key, delete another (section 3)
curl -i http://{address}/v1.1/ibexsafe/userdata -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{{"externalUserId":"{person}","data":{{"optin.newsletter":false,"email":null}}}}'

Ctrl-C ends it; the data stays."#,
        data = args.data_dir.display(),
        mail = args.data_dir.join(MAIL).display(),
        console = console(args, address),
    )?)
}
