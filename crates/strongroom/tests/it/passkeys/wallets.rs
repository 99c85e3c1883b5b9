//! The wallets of a passkey, over the real binary: of the very key that the device made, and of no other.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use strongroom_ports::{ChainId, P256Point, TenantId, WalletDirectory};
use strongroom_wallet::{Deployment, SafeWallets, SaltNonce};

use super::{Device, PAGE, UP, add, options, post, sign_in, text};
use crate::support::World;

const TENANT: &str = "rp_id = \"localhost\"\n";

/// The point in a credential's public key (`SubjectPublicKeyInfo`), which ends with it.
fn point(credential: &Value) -> P256Point {
    let key = URL_SAFE_NO_PAD.decode(text(&credential["response"]["publicKey"])).unwrap();
    let (rest, y) = key.split_last_chunk().unwrap();
    let (rest, x) = rest.split_last_chunk().unwrap();
    assert_eq!(rest.last(), Some(&4), "uncompressed");
    P256Point { x: *x, y: *y }
}

/// What `strongroom-wallet` says of it, which other SDKs have checked, on a chain as it is and on one that is described.
fn expected(credential: &Value) -> Value {
    let (tenant, described) = (TenantId::parse("localhost").unwrap(), {
        let mut deployment = Deployment::default();
        deployment.salt_nonce = SaltNonce::parse("7").unwrap();
        deployment
    });
    let [known, other] = ["8453", "5000"].map(|id| ChainId::parse(id).unwrap());
    let wallets =
        SafeWallets::new([(tenant.clone(), vec![(known, Deployment::default()), (other, described)])]);
    let wallets = wallets.wallets(&tenant, &point(credential));
    let named: BTreeMap<_, _> =
        wallets.iter().map(|(chain, address)| (chain.to_string(), address.as_str())).collect();
    json!(named)
}

#[test]
fn each_passkey_is_told_its_own_wallets_on_the_chains_of_its_tenant() {
    let world = World::new("[[chain]]\nid = \"5000\"\nsalt_nonce = \"7\"\n");
    let config = std::fs::read_to_string(world.config()).unwrap();
    assert!(config.contains(TENANT));
    let chains = format!("{TENANT}chain_ids = [\"8453\", \"5000\"]\n");
    std::fs::write(world.config(), config.replacen(TENANT, &chains, 1)).unwrap();

    let safe = world.serve();
    let mut client = safe.connect();
    let (mut phone, mut laptop) = (Device::at(PAGE), Device::at(PAGE));
    let credential = phone.make(&options(&mut client, UP));
    let first = post(&mut client, UP, &credential, &json!({})).json();
    assert_eq!(first["safeAddress"], expected(&credential));
    assert_eq!(sign_in(&mut client, &mut phone, &json!({})).json()["safeAddress"], first["safeAddress"]);

    let second = add(&mut client, &mut laptop, &first).json();
    assert_eq!(second["subject"], first["subject"]);
    assert_eq!(second["safeAddress"].as_object().unwrap().len(), 2);
    assert_ne!(second["safeAddress"], first["safeAddress"], "an added passkey owns other wallets");
    assert_eq!(sign_in(&mut client, &mut laptop, &json!({})).json()["safeAddress"], second["safeAddress"]);
    assert_eq!(sign_in(&mut client, &mut phone, &json!({})).json()["safeAddress"], first["safeAddress"]);
}
