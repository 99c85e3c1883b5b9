//! Tenants: which one a request belongs to, and which web origins may speak to it.
//!
//! A pure table over plain values. A tenant is an rpId (a registered domain); what is of one does not exist in another.

use std::fmt;
use std::net::IpAddr;

use strongroom_ports::TenantId;
use thiserror::Error;

/// One tenant, as configured.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its rpId.
    pub id: TenantId,
    /// Its name, for people.
    pub name: String,
    /// The web origins that may call, exactly as browsers send them.
    pub origins: Vec<Origin>,
    /// Whether an account can be had without a passkey: for development.
    pub sign_up_without_passkey: bool,
}

/// A web origin, `scheme://host[:port]`, compared byte for byte (RFC 6454).
#[derive(Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Takes an origin as configured; the configuration has checked it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The origin, as configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An origin is configuration, no secret.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tenants of this process.
#[derive(Debug)]
pub struct Tenants {
    all: Vec<Tenant>,
    loopback_is_localhost: bool,
}

/// What a request says of its tenant, parsed: names without port, in lower case.
#[derive(Debug, Clone, Copy, Default)]
pub struct NamedTenant<'a> {
    /// The query's `rpId`, `X-RpId`, `X-Rp-Id`, in this order.
    pub rp_ids: [Option<&'a str>; 3],
    /// `Origin`, as sent.
    pub origin: Option<&'a str>,
    /// The host of `Referer`.
    pub referer_host: Option<&'a str>,
    /// The host of `Host`.
    pub host: Option<&'a str>,
}

/// Why a request has no tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TenantRefusal {
    /// Nothing registered goes by that name or origin: 400.
    #[error("unknown domain or rpId")]
    Unknown,
    /// The token belongs to another tenant than the request names: 401.
    #[error("the token belongs to another tenant")]
    Mismatch,
    /// The token belongs to another tenant than the page that sends it: 401, and the page may not read that.
    #[error("the token belongs to another tenant than the page")]
    MismatchOfPage,
    /// The request names another tenant than that of the page that sends it: 400, and the page may not read that.
    #[error("the request names another tenant than the page's")]
    UnknownToPage,
}

impl Tenants {
    /// A table of tenants with distinct ids and origins. With `loopback_is_localhost` the loopback addresses are names of
    /// the tenant `localhost`, which is for development.
    #[must_use]
    pub fn new(all: Vec<Tenant>, loopback_is_localhost: bool) -> Self {
        Self { all, loopback_is_localhost }
    }

    /// The tenant that an origin is registered with.
    #[must_use]
    pub fn of_origin(&self, origin: &str) -> Option<&Tenant> {
        self.all.iter().find(|tenant| tenant.origins.iter().any(|registered| registered.0 == origin))
    }

    /// Whether a host may be ours: it names a tenant, or is an address. A name that is neither leads here because
    /// somebody made it do so (DNS rebinding).
    #[must_use]
    pub fn may_be_host(&self, host: &str) -> bool {
        let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
        is_address || self.of_name(host).is_some()
    }

    /// The tenant of a request that carries a token: the token's, unless the request names another.
    ///
    /// # Errors
    ///
    /// [`TenantRefusal`].
    pub fn with_token(&self, token: &TenantId, named: NamedTenant<'_>) -> Result<&Tenant, TenantRefusal> {
        let tenant = self.all.iter().find(|tenant| tenant.id == *token).ok_or(TenantRefusal::Mismatch)?;
        if let Some(origin) = named.origin {
            let of_origin = self.of_origin(origin).ok_or(TenantRefusal::Unknown)?;
            if of_origin.id != tenant.id {
                return Err(TenantRefusal::MismatchOfPage);
            }
        }
        let mut beside = named.rp_ids.into_iter().flatten();
        let all_agree = beside.all(|name| self.of_name(name).is_some_and(|of_name| of_name.id == tenant.id));
        if all_agree { Ok(tenant) } else { Err(TenantRefusal::Mismatch) }
    }

