//! Which wallet a passkey owns: the address of its Safe on each chain of a tenant, behind the port
//! [`WalletDirectory`](strongroom_ports::WalletDirectory).
//!
//! Nothing here asks a chain or a clock, keeps anything, or knows a private key. Hashes, encodings and checksums are
//! `alloy`'s; which contracts stand where is configuration.

mod canonical;
mod contract_address;
mod counterfactual;
mod deployment;
mod proxy_code;
mod safe_wallets;

pub use canonical::{has_canonical_contracts, has_other_create2};
pub use contract_address::{AddressRefused, ContractAddress};
pub use deployment::{Contract, Deployment, SaltNonce};
pub use proxy_code::PROXY_CREATION_CODE;
pub use safe_wallets::SafeWallets;

/// The README's example runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
