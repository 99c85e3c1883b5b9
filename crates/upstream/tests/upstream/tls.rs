//! Whose certificate is believed: keys come from the issuer, or they do not come; a safe is the safe, or is told nothing.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use strongroom_ports::{KeySetSource as _, KeySetUnavailable, UpstreamError};
use strongroom_testkit::contract;
use strongroom_upstream::{Credentials, Roots};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion};

use crate::scripted::{generous, jane, json, safe, upstream_that_believes};
use crate::server::{Act, GENEROUS, Server, ok, source};

const DOCUMENT: &[u8] = br#"{"keys":[]}"#;
const EITHER: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

/// An authority that only its own tests trust.
pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::called("an authority of tests")
    }

    fn called(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::none().with_pem(self.certificate.pem().as_bytes()).unwrap()
    }

    /// A server for the name, its certificate changed as a test likes.
    pub(crate) fn acceptor(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        self.acceptor_of(EITHER, name, change)
    }

    fn acceptor_of(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            );
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }
}

async fn fetch_from(host: &str, tls: TlsAcceptor, roots: Roots) -> Result<(), &'static str> {
    let server = Server::start_with(Some(tls), Act::Say(ok(DOCUMENT))).await;
    let fetched = source(&server.url("https", host), roots, GENEROUS).fetch().await;
    let asked = server.asked().len();
    match fetched {
        Ok(document) => {
            assert_eq!((&*document, asked), (DOCUMENT, 1));
            Ok(())
        }
        Err(KeySetUnavailable(why)) => {
            assert_eq!(asked, 0, "nothing is asked of a server that is not believed");
            Err(why)
        }
    }
}

#[tokio::test]
async fn a_document_over_tls_fulfils_the_contract() {
    let authority = Authority::new();
    let server =
        Server::start_with(Some(authority.acceptor("localhost", |_| {})), Act::Say(Vec::new())).await;
    let source = source(&server.url("https", "localhost"), authority.roots(), GENEROUS);
    contract::key_set_source(&source, |published| {
        server.act(Act::Say(published.map(ok).unwrap_or_default()));
    })
    .await;
}

#[tokio::test]
async fn names_and_addresses_are_confirmed_by_the_certificate() {
    let authority = Authority::new();
    for host in ["localhost", "127.0.0.1"] {
        let acceptor = authority.acceptor(host, |_| {});
        assert_eq!(fetch_from(host, acceptor, authority.roots()).await, Ok(()), "{host}");
    }
    for (host, name) in
        [("localhost", "id.example"), ("127.0.0.1", "localhost"), ("localhost", "*.localhost")]
    {
        let acceptor = authority.acceptor(name, |_| {});
        let failed = fetch_from(host, acceptor, authority.roots()).await;
        assert_eq!(failed, Err("its certificate is for another name"), "{host} {name}");
    }
}

#[tokio::test]
async fn both_versions_of_tls_that_are_sound_are_spoken() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let acceptor = authority.acceptor_of(&[version], "localhost", |_| {});
        assert_eq!(fetch_from("localhost", acceptor, authority.roots()).await, Ok(()), "{version:?}");
    }
}

#[tokio::test]
async fn an_authority_that_nobody_named_is_not_believed() {
    let (authority, other) = (Authority::new(), Authority::called("another"));
    for roots in [other.roots(), Roots::none(), Roots::of_the_system()] {
        let failed = fetch_from("localhost", authority.acceptor("localhost", |_| {}), roots).await;
        assert_eq!(failed, Err("its certificate is signed by nobody who is trusted here"));
    }
}

#[tokio::test]
async fn an_authority_of_a_trusted_name_with_another_key_is_not_believed() {
    let (authority, pretender) = (Authority::new(), Authority::new());
    let acceptor = pretender.acceptor("localhost", |_| {});
    let failed = fetch_from("localhost", acceptor, authority.roots()).await;
    assert_eq!(failed, Err("its certificate is not sound"));
}

#[tokio::test]
async fn a_certificate_outside_its_dates_is_refused() {
    let authority = Authority::new();
    let expired = authority.acceptor("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = authority.acceptor("localhost", |params| params.not_before = date_time_ymd(2100, 1, 1));
    for acceptor in [expired, early] {
        let failed = fetch_from("localhost", acceptor, authority.roots()).await;
        assert_eq!(failed, Err("its certificate is out of date"));
    }
}

#[tokio::test]
async fn a_server_without_tls_is_not_asked_in_the_clear() {
    let server = Server::start(Act::Say(ok(DOCUMENT))).await;
    // It waits for the end of a head that never comes, and what it gets instead is no reason to wait for ever.
    let url = server.url("https", "127.0.0.1");
    let failed = source(&url, Roots::none(), crate::server::SHORT).fetch().await.unwrap_err();
    assert_eq!(failed, KeySetUnavailable("it takes too long"));
    assert!(server.asked().is_empty());
}

/// A safe behind TLS is asked if its certificate is believed, and told nothing else: neither token nor record.
#[tokio::test]
async fn a_safe_is_told_nothing_before_its_certificate_is_believed() {
    let (ours, other) = (Authority::new(), Authority::called("another authority"));
    for (roots, is_believed) in [(ours.roots(), true), (other.roots(), false)] {
        let tls = ours.acceptor("localhost", |_| {});
        let server = Server::start_with(Some(tls), Act::Say(json(r#"{"a":1}"#))).await;
        let url = format!("https://localhost:{}/v1/ibexsafe", server.address.port());
        let upstream = upstream_that_believes(roots, &url, Credentials::CallerToken, generous());
        let read = safe(&upstream).read(&jane()).await;
        if is_believed {
            assert_eq!(read.unwrap().unwrap().view.as_json(), r#"{"a":1}"#);
        } else {
            assert_eq!(read, Err(UpstreamError::Failed));
        }
        assert_eq!(server.asked().len(), usize::from(is_believed));
    }
}
