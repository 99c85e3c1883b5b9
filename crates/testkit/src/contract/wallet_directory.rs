//! What every [`WalletDirectory`] must do.

use std::collections::BTreeSet;

use strongroom_ports::{ChainId, P256Point, TenantId, WalletDirectory};

/// Runs every rule of [`WalletDirectory`] for a tenant that has these chains, at least one, and for one that is known and has
/// none.
///
/// # Panics
///
/// At the first rule that the directory breaks.
pub fn wallet_directory(
    directory: &dyn WalletDirectory,
    tenant: &TenantId,
    chains: &[ChainId],
    without_chains: &TenantId,
) {
    assert!(!chains.is_empty(), "the suite is given a chain");
    let stranger = TenantId::parse("wallets.of.nobody.example").unwrap_or_else(|error| panic!("{error}"));
    let mut seen = BTreeSet::new();
    for owner in owners() {
        let wallets = directory.wallets(tenant, &owner);
        let expected: BTreeSet<_> = chains.iter().collect();
        assert_eq!(wallets.keys().collect::<BTreeSet<_>>(), expected, "a wallet on each chain of the tenant");
        assert_eq!(directory.wallets(tenant, &owner), wallets, "one key has always the same wallets");
        let addresses: BTreeSet<_> = wallets.values().map(|address| address.as_str().to_owned()).collect();
        for address in &addresses {
            let digits = address.strip_prefix("0x").unwrap_or_default();
            let is_address = digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            assert!(is_address, "an address is 0x and forty digits");
            assert!(!seen.contains(address), "no two keys have one wallet");
        }
        seen.extend(addresses);
        for nobody in [without_chains, &stranger] {
            assert!(directory.wallets(nobody, &owner).is_empty(), "without chains there are no wallets");
        }
    }
}

/// Keys that are told apart by x alone, by y alone, and by which of the two a number is.
fn owners() -> [P256Point; 4] {
    [([1; 32], [2; 32]), ([1; 32], [3; 32]), ([4; 32], [2; 32]), ([2; 32], [1; 32])]
        .map(|(x, y)| P256Point { x, y })
}
