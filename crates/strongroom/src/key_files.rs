//! Reading keys from where the configuration says they are.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strongroom_app::Tenant;
use strongroom_http::{Tls, TlsError, TlsIdentity, Validity};
use strongroom_jwt::{ForeignIssuer, ForeignKeys, IssuerKind, MAX_DOCUMENT_BYTES, RemoteKeySet, SigningKeys};
use strongroom_seal::Keyring;
use strongroom_seal::secret_file::{MAX_SECRET_FILE_BYTES, read_secret_file};
use strongroom_upstream::{
    ApiKey, BaseAddress, Client, ClientCertificate, ClientCertificateError, ClientLimits, Endpoint, Figures,
    HttpKeySetSource, Roots,
};
use zeroize::Zeroizing;

use crate::compose::{CredentialParts, RemoteParts};
use crate::config::{
    self, ClientCertificateFiles, Issuer, IssuerKeys, KeySource, PublishedKeys, Reach, Remote, ShownToSafe,
};
use crate::failure::Failure;
use crate::system_clock::SystemClock;

/// What the fetch of a key set may take: the connection and the whole. Issuers answer in a fraction of a second.
const FETCH_LIMITS: ClientLimits = ClientLimits {
    connect: Duration::from_secs(5),
    total: Duration::from_secs(10),
    body_bytes: MAX_DOCUMENT_BYTES,
};

/// What a probe of the safe's health may take: a safe that is well answers at once.
const PROBE_LIMITS: ClientLimits = ClientLimits {
    connect: Duration::from_secs(1),
    total: Duration::from_secs(2),
    body_bytes: MAX_DOCUMENT_BYTES,
};

/// The keyring.
///
/// # Errors
///
/// [`Failure::Keys`], which names the file or variable and never its content.
pub(crate) fn keyring(source: &KeySource) -> Result<Keyring, Failure> {
    let (place, bytes) = read(source, "STRONGROOM_SAFE__KEYRING")?;
    Keyring::parse(&bytes).map_err(|error| Failure::Keys(format!("{place}: {error}")))
}

/// The keys that sign our own tokens.
///
/// # Errors
///
/// As [`keyring`].
pub(crate) fn signing_keys(source: &KeySource) -> Result<SigningKeys, Failure> {
    let (place, bytes) = read(source, "STRONGROOM_TOKENS__SIGNING_KEYS")?;
    SigningKeys::parse(&bytes).map_err(|error| Failure::Keys(format!("{place}: {error}")))
}

/// An issuer among these tenants, with its keys read in, or what fetches them. `fetches`: where that is counted.
///
/// # Errors
///
/// As [`keyring`].
pub(crate) fn issuer(
    configured: &Issuer,
    tenants: &[Tenant],
    fetches: &Arc<Figures>,
) -> Result<ForeignIssuer, Failure> {
    Ok(ForeignIssuer {
        issuer: configured.iss.clone(),
        audience: configured.audience.clone(),
        keys: issuer_keys(configured, fetches)?,
        algorithms: configured.algorithms.clone(),
        kind: match &configured.reach {
            Reach::Tenant { subject_claim, token_type, tenant } => IssuerKind::Bound {
                subject_claim: subject_claim.clone(),
                token_type: token_type.clone(),
                tenant: tenant.clone(),
            },
            Reach::AllTenants => {
                IssuerKind::Gateway { tenants: tenants.iter().map(|tenant| tenant.id.clone()).collect() }
            }
        },
    })
}

/// The keys alone.
///
/// # Errors
///
/// As [`keyring`].
pub(crate) fn issuer_keys(issuer: &Issuer, fetches: &Arc<Figures>) -> Result<ForeignKeys, Failure> {
    Ok(match &issuer.keys {
        IssuerKeys::Published(keys) => ForeignKeys::Remote(published(&issuer.iss, keys, fetches)?),
        IssuerKeys::Jwks(path) => ForeignKeys::KeySet(read_public(path)?),
        IssuerKeys::PublicKey(path) => ForeignKeys::PublicKeyPem(read_public(path)?),
        IssuerKeys::Secret(path) => ForeignKeys::Secret(without_newline(read_secret(path)?)),
    })
}

/// The way to a safe elsewhere, and what it is shown. Nobody is asked here.
///
/// # Errors
///
/// As [`keyring`].
pub(crate) fn remote(configured: Remote) -> Result<RemoteParts, Failure> {
    let Remote { address, identity, credentials, verbs, ca_file, client_certificate, limits, health } =
        configured;
    let shown = client_certificate.as_ref().map(self::client_certificate).transpose()?;
    let client_of = |address: &BaseAddress| {
        client(address.endpoint(), ca_file.as_deref(), ("upstream", "ca_file"), shown.clone(), PROBE_LIMITS)
    };
    let client = client_of(&address)?;
    let identity = identity.map(|address| Ok::<_, Failure>((client_of(&address)?, address))).transpose()?;
    let credentials = match credentials {
        ShownToSafe::CallerToken => CredentialParts::CallerToken,
        ShownToSafe::ApiKey(path) => CredentialParts::ApiKey(api_key(&path)?),
        ShownToSafe::Assertion { keys, issuer, audience } => {
            CredentialParts::Assertion { keys: signing_keys(&KeySource::File(keys))?, issuer, audience }
        }
    };
    Ok(RemoteParts { client, address, identity, credentials, limits, health, verbs })
}

fn api_key(path: &Path) -> Result<ApiKey, Failure> {
    ApiKey::parse(&without_newline(read_secret(path)?)).ok_or_else(|| {
        Failure::Keys(format!("{}: not a key of 16 to 4096 visible characters", path.display()))
    })
}

