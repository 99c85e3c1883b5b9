//! The one way out: whatever Strongroom asks of other servers goes through the [`Client`] of this crate.
//!
//! ```text
//! HttpKeySetSource ──> Client ──> Endpoint   (https anywhere, http on this machine only)
//!  (a port)              │  ├──> Roots       (whose certificates are believed)
//! HttpUpstream ──────────┤  └──> ClientCertificate   (what is shown, where one is asked for)
//! HttpIdentity ──────────┘
//!  (ports)   └──> Pool ──> Line ──> Outgoing, Incoming   (kept connections, each core its own)
//! ```
//!
//! A key set is fetched over a connection of its own, a safe and an identity service are asked over kept ones. Every request has a deadline over all of
//! it; heads and bodies are bounded; a redirect is an answer like any other and never followed. No error carries anything that
//! the other side sent. Where to go is the operator's word and never a token's.

mod addresses;
mod alarm;
mod answer_head;
#[cfg(test)]
mod arrival;
mod base_address;
mod chunks;
mod client;
mod client_certificate;
mod complaint;
mod endpoint;
mod failure;
mod figures;
mod http_identity;
mod http_upstream;
mod identity_routes;
#[doc(hidden)] // Of use to whoever fuzzes it.
pub mod incoming;
mod json_kind;
mod key_set_source;
mod line;
mod outcome;
mod outgoing;
mod passed_json;
mod pool;
mod race;
mod remote;
mod request_fields;
mod roots;
mod round;
mod safe_answers;
mod safe_requests;
mod safe_routes;
mod scrub;
mod stream;

pub use base_address::BaseAddress;
pub use client::{Client, ClientLimits, UnusableTls};
pub use client_certificate::{ClientCertificate, ClientCertificateError};
pub use endpoint::{Endpoint, EndpointError};
pub use figures::{DURATION_BOUNDS_US, Figures, Requests};
pub use http_identity::HttpIdentity;
pub use http_upstream::HttpUpstream;
pub use key_set_source::HttpKeySetSource;
pub use outcome::OUTCOMES;
pub use remote::RemoteLimits;
pub use roots::{Roots, RootsError};
pub use safe_requests::{ApiKey, Credentials};
