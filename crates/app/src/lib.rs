//! Strongroom's use cases, over ports alone: the safe itself ([`LocalSafe`]), who follows it ([`Changes`]), sessions
//! ([`Identity`]), passkeys ([`Passkeys`]), the end of an account ([`Accounts`]), e-mail addresses ([`EmailConfirmation`], [`MailOutbox`]), tenants and origins ([`Tenants`]).
//!
//! Decides over plain values that an inbound adapter has parsed. Knows neither hyper nor tokio, and never logs more of a
//! person than [`RecordId`](strongroom_ports::RecordId) prints.

mod account;
mod changes;
mod doorbells;
mod email_confirmation;
mod following;
mod identity;
mod local_safe;
mod mail_bell;
mod mail_note;
mod mail_outbox;
mod mail_sending;
mod passkey_note;
mod passkeys;
mod past;
mod public_box;
mod record_turns;
mod sealed_note;
mod sign_up_quota;
mod telling;
mod tenants;
mod told;

pub use account::Accounts;
pub use changes::Changes;
pub use doorbells::{Doorbells, Listening, Rung};
pub use email_confirmation::{ConfirmationError, Confirmed, EmailConfirmation};
pub use following::Following;
pub use identity::{Identity, IdentityError, OwnSession, SignedIn};
pub use local_safe::LocalSafe;
pub use mail_bell::MailBell;
pub use mail_outbox::{MailFigures, MailOutbox};
pub use mail_sending::MailSending;
pub use passkey_note::KeyNames;
pub use passkeys::{MAX_PASSKEYS, OwnPasskey, PasskeyError, Passkeys, SignedInByPasskey};
pub use sealed_note::wrapped_key_of_note;
pub use sign_up_quota::SignUpQuota;
pub use tenants::{NamedTenant, Origin, Tenant, TenantRefusal, Tenants};
pub use told::{Pace, Told};
