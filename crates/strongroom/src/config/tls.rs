//! `[server.tls]`: the files that TLS connections begin with. Absent, connections are in the clear.

use std::path::PathBuf;

use super::reader::Section;

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tls {
    /// `certificate_file`: the server's certificate and those between it and its authority, in PEM.
    pub(crate) certificates: PathBuf,
    /// `private_key_file`: its key, in PEM, of mode 0600.
    pub(crate) private_key: PathBuf,
    /// `client_ca_file`: authorities of which clients must show a certificate; `None` when they need show none.
    pub(crate) client_authorities: Option<PathBuf>,
}

impl Tls {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let certificates = section.required_path("certificate_file");
        let private_key = section.required_path("private_key_file");
        let client_authorities = section.path_or_none("client_ca_file", "");
        Some(Self {
            certificates: certificates?,
            private_key: private_key?,
            client_authorities: client_authorities.ok()?,
        })
    }
}
