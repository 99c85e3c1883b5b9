//! The one way out: whatever Strongroom asks of other servers goes through the [`Client`] of this crate.
//!
//! ```text
//! HttpKeySetSource ──> Client ──> Endpoint   (https anywhere, http on this machine only)
//!  (a port)              │
//!                        └──> Roots          (whose certificates are believed)
//! ```
//!
//! Every request is a connection of its own with one deadline over all of it; heads and bodies are bounded; a redirect is an
//! answer like any other and never followed. No error carries anything that the other side sent. Where to go is the
//! operator's word and never a token's.

mod client;
mod endpoint;
mod failure;
mod key_set_source;
mod roots;

pub use client::{Client, ClientLimits, UnusableTls};
pub use endpoint::{Endpoint, EndpointError};
pub use key_set_source::HttpKeySetSource;
pub use roots::{Roots, RootsError};
