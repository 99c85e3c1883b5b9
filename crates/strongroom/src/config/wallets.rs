//! `[[chain]]`, and the `chain_ids` of tenants: on which chains a passkey has a wallet, and what stands there. Off until a tenant
//! names a chain: a wrong address loses money.

use strongroom_app::Tenant;
use strongroom_ports::{ChainId, TenantId};
use strongroom_wallet::{
    Contract, ContractAddress, Deployment, SaltNonce, has_canonical_contracts, has_other_create2,
};

use super::known;
use super::raw::Raw;
use super::reader::{Reader, Section};

/// Of one tenant: each is an address to be computed at every sign-in.
const MAX_CHAINS: usize = 32;

/// The chains of one tenant, and what stands there.
pub(crate) type TenantChains = (TenantId, Vec<(ChainId, Deployment)>);

/// One `[[chain]]`.
#[derive(Debug)]
pub(super) struct Chain {
    id: ChainId,
    deployment: Deployment,
}

impl Chain {
    /// Reads `id`, and what is not as the canonical deployments have it.
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let id = section.required("id", |raw| chain_id(raw.text()?));
        let mut deployment = Some(Deployment::default());
        for contract in Contract::ALL {
            let canonical = Deployment::default().at(contract).to_string();
            let address = section.read(key(contract), canonical, contract_address);
            deployment =
                deployment.zip(address).map(|(deployment, address)| deployment.with(contract, address));
        }
        let precompile = section.read("p256_precompile", 0_u32, |raw| raw.whole(0..=u16::MAX.into()));
        let salt_nonce = section.read("salt_nonce", "0", |raw| {
            SaltNonce::parse(raw.text()?)
                .ok_or_else(|| "expected decimal digits in quotes, below 2^256".to_owned())
        });
        let mut deployment = deployment?;
        deployment.p256_precompile = u16::try_from(precompile?).ok()?;
        deployment.salt_nonce = salt_nonce?;
        Some(Self { id: id?, deployment })
    }
}

/// Reads a tenant's `chain_ids`.
pub(super) fn read_chain_ids(section: &mut Section<'_>) -> Option<Vec<ChainId>> {
    let ids = section.list("chain_ids", &[], chain_id)?;
    if ids.len() > MAX_CHAINS {
        return section.refuse("chain_ids", format!("more than {MAX_CHAINS} chains"));
    }
    Some(ids)
}

/// The chains of each tenant; what does not fit together is noted. Those that could not be read are left out.
pub(super) fn tenant_chains(
    reader: &mut Reader,
    tenants: &[Option<Tenant>],
    chain_ids: &[Option<Vec<ChainId>>],
    chains: &[Option<Chain>],
) -> Vec<TenantChains> {
    for (index, chain) in known(chains) {
        let key = format!("chain[{index}].id");
        if known(&chains[..index]).any(|(_, other)| other.id == chain.id) {
            reader.refuse(&key, "named twice");
        }
        let is_certain = chain_ids.iter().all(Option::is_some);
        if is_certain && !known(chain_ids).any(|(_, ids)| ids.contains(&chain.id)) {
            reader.refuse(&key, "no [[tenant]] has it among its chain_ids");
        }
    }
    let all_chains_known = chains.iter().all(Option::is_some);
    let mut all = Vec::new();
    for (index, ids) in known(chain_ids) {
        let mut of_tenant = Vec::new();
        for (at, id) in ids.iter().enumerate() {
            let key = format!("tenant[{index}].chain_ids[{at}]");
            if ids[..at].contains(id) {
                reader.refuse(&key, "named twice");
            }
            let described = known(chains).find(|(_, chain)| chain.id == *id);
            match described {
                Some((_, chain)) => of_tenant.push((*id, chain.deployment.clone())),
                None if has_canonical_contracts(*id) => of_tenant.push((*id, Deployment::default())),
                None if all_chains_known => reader.refuse(
                    &key,
                    "not known to have the canonical contracts: a [[chain]] must say what stands there",
                ),
                None => {}
            }
        }
        let tenant = tenants.get(index).and_then(Option::as_ref);
        all.extend(tenant.filter(|_| !ids.is_empty()).map(|tenant| (tenant.id.clone(), of_tenant)));
    }
    all
}

/// What a contract's address is set by.
const fn key(contract: Contract) -> &'static str {
    match contract {
        Contract::ProxyFactory => "proxy_factory",
        Contract::Singleton => "singleton",
        Contract::MultiSend => "multi_send",
        Contract::ModuleSetup => "module_setup",
        Contract::Safe4337Module => "safe_4337_module",
        Contract::SharedSigner => "shared_signer",
        Contract::P256Verifier => "p256_verifier",
    }
}

fn contract_address(raw: &Raw<'_>) -> Result<ContractAddress, String> {
    ContractAddress::parse(raw.text()?).map_err(|error| error.to_string())
}

fn chain_id(text: &str) -> Result<ChainId, String> {
    match ChainId::parse(text) {
        Some(id) if has_other_create2(id) => Err("this chain makes addresses by another rule".to_owned()),
        Some(id) => Ok(id),
        None => Err("expected the id of a chain, decimal digits in quotes".to_owned()),
    }
}
