//! Wallets on paper: addresses in the right shape that no chain has, so that nobody is tempted to send anything there.

use std::collections::{BTreeMap, HashMap};

use strongroom_ports::{ChainId, P256Point, TenantId, WalletAddress, WalletDirectory};

use super::checksum;

/// The wallets of the tenants that it was made with.
#[derive(Debug, Default)]
pub struct PaperWallets {
    chains: HashMap<TenantId, Vec<ChainId>>,
}

impl PaperWallets {
    /// For these tenants, on their chains.
    #[must_use]
    pub fn new(chains: impl IntoIterator<Item = (TenantId, Vec<ChainId>)>) -> Self {
        Self { chains: chains.into_iter().collect() }
    }
}

impl WalletDirectory for PaperWallets {
    /// Digits alone, which have no case: the checksum of EIP-55 has nothing to say about them.
    fn wallets(&self, tenant: &TenantId, owner: &P256Point) -> BTreeMap<ChainId, WalletAddress> {
        let chains = self.chains.get(tenant).into_iter().flatten();
        let half = |seed| checksum(seed, &[&owner.x, &owner.y]);
        let address = format!("0x{:020}{:020}", half(0), half(1));
        chains.map(|chain| (*chain, WalletAddress::new(address.clone()))).collect()
    }
}
