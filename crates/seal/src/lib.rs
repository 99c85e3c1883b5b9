//! Envelope encryption of Strongroom's records: a random key per person, wrapped by a key of the operator's keyring.
//!
//! [`EnvelopeSealer`] is the [`Sealer`](strongroom_ports::Sealer) port with AES-256-GCM and HMAC-SHA256 of aws-lc-rs;
//! [`Keyring`] is what the operator keeps, [`secret_file`] how it is kept. Nothing here invents cryptography, has a
//! built-in key, or lets a plain data key out; no error and no `Debug` carries key material.
//!
//! ```
//! use strongroom_domain::{ExternalUserId, Generation, Revision};
//! use strongroom_ports::{BoxContext, BoxKind, Caller, Sealer, TenantId, Timestamp};
//! use strongroom_seal::{EnvelopeSealer, Keyring, SystemRandomness};
//!
//! let keyring = Keyring::generate(&SystemRandomness, Timestamp::from_secs(1_795_000_000));
//! let sealer = EnvelopeSealer::new(keyring)?;
//!
//! let caller = Caller { tenant: TenantId::parse("shop.example")?, person: ExternalUserId::parse("jane")? };
//! let record = sealer.record_id(&caller);
//! let revision = Revision::first(Generation::from_bytes([7; 16]));
//! let context = BoxContext { record, revision, kind: BoxKind::Public };
//!
//! let wrapped_key = sealer.new_key(&record, revision.generation)?;
//! let sealed = sealer.seal(&wrapped_key, &context, b"{}")?;
//! assert_eq!(sealer.open(&wrapped_key, &context, &sealed)?.as_bytes(), b"{}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod envelope;
mod gcm;
mod key_check;
mod key_id;
mod key_material;
mod keyring;
mod keyring_json;
mod keyring_rules;
mod object;
mod padding;
mod sealed_box;
pub mod secret_file;
mod system_randomness;
mod wrapped_key;

pub use envelope::EnvelopeSealer;
pub use key_id::MAX_KEY_ID_BYTES;
pub use keyring::Keyring;
pub use keyring_rules::{KeyringError, MAX_KEYRING_BYTES, MAX_SEALING_KEYS};
pub use sealed_box::MAX_PLAINTEXT_BYTES;
pub use system_randomness::SystemRandomness;
pub use wrapped_key::wrapped_by;
