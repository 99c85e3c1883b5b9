//! `[upstream]`: the safe lives elsewhere, and this process is its gateway.

use std::path::PathBuf;

use strongroom_http::Verbs;
use strongroom_upstream::{BaseAddress, Endpoint, RemoteLimits};

use super::raw::Raw;
use super::reader::{Noted, Section};

/// The surface answers 503 for a safe that says nothing within a minute: a gateway knows sooner, and says what it was.
const MAX_MS: u32 = 55_000;
/// Bodies are held in memory whole.
const MAX_ANSWER_BYTES: u32 = 16 * 1024 * 1024;
/// What a foreign safe calls itself and us is its business; these are what ours are called by default.
const GATEWAY: &str = "strongroom-gateway";
const SAFE: &str = "strongroom-safe";
const ASSERTION_KEYS: &str = "gateway.json";

/// The safe behind this gateway.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    /// `safe_url`: what its routes are below.
    pub(crate) address: BaseAddress,
    /// `identity_url`: what the identity service's `/{v}/auth/…` is below; `None`: there is no `auth/…` here.
    pub(crate) identity: Option<BaseAddress>,
    /// `credentials`, and what goes with them.
    pub(crate) credentials: ShownToSafe,
    /// `verbs`: what is forwarded beside user data.
    pub(crate) verbs: Verbs,
    /// `ca_file`: authorities that are trusted besides the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// `client_certificate_file`, `client_private_key_file`: what is shown to a safe or an identity service that
    /// asks for a certificate.
    pub(crate) client_certificate: Option<ClientCertificateFiles>,
    /// `connect_ms`, `first_byte_ms`, `total_ms`, `idle_s`, `answer_bytes`.
    pub(crate) limits: RemoteLimits,
    /// `health_path`, at the safe's host: what readiness asks, if anything.
    pub(crate) health: Option<Endpoint>,
}

/// What the safe is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShownToSafe {
    /// The caller's own token.
    CallerToken,
    /// `api_key_file`: a key, in a file of mode 0600.
    ApiKey(PathBuf),
    /// A word of our own for each caller.
    Assertion {
        /// `assertion_key_file`: what signs it, a file like `tokens.signing_keys_file`.
        keys: PathBuf,
        /// `assertion_issuer`: what the safe knows this gateway by.
        issuer: String,
        /// `assertion_audience`: what the safe calls itself.
        audience: String,
    },
}

/// Where the gateway's certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientCertificateFiles {
    /// The certificate and those between it and its authority, in PEM.
    pub(crate) certificates: PathBuf,
    /// Its key, in PEM, of mode 0600.
    pub(crate) private_key: PathBuf,
}

impl Remote {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let address = section.required("safe_url", |raw| base(raw.text()?));
        let identity = section.read("identity_url", "", |raw| match raw.text()? {
            "" => Ok(None),
            url => base(url).map(Some),
        });
        let credentials = read_credentials(section);
        let verbs = read_verbs(section);
        let ca_file = section.path_or_none("ca_file", "");
        let client_certificate = read_client_certificate(section);
        let connect = section.read("connect_ms", 1_000, |raw| raw.millis(1..=MAX_MS));
        let first_byte = section.read("first_byte_ms", 10_000, |raw| raw.millis(1..=MAX_MS));
        let total = section.read("total_ms", 30_000, |raw| raw.millis(1..=MAX_MS));
        let idle = section.read("idle_s", 50, |raw| raw.seconds(1..=3600));
        let answer_bytes = section.read("answer_bytes", 1_048_576, |raw| raw.size(1024..=MAX_ANSWER_BYTES));
        let health_path = section.read("health_path", "", |raw| raw.text().map(str::to_owned));

