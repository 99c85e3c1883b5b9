//! The guide's own person and data, and ids that never repeat.
//!
//! What begins with `fresh_` is another at each call, in each process: a suite may run on a store that is shared, or kept.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use strongroom_domain::{ExternalUserId, Generation, Number, Patch, Value};
use strongroom_ports::{
    Caller, MailId, Pseudonym, RecordId, RefreshHash, SessionId, TenantId, Timestamp, WriteId,
};

/// The person of the guide's examples.
pub const EXTERNAL_USER_ID: &str = "c76302cb-f845-40f4-9c56-29710323afba";

/// A second person, who must see nothing of the first.
pub const OTHER_USER_ID: &str = "6a7f0e51-24f6-4a3e-8a3f-0a2c3a1d9b10";

/// The tenant that development uses.
pub const TENANT: &str = "localhost";

/// A second tenant.
pub const OTHER_TENANT: &str = "shop.example";

/// The body of the guide's first write (section 1).
pub const GUIDE_WRITE: &str = r#"{
  "externalUserId": "c76302cb-f845-40f4-9c56-29710323afba",
  "data": {
    "email": "jane.doe@foo.domain",
    "firstName": "Jane",
    "lastName": "Doe",
    "language": "en",
    "optin.newsletter": true,
    "optin.walletAlerts": true,
    "private.apiKey": "secret-api-key-12345"
  }
}"#;

/// What a read answers after it (section 2): without the private key, ordered by key.
pub const GUIDE_VIEW: &str = r#"{"email":"jane.doe@foo.domain","firstName":"Jane","language":"en","lastName":"Doe","optin.newsletter":true,"optin.walletAlerts":true}"#;

/// The body of the guide's partial update (section 3).
pub const GUIDE_UPDATE: &str = r#"{
  "externalUserId": "c76302cb-f845-40f4-9c56-29710323afba",
  "data": {
    "language": "fr",
    "optin.newsletter": false
  }
}"#;

/// What a read answers after the update.
pub const GUIDE_UPDATED_VIEW: &str = r#"{"email":"jane.doe@foo.domain","firstName":"Jane","language":"fr","lastName":"Doe","optin.newsletter":false,"optin.walletAlerts":true}"#;

/// What [`now`] says: 2026-01-01T00:00:00Z.
const NOW_S: i64 = 1_767_225_600;

/// A person by name.
///
/// # Panics
///
/// When the text is no `externalUserId`.
#[must_use]
pub fn person(text: &str) -> ExternalUserId {
    ExternalUserId::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A tenant by its domain.
///
/// # Panics
///
/// When the text is no domain name in lower case.
#[must_use]
pub fn tenant(text: &str) -> TenantId {
    TenantId::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The guide's person, in the tenant of development.
#[must_use]
pub fn caller() -> Caller {
    Caller { tenant: tenant(TENANT), person: person(EXTERNAL_USER_ID) }
}

/// A person nobody has asked for before, in the tenant of development. The label tells a reader which test it was.
#[must_use]
pub fn fresh_caller(label: &str) -> Caller {
    let person = person(&format!("{label}-{:016x}-{:x}", process_tag(), tick()));
    Caller { tenant: tenant(TENANT), person }
}

/// The patch of [`GUIDE_WRITE`].
#[must_use]
pub fn guide_patch() -> Patch {
    patch(&[
        ("email", Some(text("jane.doe@foo.domain"))),
        ("firstName", Some(text("Jane"))),
        ("lastName", Some(text("Doe"))),
        ("language", Some(text("en"))),
        ("optin.newsletter", Some(Value::Bool(true))),
        ("optin.walletAlerts", Some(Value::Bool(true))),
        ("private.apiKey", Some(text("secret-api-key-12345"))),
    ])
}

/// A patch from names and values; no value deletes.
///
/// # Panics
///
/// When a key is refused or named twice.
#[must_use]
pub fn patch(changes: &[(&str, Option<Value>)]) -> Patch {
    let mut patch = Patch::new();
    for (key, value) in changes {
        let asked = match value {
            Some(value) => patch.set(key, value.clone()),
            None => patch.delete(key),
        };
        asked.unwrap_or_else(|error| panic!("{error}"));
    }
    patch
}

/// A string value.
///
/// # Panics
///
/// When it holds U+0000.
#[must_use]
pub fn text(text: &str) -> Value {
    Value::text(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A number value, from its JSON text.
///
/// # Panics
///
/// When it is no number that binary64 keeps.
#[must_use]
pub fn number(text: &str) -> Value {
    Value::Number(Number::parse(text).unwrap_or_else(|error| panic!("{error}")))
}

/// A moment for tests that need one: 2026-01-01T00:00:00Z.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::from_secs(NOW_S)
}

/// The id of a record nobody has written before; the label is part of it, for whoever reads a dump.
#[must_use]
pub fn record_id(label: &str) -> RecordId {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&fresh_bytes());
    for (byte, letter) in bytes[16..].iter_mut().zip(label.bytes()) {
        *byte = letter;
    }
    RecordId::from_bytes(bytes)
}

/// A generation that was never drawn before.
#[must_use]
pub fn fresh_generation() -> Generation {
    Generation::from_bytes(fresh_bytes())
}

/// The id of a write that was never tried before.
#[must_use]
pub fn fresh_write_id() -> WriteId {
    WriteId::from_bytes(fresh_bytes())
}

/// The id of a session that never began before.
#[must_use]
pub fn fresh_session_id() -> SessionId {
    SessionId::from_bytes(fresh_bytes())
}

/// The hash of a refresh token that was never issued before.
#[must_use]
pub fn fresh_refresh_hash() -> RefreshHash {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&fresh_bytes());
    RefreshHash::from_bytes(bytes)
}

/// A keyed hash that was never made before.
#[must_use]
pub fn fresh_pseudonym() -> Pseudonym {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&fresh_bytes());
    Pseudonym::from_bytes(bytes)
}

/// The id of a mail that was never written before.
#[must_use]
pub fn fresh_mail_id() -> MailId {
    MailId::from_bytes(fresh_bytes())
}

/// This call's number, then this process's tag.
fn fresh_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&tick().to_be_bytes());
    bytes[8..].copy_from_slice(&process_tag().to_be_bytes());
    bytes
}

fn tick() -> u64 {
    static TICKS: AtomicU64 = AtomicU64::new(1);
    TICKS.fetch_add(1, Ordering::Relaxed)
}

/// Another number in each process; the standard library seeds its hash maps with one.
fn process_tag() -> u64 {
    static TAG: OnceLock<u64> = OnceLock::new();
    *TAG.get_or_init(|| RandomState::new().hash_one("strongroom"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fresh_never_repeats() {
        assert_ne!(record_id("a"), record_id("a"));
        assert_ne!(fresh_generation(), fresh_generation());
        assert_ne!(fresh_caller("a"), fresh_caller("a"));
    }
}
