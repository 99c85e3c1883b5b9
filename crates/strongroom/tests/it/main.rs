//! The real binary, over real sockets, on a real disk.
//!
//! One test program, so that it is linked once. Nothing here sleeps: a process is ready when it says so, and a claim about
//! time is a claim about order.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it must be"
)]

mod browser;
mod canary;
mod console;
mod crash;
mod disk;
mod erasure;
mod faults;
mod forwarding;
mod gate;
mod gateways;
mod guides;
mod http2;
mod issuers;
mod keys;
mod lifecycle;
mod limits;
mod live;
mod mail;
mod operators;
mod overload;
mod passkeys;
mod rates;
mod real_safe;
mod signing_keys;
mod store_stats;
mod support;
mod tenants;
mod tls;
mod tokens;
mod transcripts;
