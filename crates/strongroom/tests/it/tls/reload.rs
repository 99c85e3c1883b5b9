//! A certificate that changes while connections live: new ones see the new one, and no old one notices.

use rcgen::{CertificateParams, date_time_ymd};

use super::{get_health, refused, serve};
use crate::support::tls::{Authority, Certified, SETTINGS, connect_with, give};
use crate::support::{World, contains};

#[test]
fn a_new_certificate_is_shown_from_the_signal_on_and_old_connections_go_on() {
    let authority = Authority::new();
    let (world, safe) = serve(&authority, "");
    let mut old = authority.connect(safe.address);
    let first = old.server_certificate();
    assert_eq!(get_health(&mut old), 200);
    // A handshake that is under way is with the certificate that it began with.
    give(&world, &authority.server("localhost"));
    assert_eq!(authority.connect(safe.address).server_certificate(), first, "nothing is read unasked");

    safe.read_keys_again(1);
    let mut new = authority.connect(safe.address);
    assert_ne!(new.server_certificate(), first);
    for client in [&mut old, &mut new] {
        assert_eq!(get_health(client), 200);
    }
    assert_eq!(refused(&safe, "tls_handshake"), 0);
}

#[test]
fn files_that_do_not_fit_change_nothing_and_the_log_names_them() {
    let authority = Authority::new();
    let (world, safe) = serve(&authority, "");
    let first = authority.connect(safe.address).server_certificate();
    let good = authority.server("localhost");
    let other = authority.server("localhost");
    give(&world, &Certified { certificate: good.certificate.clone(), key: other.key });
    safe.read_keys_again(1);
    assert_eq!(authority.connect(safe.address).server_certificate(), first);
    std::fs::remove_file(world.path("tls/cert.pem")).unwrap();
    safe.read_keys_again(2);
    assert_eq!(authority.connect(safe.address).server_certificate(), first);
    give(&world, &good);
    safe.read_keys_again(3);
    assert_ne!(authority.connect(safe.address).server_certificate(), first);
    let (status, log) = safe.stop();
    assert!(status.success());
    assert_eq!(log.matches("the certificate stays as it was").count(), 2, "{log}");
    assert!(log.contains("tls/key.pem: not the key of the certificate"), "{log}");
    assert!(!contains(log.as_bytes(), b"PRIVATE"), "{log}");
}

#[test]
fn authorities_of_clients_change_with_it_and_a_session_from_before_opens_nothing() {
    let (authority, first, second) = (Authority::new(), Authority::new(), Authority::new());
    let world = World::new(&format!("{SETTINGS}client_ca_file = \"tls/clients.pem\"\n"));
    give(&world, &authority.server("localhost"));
    std::fs::write(world.path("tls/clients.pem"), &first.pem).unwrap();
    let safe = world.serve();
    // The configuration keeps what is needed to take a session up again.
    let config = authority.client_config(Some(&first.client()));
    for is_resumed in [false, true] {
        let mut client = connect_with(config.clone(), safe.address).unwrap();
        assert_eq!(get_health(&mut client), 200);
        let kind = format!("{:?}", client.stream().conn.handshake_kind());
        assert_eq!(kind.contains("Resumed"), is_resumed, "{kind}");
    }
    std::fs::write(world.path("tls/clients.pem"), &second.pem).unwrap();
    safe.read_keys_again(1);
    let asked =
        connect_with(config, safe.address).and_then(|mut client| client.try_request("GET", "/health"));
    assert!(asked.is_err());
    let config = authority.client_config(Some(&second.client()));
    assert_eq!(get_health(&mut connect_with(config, safe.address).unwrap()), 200);
}

#[test]
fn a_certificate_out_of_its_time_is_used_and_warned_of() {
    let authority = Authority::new();
    let world = World::new(SETTINGS);
    let mut expired = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (expired.not_before, expired.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let expired = authority.certify(&expired);
    give(&world, &expired);
    let safe = world.serve();
    assert!(safe.says("the certificate has expired", 1));
    let refused = connect_with(authority.client_config(None), safe.address).err().unwrap().to_string();
    assert!(refused.contains("xpired"), "it is the client who judges: {refused}");
    give(&world, &authority.server("localhost"));
    safe.read_keys_again(1);
    assert_eq!(get_health(&mut authority.connect(safe.address)), 200);
    assert_eq!(safe.stop().1.matches("the certificate has expired").count(), 1);
}
