//! Who asks: a person within a tenant.

use std::fmt;

use strongroom_domain::ExternalUserId;
use thiserror::Error;

/// A tenant: an rpId, which is a registered domain. Users of one tenant do not exist in another.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Box<str>);

impl TenantId {
    /// Parses a domain name in lower case, or `localhost`: 1 to 253 bytes of `[a-z0-9.-]`, labels of 1 to 63 bytes.
    ///
    /// # Errors
    ///
    /// [`TenantIdError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, TenantIdError> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() <= 253 && text.split('.').all(label) {
            Ok(Self(text.into()))
        } else {
            Err(TenantIdError)
        }
    }

    /// The rpId.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A tenant is configuration, no secret.
impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not a domain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a domain name in lower case")]
pub struct TenantIdError;

/// The person a verified token speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Whose world the person lives in.
    pub tenant: TenantId,
    /// The application's own name for the person.
    pub person: ExternalUserId,
}