    /// The tenant that a request names beside a token which cannot be read here: that of its rpIds and of its `Origin`, which
    /// must agree; `None` where it names none. Whoever reads the token still has to compare.
    ///
    /// # Errors
    ///
    /// [`TenantRefusal`], as [`with_token`](Self::with_token) refuses whatever tenant the token is of.
    pub fn beside_unread_token(&self, named: NamedTenant<'_>) -> Result<Option<&Tenant>, TenantRefusal> {
        let by_name = named.rp_ids.into_iter().flatten().next();
        let candidate = match (named.origin, by_name) {
            (Some(origin), _) => self.of_origin(origin).ok_or(TenantRefusal::Unknown)?,
            (None, Some(name)) => self.of_name(name).ok_or(TenantRefusal::Mismatch)?,
            (None, None) => return Ok(None),
        };
        self.with_token(&candidate.id, named).map(Some)
    }

    /// The tenant of a request without a token: by rpId, then `Origin`, `Referer`, `Host`, whichever comes first. A web
    /// origin that is present must be that tenant's.
    ///
    /// # Errors
    ///
    /// [`TenantRefusal::Unknown`] or [`TenantRefusal::UnknownToPage`].
    pub fn without_token(&self, named: NamedTenant<'_>) -> Result<&Tenant, TenantRefusal> {
        let of_origin = match named.origin {
            Some(origin) => Some(self.of_origin(origin).ok_or(TenantRefusal::Unknown)?),
            None => None,
        };
        let by_name = |name| self.of_name(name).ok_or(TenantRefusal::Unknown);
        let rp_id = named.rp_ids.into_iter().flatten().next();
        let tenant = match (rp_id, of_origin, named.referer_host.or(named.host)) {
            (Some(name), _, _) => by_name(name)?,
            (None, Some(tenant), _) => tenant,
            (None, None, Some(host)) => by_name(host)?,
            (None, None, None) => return Err(TenantRefusal::Unknown),
        };
        match of_origin {
            Some(of_origin) if of_origin.id != tenant.id => Err(TenantRefusal::UnknownToPage),
            _ => Ok(tenant),
        }
    }

