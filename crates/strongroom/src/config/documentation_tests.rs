//! Code, example and reference say the same: every setting stands in all three, with one default.

use std::path::{Path, PathBuf};

use super::tests::{ISSUER, TENANT, UPSTREAM, in_file, load};
use super::tls_tests::TLS;
use super::wallets_tests::CHAINS;
use super::*;

/// Every setting there is, as the reader asks for it, tables without their number.
fn every_setting() -> Vec<String> {
    let mut keys: Vec<_> = secret::SECRET_KEYS.map(str::to_owned).into();
    for text in [format!("{TLS}{ISSUER}{CHAINS}"), format!("{UPSTREAM}{ISSUER}{TENANT}")] {
        let loaded = load(&text, &[]).unwrap();
        keys.extend(loaded.in_force.iter().map(|it| it.key.replace("[0]", "")));
    }
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn the_example_states_the_defaults_and_every_setting() {
    let example = load(EXAMPLE, &[]).unwrap();
    let defaults = load(TENANT, &[]).unwrap();
    for setting in example.in_force.iter().filter(|it| !it.key.starts_with("tenant")) {
        let default = defaults.in_force.iter().find(|it| it.key == setting.key).unwrap();
        assert_eq!(setting.value, default.value, "{}", setting.key);
        assert_eq!(setting.source, in_file(), "{} is stated", setting.key);
    }
    for setting in every_setting() {
        let (section, key) = setting.rsplit_once('.').unwrap();
        let variable =
            format!("STRONGROOM_{}__{}", section.replace('.', "__").to_uppercase(), key.to_uppercase());
        let is_stated = EXAMPLE.lines().any(|line| {
            let line = line.trim_start_matches("# ");
            line.starts_with(&format!("{key} = "))
                || line.contains(&format!("or {key} "))
                || line.contains(&variable)
        });
        assert!(is_stated, "{setting}");
    }
}

#[test]
fn the_example_s_commented_issuer_is_good_once_uncommented() {
    let (before, rest) = EXAMPLE.split_once("# [[issuer]]").unwrap();
    let (issuer, after) = rest.split_once("\n\n").unwrap();
    let text = format!("{before}[[issuer]]{}\n\n{after}", issuer.replace("\n# ", "\n"));
    let config = load(&text, &[]).unwrap().config;
    assert_eq!(config.issuers.len(), 1);
    assert_eq!(config.issuers[0].keys, IssuerKeys::Jwks(PathBuf::from("/etc/strongroom/shop-keys.json")));
}

#[test]
fn the_example_s_commented_chain_states_the_defaults() {
    let (before, chain) = EXAMPLE.split_once("# [[chain]]").unwrap();
    let (chain, after) = chain.split_once("\n\n").unwrap();
    let named = after.replace("chain_ids = []", "chain_ids = [\"5000\"]");
    let text = format!("{before}[[chain]]{}\n\n{named}", chain.replace("\n# ", "\n"));
    let chains = load(&text, &[]).unwrap().config.chains;
    assert_eq!(chains[0].1, [(ChainId::parse("5000").unwrap(), strongroom_wallet::Deployment::default())]);
}

#[test]
fn the_example_s_commented_gateway_is_good_in_the_place_of_the_safe() {
    let (before, rest) = EXAMPLE.split_once("[safe]").unwrap();
    let (_, rest) = rest.split_once("# [upstream]").unwrap();
    let (upstream, after) = rest.split_once("\n\n").unwrap();
    let text = format!("{ISSUER}{before}[upstream]{}\n\n{after}", upstream.replace("\n# ", "\n"));
    let loaded = load(&text, &[]).unwrap();
    assert!(matches!(loaded.config.place, Place::Remote(_)));
    let defaults = load(&format!("{UPSTREAM}{ISSUER}{TENANT}"), &[]).unwrap();
    for setting in loaded.in_force.iter().filter(|it| it.key.starts_with("upstream")) {
        let default = defaults.in_force.iter().find(|it| it.key == setting.key).unwrap();
        let is_given = setting.key == "upstream.safe_url";
        assert!(is_given || setting.value == default.value, "{}", setting.key);
    }
}

#[test]
fn the_example_s_commented_tls_is_good_once_uncommented() {
    let text = EXAMPLE.replace("# [server.tls]", "[server.tls]").replace("# certificate", "certificate");
    let text = text.replace("# private_key", "private_key").replace("# client_ca", "client_ca");
    let tls = load(&text, &[]).unwrap().config.server.tls.unwrap();
    assert_eq!(tls.private_key, Path::new("/etc/strongroom/tls/key.pem"));
    assert_eq!(tls.client_authorities, None);
}

#[test]
fn the_reference_lists_every_setting_with_its_default_and_no_other() {
    let reference = include_str!("../../../../docs/reference/configuration.md");
    let rows: Vec<Vec<&str>> = reference
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let mut listed: Vec<_> = rows.iter().map(|row| row[1].trim_matches('`').to_owned()).collect();
    let mut settings = every_setting();
    listed.sort();
    settings.sort();
    assert_eq!(listed, settings);

    // Loaded where paths are as they are written.
    for text in [CHAINS.to_owned(), format!("{UPSTREAM}{ISSUER}{TENANT}")] {
        let layers = Layers::new(Vec::new()).with_text(Path::new("strongroom.toml"), &text);
        let loaded = Config::load(layers).unwrap();
        let is_given = |key: &str| {
            key.starts_with("tenant")
                || key.starts_with("issuer")
                || key.ends_with("_url")
                || key == "chain[0].id"
        };
        for setting in loaded.in_force.iter().filter(|it| !is_given(&it.key)) {
            let row =
                rows.iter().find(|row| row[1] == format!("`{}`", setting.key.replace("[0]", ""))).unwrap();
            assert_eq!(row[3].trim_matches('`'), setting.value.as_deref().unwrap(), "{}", setting.key);
        }
    }
}
