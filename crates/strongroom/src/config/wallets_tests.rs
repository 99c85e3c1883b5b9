//! Chains: none until a tenant names them, and none whose contracts nobody vouches for.

use strongroom_ports::ChainId;
use strongroom_wallet::{Contract, Deployment};

use super::tests::{ISSUER, TENANT, UPSTREAM, load, problems};
use super::wallets::TenantChains;

/// A tenant on a chain that is known and on one that is not, and what stands on the latter.
pub(super) const CHAINS: &str = r#"
    [[chain]]
    id = "5000"

    [[tenant]]
    rp_id = "localhost"
    chain_ids = ["1", "5000"]
"#;
const SAFE_L2: &str = "0x29fcB43b46531BcA003ddC8FCB67FFE91900C762";

fn chains(text: &str) -> Vec<TenantChains> {
    load(text, &[]).unwrap().config.chains
}

fn found(text: &str) -> Vec<(String, String)> {
    problems(load(text, &[])).into_iter().map(|problem| (problem.key, problem.message)).collect()
}

#[test]
fn there_are_no_wallets_until_a_tenant_names_a_chain() {
    assert!(chains(TENANT).is_empty());
    let named = chains(&format!("{TENANT}chain_ids = [\"8453\", \"1\"]"));
    assert_eq!(named.len(), 1);
    assert_eq!(named[0].0.as_str(), "localhost");
    let ids: Vec<_> = named[0].1.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(ids, ["8453", "1"]);
    assert!(named[0].1.iter().all(|(_, deployment)| *deployment == Deployment::default()));
}

#[test]
fn what_a_chain_says_holds_there_and_nowhere_else() {
    let said = format!("id = \"5000\"\nsingleton = \"{SAFE_L2}\"\np256_precompile = 256\nsalt_nonce = \"7\"");
    let text = CHAINS.replace("id = \"5000\"\n", &format!("{said}\n"));
    let [(_, chains)] = chains(&text).try_into().unwrap();
    let on = |id: &str| &chains.iter().find(|(chain, _)| Some(*chain) == ChainId::parse(id)).unwrap().1;
    assert_eq!(*on("1"), Deployment::default());
    let there = on("5000");
    assert_eq!(there.at(Contract::Singleton).to_string(), SAFE_L2);
    assert_eq!((there.p256_precompile, there.salt_nonce == Deployment::default().salt_nonce), (256, false));
    for contract in Contract::ALL.into_iter().filter(|contract| *contract != Contract::Singleton) {
        assert_eq!(there.at(contract), Deployment::default().at(contract));
    }
}

#[test]
fn each_contract_is_set_by_a_key_of_its_own() {
    let elsewhere = "0xfD90FAd33ee8b58f32c00aceEad1358e4AFC23f9";
    let mut moved = Vec::new();
    for key in [
        "proxy_factory",
        "singleton",
        "multi_send",
        "module_setup",
        "safe_4337_module",
        "shared_signer",
        "p256_verifier",
    ] {
        let text = CHAINS.replace("id = \"5000\"\n", &format!("id = \"5000\"\n{key} = \"{elsewhere}\"\n"));
        let [(_, chains)] = chains(&text).try_into().unwrap();
        let of_key = Contract::ALL.into_iter().filter(|it| chains[1].1.at(*it).to_string() == elsewhere);
        moved.extend(of_key);
    }
    assert_eq!(moved, Contract::ALL);
}

#[test]
fn a_chain_that_nobody_vouches_for_is_refused() {
    let not_known = "not known to have the canonical contracts: a [[chain]] must say what stands there";
    let another_rule = "this chain makes addresses by another rule";
    let no_id = "expected the id of a chain, decimal digits in quotes";
    let no_address = "expected 0x and 40 hexadecimal digits, in the case that EIP-55 gives them";
    let tenant = |ids: &str| format!("{TENANT}chain_ids = {ids}");
    let chain = |said: &str| CHAINS.replace("id = \"5000\"\n", said);
    for (text, key, message) in [
        (tenant("[\"5000\"]"), "tenant[0].chain_ids[0]", not_known),
        (tenant("[\"1\", \"324\"]"), "tenant[0].chain_ids[1]", another_rule),
        (tenant("[\"1\", \"1\"]"), "tenant[0].chain_ids[1]", "named twice"),
        (tenant("[\"0x1\"]"), "tenant[0].chain_ids[0]", no_id),
        (
            tenant(&format!("{:?}", (1..=33).map(|it| it.to_string()).collect::<Vec<_>>())),
            "tenant[0].chain_ids",
            "more than 32 chains",
        ),
        (format!("{TENANT}[[chain]]\nid = \"1\""), "chain[0].id", "no [[tenant]] has it among its chain_ids"),
        (format!("{CHAINS}[[chain]]\nid = \"5000\""), "chain[1].id", "named twice"),
        (chain("id = \"300\"\n"), "chain[0].id", another_rule),
        (chain(""), "chain[0].id", "must be given"),
        (
            chain(&format!("id = \"5000\"\nsingleton = \"{}\"\n", SAFE_L2.to_lowercase())),
            "chain[0].singleton",
            no_address,
        ),
        (
            chain("id = \"5000\"\nsalt_nonce = \"01\"\n"),
            "chain[0].salt_nonce",
            "expected decimal digits in quotes, below 2^256",
        ),
        (
            chain("id = \"5000\"\np256_precompile = 65536\n"),
            "chain[0].p256_precompile",
            "expected a whole number from 0 to 65535",
        ),
    ] {
        assert_eq!(found(&text), [(key.to_owned(), message.to_owned())], "{text}");
    }
}

#[test]
fn a_gateway_has_no_chains() {
    let found = found(&format!("{UPSTREAM}{ISSUER}{CHAINS}"));
    let keys: Vec<_> = found.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["tenant[0].chain_ids", "chain[0].id"]);
}
