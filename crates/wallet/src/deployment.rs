//! Which contracts a wallet is made with on one chain, and its salt: everything that an address comes of, besides the key.

use alloy_primitives::{U256, hex};

use crate::contract_address::ContractAddress;

/// The contracts, each by its part. Their versions belong together: Safe 1.4.1, the modules of ERC-4337 0.3.0, passkeys 0.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contract {
    /// `SafeProxyFactory` 1.4.1, which deploys the wallet.
    ProxyFactory,
    /// `Safe` or `SafeL2` 1.4.1, which the wallet's proxy calls.
    Singleton,
    /// `MultiSend` 1.4.1: not the variant `CallOnly`, since what sets the wallet up is called in its own place.
    MultiSend,
    /// `SafeModuleSetup` 0.3.0, which enables the module.
    ModuleSetup,
    /// `Safe4337Module` 0.3.0: the wallet's module and fallback handler.
    Safe4337Module,
    /// `SafeWebAuthnSharedSigner` 0.2.1: the wallet's one owner, in whose name the passkey signs.
    SharedSigner,
    /// `FCLP256Verifier` 0.2.1, or another that verifies signatures of P-256.
    P256Verifier,
}

impl Contract {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ProxyFactory,
        Self::Singleton,
        Self::MultiSend,
        Self::ModuleSetup,
        Self::Safe4337Module,
        Self::SharedSigner,
        Self::P256Verifier,
    ];

    /// Where it stands on the chains that have the canonical deployments.
    const fn canonical(self) -> [u8; 20] {
        match self {
            Self::ProxyFactory => hex!("4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67"),
            Self::Singleton => hex!("41675C099F32341bf84BFc5382aF534df5C7461a"),
            Self::MultiSend => hex!("38869bf66a61cF6bDB996A6aE40D5853Fd43B526"),
            Self::ModuleSetup => hex!("2dd68b007B46fBe91B9A7c3EDa5A7a1063cB5b47"),
            Self::Safe4337Module => hex!("75cf11467937ce3F2f357CE24ffc3DBF8fD5c226"),
            Self::SharedSigner => hex!("94a4F6affBd8975951142c3999aEAB7ecee555c2"),
            Self::P256Verifier => hex!("A86e0054C51E4894D88762a017ECc5E5235f5DBA"),
        }
    }
}

/// The number that tells apart the wallets of one key (`saltNonce`): below 2^256.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SaltNonce(U256);

impl SaltNonce {
    /// Takes it in decimal digits, without a leading zero; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'));
        is_plain.then(|| U256::from_str_radix(text, 10).ok()).flatten().map(Self)
    }

    pub(crate) const fn number(self) -> U256 {
        self.0
    }
}

/// What wallets are made of on one chain. The default is what stands on all chains that have the canonical deployments, and what
/// `permissionless` predicts with no options given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    contracts: [ContractAddress; Contract::ALL.len()],
    /// The last two bytes of the address of the chain's own verifier of P-256 (RIP-7212: `0x0100`), which is asked first; 0 for
    /// none. Part of the address, on a chain that has one, too.
    pub p256_precompile: u16,
    /// `saltNonce`.
    pub salt_nonce: SaltNonce,
}

impl Deployment {
    /// Where a contract stands.
    #[must_use]
    pub const fn at(&self, contract: Contract) -> ContractAddress {
        self.contracts[contract as usize]
    }

    /// The same, with a contract elsewhere.
    #[must_use]
    pub fn with(mut self, contract: Contract, address: ContractAddress) -> Self {
        self.contracts[contract as usize] = address;
        self
    }
}

impl Default for Deployment {
    fn default() -> Self {
        Self {
            contracts: Contract::ALL.map(|contract| ContractAddress::canonical(contract.canonical())),
            p256_precompile: 0,
            salt_nonce: SaltNonce::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_contract_has_a_place_of_its_own() {
        for (at, contract) in Contract::ALL.into_iter().enumerate() {
            let elsewhere = ContractAddress::canonical([7; 20]);
            let moved = Deployment::default().with(contract, elsewhere);
            for (other_at, other) in Contract::ALL.into_iter().enumerate() {
                assert_eq!(moved.at(other) == elsewhere, other_at == at, "{contract:?}, {other:?}");
            }
        }
    }

    #[test]
    fn a_salt_nonce_is_written_in_one_way_and_has_256_bits() {
        let most = U256::MAX.to_string();
        assert_eq!(SaltNonce::parse("0"), Some(SaltNonce::default()));
        assert_eq!(SaltNonce::parse(&most).map(SaltNonce::number), Some(U256::MAX));
        let too_much = format!("{most}0");
        for refused in ["", "00", "01", "+1", "-1", "0x1", "1_0", "1 ", too_much.as_str()] {
            assert_eq!(SaltNonce::parse(refused), None, "{refused}");
        }
    }
}
