//! Strongroom's passkeys: registration and discoverable sign-in by Web Authentication (Level 3), with the state of a ceremony
//! on the server.
//!
//! ```text
//! WebauthnCeremonies ── options ──> a browser and its authenticator
//!         │           <── answer ── client data: whose page asked, for what, by which challenge   (checked here)
//!         │                         authenticator data and signature                        (webauthn-rs's work)
//!         └── a verifier: what is kept of a credential, in a form of our own
//! ```
//!
//! Cryptography, CBOR and COSE are `webauthn-rs-core`'s. What is ours is the judgement around it, stricter than the library's:
//! an origin is compared byte for byte, a challenge as text, a page in a foreign frame is refused, and a ceremony belongs to a
//! tenant and a kind, five minutes, once. The library's own log is not heard: it holds credentials.
//!
//! ```
//! use std::sync::Arc;
//! use strongroom_passkey::{PasskeyTenant, WebauthnCeremonies};
//! use strongroom_ports::{PasskeyCeremonies, TenantId};
//! use strongroom_testkit::fake::{CountingRandomness, ManualClock};
//!
//! let id = TenantId::parse("localhost")?;
//! let tenant = PasskeyTenant {
//!     id: id.clone(),
//!     name: "Development".to_owned(),
//!     origins: vec!["http://localhost:8080".to_owned()],
//! };
//! let (clock, randomness) = (Arc::new(ManualClock::default()), Arc::new(CountingRandomness::new()));
//! let ceremonies = WebauthnCeremonies::new([tenant], clock, randomness)?;
//!
//! let options = ceremonies.offer_sign_in(&id)?;
//! assert!(options.starts_with(b"{\"challenge\":"), "for `navigator.credentials.get`");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assertion;
mod ceremonies;
mod challenge;
mod client_data;
mod names;
mod open_ceremonies;
mod options;
mod posted;
mod quiet;
mod registration;
mod tenant;
mod user_handle;
mod verifier;

pub use ceremonies::WebauthnCeremonies;
pub use open_ceremonies::MAX_OPEN_CEREMONIES;
pub use posted::MAX_CREDENTIAL_BYTES;
pub use tenant::{OriginError, PasskeyTenant};
