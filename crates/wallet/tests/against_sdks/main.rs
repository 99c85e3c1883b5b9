//! Every address is the one that SDKs of others predict, computed as the test runs: none is written down here.
//!
//! `permissionless` (on `viem`) and `abstractionkit` (on `ethers`) share no line with ours, nor their encoders and hashes with each
//! other. What Safe publishes about its deployments holds the lists of chains.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set its scene has failed")]

mod orders;
mod sdks;

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};

use alloy_primitives::hex;
use serde_json::{Value, json};
use strongroom_ports::{ChainId, P256Point, TenantId, WalletDirectory};
use strongroom_testkit::contract;
use strongroom_wallet::{
    Contract, Deployment, PROXY_CREATION_CODE, SafeWallets, has_canonical_contracts, has_other_create2,
};

use orders::Order;

/// Besides those whose coordinates begin with zeros.
const RANDOM_KEYS: usize = 24;

fn tenant() -> TenantId {
    TenantId::parse("shop.example").unwrap()
}

fn coordinate(hex: &Value) -> [u8; 32] {
    let hex = hex.as_str().unwrap();
    assert_eq!(hex.len(), 64);
    std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
}

#[test]
fn every_address_is_the_one_that_other_sdks_predict() {
    // Every failure names it: to repeat one, put that number here.
    let seed = RandomState::new().hash_one("a seed");
    let orders = orders::all();
    let question = json!({
        "seed": seed.to_string(),
        "keys": RANDOM_KEYS,
        "proxy_creation_code": hex::encode_prefixed(PROXY_CREATION_CODE),
        "orders": orders.iter().map(Order::as_asked).collect::<Vec<_>>(),
    });
    let answer = sdks::ask("predict", &question);
    assert_eq!(
        answer["given_init_hash"], answer["known_init_hash"],
        "the proxy's code is the one an SDK knows"
    );

    let (mut compared, mut leading_zeros) = (0, BTreeSet::new());
    for wallet in answer["wallets"].as_array().unwrap() {
        let order = orders.iter().find(|order| wallet["order"] == order.name).unwrap();
        let owner = P256Point { x: coordinate(&wallet["x"]), y: coordinate(&wallet["y"]) };
        let directory = SafeWallets::new([(tenant(), vec![(order.chain, order.deployment.clone())])]);
        let ours = &directory.wallets(&tenant(), &owner)[&order.chain];
        assert_eq!(ours.as_str(), wallet["address"], "{}, {}, seed {seed}", order.name, wallet["sdk"]);
        compared += 1;
        leading_zeros
            .extend([("x", owner.x), ("y", owner.y)].iter().filter(|it| it.1[0] == 0).map(|it| it.0));
    }
    let asked: usize = orders.iter().map(|order| order.sdks.len()).sum();
    assert_eq!(compared, asked * (RANDOM_KEYS + 2), "seed {seed}");
    assert_eq!(leading_zeros, BTreeSet::from(["x", "y"]), "seed {seed}");
}

#[test]
fn the_chains_that_are_known_have_all_contracts_where_safe_publishes_them() {
    let published = sdks::ask("published", &json!({}));
    let contracts = published["contracts"].as_object().unwrap();
    // All but the verifier, which Safe publishes in prose; an SDK's own default holds it.
    assert_eq!(contracts.len(), Contract::ALL.len() - 1);
    let chains: BTreeSet<_> =
        contracts.values().flat_map(|chains| chains.as_object().unwrap().keys()).collect();
    let deployment = Deployment::default();
    for id in chains {
        let chain = ChainId::parse(id).unwrap();
        let has_all = Contract::ALL
            .iter()
            .filter_map(|contract| Some((contract, contracts.get(&format!("{contract:?}"))?)))
            .all(|(contract, at)| at[id] == deployment.at(*contract).to_string());
        let is_zksync = published["zksync"].as_array().unwrap().contains(&json!(id));
        assert_eq!(has_canonical_contracts(chain), has_all && !is_zksync, "{id}");
    }
    for id in published["zksync"].as_array().unwrap() {
        assert!(has_other_create2(ChainId::parse(id.as_str().unwrap()).unwrap()), "{id}");
    }
    assert!(!has_other_create2(ChainId::parse("1").unwrap()));
    assert!(!has_canonical_contracts(ChainId::parse("18446744073709551615").unwrap()));
}

#[test]
fn safes_keep_the_contract_of_wallets() {
    let (with_chains, without) = (tenant(), TenantId::parse("other.example").unwrap());
    let chains = ["1", "8453", "42161"].map(|id| ChainId::parse(id).unwrap());
    let deployed = chains.map(|chain| (chain, Deployment::default())).to_vec();
    let wallets = SafeWallets::new([(with_chains.clone(), deployed), (without.clone(), Vec::new())]);
    contract::wallet_directory(&wallets, &with_chains, &chains, &without);
}

#[test]
fn each_part_of_a_deployment_is_in_the_address() {
    let chain = ChainId::parse("1").unwrap();
    let owner = P256Point { x: [1; 32], y: [2; 32] };
    let mut seen = BTreeSet::new();
    for order in orders::single_changes() {
        let directory = SafeWallets::new([(tenant(), vec![(chain, order.deployment)])]);
        let address = directory.wallets(&tenant(), &owner)[&chain].as_str().to_owned();
        assert!(seen.insert(address), "{}", order.name);
    }
}