fn client_certificate(files: &ClientCertificateFiles) -> Result<ClientCertificate, Failure> {
    let (certificates, private_key) = (read_public(&files.certificates)?, read_secret(&files.private_key)?);
    ClientCertificate::parse(&certificates, &private_key).map_err(|error| {
        let file = match error {
            ClientCertificateError::Certificates => &files.certificates,
            ClientCertificateError::PrivateKey | ClientCertificateError::Mismatch => &files.private_key,
        };
        Failure::Keys(format!("{}: {error}", file.display()))
    })
}

/// What asks a server, shows it a certificate where there is one, and believes its certificate if the system's authorities, or those of a file, do.
fn client(
    endpoint: &Endpoint,
    ca_file: Option<&Path>,
    (whose, setting): (&str, &str),
    shown: Option<ClientCertificate>,
    limits: ClientLimits,
) -> Result<Client, Failure> {
    let refused = |why: &dyn std::fmt::Display| Failure::Keys(format!("{whose}: {why}"));
    let mut roots = if endpoint.is_plain() { Roots::none() } else { Roots::of_the_system() };
    if let Some(path) = ca_file {
        let pem = read_public(path)?;
        roots =
            roots.with_pem(&pem).map_err(|error| Failure::Keys(format!("{}: {error}", path.display())))?;
    }
    if roots.is_empty() && !endpoint.is_plain() {
        return Err(refused(&format!(
            "this system has no certificate authorities: install them, or name a {setting}"
        )));
    }
    let clock = Arc::new(SystemClock);
    let made = match shown {
        None => Client::new(roots, clock, limits),
        Some(certificate) => Client::showing(certificate, roots, clock, limits),
    };
    made.map_err(|error| refused(&error))
}

/// What TLS connections begin with.
///
/// # Errors
///
/// As [`keyring`].
pub(crate) fn tls(files: &config::Tls) -> Result<Tls, Failure> {
    with_identity(files, |identity| Tls::new(identity, Arc::new(SystemClock)))
}

/// Replaces it by what the files hold now.
///
/// # Errors
///
/// As [`keyring`], and all is as it was.
pub(crate) fn tls_again(files: &config::Tls, tls: &Tls) -> Result<(), Failure> {
    with_identity(files, |identity| Ok(((), tls.replace(identity)?)))
}

fn with_identity<T>(
    files: &config::Tls,
    use_it: impl FnOnce(TlsIdentity<'_>) -> Result<(T, Validity), TlsError>,
) -> Result<T, Failure> {
    let certificates = read_public(&files.certificates)?;
    let private_key = read_secret(&files.private_key)?;
    let client_authorities = files.client_authorities.as_deref().map(read_public).transpose()?;
    let identity = TlsIdentity {
        certificates: &certificates,
        private_key: &private_key,
        client_authorities: client_authorities.as_deref(),
    };
    let (made, validity) = use_it(identity).map_err(|error| {
        let file = match error {
            TlsError::PrivateKey | TlsError::Mismatch => &files.private_key,
            TlsError::ClientAuthorities => files.client_authorities.as_ref().unwrap_or(&files.certificates),
            TlsError::Certificates | TlsError::Unusable => &files.certificates,
        };
        Failure::Keys(format!("{}: {error}", file.display()))
    })?;
    let file = files.certificates.display();
    match validity {
        Validity::Now => {}
        Validity::NotYet => tracing::warn!(%file, "the certificate is not valid yet"),
        Validity::Expired => tracing::warn!(%file, "the certificate has expired"),
    }
    Ok(made)
}

/// What fetches an issuer's keys. Nothing is fetched here.
fn published(issuer: &str, keys: &PublishedKeys, fetches: &Arc<Figures>) -> Result<RemoteKeySet, Failure> {
    let whose = format!("issuer `{issuer}`");
    let client =
        client(&keys.endpoint, keys.ca_file.as_deref(), (&whose, "jwks_ca_file"), None, FETCH_LIMITS)?;
    let source = HttpKeySetSource::new(client, keys.endpoint.clone(), fetches.clone());
    Ok(RemoteKeySet { source: Arc::new(source), refresh: keys.refresh, max_age: keys.max_age })
}

/// The bytes, and what to call their place in an error.
fn read(source: &KeySource, variable: &str) -> Result<(String, Zeroizing<Vec<u8>>), Failure> {
    Ok(match source {
        KeySource::File(path) => (path.display().to_string(), read_secret(path)?),
        KeySource::Environment(secret) => (variable.to_owned(), Zeroizing::new(secret.as_bytes().to_vec())),
    })
}

/// A secret, from a file that nobody else may read.
///
/// # Errors
///
/// As [`keyring`].
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_secret_file(path).map_err(|error| Failure::Keys(error.to_string()))
}

/// A public key may be read by anybody; its file is bounded like any other.
///
/// # Errors
///
/// As [`keyring`].
pub(crate) fn read_public(path: &Path) -> Result<Vec<u8>, Failure> {
    let refused = |why: &dyn std::fmt::Display| Failure::Keys(format!("{}: {why}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| refused(&error))?.len();
    if usize::try_from(length).is_ok_and(|length| length <= 4 * MAX_SECRET_FILE_BYTES) {
        std::fs::read(path).map_err(|error| refused(&error))
    } else {
        Err(refused(&"larger than any key document"))
    }
}

/// Editors and `echo` end a file with a newline, which nobody means to be part of a secret.
pub(crate) fn without_newline(mut secret: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    if secret.last() == Some(&b'\n') {
        secret.pop();
    }
    secret
}
