//! `[[tenant]]`: a registered domain, its web origins, and how its people sign up.

use strongroom_app::{Origin, Tenant};
use strongroom_ports::{ChainId, TenantId};

use super::raw::flag;
use super::reader::Section;
use super::wallets::read_chain_ids;
use super::web_origin::{check_origin, is_domain};

/// Reads one tenant: `rp_id`, `name` (the `rp_id` when it is not given), `origins`, `sign_up_without_passkey`; and its `chain_ids`.
pub(super) fn read(section: &mut Section<'_>) -> (Option<Tenant>, Option<Vec<ChainId>>) {
    let tenant = read_tenant(section);
    (tenant, read_chain_ids(section))
}

fn read_tenant(section: &mut Section<'_>) -> Option<Tenant> {
    let id = section.required("rp_id", |raw| match raw.text()? {
        text if is_domain(text) => TenantId::parse(text).map_err(|error| error.to_string()),
        _ => Err("expected a domain in lower case, or localhost".to_owned()),
    });
    let rp_id = id.as_ref().map_or("", TenantId::as_str);
    let name = section.read("name", rp_id, |raw| raw.text().map(str::to_owned));
    let origins = section.list("origins", &[], |text| match &id {
        Some(id) => check_origin(text, id.as_str()).map(|()| Origin::new(text.to_owned())),
        // Whether it is the tenant's own cannot be said: one problem is enough.
        None => Ok(Origin::new(text.to_owned())),
    });
    let sign_up_without_passkey = section.read("sign_up_without_passkey", false, flag);
    Some(Tenant {
        id: id?,
        name: name?,
        origins: origins?,
        sign_up_without_passkey: sign_up_without_passkey?,
    })
}
