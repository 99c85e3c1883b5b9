//! What a TLS connection begins with: certificate, key, and the authorities of clients, as they are in force. TLS 1.2 and 1.3.
//!
//! They can be replaced while connections live: a handshake takes what is in force when it begins, and keeps it. A client's
//! certificate is an added lock, never an identity: nobody is told whose it was. Never printed: there is a key in it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use strongroom_ports::Clock;
use thiserror::Error;
use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::{ParsedCertificate, ServerSessionMemoryCache, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::time_provider::TimeProvider;
use tokio_rustls::rustls::{CertificateError, Error, RootCertStore, ServerConfig};
use zeroize::Zeroize as _;

/// Sessions that a client may take up again instead of a whole handshake, over all cores; the oldest give way. Each is
/// less than a KiB, and with a client's certificates in it a few.
const SESSIONS: usize = 1024;

/// Certificate and key, in PEM, as files hold them.
#[derive(Clone, Copy)]
pub struct TlsIdentity<'a> {
    /// The server's certificate, and those between it and its authority.
    pub certificates: &'a [u8],
    /// The key of the first: PKCS #8, PKCS #1 or SEC 1.
    pub private_key: &'a [u8],
    /// Authorities of which clients must show a certificate; `None`: clients show none.
    pub client_authorities: Option<&'a [u8]>,
}

impl fmt::Debug for TlsIdentity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").finish_non_exhaustive()
    }
}

/// Whether a certificate is in its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It is.
    Now,
    /// Its time has not come.
    NotYet,
    /// Its time is over.
    Expired,
}

/// Why a certificate, a key or authorities cannot be used. Whose file it was, the caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TlsError {
    /// Of the certificates.
    #[error("not one or more certificates in PEM")]
    Certificates,
    /// Of the key.
    #[error(
        "not a private key in PEM that this program can use: ECDSA (P-256, P-384, P-521), Ed25519 or RSA"
    )]
    PrivateKey,
    /// Each is good, and they do not belong together.
    #[error("not the key of the certificate")]
    Mismatch,
    /// Of the authorities of clients.
    #[error("not one or more certificates of authorities in PEM")]
    ClientAuthorities,
    /// TLS does not work on this machine.
    #[error("TLS cannot be set up")]
    Unusable,
}

/// What handshakes begin with.
pub struct Tls {
    clock: Arc<dyn Clock>,
    in_force: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Certificates of clients are judged by this clock. A certificate out of its time is used all the same: it is clients
    /// who judge it, and no service at all is no better.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn new(identity: TlsIdentity<'_>, clock: Arc<dyn Clock>) -> Result<(Self, Validity), TlsError> {
        let (config, validity) = config(identity, &clock)?;
        Ok((Self { clock, in_force: RwLock::new(Arc::new(config)) }, validity))
    }

    /// From here on handshakes begin with these. Connections that there are go on; sessions from before are not taken up again.
    ///
    /// # Errors
    ///
    /// [`TlsError`], and all is as it was.
    pub fn replace(&self, identity: TlsIdentity<'_>) -> Result<Validity, TlsError> {
        let (config, validity) = config(identity, &self.clock)?;
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        Ok(validity)
    }

    pub(crate) fn in_force(&self) -> Arc<ServerConfig> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn config(identity: TlsIdentity<'_>, clock: &Arc<dyn Clock>) -> Result<(ServerConfig, Validity), TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certificates = certificates(identity.certificates).ok_or(TlsError::Certificates)?;
    let now = ByClock(clock.clone()).current_time().ok_or(TlsError::Unusable)?;
    let validity = validity(&certificates, now, &provider)?;
    let key = certified_key(certificates, identity.private_key)?;

    let builder = ServerConfig::builder_with_details(provider.clone(), Arc::new(ByClock(clock.clone())))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError::Unusable)?;
    let builder = match identity.client_authorities {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let roots = roots(pem).ok_or(TlsError::ClientAuthorities)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|_| TlsError::ClientAuthorities)?)
        }
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    // A request that comes with the handshake could be sent again by anybody who saw it (RFC 8446, section 8).
    config.max_early_data_size = 0;
    Ok((config, validity))
}

/// At least one, all of them readable.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().ok()?;
    (!certificates.is_empty()).then_some(certificates)
}

fn certified_key(certificates: Vec<CertificateDer<'static>>, pem: &[u8]) -> Result<CertifiedKey, TlsError> {
    let mut der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| TlsError::PrivateKey)?;
    let key = aws_lc_rs::sign::any_supported_type(&der);
    der.zeroize();
    let key = CertifiedKey::new(certificates, key.map_err(|_| TlsError::PrivateKey)?);
    match key.keys_match() {
        Ok(()) => Ok(key),
        Err(Error::InconsistentKeys(_)) => Err(TlsError::Mismatch),
        Err(_) => Err(TlsError::Certificates),
    }
}

fn roots(pem: &[u8]) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).ok()?;
    }
    Some(roots)
}

/// Whether the server's own certificate is in its time. The library is asked whether it would believe it, with nobody to
/// vouch for it: that it would not is no matter, and it looks at the dates first.
fn validity(
    certificates: &[CertificateDer<'static>],
    now: UnixTime,
    provider: &CryptoProvider,
) -> Result<Validity, TlsError> {
    let (own, between) = certificates.split_first().ok_or(TlsError::Certificates)?;
    let own = ParsedCertificate::try_from(own).map_err(|_| TlsError::Certificates)?;
    let nobody = RootCertStore::empty();
    let algorithms = provider.signature_verification_algorithms.all;
    Ok(match verify_server_cert_signed_by_trust_anchor(&own, &nobody, between, now, algorithms) {
        Err(Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => Validity::Expired,
        Err(Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        )) => Validity::NotYet,
        _ => Validity::Now,
    })
}

/// The port's clock, for the dates of certificates.
#[derive(Debug)]
struct ByClock(Arc<dyn Clock>);

impl TimeProvider for ByClock {
    fn current_time(&self) -> Option<UnixTime> {
        let since = SystemTime::from(self.0.now()).duration_since(UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(since))
    }
}

#[cfg(test)]
mod tests;
