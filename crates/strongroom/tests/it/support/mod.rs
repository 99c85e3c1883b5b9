//! What the stories need: a process to talk to, and a client that sees every byte.

pub(crate) mod http2;
pub(crate) mod installed;
pub(crate) mod issuer;
pub(crate) mod process;
pub(crate) mod tls;
pub(crate) mod wire;
pub(crate) mod world;

use std::time::{Duration, Instant};

pub(crate) use process::Safe;
pub(crate) use wire::{Answer, Client};
pub(crate) use world::{World, contains, files_below, foreign_token, foreign_token_for};

/// Whether something comes true, given time. The time is a guard against a hang.
pub(crate) fn comes_true(mut is_true: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_mins(1) {
        if is_true() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

/// Says something on standard error, past the harness, which shows nothing of a test that passes.
pub(crate) fn say(text: &str) {
    let mut everybody = std::io::stderr().lock();
    let _ = std::io::Write::write_all(&mut everybody, format!("{text}\n").as_bytes());
}
