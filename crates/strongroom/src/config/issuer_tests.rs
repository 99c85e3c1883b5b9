//! Where the keys of an issuer may come from, by its table.

use std::path::PathBuf;
use std::time::Duration;

use super::tests::{TENANT, load};
use super::*;

/// An issuer with these lines about its keys, read beside a tenant.
fn read(lines: &str, algorithm: &str) -> Result<Issuer, Vec<(String, String)>> {
    let table = format!(
        "[[issuer]]\nissuer = \"https://id.example\"\naudience = [\"strongroom\"]\ntenant = \"localhost\"\n\
         algorithms = [\"{algorithm}\"]\n{lines}\n{TENANT}"
    );
    let told = |refused: Refused| refused.problems.into_iter().map(|it| (it.key, it.message)).collect();
    load(&table, &[]).map(|loaded| loaded.config.issuers[0].clone()).map_err(told)
}

/// The one problem of such an issuer.
fn problem(lines: &str) -> (String, String) {
    let mut problems = read(lines, "ES256").unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn a_published_set_has_a_url_and_how_to_fetch_it() {
    let IssuerKeys::Published(keys) = read("jwks_url = \"https://id.example/jwks\"", "ES256").unwrap().keys
    else {
        panic!("published")
    };
    assert!(!keys.endpoint.is_plain());
    assert_eq!((keys.ca_file, keys.refresh), (None, Duration::from_mins(5)));
    assert_eq!(keys.max_age, Duration::from_hours(24));

    let lines = "jwks_url = \"https://id.example/jwks\"\njwks_ca_file = \"ca.pem\"\njwks_refresh_s = 60\njwks_max_age_s = 61";
    let IssuerKeys::Published(keys) = read(lines, "ES256").unwrap().keys else { panic!("published") };
    assert_eq!(keys.ca_file, Some(PathBuf::from("/etc/strongroom/ca.pem")));
    assert_eq!((keys.refresh, keys.max_age), (Duration::from_mins(1), Duration::from_secs(61)));
    assert!(read("jwks_url = \"http://127.0.0.1:9/jwks\"", "ES256").is_ok());
}

#[test]
fn a_url_that_leaves_this_machine_in_the_clear_or_holds_what_is_not_sent_is_refused() {
    for (url, why) in [
        ("http://id.example/jwks", "http is for loopback hosts only"),
        ("http://192.0.2.7/jwks", "http is for loopback hosts only"),
        ("https://user:hush@id.example/jwks", "must not hold a user name or password"),
        ("https://id.example/jwks#keys", "must not have a fragment"),
        ("ftp://id.example/jwks", "expected an https URL"),
        ("jwks.json", "expected an https URL"),
        ("/jwks.json", "expected an absolute URL"),
    ] {
        let (key, message) = problem(&format!("jwks_url = \"{url}\""));
        assert_eq!(key, "issuer[0].jwks_url", "{url}");
        assert!(message.contains(why) && !message.contains("hush"), "{url}: {message}");
    }
}

#[test]
fn keys_come_from_one_place() {
    for lines in ["", "jwks_url = \"\"", "jwks_url = \"https://id.example/\"\njwks_file = \"keys.json\""] {
        let (key, message) = problem(lines);
        assert_eq!(key, "issuer[0]");
        assert!(message.contains("exactly one of jwks_url, "), "{message}");
    }
}

#[test]
fn how_to_fetch_is_said_only_where_something_is_fetched() {
    for (line, key) in [
        ("jwks_ca_file = \"ca.pem\"", "jwks_ca_file"),
        ("jwks_refresh_s = 301", "jwks_refresh_s"),
        ("jwks_max_age_s = 86401", "jwks_max_age_s"),
    ] {
        let (found, message) = problem(&format!("jwks_file = \"keys.json\"\n{line}"));
        assert_eq!((found, message.as_str()), (format!("issuer[0].{key}"), "goes with a jwks_url only"));
    }
    let plain = "jwks_url = \"http://[::1]/\"\njwks_ca_file = \"ca.pem\"";
    assert_eq!(problem(plain).1, "goes with an https URL only");
}

#[test]
fn a_set_outlives_the_time_between_two_fetches() {
    let with = |refresh, max_age| {
        format!("jwks_url = \"https://id.example/\"\njwks_refresh_s = {refresh}\njwks_max_age_s = {max_age}")
    };
    assert!(read(&with(60, 61), "ES256").is_ok());
    assert_eq!(problem(&with(60, 60)).0, "issuer[0].jwks_max_age_s");
    for (refresh, max_age) in [(0, 60), (86_401, 604_800), (60, 604_801)] {
        assert!(read(&with(refresh, max_age), "ES256").is_err(), "{refresh} {max_age}");
    }
}

#[test]
fn a_published_set_never_goes_with_shared_secrets() {
    let problems = read("jwks_url = \"https://id.example/\"", "HS256").unwrap_err();
    assert_eq!(problems[0].0, "issuer[0].algorithms");
}

/// A gateway with these lines, read beside a tenant; and the keys of its problems.
fn gateway(lines: &str) -> Result<Issuer, Vec<String>> {
    let table = format!(
        "[[issuer]]\ngateway = true\nissuer = \"https://gateway.example\"\naudience = [\"strongroom\"]\n{lines}\n{TENANT}"
    );
    let keys = |refused: Refused| refused.problems.into_iter().map(|it| it.key).collect();
    load(&table, &[]).map(|loaded| loaded.config.issuers[0].clone()).map_err(keys)
}

const EDDSA: &str = "algorithms = [\"EdDSA\"]";

#[test]
fn a_gateway_reaches_all_tenants_by_keys_from_any_place_that_is_public() {
    for keys in [
        "jwks_file = \"keys.json\"",
        "jwks_url = \"https://gateway.example/jwks\"",
        "public_key_file = \"key.pem\"",
        // As they are where nothing is said.
        "jwks_file = \"keys.json\"\nsubject_claim = \"sub\"\ntoken_type = \"\"\ntenant = \"\"",
    ] {
        assert_eq!(gateway(&format!("{EDDSA}\n{keys}")).unwrap().reach, Reach::AllTenants, "{keys}");
    }
}

#[test]
fn nothing_is_chosen_about_a_gateways_assertions() {
    for (line, key) in [
        ("tenant = \"localhost\"", "tenant"),
        ("subject_claim = \"email\"", "subject_claim"),
        ("token_type = \"JWT\"", "token_type"),
        ("token_type = \"ga+jwt\"", "token_type"),
    ] {
        let problems = gateway(&format!("{EDDSA}\njwks_file = \"keys.json\"\n{line}")).unwrap_err();
        assert_eq!(problems, [format!("issuer[0].{key}")], "{line}");
    }
}

#[test]
fn a_gateway_never_has_a_shared_secret() {
    for keys in
        ["secret_file = \"s\"", "jwks_file = \"keys.json\"", "jwks_url = \"https://gateway.example/\""]
    {
        let problems = gateway(&format!("algorithms = [\"HS256\"]\n{keys}")).unwrap_err();
        assert_eq!(problems, ["issuer[0].algorithms"], "{keys}");
    }
}

#[test]
fn the_type_of_assertions_is_no_other_issuers() {
    for typ in ["ga+jwt", "GA+JWT", "application/ga+jwt"] {
        let (key, message) = problem(&format!("jwks_file = \"keys.json\"\ntoken_type = \"{typ}\""));
        assert_eq!(key, "issuer[0].token_type");
        assert!(message.contains("gateway = true"), "{message}");
    }
}
