//! The ceremonies as a whole: with an authenticator and a browser that others wrote, and with answers forged by hand where those
//! cannot be made to lie.
#![cfg(test)]

mod authenticator_data;
mod browser;
mod client_data;
mod forge;
mod independent;
mod log;
mod posted;
mod registration;
mod state;
mod user_handle;
mod verifier;
mod world;
