//! Foreign issuers that publish their keys: a real process, real sockets, and an issuer that behaves or does not.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::support::issuer::{IssuerKey, IssuerServer, nobody_listens, published};
use crate::support::process::strongroom;
use crate::support::{Client, Safe, World};

/// The status of a read of one's own record: 204 for a good token, as there is none yet.
fn read(client: &mut Client, person: &str, token: &str) -> u16 {
    let path = format!("/v1/ibexsafe/userdata/external/{person}");
    client.authorized(token, "GET", &path, "").status
}

fn status(safe: &Safe, token: &str) -> u16 {
    read(&mut safe.connect(), "jane", token)
}

#[test]
fn the_first_token_of_a_published_key_is_good() {
    let key = IssuerKey::new("a");
    let server = IssuerServer::start(published(&[&key]));
    let world = World::with_issuer_keys(&server.settings());
    let safe = world.serve();
    assert_eq!(status(&safe, &key.token("jane")), 204);
    assert_eq!(status(&safe, &IssuerKey::new("a").token("jane")), 401, "another key of that name");
    assert_eq!(server.asked(), 1);
}

#[test]
fn a_flood_of_200_unknown_keys_from_8_connections_makes_at_most_3_fetches_and_good_tokens_are_good_beside_it()
{
    let (key, stranger) = (IssuerKey::new("a"), IssuerKey::new("b"));
    let server = IssuerServer::start(published(&[&key]));
    let world = World::with_issuer_keys(&server.settings());
    let safe = world.serve();
    std::thread::scope(|scope| {
        for connection in 0..8 {
            let (safe, key, stranger) = (&safe, &key, &stranger);
            scope.spawn(move || {
                let mut client = safe.connect();
                for number in 0..25 {
                    let unknown = stranger.token_as(&format!("{connection}-{number}"), "jane");
                    assert_eq!(read(&mut client, "jane", &unknown), 401);
                    // Each person's token is seen for the first time, so that each asks for the key.
                    let person = format!("jane-{connection}-{number}");
                    assert_eq!(read(&mut client, &person, &key.token(&person)), 204);
                }
            });
        }
    });
    assert!((1..=3).contains(&server.asked()), "{} fetches", server.asked());
    let scraped = safe.connect_admin().request("GET", "/metrics", &[], "").body;
    let issuer = "issuer=\"https://id.shop.example\"";
    for line in [
        format!("strongroom_key_set_fetches_total{{{issuer},outcome=\"ok\"}} {}", server.asked()),
        format!("strongroom_key_set_fetches_total{{{issuer},outcome=\"failed\"}} 0"),
        format!("strongroom_key_set_keys{{{issuer}}} 1"),
        format!(
            r#"strongroom_upstream_requests_total{{upstream="key_sets",route="key_set",method="GET",outcome="2xx"}} {}"#,
            server.asked()
        ),
        "strongroom_token_cache_misses_total 400".to_owned(),
        "strongroom_token_cache_tokens 200".to_owned(),
    ] {
        assert!(scraped.lines().any(|found| found == line), "{line} in {scraped}");
    }
    assert!(scraped.contains(&format!("strongroom_key_set_age_seconds{{{issuer}}} ")));
    assert!(scraped.contains(&format!("strongroom_key_set_fetches_saved_total{{{issuer}}} ")));
}

#[test]
fn an_issuer_that_is_away_at_start_is_503_until_it_is_back_and_everybody_else_is_served() {
    let key = IssuerKey::new("a");
    let server = IssuerServer::start(b"HTTP/1.1 500 hush\r\nContent-Length: 4\r\n\r\nhush".to_vec());
    let world = World::with_issuer_keys(&server.settings());
    let safe = world.serve();
    let mut client = safe.connect();
    let answer = client.authorized(&key.token("jane"), "GET", "/v1/ibexsafe/userdata/external/jane", "");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("unavailable")));
    assert_eq!(client.request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").status, 200);
    server.answer(published(&[&key]));
    safe.read_keys_again(1);
    assert!(safe.says("the key set can be read again", 1));
    assert_eq!(status(&safe, &key.token("jane")), 204);
    let (_, log) = safe.stop();
    assert!(log.contains("\"issuer\":\"https://id.shop.example\""), "{log}");
    for private in ["hush", &server.url("http", "127.0.0.1"), &key.token("jane")] {
        assert!(!log.contains(private), "{private} in {log}");
    }
}

#[test]
fn the_process_starts_though_nobody_listens_where_the_keys_should_be() {
    let world = World::with_issuer_keys(&nobody_listens());
    let safe = world.serve();
    assert_eq!(status(&safe, &IssuerKey::new("a").token("jane")), 503);
    assert!(safe.says("no token of the issuer can be verified", 1));
    assert_eq!(safe.stop().0.code(), Some(0));
}

