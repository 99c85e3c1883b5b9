//! What the stories need: a process to talk to, and a client that sees every byte.

pub(crate) mod issuer;
pub(crate) mod process;
pub(crate) mod wire;
pub(crate) mod world;

pub(crate) use process::Safe;
pub(crate) use wire::{Answer, Client};
pub(crate) use world::{World, contains, files_below, foreign_token};
