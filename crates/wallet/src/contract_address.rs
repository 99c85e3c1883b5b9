//! Where a contract stands. A typing error here would send people's money to nobody: an address without its checksum is refused.

use std::fmt;

use alloy_primitives::Address;
use thiserror::Error;

/// The address of a contract: not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractAddress(Address);

/// Why a text is no contract's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressRefused {
    /// Not `0x` and 40 hexadecimal digits with the case that EIP-55 gives them.
    #[error("expected 0x and 40 hexadecimal digits, in the case that EIP-55 gives them")]
    Malformed,
    /// Nothing stands at zero.
    #[error("no contract has the address zero")]
    Zero,
}

impl ContractAddress {
    /// Takes an address as it is written where contracts are published.
    ///
    /// # Errors
    ///
    /// [`AddressRefused`], for all digits in one case as well, which have no checksum.
    pub fn parse(text: &str) -> Result<Self, AddressRefused> {
        match Address::parse_checksummed(text, None) {
            Ok(Address::ZERO) => Err(AddressRefused::Zero),
            Ok(address) => Ok(Self(address)),
            Err(_) => Err(AddressRefused::Malformed),
        }
    }

    /// One of ours, which is not zero.
    pub(crate) const fn canonical(bytes: [u8; 20]) -> Self {
        Self(Address::new(bytes))
    }

    pub(crate) const fn address(self) -> Address {
        self.0
    }
}

impl fmt::Display for ContractAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_checksum(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Contract, Deployment};

    #[test]
    fn an_address_is_taken_with_its_checksum_and_in_no_other_form() {
        let address = Deployment::default().at(Contract::ProxyFactory);
        let text = address.to_string();
        assert_eq!(ContractAddress::parse(&text), Ok(address));
        let digits = &text[2..];
        let wrong = text.replacen('e', "E", 1);
        assert_ne!(wrong, text);
        for refused in [
            wrong,
            text.to_lowercase(),
            format!("0x{}", digits.to_uppercase()),
            digits.to_owned(),
            format!("0X{digits}"),
            format!("{text}0"),
            format!(" {text}"),
            text[..41].to_owned(),
            String::new(),
        ] {
            assert_eq!(ContractAddress::parse(&refused), Err(AddressRefused::Malformed), "{refused:?}");
        }
        let zero = format!("0x{}", "0".repeat(40));
        assert_eq!(ContractAddress::parse(&zero), Err(AddressRefused::Zero));
    }
}
