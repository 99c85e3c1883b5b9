//! A tenant, as far as its passkeys go: whom the options name, and whose pages may bring an answer.
//!
//! Plain values, which whoever composes the process takes from the configuration. No origin is derived from an rpId here.

use std::fmt;

use strongroom_ports::TenantId;
use thiserror::Error;
use url::Url;
use webauthn_rs_core::WebauthnCore;

use crate::open_ceremonies::TIMEOUT;

/// A tenant that has passkeys.
#[derive(Debug, Clone)]
pub struct PasskeyTenant {
    /// Its rpId (Web Authentication, section 5.4.2).
    pub id: TenantId,
    /// Its name, for people.
    pub name: String,
    /// The web origins whose pages may make and show its passkeys, exactly as browsers send them.
    pub origins: Vec<String>,
}

/// An origin that no browser sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an origin of a tenant is no URL")]
pub struct OriginError;

/// A relying party: a tenant, and the library set up for it.
pub(crate) struct RelyingParty {
    pub(crate) id: TenantId,
    pub(crate) name: String,
    origins: Vec<String>,
    pub(crate) library: WebauthnCore,
}

impl RelyingParty {
    pub(crate) fn new(tenant: PasskeyTenant) -> Result<Self, OriginError> {
        let PasskeyTenant { id, name, origins } = tenant;
        let urls = origins.iter().map(|origin| Url::parse(origin).map_err(|_| OriginError));
        let urls = urls.collect::<Result<_, _>>()?;
        // Neither sub-domains nor other ports: what we hold against the origin first is narrower still.
        let (subdomains, ports) = (Some(false), Some(false));
        let library =
            WebauthnCore::new_unsafe_experts_only(&name, id.as_str(), urls, TIMEOUT, subdomains, ports);
        Ok(Self { id, name, origins, library })
    }

    /// Whether an origin is registered, byte for byte.
    pub(crate) fn has_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|registered| registered == origin)
    }
}

/// All of it is configuration, no secret; the library's part says nothing new.
impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelyingParty")
            .field("id", &self.id)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}
