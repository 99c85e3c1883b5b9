//! What `[upstream]` must be, and what a gateway must not have.

use std::path::Path;

use super::tests::{ISSUER, TENANT, UPSTREAM, load};
use super::*;

/// A gateway that is good but for these lines.
fn gateway(lines: &str) -> Result<Loaded, Refused> {
    load(&format!("{UPSTREAM}{lines}\n{ISSUER}{TENANT}"), &[])
}

fn remote(lines: &str) -> Remote {
    match gateway(lines).unwrap().config.place {
        Place::Remote(remote) => *remote,
        Place::Here(_) => panic!("a safe"),
    }
}

/// The keys of the problems.
fn keys(loaded: Result<Loaded, Refused>) -> Vec<String> {
    loaded.err().map(|refused| refused.problems.into_iter().map(|it| it.key).collect()).unwrap_or_default()
}

#[test]
fn an_address_and_an_issuer_are_all_that_a_gateway_must_have() {
    let remote = remote("");
    let keys = "/etc/strongroom/gateway.json".into();
    let (issuer, audience) = ("strongroom-gateway".to_owned(), "strongroom-safe".to_owned());
    assert_eq!(remote.credentials, ShownToSafe::Assertion { keys, issuer, audience });
    assert_eq!(remote.verbs, strongroom_http::Verbs::default());
    assert_eq!(remote.health, None);
    assert_eq!(remote.identity, None);
}

#[test]
fn an_identity_service_is_an_address_like_the_safe_s() {
    for url in
        ["https://id.example", "https://id.example:8443/api/", "http://127.0.0.1:1", "http://localhost:1/a"]
    {
        let identity = remote(&format!("identity_url = \"{url}\"")).identity;
        let endpoint = strongroom_upstream::Endpoint::parse(url).unwrap();
        assert_eq!(identity, strongroom_upstream::BaseAddress::new(endpoint), "{url}");
    }
    for url in [
        "http://id.example",
        "https://user@id.example",
        "https://user:password@id.example",
        "https://id.example/?a=b",
        "https://id.example/a/..",
        "https://id.example/#a",
        "ftp://id.example",
        "id.example",
    ] {
        assert_eq!(keys(gateway(&format!("identity_url = \"{url}\""))), ["upstream.identity_url"], "{url}");
    }
    let only_one_is_plain = "identity_url = \"http://127.0.0.1:1\"\nca_file = \"a\"";
    assert_eq!(remote(only_one_is_plain).ca_file, Some(Path::new("/etc/strongroom/a").into()));
}

#[test]
fn a_safe_here_and_one_behind_are_no_choice_to_make_silently() {
    let both = load(&format!("[safe]\npath = \"data\"\n{UPSTREAM}{ISSUER}{TENANT}"), &[]);
    assert_eq!(keys(both), ["upstream"]);
    let both = load(&format!("{UPSTREAM}{ISSUER}{TENANT}"), &[("STRONGROOM_SAFE__PATH", "data")]);
    assert_eq!(keys(both), ["upstream"]);
}

#[test]
fn a_gateway_without_an_issuer_could_let_nobody_in() {
    assert_eq!(keys(load(&format!("{UPSTREAM}{TENANT}"), &[])), ["issuer"]);
}

#[test]
fn a_gateway_takes_no_word_of_another() {
    let other = r#"
        [[issuer]]
        issuer = "https://gateway.example"
        audience = ["a"]
        jwks_file = "keys.json"
        algorithms = ["EdDSA"]
        gateway = true
    "#;
    assert_eq!(keys(load(&format!("{UPSTREAM}{ISSUER}{other}{TENANT}"), &[])), ["issuer[1].gateway"]);
}

#[test]
fn the_safe_behind_a_gateway_may_be_an_issuer_by_its_tenant_s_name() {
    let issuer = ISSUER.replace("https://id.example", "localhost");
    assert!(load(&format!("{UPSTREAM}{issuer}{TENANT}"), &[]).is_ok());
    assert_eq!(keys(load(&format!("{issuer}{TENANT}"), &[])), ["issuer[0].issuer"]);
}

#[test]
fn each_kind_of_credentials_has_its_file_and_no_other() {
    assert_eq!(remote("credentials = \"caller-token\"").credentials, ShownToSafe::CallerToken);
    let key = remote("credentials = \"api-key\"\napi_key_file = \"key\"").credentials;
    assert_eq!(key, ShownToSafe::ApiKey(Path::new("/etc/strongroom/key").into()));
    for lines in ["credentials = \"api-key\"", "api_key_file = \"key\""] {
        assert_eq!(keys(gateway(lines)), ["upstream.api_key_file"], "{lines}");
    }
    assert_eq!(keys(gateway("credentials = \"none\"")), ["upstream.credentials"]);
}

