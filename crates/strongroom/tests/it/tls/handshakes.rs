//! Who gets through a handshake, and what is left of those who do not: a count, and no connection.

use std::io::{Read, Write};
use std::net::TcpStream;

use rcgen::{CertificateParams, date_time_ymd};
use tokio_rustls::rustls::ClientConfig;

use super::{get_health, is_refused, refused, serve};
use crate::support::tls::{Authority, Certified, SETTINGS, connect_with, give};
use crate::support::{Client, World};

#[test]
fn whatever_is_no_handshake_is_closed_and_counted_and_the_port_serves_on() {
    let authority = Authority::new();
    let (_world, safe) = serve(&authority, "");
    let mut garbage = vec![0x16, 0x03, 0x01, 0xff, 0xff];
    garbage.extend([0xff; 4096]);
    let sent: [&[u8]; 4] = [
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\0\0\0\0\0\0",
        &garbage,
    ];
    for (index, bytes) in sent.into_iter().enumerate() {
        let mut client = TcpStream::connect(safe.address).unwrap();
        client.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer);
        // An alert at most, and never HTTP.
        assert!(answer.is_empty() || answer[0] == 0x15, "{answer:?}");
        assert!(answer.len() <= 7, "{answer:?}");
        is_refused(&safe, "tls_handshake", u64::try_from(index).unwrap() + 1);
    }
    assert_eq!(get_health(&mut authority.connect(safe.address)), 200);
    // Nothing of it is HTTP that was refused.
    assert_eq!(refused(&safe, "request_line") + refused(&safe, "version"), 0);
}

#[test]
fn a_handshake_that_does_not_go_on_ends_in_its_time_and_one_that_never_begins_in_its_own() {
    let authority = Authority::new();
    let (_world, safe) = serve(&authority, "[limits]\nhead_s = 1\nfirst_byte_s = 1\n");
    let mut begun = TcpStream::connect(safe.address).unwrap();
    begun.write_all(&[0x16, 0x03, 0x01, 0x01, 0x00, 0x01]).unwrap();
    let mut silent = TcpStream::connect(safe.address).unwrap();
    let mut done = authority.connect(safe.address);
    assert_eq!(begun.read(&mut [0]).unwrap_or(0), 0);
    assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);
    assert!(done.is_closed());
    is_refused(&safe, "tls_handshake_too_slow", 1);
    // One said nothing, and one nothing after its handshake.
    is_refused(&safe, "first_byte_too_slow", 2);
}

#[test]
fn a_connection_over_the_caps_is_closed_before_any_handshake() {
    let authority = Authority::new();
    let (_world, safe) = serve(&authority, "[limits]\nconnections_per_address = 1\n");
    let mut first = authority.connect(safe.address);
    assert_eq!(get_health(&mut first), 200);
    assert!(connect_with(authority.client_config(None), safe.address).is_err());
    assert_eq!((refused(&safe, "too_many_of_one_client"), refused(&safe, "tls_handshake")), (1, 0));
}

#[test]
fn clients_must_show_a_certificate_of_the_configured_authority_and_are_nobody_for_it() {
    let (authority, of_clients) = (Authority::new(), Authority::new());
    let world = World::new(&format!("{SETTINGS}client_ca_file = \"tls/clients.pem\"\n"));
    give(&world, &authority.server("localhost"));
    std::fs::write(world.path("tls/clients.pem"), &of_clients.pem).unwrap();
    let safe = world.serve();

    let known = of_clients.client();
    let mut client = connect_with(authority.client_config(Some(&known)), safe.address).unwrap();
    assert_eq!(get_health(&mut client), 200);
    // The lock is added; the token is still asked for.
    let read = client.request("GET", "/v1/ibexsafe/userdata/external/jane", &[], "");
    assert_eq!(read.status, 401);

    let mut expired = CertificateParams::new(Vec::new()).unwrap();
    (expired.not_before, expired.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let strangers = [None, Some(authority.client()), Some(of_clients.certify(&expired))];
    for (index, stranger) in strangers.iter().enumerate() {
        let said = refusal_of(authority.client_config(stranger.as_ref()), safe.address);
        assert!(said.contains("fatal alert"), "the client is told: {said}");
        is_refused(&safe, "tls_handshake", u64::try_from(index).unwrap() + 1);
    }
}

/// What a client reads that is refused at the end of its handshake, or after it.
fn refusal_of(config: ClientConfig, address: std::net::SocketAddr) -> String {
    let asked = connect_with(config, address).and_then(|mut client| client.try_request("GET", "/health"));
    asked.unwrap_err().to_string()
}

#[test]
fn files_that_do_not_fit_are_refused_before_anything_is_served_and_named() {
    let authority = Authority::new();
    let (good, other) = (authority.server("localhost"), authority.server("localhost"));
    let mixed = Certified { certificate: good.certificate.clone(), key: other.key };
    let no_certificate = Certified { certificate: good.key.clone(), key: good.key.clone() };
    let no_key = Certified { certificate: good.certificate.clone(), key: "hush".to_owned() };
    for (certified, file, why) in [
        (&mixed, "tls/key.pem", "not the key of the certificate"),
        (&no_certificate, "tls/cert.pem", "not one or more certificates in PEM"),
        (&no_key, "tls/key.pem", "not a private key"),
    ] {
        let world = World::new(SETTINGS);
        give(&world, certified);
        refuses_to_start(&world, file, why);
    }
    let world = World::new(SETTINGS);
    refuses_to_start(&world, "tls/cert.pem", "No such file");
    give(&world, &good);
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(world.path("tls/key.pem"), open).unwrap();
    refuses_to_start(&world, "tls/key.pem", "chmod 600");
    let world = World::new(&format!("{SETTINGS}client_ca_file = \"tls/key.pem\"\n"));
    give(&world, &good);
    refuses_to_start(&world, "tls/key.pem", "authorities");
}

fn refuses_to_start(world: &World, file: &str, why: &str) {
    let (status, said) =
        crate::support::process::Safe::try_serve(crate::support::process::strongroom(), &world.config())
            .err()
            .expect("a refusal");
    assert_eq!(status.code(), Some(4), "{said}");
    assert!(said.contains(file) && said.contains(why), "{said}");
    assert!(!said.contains("hush") && !said.contains("PRIVATE"), "{said}");
}

#[test]
fn the_admin_listener_stays_in_the_clear() {
    let authority = Authority::new();
    let (_world, safe) = serve(&authority, "");
    assert_eq!(Client::connect(safe.admin).request("GET", "/readyz", &[], "").status, 200);
}