    /// The tenant that a domain names: its own, or its nearest registered parent's.
    fn of_name(&self, name: &str) -> Option<&Tenant> {
        let loopback = self.loopback_is_localhost && matches!(name, "127.0.0.1" | "[::1]");
        let name = if loopback { "localhost" } else { name };
        if name.split('.').any(str::is_empty) {
            return None;
        }
        let mut candidates = std::iter::successors(Some(name), |name| Some(name.split_once('.')?.1));
        candidates.find_map(|candidate| self.all.iter().find(|tenant| tenant.id.as_str() == candidate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenants() -> Tenants {
        let tenant = |id: &str, origin: &str| Tenant {
            id: TenantId::parse(id).unwrap(),
            name: id.to_owned(),
            origins: vec![Origin::new(origin.to_owned())],
            sign_up_without_passkey: false,
        };
        Tenants::new(
            vec![
                tenant("localhost", "http://localhost:8080"),
                tenant("shop.example", "https://www.shop.example"),
                tenant("eu.shop.example", "https://eu.shop.example"),
            ],
            true,
        )
    }

    fn without_token(named: NamedTenant<'_>) -> Result<String, TenantRefusal> {
        tenants().without_token(named).map(|tenant| tenant.id.as_str().to_owned())
    }

    #[test]
    fn a_sub_domain_belongs_to_its_nearest_registered_parent() {
        for (name, tenant) in [
            ("shop.example", Ok("shop.example")),
            ("a.b.shop.example", Ok("shop.example")),
            ("x.eu.shop.example", Ok("eu.shop.example")),
            ("evilshop.example", Err(TenantRefusal::Unknown)),
            ("example", Err(TenantRefusal::Unknown)),
            ("", Err(TenantRefusal::Unknown)),
            (".shop.example", Err(TenantRefusal::Unknown)),
            ("a..shop.example", Err(TenantRefusal::Unknown)),
            ("127.0.0.1", Ok("localhost")),
            ("[::1]", Ok("localhost")),
        ] {
            let named = NamedTenant { rp_ids: [None, None, Some(name)], ..NamedTenant::default() };
            assert_eq!(without_token(named), tenant.map(str::to_owned), "{name}");
        }
    }

    #[test]
    fn without_a_token_the_first_of_rp_id_origin_referer_host_names_the_tenant() {
        let all = NamedTenant {
            rp_ids: [None, Some("shop.example"), Some("localhost")],
            origin: Some("https://www.shop.example"),
            referer_host: Some("localhost"),
            host: Some("localhost"),
        };
        assert_eq!(without_token(all).unwrap(), "shop.example");
        assert_eq!(without_token(NamedTenant { rp_ids: [None; 3], ..all }).unwrap(), "shop.example");
        let no_origin = NamedTenant { rp_ids: [None; 3], origin: None, ..all };
        assert_eq!(
            without_token(NamedTenant { host: Some("shop.example"), ..no_origin }).unwrap(),
            "localhost"
        );
        assert_eq!(without_token(NamedTenant { referer_host: None, ..no_origin }).unwrap(), "localhost");
        assert_eq!(without_token(NamedTenant::default()), Err(TenantRefusal::Unknown));
    }

    #[test]
    fn an_unregistered_or_foreign_origin_is_refused_whatever_else_is_named() {
        for origin in ["https://evil.example", "null", "https://www.shop.example:443"] {
            let named = NamedTenant {
                rp_ids: [Some("shop.example"), None, None],
                origin: Some(origin),
                ..NamedTenant::default()
            };
            assert_eq!(without_token(named), Err(TenantRefusal::Unknown), "{origin}");
        }
        let of_another = NamedTenant {
            rp_ids: [Some("shop.example"), None, None],
            origin: Some("http://localhost:8080"),
            ..NamedTenant::default()
        };
        assert_eq!(without_token(of_another), Err(TenantRefusal::UnknownToPage));
    }

    #[test]
    fn with_a_token_the_tenant_is_the_tokens_and_another_name_beside_it_is_a_mismatch() {
        let shop = TenantId::parse("shop.example").unwrap();
        let tenants = tenants();
        let verdict = |rp_id, origin| {
            let named =
                NamedTenant { rp_ids: [Some("shop.example"), rp_id, None], origin, ..NamedTenant::default() };
            tenants.with_token(&shop, named).map(|tenant| tenant.id.clone())
        };
        assert_eq!(verdict(None, None), Ok(shop.clone()));
        assert_eq!(verdict(Some("a.shop.example"), Some("https://www.shop.example")), Ok(shop.clone()));
        assert_eq!(verdict(Some("localhost"), None), Err(TenantRefusal::Mismatch));
        assert_eq!(verdict(Some("unknown.example"), None), Err(TenantRefusal::Mismatch));
        assert_eq!(verdict(None, Some("http://localhost:8080")), Err(TenantRefusal::MismatchOfPage));
        assert_eq!(verdict(None, Some("https://evil.example")), Err(TenantRefusal::Unknown));
    }

    #[test]
    fn beside_a_token_that_cannot_be_read_all_names_must_be_of_one_tenant() {
        let tenants = tenants();
        let verdict = |rp_ids, origin| {
            let named = NamedTenant { rp_ids, origin, host: Some("localhost"), ..NamedTenant::default() };
            tenants
                .beside_unread_token(named)
                .map(|tenant| tenant.map(|tenant| tenant.id.as_str().to_owned()))
        };
        let shop = || Ok(Some("shop.example".to_owned()));
        let page = Some("https://www.shop.example");
        assert_eq!(verdict([None; 3], None), Ok(None), "a host names nobody here");
        assert_eq!(verdict([None; 3], page), shop());
        assert_eq!(verdict([None, Some("a.shop.example"), Some("shop.example")], page), shop());
        assert_eq!(verdict([Some("shop.example"), None, None], None), shop());
        assert_eq!(verdict([Some("localhost"), None, None], page), Err(TenantRefusal::Mismatch));
        let two = [Some("shop.example"), None, Some("localhost")];
        assert_eq!(verdict(two, None), Err(TenantRefusal::Mismatch));
        assert_eq!(verdict([Some("unknown.example"), None, None], None), Err(TenantRefusal::Mismatch));
        assert_eq!(verdict([None; 3], Some("https://evil.example")), Err(TenantRefusal::Unknown));
    }

    #[test]
    fn a_token_of_a_tenant_that_is_no_longer_configured_is_a_mismatch() {
        let gone = TenantId::parse("gone.example").unwrap();
        assert_eq!(tenants().with_token(&gone, NamedTenant::default()).unwrap_err(), TenantRefusal::Mismatch);
    }

    #[test]
    fn a_host_is_an_address_or_a_tenants_name() {
        for (host, is_ours) in [
            ("shop.example", true),
            ("a.shop.example", true),
            ("10.0.0.1", true),
            ("[::1]", true),
            ("evil.example", false),
            ("", false),
        ] {
            assert_eq!(tenants().may_be_host(host), is_ours, "{host}");
        }
    }
}
