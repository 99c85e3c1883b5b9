//! Strongroom's HTTP surface: a hyper server, one table of routes, one table from errors to statuses.
//!
//! Text becomes types here and nowhere deeper. Knows the safe only as a
//! [`strongroom_ports::Upstream`], and logs route templates, statuses and request ids, never a path, query, id or value.

mod access_log;
mod admin;
mod answer;
mod api;
mod auth;
mod auth_answer;
mod bearer;
mod body;
mod characters;
mod client_address;
mod conditional;
mod connection;
mod console;
mod cors;
mod credential_body;
mod crowd;
mod deadlines;
mod email;
mod exchange;
mod exposition;
mod gate;
mod gate_io;
mod gated_body;
mod handshake;
pub mod head_scan;
mod histogram;
mod http2;
mod linger;
mod listeners;
mod meta;
mod metrics;
mod parking;
mod passkeys;
mod places;
mod problem;
mod rate_limit;
mod refusal;
mod request_id;
mod routes;
mod scratch;
mod server;
mod sessions;
mod stream;
mod sweeper;
mod target;
mod tenant_names;
mod tls;
mod trace_parent;
mod user_data;
mod verb_call;
mod verbs;
mod wire;

pub use access_log::ACCESS_LOG_TARGET;
pub use api::{Api, HttpLimits, Safe};
pub use client_address::TrustedProxies;
pub use deadlines::Deadlines;
pub use head_scan::HeadLimits;
pub use http2::head as http2_head;
pub use listeners::{BindError, Listeners};
pub use refusal::Refusal;
pub use server::{Server, ServerOptions, Stopped};
pub use tls::{Tls, TlsError, TlsIdentity, Validity};
pub use verbs::{VerbError, Verbs};