#[test]
fn what_is_said_of_assertions_goes_with_assertions_only() {
    let key = "credentials = \"api-key\"\napi_key_file = \"key\"";
    for credentials in ["credentials = \"caller-token\"", key] {
        for setting in ["assertion_key_file", "assertion_issuer", "assertion_audience"] {
            let lines = format!("{credentials}\n{setting} = \"x\"");
            assert_eq!(keys(gateway(&lines)), [format!("upstream.{setting}")], "{lines}");
        }
        assert!(gateway(credentials).is_ok());
    }
}

#[test]
fn a_gateway_obeys_nothing_of_tokens_and_accounts_of_its_own_and_says_so() {
    for (text, key) in [
        ("tokens.signing_keys_file = \"own.json\"", "tokens.signing_keys_file"),
        ("tokens.access_lifetime_s = 60", "tokens.access_lifetime_s"),
        ("tokens.refresh_lifetime_s = 7200", "tokens.refresh_lifetime_s"),
        ("limits.sign_ups_per_hour = 1", "limits.sign_ups_per_hour"),
        ("limits.passkey_sign_ups_per_hour = 1", "limits.passkey_sign_ups_per_hour"),
    ] {
        assert_eq!(keys(load(&format!("{text}\n{UPSTREAM}{ISSUER}{TENANT}"), &[])), [key]);
    }
    let tenant = format!("{TENANT}sign_up_without_passkey = true\n");
    assert_eq!(
        keys(load(&format!("{UPSTREAM}{ISSUER}{tenant}"), &[])),
        ["tenant[0].sign_up_without_passkey"]
    );
    let secret = [("STRONGROOM_TOKENS__SIGNING_KEYS", "{}")];
    assert_eq!(keys(load(&format!("{UPSTREAM}{ISSUER}{TENANT}"), &secret)), ["tokens.signing_keys"]);
    let leeway = load(&format!("tokens.leeway_s = 5\n{UPSTREAM}{ISSUER}{TENANT}"), &[]);
    assert_eq!(leeway.unwrap().config.tokens.leeway, std::time::Duration::from_secs(5));
}

#[test]
fn the_gateways_own_key_opens_no_verb_that_was_not_listed() {
    let key = "credentials = \"api-key\"\napi_key_file = \"key\"\n";
    assert_eq!(keys(gateway(&format!("{key}verbs = [\"POST a\", \"*\"]"))), ["upstream.verbs"]);
    assert!(gateway(&format!("{key}verbs = [\"POST a\", \"GET b/{{any}}\"]")).is_ok());
    for credentials in ["assertion", "caller-token"] {
        let lines = format!("credentials = \"{credentials}\"\nverbs = [\"*\"]");
        assert!(gateway(&lines).is_ok(), "{credentials}: the safe is told who asks");
    }
}

#[test]
fn what_cannot_be_an_address_a_verb_or_a_limit_is_told_by_its_key() {
    for (lines, key) in [
        ("verbs = [\"POST ok\", \"PUT a\"]", "upstream.verbs[1]"),
        ("verbs = [\"GET a/../b\"]", "upstream.verbs[0]"),
        ("verbs = [\"POST userdata\"]", "upstream.verbs[0]"),
        ("total_ms = 500", "upstream.total_ms"),
        ("connect_ms = 0", "upstream.connect_ms"),
        ("health_path = \"health\"", "upstream.health_path"),
        ("answer_bytes = 1", "upstream.answer_bytes"),
        ("client_certificate_file = \"a\"", "upstream.client_private_key_file"),
        ("client_private_key_file = \"a\"", "upstream.client_certificate_file"),
    ] {
        assert_eq!(keys(gateway(lines)), [key], "{lines}");
    }
    for url in ["http://safe.example/v1", "https://safe.example/v1?a=b", "https://safe.example/a/..", ""] {
        let text = format!("[upstream]\nsafe_url = \"{url}\"\n{ISSUER}{TENANT}");
        assert_eq!(keys(load(&text, &[])), ["upstream.safe_url"], "{url}");
    }
    for (lines, key) in [
        ("ca_file = \"a\"", "upstream.ca_file"),
        (
            "client_certificate_file = \"a\"\nclient_private_key_file = \"b\"",
            "upstream.client_certificate_file",
        ),
    ] {
        let plain = format!("[upstream]\nsafe_url = \"http://127.0.0.1:1/v1\"\n{lines}\n{ISSUER}{TENANT}");
        assert_eq!(keys(load(&plain, &[])), [key]);
    }
}