#[test]
fn an_operator_has_a_withdrawn_key_gone_at_once_though_its_token_was_remembered() {
    let (old, new) = (IssuerKey::new("old"), IssuerKey::new("new"));
    let server = IssuerServer::start(published(&[&old]));
    let world = World::with_issuer_keys(&server.settings());
    let safe = world.serve();
    assert_eq!(status(&safe, &old.token("jane")), 204);
    server.answer(published(&[&new]));
    assert_eq!(status(&safe, &old.token("jane")), 204, "nobody has looked yet");
    safe.read_keys_again(1);
    assert!(safe.says("the key set has changed", 1));
    assert_eq!(status(&safe, &old.token("jane")), 401);
    assert_eq!(status(&safe, &new.token("jane")), 204);
}

#[test]
fn what_is_no_key_set_changes_nothing() {
    let key = IssuerKey::new("a");
    let server = IssuerServer::start(published(&[&key]));
    let world = World::with_issuer_keys(&server.settings());
    let safe = world.serve();
    assert_eq!(status(&safe, &key.token("jane")), 204);
    let other = IssuerServer::start(published(&[]));
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\n\r\n", other.url("http", "127.0.0.1"));
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(300 * 1024));
    let answers = [redirect.as_str(), &endless, "HTTP/1.1 200 OK\r\n\r\nnot JSON", "garbage", ""];
    for (number, answer) in answers.iter().enumerate() {
        server.answer(answer.as_bytes().to_vec());
        safe.signal("HUP");
        assert!(server.was_asked(number + 2));
        // Seen for the first time, so that it asks for the key.
        let person = format!("jane-{number}");
        assert_eq!(read(&mut safe.connect(), &person, &key.token(&person)), 204);
    }
    assert_eq!(other.asked(), 0, "a redirect is not followed");
    server.answer(published(&[&key]));
    safe.signal("HUP");
    assert!(safe.says("the key set can be read again", 1));
    assert_eq!(status(&safe, &key.token("jane")), 204);
    assert!(!safe.stop().1.contains("the key set has changed"));
}

#[test]
fn keys_come_over_tls_from_whom_the_configured_authority_vouches_for() {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority.distinguished_name.push(DnType::CommonName, "an authority of tests");
    let authority_key = KeyPair::generate().unwrap();
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let server_for = |name: &str, answer| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            );
        IssuerServer::start_tls(config.unwrap(), answer)
    };
    let key = IssuerKey::new("a");
    for (name, expected) in [("localhost", 204), ("id.shop.example", 503)] {
        let server = server_for(name, published(&[&key]));
        let url = server.url("https", "localhost");
        let lines = format!("jwks_url = \"{url}\"\njwks_ca_file = \"ca.pem\"\nalgorithms = [\"EdDSA\"]");
        let world = World::with_issuer_keys(&lines);
        std::fs::write(world.path("ca.pem"), &pem).unwrap();
        let safe = world.serve();
        assert_eq!(status(&safe, &key.token("jane")), expected, "{name}");
        assert!(safe.says("its certificate is for another name", usize::from(expected == 503)));
    }
}

#[test]
fn a_url_in_the_clear_and_a_file_of_no_authority_are_refused_before_anything_is_served() {
    for (lines, code, why) in [
        ("jwks_url = \"http://id.shop.example/\"\nalgorithms = [\"EdDSA\"]", 3, "loopback"),
        (
            "jwks_url = \"https://id.shop.example/\"\njwks_ca_file = \"issuer.secret\"\nalgorithms = [\"EdDSA\"]",
            4,
            "not one or more certificates in PEM",
        ),
        (
            "jwks_url = \"https://id.shop.example/\"\njwks_ca_file = \"none.pem\"\nalgorithms = [\"EdDSA\"]",
            4,
            "none.pem",
        ),
    ] {
        let world = World::with_issuer_keys(lines);
        let output = strongroom().args(["serve", "--config"]).arg(world.config()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_system_without_authorities_is_told_before_anything_is_served() {
    let world = World::with_issuer_keys("jwks_url = \"https://id.shop.example/\"\nalgorithms = [\"EdDSA\"]");
    std::fs::write(world.path("none.pem"), "").unwrap();
    let mut serve = strongroom();
    serve.env("SSL_CERT_FILE", world.path("none.pem")).args(["serve", "--config"]).arg(world.config());
    let output = serve.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("name a jwks_ca_file"), "{said}");
}

#[test]
fn a_secret_file_that_has_changed_is_read_on_sighup_and_a_bad_one_leaves_the_old_in_force() {
    let world = World::new("");
    let safe = world.serve();
    let token = crate::support::foreign_token("jane");
    assert_eq!(status(&safe, &token), 204);
    std::fs::write(world.path("issuer.secret"), "short").unwrap();
    safe.read_keys_again(1);
    assert!(safe.says("keys of an issuer stay as they were", 1));
    assert_eq!(status(&safe, &token), 204);
    let other = "another secret of the issuer, which is long enough for every HS algorithm there is";
    std::fs::write(world.path("issuer.secret"), other).unwrap();
    safe.read_keys_again(2);
    assert_eq!(status(&safe, &token), 401, "though it was remembered");
    assert!(!safe.stop().1.contains(other));
}
