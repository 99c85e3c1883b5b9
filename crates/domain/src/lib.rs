//! The rules of a private-user-data record, and nothing else: keys, values, exact numbers, patch, merge,
//! the private filter, ownership, limits, versions.
//!
//! Pure and synchronous: no clock, no randomness, no I/O, no panics. What a record may show leaves through one
//! door, [`PublicView`]; what is write-only leaves through none but [`WriteOnlyPart::reveal`], which is for sealing.
//!
//! ```
//! use strongroom_domain::{Limits, Patch, Record, Value};
//!
//! let mut patch = Patch::new();
//! patch.set("language", Value::text("fr")?)?;
//! patch.set("private.apiKey", Value::text("secret-api-key-12345")?)?;
//! patch.delete("phone")?;
//!
//! let mut record = Record::new();
//! let outcome = record.apply(&patch, &Limits::default())?;
//! assert!(outcome.is_effective());
//! assert_eq!(record.view().as_json(), r#"{"language":"fr"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A record cannot be printed:
//!
//! ```compile_fail,E0277
//! println!("{:?}", strongroom_domain::Record::new());
//! ```
//!
//! nor serialised, and neither can its write-only part:
//!
//! ```compile_fail,E0277
//! serde_json::to_string(&strongroom_domain::Record::new());
//! ```
//!
//! ```compile_fail,E0277
//! serde_json::to_string(strongroom_domain::Record::new().write_only());
//! ```
//!
//! ```compile_fail,E0277
//! println!("{:?}", strongroom_domain::Record::new().write_only());
//! ```
//!
//! Its readable part can, which shows that the four above fail for the right reason:
//!
//! ```
//! # #[cfg(feature = "serde")]
//! assert_eq!(serde_json::to_string(strongroom_domain::Record::new().readable()).unwrap(), "{}");
//! ```

mod canonical;
mod email_address;
mod entity_tag;
mod external_user_id;
#[cfg(feature = "json")]
mod json;
mod key;
mod limits;
mod look_alike;
mod number;
mod part;
mod patch;
mod precondition;
mod record;
mod revealed;
mod revision;
#[cfg(feature = "serde")]
mod serde_impls;
mod value;
mod view;

pub use email_address::{EmailAddress, EmailAddressError, MAX_EMAIL_ADDRESS_BYTES};
pub use entity_tag::{EntityTag, EntityTagError, ForeignTag, MAX_ENTITY_TAG_BYTES};
pub use external_user_id::{ExternalUserId, ExternalUserIdError, MAX_EXTERNAL_USER_ID_BYTES, NotOwner};
#[cfg(feature = "json")]
pub use json::{
    Envelope, Filtered, Fold, ForeignView, JsonError, MAX_FOREIGN_DEPTH, NotOneObject, VerbBodyError,
    check_verb_body, filter_foreign, names_nobody,
};
pub use key::{Key, KeyError, MAX_KEY_BYTES, PRIVATE_PREFIX, ReadableKey, WriteOnlyKey};
pub use limits::{LimitExceeded, Limits};
pub use look_alike::RESERVED_PREFIX;
pub use number::{Number, NumberError};
pub use part::{Applied, Part, ReadablePart, WriteOnlyPart};
pub use patch::{Changes, Patch, PatchError};
pub use precondition::{Precondition, PreconditionFailed, Tags};
pub use record::{Outcome, Record};
pub use revealed::Revealed;
pub use revision::{Generation, Revision, RevisionError};
pub use value::{Text, Value, ValueError, scrub};
pub use view::PublicView;

/// The README's examples run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
