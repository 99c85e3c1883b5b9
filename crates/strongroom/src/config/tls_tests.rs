//! `[server.tls]`: there or not, and whole when it is there.

use std::path::Path;

use super::tests::{TENANT, in_file, load, load_with, problems, shown};

pub(super) const TLS: &str = r#"
    [server.tls]
    certificate_file = "tls/cert.pem"
    private_key_file = "tls/key.pem"
"#;

#[test]
fn tls_is_off_when_it_is_absent_and_whole_when_it_is_there() {
    assert_eq!(load(TENANT, &[]).unwrap().config.server.tls, None);
    let tls = load(&format!("{TLS}{TENANT}"), &[]).unwrap().config.server.tls.unwrap();
    assert_eq!(tls.certificates, Path::new("/etc/strongroom/tls/cert.pem"));
    assert_eq!(tls.client_authorities, None);

    let key = ("STRONGROOM_SERVER__TLS__PRIVATE_KEY_FILE", "/run/key.pem");
    let found = problems(load(TENANT, &[key]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].key, "server.tls.certificate_file");
    let found = problems(load_with("[server.tls]", &[]));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|problem| problem.message == "must be given"), "{found:?}");
    let found = problems(load_with("[server.tls]\ncertificate_file = \"x\"", &[]));
    assert_eq!(found[0].source, in_file(), "{found:?}");
    let certificate = ("STRONGROOM_SERVER__TLS__CERTIFICATE_FILE", "/run/cert.pem");
    let tls = load(TENANT, &[key, certificate]).unwrap().config.server.tls.unwrap();
    assert_eq!(tls.private_key, Path::new("/run/key.pem"));

    for (text, key) in [
        ("[server]\ntls = true", "server.tls"),
        ("[server.tls]\ncertificate_file = \"c\"\nprivate_key_file = \"k\"\nca = \"\"", "server.tls.ca"),
    ] {
        let found = problems(load_with(text, &[]));
        assert_eq!(found.iter().map(|problem| &*problem.key).collect::<Vec<_>>(), [key]);
    }
    let text = shown(&load(&format!("{TLS}{TENANT}"), &[]).unwrap());
    assert!(text.contains("\n[server.tls]\ncertificate_file = \"/etc/strongroom/tls/cert.pem\""), "{text}");
}
