//! Whose certificates are believed: the system's authorities, and those that an operator names besides.

use std::fmt;

use thiserror::Error;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

/// Certificate authorities.
#[derive(Clone)]
pub struct Roots(RootCertStore);

impl Roots {
    /// The authorities that this system trusts, as far as they can be read: one of a hundred that cannot is no reason to
    /// trust none. `SSL_CERT_FILE` and `SSL_CERT_DIR` say where, as they do for OpenSSL.
    #[must_use]
    pub fn of_the_system() -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self(roots)
    }

    /// None at all.
    #[must_use]
    pub fn none() -> Self {
        Self(RootCertStore::empty())
    }

    /// These, and those of a PEM file: one certificate or more, each sound.
    ///
    /// # Errors
    ///
    /// [`RootsError`].
    pub fn with_pem(mut self, pem: &[u8]) -> Result<Self, RootsError> {
        let before = self.0.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| RootsError)?;
            self.0.add(certificate).map_err(|_| RootsError)?;
        }
        if self.0.len() == before { Err(RootsError) } else { Ok(self) }
    }

    /// Whether nobody is believed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_store(self) -> RootCertStore {
        self.0
    }
}

/// Printed by how many there are.
impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Roots").field(&self.0.len()).finish()
    }
}

/// A file of authorities holds none, or one that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not one or more certificates in PEM")]
pub struct RootsError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_sound_certificate_is_refused() {
        let certificate = rcgen::generate_simple_self_signed(vec!["id.example".to_owned()]).unwrap();
        let pem = certificate.cert.pem();
        assert!(Roots::none().with_pem(pem.as_bytes()).is_ok_and(|roots| !roots.is_empty()));
        let key = certificate.signing_key.serialize_pem();
        let broken = pem.replace("MII", "AII");
        for text in ["", "certificate", &key, &broken, &format!("{pem}{broken}")] {
            assert_eq!(Roots::none().with_pem(text.as_bytes()).err(), Some(RootsError), "{text}");
        }
    }
}
