//! `cargo xtask bench idle`: what a connection costs while nobody says anything.

use super::cores::Cores;
use super::goals::{Bound, Row};
use super::process;
use super::table::{Figure, kib};
use super::{Bench, PATIENCE, authority, dev};
use crate::http_client::{Connection, request};
use crate::service::Service;
use crate::workspace::Outcome;

/// As many as the issue of slow clients speaks of.
const CONNECTIONS: usize = 10_000;

/// Opens connections, has each served once, and looks at the server's memory while they wait.
///
/// # Errors
///
/// A server that does not answer; too few open files for so many connections.
pub(super) fn rows(bench: &Bench, cores: &Cores) -> Outcome<(Vec<Row>, Vec<Figure>)> {
    let safe = Service::start(dev(cores.contender(&bench.binary), &bench.place.join("idle")), PATIENCE)?;
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
    drop(held);
    safe.stop()?;
    let row = Row::alone(
        "10,000 idle keep-alive connections, memory each",
        Figure::new("", "KiB", vec![each]),
        Bound::at_most(2.0, 0.9),
    );
    let figures = vec![
        kib("resident memory, before 10,000 idle connections", before),
        kib("resident memory, with all of them", with_all),
    ];
    Ok((vec![row], figures))
}
