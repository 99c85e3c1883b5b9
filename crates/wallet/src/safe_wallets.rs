//! [`SafeWallets`]: the Safes of all tenants' passkeys.

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::B256;
use strongroom_ports::{ChainId, P256Point, TenantId, WalletAddress, WalletDirectory};

use crate::counterfactual::{address, init_code_hash};
use crate::deployment::Deployment;

/// Computes the address of the Safe that a passkey owns, on each chain of its tenant. No network, no state.
#[derive(Debug, Default)]
pub struct SafeWallets {
    tenants: HashMap<TenantId, Vec<Chain>>,
}

/// A chain, and what is the same for all wallets there.
#[derive(Debug)]
struct Chain {
    id: ChainId,
    deployment: Deployment,
    init_code_hash: B256,
}

impl SafeWallets {
    /// For these tenants, with the chains of each and what stands there. Without any, nobody has a wallet.
    #[must_use]
    pub fn new(tenants: impl IntoIterator<Item = (TenantId, Vec<(ChainId, Deployment)>)>) -> Self {
        let chain = |(id, deployment)| Chain { id, init_code_hash: init_code_hash(&deployment), deployment };
        let tenants = tenants
            .into_iter()
            .map(|(tenant, chains)| (tenant, chains.into_iter().map(chain).collect()))
            .collect();
        Self { tenants }
    }
}

impl WalletDirectory for SafeWallets {
    fn wallets(&self, tenant: &TenantId, owner: &P256Point) -> BTreeMap<ChainId, WalletAddress> {
        let chains = self.tenants.get(tenant).into_iter().flatten();
        chains
            .map(|chain| {
                let address = address(&chain.deployment, chain.init_code_hash, owner);
                (chain.id, WalletAddress::new(address))
            })
            .collect()
    }
}
