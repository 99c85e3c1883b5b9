//! Which wallets a passkey owns, on the chains that a tenant has.
//!
//! A wallet is known by its address alone, and an address is computed: nothing is asked of a chain, nothing is kept, and a wallet
//! need not exist yet. A wrong address loses money: whoever implements this says where each one comes from.

use std::collections::BTreeMap;
use std::fmt;

use crate::caller::TenantId;
use crate::passkey_ceremonies::P256Point;

/// The id of a chain (EIP-155): never zero. Chains are in order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId(u64);

impl ChainId {
    /// Takes an id as it is written on the wire, in decimal digits without a leading zero; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        text.parse().ok().filter(|_| is_plain).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The address of a wallet: `0x` and 40 hexadecimal digits, whose case is a checksum (EIP-55).
#[derive(Clone, PartialEq, Eq)]
pub struct WalletAddress(Box<str>);

impl WalletAddress {
    /// Takes an address; that it is one, with its checksum, is for whoever computed it to know.
    #[must_use]
    pub fn new(checksummed: String) -> Self {
        Self(checksummed.into())
    }

    /// The text, as it is answered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Printed by its kind alone: everybody can see what an address owns.
impl fmt::Debug for WalletAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WalletAddress")
    }
}

/// The wallets that passkeys own.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait WalletDirectory: fmt::Debug + Send + Sync {
    /// The wallet that the passkey with this key owns, on each chain of the tenant: always the same for one key, and no two keys
    /// have one. Empty for a tenant without chains, and for one that is not known.
    fn wallets(&self, tenant: &TenantId, owner: &P256Point) -> BTreeMap<ChainId, WalletAddress>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_id_is_written_in_one_way() {
        for text in ["1", "10", "8453", "18446744073709551615"] {
            assert_eq!(ChainId::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "0", "01", "+1", "-1", "0x1", "1 ", " 1", "1.0", "1e3", "١", "18446744073709551616"]
        {
            assert_eq!(ChainId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_not_printed() {
        let address = WalletAddress::new(format!("0x{}", "1".repeat(40)));
        assert_eq!(format!("{address:?}"), "WalletAddress");
    }
}
