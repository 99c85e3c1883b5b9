//! What a request says of its tenant, parsed from query and headers; the rules are `strongroom_app`'s.

use http::header::{HOST, ORIGIN, REFERER};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Uri};
use strongroom_app::NamedTenant;

use crate::problem::Problem;

const X_RP_ID_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-rpid"), HeaderName::from_static("x-rp-id")];

/// The names a request carries, owned where they had to be folded or decoded.
#[derive(Debug, Default)]
pub(crate) struct TenantNames {
    rp_id: Option<String>,
    origin: Option<String>,
    referer_host: Option<String>,
    host: Option<String>,
}

impl TenantNames {
    /// Reads them; text that no name could be is an unknown tenant, never none.
    pub(crate) fn of(head: &Parts) -> Result<Self, Problem> {
        let text = |name: &HeaderName| header(&head.headers, name);
        let mut rp_id = query_value(&head.uri, "rpId");
        for name in &X_RP_ID_HEADERS {
            if rp_id.is_none() {
                rp_id = text(name)?.map(str::to_owned);
            }
        }
        Ok(Self {
            rp_id: rp_id.map(|name| name.to_ascii_lowercase()),
            origin: text(&ORIGIN)?.map(str::to_owned),
            referer_host: text(&REFERER)?.and_then(|uri| host_of(uri.parse::<Uri>().ok()?.authority()?)),
            host: text(&HOST)?.and_then(|authority| host_of(&authority.parse().ok()?)),
        })
    }

    pub(crate) fn as_named(&self) -> NamedTenant<'_> {
        NamedTenant {
            rp_id: self.rp_id.as_deref(),
            origin: self.origin.as_deref(),
            referer_host: self.referer_host.as_deref(),
            host: self.host.as_deref(),
        }
    }
}

/// The first value of a query parameter, decoded.
pub(crate) fn query_value(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    headers.get(name).map(|value| value.to_str()).transpose().map_err(|_| Problem::UnknownTenant)
}

fn host_of(authority: &Authority) -> Option<String> {
    let host = authority.host();
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}
