//! What a request says of its tenant, parsed from query and headers; the rules are `strongroom_app`'s.

use http::header::{HOST, ORIGIN, REFERER};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderName, Uri};
use strongroom_app::NamedTenant;

use crate::problem::Problem;

const X_RPID: HeaderName = HeaderName::from_static("x-rpid");
const X_RP_ID: HeaderName = HeaderName::from_static("x-rp-id");

/// The names a request carries, owned where they had to be folded or decoded.
#[derive(Debug, Default)]
pub(crate) struct TenantNames {
    rp_ids: [Option<String>; 3],
    origin: Option<String>,
    referer_host: Option<String>,
    host: Option<String>,
}

impl TenantNames {
    /// What a request with a token names beside it. An rpId or origin that no name could be is an unknown tenant, never
    /// none.
    pub(crate) fn beside_token(head: &Parts) -> Result<Self, Problem> {
        let mut names = Self::default();
        let [of_query, first, second] = &mut names.rp_ids;
        *of_query = query_value(&head.uri, "rpId")?.map(|name| name.to_ascii_lowercase());
        // One pass, as nearly every head has none of them. None comes twice: the gate has refused that.
        for (name, value) in &head.headers {
            let text = || value.to_str().map_err(|_| Problem::UnknownTenant { is_readable: true });
            if *name == X_RPID {
                *first = Some(text()?.to_ascii_lowercase());
            } else if *name == X_RP_ID {
                *second = Some(text()?.to_ascii_lowercase());
            } else if *name == ORIGIN {
                names.origin = Some(text()?.to_owned());
            }
        }
        Ok(names)
    }

    /// What a request without a token names: the same, and the last resorts, where what cannot be read names nobody.
    pub(crate) fn without_token(head: &Parts) -> Result<Self, Problem> {
        let hint = |name: &HeaderName| head.headers.get(name)?.to_str().ok();
        Ok(Self {
            referer_host: hint(&REFERER).and_then(|uri| host_of(uri.parse::<Uri>().ok()?.authority()?)),
            host: hint(&HOST).and_then(|authority| host_of(&authority.parse().ok()?)),
            ..Self::beside_token(head)?
        })
    }

    pub(crate) fn as_named(&self) -> NamedTenant<'_> {
        NamedTenant {
            rp_ids: self.rp_ids.each_ref().map(Option::as_deref),
            origin: self.origin.as_deref(),
            referer_host: self.referer_host.as_deref(),
            host: self.host.as_deref(),
        }
    }
}

/// The value of a query parameter, decoded. Two of them are two opinions, and nobody may choose.
pub(crate) fn query_value(uri: &Uri, name: &str) -> Result<Option<String>, Problem> {
    let mut values = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned());
    let first = values.next();
    if values.next().is_some() { Err(Problem::MalformedRequest) } else { Ok(first) }
}

/// Whether a query, if there is one, does no more than name a tenant.
pub(crate) fn names_no_more_than_a_tenant(uri: &Uri) -> bool {
    uri.query().is_none_or(|query| form_urlencoded::parse(query.as_bytes()).all(|(key, _)| key == "rpId"))
}

fn host_of(authority: &Authority) -> Option<String> {
    let host = authority.host();
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}
