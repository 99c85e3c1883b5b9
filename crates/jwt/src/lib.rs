//! Strongroom's tokens: JSON Web Tokens that we issue, tokens of others that we accept, and a bounded cache of verified
//! ones.
//!
//! ```text
//! TokenCache ── asks in turn ──> OwnTokens      (issues and verifies; EdDSA; sessions can be revoked)
//!                                ForeignTokens  (verifies; keys and algorithms by configuration)
//!                                      ↑ keys
//!                                KeySetKeeper   (a task for each issuer whose key set is fetched)
//!
//! GatewayAssertions ── a short word about a caller, to a safe elsewhere ──> its ForeignTokens
//! ```
//!
//! Signatures are `jsonwebtoken`'s and aws-lc-rs's. What is ours is the judgement around them (RFC 8725): a token is read
//! strictly before anything is believed, the algorithm belongs to the key and never to the token, dates are held against
//! the port `Clock`. Nothing here prints a token, a claim or a key.
//!
//! A text that is no well-formed token names no issuer, so it is nobody's (`NotMine`); one that names an issuer of ours is
//! known or refused, and the next authenticator is not asked.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use strongroom_jwt::{Lifetimes, OwnTokens, SigningKeys, TokenCache};
//! use strongroom_ports::{Authenticator, TenantId, TokenIssuer, Verdict};
//! use strongroom_testkit::{fake, sample};
//!
//! # futures_executor::block_on(async {
//! let (clock, randomness) = (Arc::new(fake::ManualClock::default()), Arc::new(fake::CountingRandomness::new()));
//! let sessions = Arc::new(fake::InMemoryAccountStore::new());
//! let keys = SigningKeys::generate(sample::now(), &*randomness)?;
//! let lifetimes = Lifetimes {
//!     access_lifetime: Duration::from_hours(1),
//!     refresh_lifetime: Duration::from_hours(24),
//!     leeway: Duration::from_secs(30),
//! };
//! let own = Arc::new(OwnTokens::new(
//!     keys,
//!     [TenantId::parse("localhost")?],
//!     sessions,
//!     clock.clone(),
//!     randomness,
//!     lifetimes,
//! ));
//! let authenticator = TokenCache::new(vec![own.clone()], clock, 10_000, lifetimes.leeway);
//!
//! let pair = own.issue(&sample::caller(), &sample::fresh_session_id(), None)?;
//! let verdict = authenticator.authenticate(pair.access.as_str()).await?;
//! assert!(matches!(verdict, Verdict::Refused(_)), "well signed, but no store keeps its session");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod assertion;
mod claims;
mod compact;
mod foreign_issuer_error;
mod foreign_keys;
mod foreign_tokens;
mod gateway_assertions;
mod header;
mod issuer_kind;
mod json_object;
mod key_ring;
mod key_set_keeper;
mod object;
mod own_tokens;
mod remote_keys;
mod sha256;
mod signing_key_order;
mod signing_keys;
mod token_cache;
mod token_id;
mod verification_key;

pub use foreign_issuer_error::{ForeignIssuerError, ForeignIssuerProblem};
pub use foreign_keys::ForeignKeys;
pub use foreign_tokens::{ForeignIssuer, ForeignTokens};
pub use gateway_assertions::GatewayAssertions;
pub use issuer_kind::{IssuerKind, is_assertion_type};
pub use jsonwebtoken::Algorithm;
pub use key_ring::{KeySetError, MAX_DOCUMENT_BYTES};
pub use key_set_keeper::KeySetKeeper;
pub use own_tokens::{Lifetimes, OwnTokens};
pub use remote_keys::{KeySetFigures, RemoteKeySet, UNKNOWN_KID_COOLDOWN};
pub use signing_key_order::{RetireError, SigningKeyState};
pub use signing_keys::{SigningKeys, SigningKeysError};
pub use token_cache::{TokenCache, TokenCacheFigures};
pub use verification_key::KeyError;
