//! `strongroom dev`: everything made on first use, a demo person to try it with, and what to paste.
//!
//! For one machine: loopback only, keys beside the data.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use strongroom_app::{Origin, SignedIn, Tenant};
use strongroom_domain::{ExternalUserId, Limits};
use strongroom_http::{HttpLimits, ServerOptions};
use strongroom_jwt::{Lifetimes, SigningKeys};
use strongroom_ports::{Clock, TenantId};
use strongroom_seal::secret_file::write_new_secret_file;
use strongroom_seal::{Keyring, SystemRandomness};
use tracing::Level;

use crate::cli::{DevArgs, DevFormat};
use crate::compose::{Parts, compose};
use crate::config::{KeySource, Log, LogFormat};
use crate::failure::Failure;
use crate::serve::{bind, runtime, serve_until_signal};
use crate::system_clock::SystemClock;
use crate::{key_files, logging};

/// The person of the guide's examples.
const DEMO_PERSON: &str = "c76302cb-f845-40f4-9c56-29710323afba";

/// Where `dev` keeps the store, below its data directory.
pub(crate) const STORE: &str = "store";

/// Runs the command: returns after SIGTERM or SIGINT.
///
/// # Errors
///
/// [`Failure`].
pub(crate) fn run(args: &DevArgs, out: &mut dyn Write) -> Result<(), Failure> {
    logging::start(Log { format: LogFormat::Text, level: Level::WARN });
    let runtime = runtime()?;
    let listeners = bind(&[args.listen], None)?;
    let admin = bind(&[SocketAddr::new(args.listen.ip(), 0)], Some(1))?;
    let (address, admin_address) = match (listeners.addresses(), admin.addresses()) {
        ([address], [admin_address]) => (*address, *admin_address),
        _ => return Err(Failure::Running("no address was bound".to_owned())),
    };
    let (api, store) = compose(parts(&args.data_dir, address)?)?;
    let tenant = localhost()?;
    let person = ExternalUserId::parse(DEMO_PERSON).map_err(|error| Failure::Running(error.to_string()))?;
    let demo = runtime
        .block_on(api.identity.begin(tenant, person))
        .map_err(|error| Failure::Running(format!("the demo person could not be signed in: {error}")))?;
    let options = ServerOptions {
        connections: 1000,
        idle_time: Duration::from_secs(75),
        drain_time: Duration::from_secs(20),
    };
    serve_until_signal(&runtime, api, &store, listeners, Some(admin), options, || {
        match args.format {
            DevFormat::Json => say_json(args, address, admin_address, &demo, out),
            DevFormat::Text => say_text(args, address, admin_address, &demo, out),
        }?;
        Ok(out.flush()?)
    })
}

fn parts(data_dir: &Path, address: SocketAddr) -> Result<Parts, Failure> {
    let keys = data_dir.join("keys");
    std::fs::create_dir_all(&keys)
        .map_err(|error| Failure::Running(format!("could not make {}: {error}", keys.display())))?;
    let keyring = keys.join("keyring.json");
    let signing_keys = keys.join("signing.json");
    let now = SystemClock.now();
    if data_dir.join(STORE).exists() && !keyring.exists() {
        // A new one would open nothing, and stand in the way of the old one when it is found.
        return Err(Failure::Keys(format!(
            "{}: missing, and the data beside it is sealed with it",
            keyring.display()
        )));
    }
    make(&keyring, || Ok(Keyring::generate(&SystemRandomness, now).to_json().to_vec()))?;
    make(&signing_keys, || {
        let keys = SigningKeys::generate(now, &SystemRandomness).map_err(|error| error.to_string())?;
        Ok(keys.to_json().as_bytes().to_vec())
    })?;
    let port = address.port();
    Ok(Parts {
        keyring: key_files::keyring(&KeySource::File(keyring))?,
        signing_keys: key_files::signing_keys(&KeySource::File(signing_keys))?,
        issuers: Vec::new(),
        directory: data_dir.join(STORE),
        tenants: vec![Tenant {
            id: localhost()?,
            name: "Demo".to_owned(),
            origins: vec![
                Origin::new(format!("http://localhost:{port}")),
                Origin::new(format!("http://127.0.0.1:{port}")),
            ],
            sign_up_without_passkey: true,
        }],
        loopback_is_localhost: true,
        lifetimes: Lifetimes {
            access_lifetime: Duration::from_hours(1),
            refresh_lifetime: Duration::from_hours(24),
            leeway: Duration::from_secs(30),
        },
        limits: Limits::default(),
        http_limits: HttpLimits {
            body_bytes: 64 * 1024,
            body_time: Duration::from_secs(30),
            requests_in_flight: 1000,
        },
        sign_ups_per_hour: 1000,
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

fn localhost() -> Result<TenantId, Failure> {
    TenantId::parse("localhost").map_err(|error| Failure::Running(error.to_string()))
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
