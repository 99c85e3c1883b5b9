//! The certificate that a gateway shows to a safe which asks for one: an added lock, never an identity. Never printed: there
//! is a key in it.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use tokio_rustls::rustls::Error;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use zeroize::Zeroize as _;

/// A certificate and its key.
#[derive(Clone)]
pub struct ClientCertificate(Arc<SingleCertAndKey>);

impl ClientCertificate {
    /// Reads them from PEM, as files hold them: the certificate and those between it and its authority; the key of the
    /// first as PKCS #8, PKCS #1 or SEC 1. Its dates are the safe's to judge.
    ///
    /// # Errors
    ///
    /// [`ClientCertificateError`].
    pub fn parse(certificates: &[u8], private_key: &[u8]) -> Result<Self, ClientCertificateError> {
        let certificates = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|_| ClientCertificateError::Certificates)?;
        if certificates.is_empty() {
            return Err(ClientCertificateError::Certificates);
        }
        let mut der =
            PrivateKeyDer::from_pem_slice(private_key).map_err(|_| ClientCertificateError::PrivateKey)?;
        let key = aws_lc_rs::sign::any_supported_type(&der);
        der.zeroize();
        let key = key.map_err(|_| ClientCertificateError::PrivateKey)?;
        let key = CertifiedKey::new(certificates, key);
        match key.keys_match() {
            Ok(()) => Ok(Self(Arc::new(SingleCertAndKey::from(key)))),
            Err(Error::InconsistentKeys(_)) => Err(ClientCertificateError::Mismatch),
            Err(_) => Err(ClientCertificateError::Certificates),
        }
    }

    pub(crate) fn into_resolver(self) -> Arc<SingleCertAndKey> {
        self.0
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate")
    }
}

/// Why a certificate or a key cannot be used. Whose file it was, the caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClientCertificateError {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_and_a_key_that_do_not_belong_together_are_refused_and_nothing_of_them_is_printed() {
        let made = || rcgen::generate_simple_self_signed(vec!["gateway.example".to_owned()]).unwrap();
        let (ours, other) = (made(), made());
        let (certificate, key) = (ours.cert.pem(), ours.signing_key.serialize_pem());
        let parse =
            |certificate: &str, key: &str| ClientCertificate::parse(certificate.as_bytes(), key.as_bytes());
        let printed = format!("{:?}", parse(&certificate, &key));
        assert_eq!(printed, "Ok(ClientCertificate)");
        let broken = certificate.replace("MII", "AII");
        for (certificate, key, why) in [
            (&certificate, &other.signing_key.serialize_pem(), ClientCertificateError::Mismatch),
            (&certificate, &certificate, ClientCertificateError::PrivateKey),
            (&key, &key, ClientCertificateError::Certificates),
            (&broken, &key, ClientCertificateError::Certificates),
        ] {
            assert_eq!(parse(certificate, key).err(), Some(why));
        }
    }
}
