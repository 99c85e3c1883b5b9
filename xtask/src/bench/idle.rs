//! `cargo xtask bench idle`: what a connection costs while nobody says anything.

use std::path::Path;

use super::process;
use super::table::{self, Figure, kib};
use super::{PATIENCE, authority, dev};
use crate::console::say;
use crate::http_client::{Connection, request};
use crate::service::Service;
use crate::workspace::Outcome;

/// As many as the issue of slow clients speaks of.
const CONNECTIONS: usize = 10_000;

/// Opens connections, has each served once, and looks at the server's memory while they wait.
///
/// # Errors
///
/// A word too many, or a server that does not answer; too few open files for so many connections.
pub(super) fn run(binary: &Path, place: &Path, words: &[String]) -> Outcome {
    if let [word, ..] = words {
        return Err(format!("`{word}` is too much").into());
    }
    let safe = Service::start(dev(binary, &place.join("data")), PATIENCE)?;
    let authority = authority(&safe)?;
    let health = request("GET", authority, "/health", None, None);
    // What the first requests make once is no connection's cost.
    for _ in 0..100 {
        Connection::open(authority)?.ask(&health)?;
    }
    let before = process::resident_kib(safe.pid())?;
    let mut held = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(authority)?;
        if connection.ask(&health)?.status != 200 {
            return Err("an idle connection was not served".into());
        }
        held.push(connection);
    }
    let with_all = process::resident_kib(safe.pid())?;
    // They are there still: the last that was opened first is served again.
    if held.first_mut().ok_or("no connection")?.ask(&health)?.status != 200 {
        return Err("an idle connection was not served again".into());
    }
    #[expect(clippy::cast_precision_loss, reason = "memory of a process, far below 2^53 KiB")]
    let each = with_all.saturating_sub(before) as f64 / CONNECTIONS as f64;
    say(format_args!("\n{} · {CONNECTIONS} idle keep-alive connections\n", process::machine()));
    say(table::markdown(&[
        kib("resident memory, before", before),
        kib("resident memory, with all of them", with_all),
        Figure::new("memory each", "KiB", vec![each]),
    ]));
    drop(held);
    safe.stop()
}
