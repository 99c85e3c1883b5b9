//! Strongroom's use cases, over ports alone: the safe itself ([`LocalSafe`]), sessions ([`Identity`]), tenants and origins
//! ([`Tenants`]).
//!
//! Decides over plain values that an inbound adapter has parsed. Knows neither hyper nor tokio, and never logs more of a
//! person than [`RecordId`](strongroom_ports::RecordId) prints.

mod identity;
mod local_safe;
mod public_box;
mod record_turns;
#[cfg_attr(not(test), expect(dead_code, reason = "passkeys and mails are the next step"))]
mod sealed_note;
mod sign_up_quota;
mod tenants;

pub use identity::{Identity, IdentityError, SignedIn};
pub use local_safe::LocalSafe;
pub use sign_up_quota::SignUpQuota;
pub use tenants::{NamedTenant, Origin, Tenant, TenantRefusal, Tenants};
