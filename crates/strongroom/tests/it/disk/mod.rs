//! Faults below us: a disk that fails at every call in turn, that is full, that gives back other bytes than it was given;
//! and a clock that jumps.
//!
//! Whatever happens below, an answer is right or it is an error that says so; what was acknowledged stays; nobody sees
//! what is not theirs. The faults come from a small library that is preloaded into the binary, so that the binary itself
//! knows nothing of them.

mod clock;
mod commands;
mod damage;
mod every_call;
mod full;
pub(crate) mod shim;
mod story;
mod teller;
