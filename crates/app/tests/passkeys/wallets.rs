//! Whose wallets are named: those of the passkey that was shown, on the chains of its tenant.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_executor::block_on;
use strongroom_ports::ChainId;
use strongroom_testkit::fake::PaperWallets;
use strongroom_testkit::sample;

use crate::doubles::House;

fn chain(id: &str) -> ChainId {
    ChainId::parse(id).unwrap()
}

/// A house where the first tenant has two chains, and the other one has one of its own.
fn house() -> House {
    let wallets = PaperWallets::new([
        (sample::tenant(sample::TENANT), vec![chain("1"), chain("8453")]),
        (sample::tenant(sample::OTHER_TENANT), vec![chain("10")]),
    ]);
    let house = House::new();
    House { passkeys: house.passkeys.with_wallets(Arc::new(wallets)), ..house }
}

#[test]
fn a_passkey_has_the_same_wallets_at_every_sign_in_and_no_two_have_one() {
    block_on(async {
        let house = house();
        let (jane, john) = (house.sign_up("jane's").await, house.sign_up("john's").await);
        assert_eq!(jane.wallets.keys().copied().collect::<Vec<_>>(), [chain("1"), chain("8453")]);
        assert_eq!(house.sign_in("jane's", 1).await.unwrap().wallets, jane.wallets);
        assert_ne!(john.wallets, jane.wallets);
    });
}

#[test]
fn a_second_passkey_of_an_account_has_wallets_of_its_own_and_leaves_the_first_its_own() {
    block_on(async {
        let house = house();
        let first = house.sign_up("first").await;
        let second = house.add(&first.signed_in, "second").await.unwrap();
        assert_eq!(second.signed_in.caller, first.signed_in.caller);
        assert!(!second.wallets.is_empty());
        assert_ne!(second.wallets, first.wallets);
        assert_eq!(house.sign_in("second", 1).await.unwrap().wallets, second.wallets);
        assert_eq!(house.sign_in("first", 1).await.unwrap().wallets, first.wallets);
    });
}

#[test]
fn a_tenant_has_its_own_chains() {
    block_on(async {
        let there = house().sign_up_at(sample::OTHER_TENANT, "jane's").await.unwrap();
        assert_eq!(there.wallets.keys().copied().collect::<Vec<_>>(), [chain("10")]);
    });
}

#[test]
fn without_wallets_nobody_has_one() {
    block_on(async {
        let house = House::new();
        assert_eq!(house.sign_up("jane's").await.wallets, BTreeMap::new());
        assert_eq!(house.sign_in("jane's", 1).await.unwrap().wallets, BTreeMap::new());
    });
}
