//! An authority of tests, what it certifies, and a client that speaks TLS over a socket that the test can still reach.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::wire::Client;
use super::world::World;

/// A connection through TLS.
pub(crate) type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// Whom the certificates of a test come from.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// A certificate and its key, in PEM.
pub(crate) struct Certified {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "an authority of tests");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// For a server of this name.
    pub(crate) fn server(&self, name: &str) -> Certified {
        self.certify(&CertificateParams::new(vec![name.to_owned()]).unwrap())
    }

    /// For a client.
    pub(crate) fn client(&self) -> Certified {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.certify(&params)
    }

    pub(crate) fn certify(&self, params: &CertificateParams) -> Certified {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Certified { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// What a client believes that trusts this authority, and shows, if it shows anything.
    pub(crate) fn client_config(&self, shown: Option<&Certified>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        match shown {
            None => builder.with_no_client_auth(),
            Some(shown) => {
                let certificate = CertificateDer::from_pem_slice(shown.certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        }
    }

    /// A connection to `localhost`, its handshake done.
    pub(crate) fn connect(&self, address: SocketAddr) -> Client<TlsStream> {
        connect_with(self.client_config(None), address).unwrap()
    }
}

/// A connection with this configuration, its handshake done on our side.
pub(crate) fn connect_with(config: ClientConfig, address: SocketAddr) -> std::io::Result<Client<TlsStream>> {
    let mut tcp = TcpStream::connect(address)?;
    // A guard against a hang, never a claim about speed.
    tcp.set_read_timeout(Some(Duration::from_mins(3)))?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut session = ClientConnection::new(Arc::new(config), name).unwrap();
    while session.is_handshaking() {
        session.complete_io(&mut tcp)?;
    }
    Ok(Client::of(StreamOwned::new(session, tcp)))
}

impl Client<TlsStream> {
    /// The certificate that the server has shown.
    pub(crate) fn server_certificate(&mut self) -> Vec<u8> {
        self.stream().conn.peer_certificates().unwrap()[0].to_vec()
    }

    /// Whether the server said that it was the end, and did not only hang up: anybody on the way can hang up.
    pub(crate) fn is_closed_with_notice(&mut self) -> bool {
        matches!(self.stream().read(&mut [0]), Ok(0))
    }

    /// Says that we will send no more, and still reads.
    pub(crate) fn end_with_notice(&mut self) {
        self.stream().conn.send_close_notify();
        self.stream().flush().unwrap();
    }

    /// The socket beneath.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        &mut self.stream().sock
    }
}

/// The lines that have a server speak TLS by the files of [`give`].
pub(crate) const SETTINGS: &str = r#"
[server.tls]
certificate_file = "tls/cert.pem"
private_key_file = "tls/key.pem"
"#;

/// Puts a certificate and its key where [`SETTINGS`] says they are.
pub(crate) fn give(world: &World, certified: &Certified) {
    give_in(world, "tls", certified);
}

/// The same, in another directory.
pub(crate) fn give_in(world: &World, directory: &str, certified: &Certified) {
    let directory = world.path(directory);
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("cert.pem"), &certified.certificate).unwrap();
    write_private(&directory.join("key.pem"), &certified.key);
}

fn write_private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
}
