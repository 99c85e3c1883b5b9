//! Which chains are known: those that have all contracts where the default says, and those where no such address can be right.
//! `tests/against_sdks` holds both lists to what Safe publishes.

use strongroom_ports::ChainId;

/// Mainnet, OP, Gnosis, Polygon, Base, Arbitrum and their like, by the ids under which Safe publishes the shared signer 0.2.1
/// besides the module 0.3.0 and Safe 1.4.1.
const CANONICAL: &[u64] =
    &[1, 10, 100, 137, 988, 1328, 1329, 2201, 8453, 42_161, 80_002, 84_532, 421_614, 11_155_111];

/// Chains of `ZKsync`'s own virtual machine, whose CREATE2 is another.
const OTHER_CREATE2: &[u64] = &[232, 300, 324, 2741, 11_124, 50_104, 531_050_104];

/// Whether Safe says that all contracts of the default [`Deployment`](crate::Deployment) stand on this chain.
#[must_use]
pub fn has_canonical_contracts(chain: ChainId) -> bool {
    is_among(CANONICAL, chain)
}

/// Whether the chain is known to make addresses by another rule: those computed here would be wrong.
#[must_use]
pub fn has_other_create2(chain: ChainId) -> bool {
    is_among(OTHER_CREATE2, chain)
}

fn is_among(ids: &[u64], chain: ChainId) -> bool {
    ids.iter().any(|id| chain.number() == *id)
}