        let (address, identity, ca_file) = (address?, identity?, ca_file.ok()?);
        let is_plain =
            [Some(&address), identity.as_ref()].into_iter().flatten().all(|it| it.endpoint().is_plain());
        if ca_file.is_some() && is_plain {
            return section.refuse("ca_file", "goes with an https URL only");
        }
        let client_certificate = client_certificate.ok()?;
        if client_certificate.is_some() && is_plain {
            return section.refuse("client_certificate_file", "goes with an https URL only");
        }
        let health = match health_path?.as_str() {
            "" => None,
            path => match address.endpoint().at(path) {
                Some(health) => Some(health),
                None => {
                    return section
                        .refuse("health_path", "expected a path of plain segments, such as /health");
                }
            },
        };
        let limits = RemoteLimits {
            connect: connect?,
            first_byte: first_byte?,
            total: total?,
            idle: idle?,
            answer_bytes: answer_bytes?,
        };
        if limits.total < limits.first_byte || limits.total < limits.connect {
            return section
                .refuse("total_ms", "shorter than connect_ms or first_byte_ms, which are parts of it");
        }
        let (credentials, verbs) = (credentials?, verbs?);
        if verbs.take_any() && matches!(credentials, ShownToSafe::ApiKey(_)) {
            // Nothing would say who asks, and any caller could ask whatever the key may.
            return section.refuse("verbs", r#""*" never goes with credentials = "api-key": list the verbs"#);
        }
        Some(Self { address, identity, credentials, verbs, ca_file, client_certificate, limits, health })
    }
}

/// An address that other paths are put behind.
fn base(url: &str) -> Result<BaseAddress, String> {
    let endpoint = Endpoint::parse(url).map_err(|error| error.to_string())?;
    BaseAddress::new(endpoint).ok_or_else(|| "a path of plain segments, without a query".to_owned())
}

fn read_credentials(section: &mut Section<'_>) -> Option<ShownToSafe> {
    let kind = section.read("credentials", "assertion", |raw| match raw.text()? {
        kind @ ("assertion" | "caller-token" | "api-key") => Ok(kind.to_owned()),
        _ => Err(r#"expected "assertion", "caller-token" or "api-key""#.to_owned()),
    });
    let api_key = section.path_or_none("api_key_file", "");
    let keys = section.path("assertion_key_file", ASSERTION_KEYS);
    let issuer = section.read("assertion_issuer", GATEWAY, filled);
    let audience = section.read("assertion_audience", SAFE, filled);
    let (kind, api_key) = (kind?, api_key.ok()?);
    let (keys, issuer, audience) = (keys?, issuer?, audience?);
    if kind != "assertion" {
        for (is_set, key) in [
            (keys != section.default_path(ASSERTION_KEYS), "assertion_key_file"),
            (issuer != GATEWAY, "assertion_issuer"),
            (audience != SAFE, "assertion_audience"),
        ] {
            if is_set {
                return section.refuse(key, r#"goes with credentials = "assertion" only"#);
            }
        }
    }
    match (kind.as_str(), api_key) {
        ("api-key", Some(file)) => Some(ShownToSafe::ApiKey(file)),
        ("api-key", None) => section.refuse("api_key_file", r#"must be given with credentials = "api-key""#),
        (_, Some(_)) => section.refuse("api_key_file", r#"goes with credentials = "api-key" only"#),
        ("caller-token", None) => Some(ShownToSafe::CallerToken),
        (_, None) => Some(ShownToSafe::Assertion { keys, issuer, audience }),
    }
}

/// Both files or neither.
fn read_client_certificate(section: &mut Section<'_>) -> Result<Option<ClientCertificateFiles>, Noted> {
    let certificates = section.path_or_none("client_certificate_file", "");
    let private_key = section.path_or_none("client_private_key_file", "");
    let lone = match (certificates?, private_key?) {
        (Some(certificates), Some(private_key)) => {
            return Ok(Some(ClientCertificateFiles { certificates, private_key }));
        }
        (None, None) => return Ok(None),
        (Some(_), None) => ("client_private_key_file", "must be given with client_certificate_file"),
        (None, Some(_)) => ("client_certificate_file", "must be given with client_private_key_file"),
    };
    section.refuse::<()>(lone.0, lone.1);
    Err(Noted)
}

fn read_verbs(section: &mut Section<'_>) -> Option<Verbs> {
    let lines = section.list("verbs", &[], |line| Ok(line.to_owned()))?;
    match Verbs::parse(lines.iter().map(String::as_str)) {
        Ok(verbs) => Some(verbs),
        Err((at, error)) => section.refuse(&format!("verbs[{at}]"), error.to_string()),
    }
}

fn filled(raw: &Raw<'_>) -> Result<String, String> {
    match raw.text()? {
        "" => Err("must not be empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}
