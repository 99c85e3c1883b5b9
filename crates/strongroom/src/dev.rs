//! `strongroom dev`: everything made on first use, a demo person to try it with, and what to paste.
//!
//! For one machine: loopback only, keys beside the data, and no limits per client, since every client has this machine's
//! address.

use std::fs::DirBuilder;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use serde::Serialize;
use strongroom_app::SignedIn;
use strongroom_domain::ExternalUserId;
use strongroom_jwt::SigningKeys;
use strongroom_ports::{Clock, TenantId};
use strongroom_seal::secret_file::write_new_secret_file;
use strongroom_seal::{Keyring, SystemRandomness};

use crate::cli::{DevArgs, Format};
use crate::compose::compose;
use crate::config::{Config, Layers};
use crate::failure::Failure;
use crate::key_changes::{KeyChanges, KeySources};
use crate::logging;
use crate::serve::{Served, bind, options, parts, registry, runtime, serve_until_signal};
use crate::system_clock::SystemClock;

/// The person of the guide's examples.
const DEMO_PERSON: &str = "c76302cb-f845-40f4-9c56-29710323afba";

/// Where `dev` keeps the store, below its data directory.
pub(crate) const STORE: &str = "store";
const KEYRING: &str = "keys/keyring.json";
const SIGNING_KEYS: &str = "keys/signing.json";

/// Runs the command: returns after SIGTERM or SIGINT.
///
/// # Errors
///
/// [`Failure`].
pub(crate) fn run(args: &DevArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let (runtime, hangup) = runtime()?;
    let listeners = bind(&[args.listen], None)?;
    let admin = bind(&[SocketAddr::new(args.listen.ip(), 0)], Some(1))?;
    let (&[address], &[admin_address]) = (listeners.addresses(), admin.addresses()) else {
        return Err(Failure::Running("no address was bound".to_owned()));
    };
    let text = settings(address);
    let settings = Layers::new(Vec::new()).with_text(&args.data_dir.join("strongroom.toml"), &text);
    let config = Config::load(settings)?.config;
    let logging = logging::start(config.log);
    make_keys(&args.data_dir)?;
    let options = options(&config);
    let sources = KeySources::of(&config);
    let (api, store, verifiers) = compose(parts(config, true)?)?;
    let registry = registry(&store, &verifiers, &logging);
    let keys = KeyChanges::new(sources, verifiers, None, hangup);

    let refused = |error: &dyn std::error::Error| Failure::Running(format!("the demo person: {error}"));
    let tenant = TenantId::parse("localhost").map_err(|error| refused(&error))?;
    let person = ExternalUserId::parse(DEMO_PERSON).map_err(|error| refused(&error))?;
    let demo = runtime.block_on(api.identity.begin(tenant, person)).map_err(|error| refused(&error))?;
    let served = Served { api, keys, listeners, admin: Some(admin), options, tls: None, registry };
    serve_until_signal(runtime, served, &store, || {
        match args.format {
            Format::Json => say_json(args, address, admin_address, &demo, out),
            Format::Text => say_text(args, address, admin_address, &demo, out),
        }?;
        Ok(out.flush()?)
    })
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
origins = ["http://localhost:{port}", "http://{address}"]
sign_up_without_passkey = true

[limits]
connections_per_address = 20000
rate_per_person_per_s = 0
rate_per_address_per_s = 0

[log]
format = "text"
level = "warn"
access = false
"#,
        port = address.port(),
    )
}

/// Makes the key files on first use.
fn make_keys(data_dir: &Path) -> Result<(), Failure> {
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
    make(&signing_keys, || {
        let keys = SigningKeys::generate(now, &SystemRandomness).map_err(|error| error.to_string())?;
        Ok(keys.to_json().as_bytes().to_vec())
    })
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
        demo: Demo {
            external_user_id: demo.caller.person.as_str(),
            access_token: demo.tokens.access.as_str(),
            refresh_token: demo.tokens.refresh.as_str(),
        },
    };
    let line = serde_json::to_string(&ready).map_err(|error| Failure::Running(error.to_string()))?;
    Ok(writeln!(out, "{line}")?)
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
The demo person is {person}. Paste this into another terminal:

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
    )?)
}
