//! `/ws`: a person's record, and each change of it as it happens (RFC 6455; `docs/reference/websocket.md`).
//!
//! The handshake is a request like any other. What follows is this module's: the library that speaks WebSocket gets the stream
//! itself, with what the gate has read behind the head. A socket lives no longer than its token. It knows the
//! version that it has told last, and reads on in the outbox when its person's bell rings: nobody queues changes for it.

pub mod client_message;
mod close;
mod counts;
mod end;
mod followed;
mod handshake;
mod hearing;
mod limits;
mod live;
mod opening;
mod pace;
mod server_message;
mod serving;
mod socket;
mod sockets;

pub(crate) use counts::OfSockets;
pub(crate) use handshake::{Switch, shake_hands};
pub use limits::WebSocketLimits;
pub(crate) use serving::serve;
pub(crate) use sockets::Sockets;

#[cfg(test)]
mod tests;
