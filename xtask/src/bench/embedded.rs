//! `cargo xtask bench embedded`: our safe by itself. What a read and a durable merge cost beside a bare hyper server that
//! answers a constant, what a start takes, and how large it all is.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::cores::Cores;
use super::goals::{Bound, Row, ratios};
use super::load::{self, Load};
use super::process;
use super::right_answers;
use super::table::{Figure, kib, mib, micros, millis};
use super::{Bench, PATIENCE, Plan, authority, cost, dev};
use crate::console::say;
use crate::http_client::{Connection, request};
use crate::service::Service;
use crate::workspace::{Outcome, command, output};

/// How often the start is measured.
const STARTS: usize = 5;

/// Measures a read and the start, and what else there is to know of the safe.
///
/// # Errors
///
/// A server that does not answer as it should.
pub(super) fn rows(bench: &Bench, cores: &Cores) -> Outcome<(Vec<Row>, Vec<Figure>)> {
    let bare = Service::start(cores.contender(bench.example("bare_server")), PATIENCE)?;
    let data = bench.place.join("data");
    let start = || millis_until_ready(cores.contender(&bench.binary), &data);
    let start_new = start()?;
    let start_again: Vec<f64> = (0..STARTS).map(|_| start()).collect::<Outcome<_>>()?;

    let safe = Service::start(dev(cores.contender(&bench.binary), &data), PATIENCE)?;
    let idle_kib = process::resident_kib(safe.pid())?;
    let rounds = measure(&bench.plan, &bare, &safe)?;
    let used_kib = process::resident_kib(safe.pid())?;
    safe.stop()?;
    drop(bare);

    let against = ("bare hyper", rounds.bare.as_slice());
    let rows = vec![
        Row::ratio("embedded authenticated read", "µs", &rounds.reads, against, Bound::at_most(1.5, 1.15)),
        Row::alone("start to first 200", millis("", start_again.clone()), Bound::at_most(20.0, 10.0)),
    ];
    #[expect(clippy::cast_precision_loss, reason = "sizes far below 2^53")]
    let figures = vec![
        Figure::new("durable merge / bare", "×", ratios(&rounds.merges, &rounds.bare)),
        micros("CPU per durable merge", rounds.merges),
        kib("resident memory, started", idle_kib),
        kib("resident memory, after the run", used_kib),
        millis("first start to first 200", vec![start_new]),
        mib("size of the binary", std::fs::metadata(&bench.binary)?.len()),
        Figure::new("crates in the binary, ours included", "", vec![crates()? as f64]),
    ];
    Ok((rows, figures))
}

/// Processor time a request in microseconds, a value a round.
#[derive(Debug, Default)]
struct Rounds {
    bare: Vec<f64>,
    reads: Vec<f64>,
    merges: Vec<f64>,
}

fn measure(plan: &Plan, bare: &Service, safe: &Service) -> Outcome<Rounds> {
    let bare_authority = authority(bare)?;
    let authority = authority(safe)?;
    let people = load::sign_up(authority, plan.connections)?;
    right_answers::of_a_safe(authority, &people)?;
    let constant = Load::new(bare_authority, plan.connections, plan.reads, |_, _| {
        request("GET", bare_authority, "/", None, None)
    });
    let reads =
        Load::new(authority, plan.connections, plan.reads, |person, _| people[person].read(authority));
    // Each merge changes a value, or it would be no write at all.
    let merges = Load::new(authority, plan.connections, plan.merges, |person, turn| {
        people[person].merge(authority, turn)
    });

    let mut rounds = Rounds::default();
    for round in 0..=plan.rounds {
        let measured =
            (cost(bare, &constant, round)?, cost(safe, &merges, round)?, cost(safe, &reads, round)?);
        // The round before the first warms caches and allocators, and writes the records that are read.
        if round > 0 {
            rounds.bare.push(measured.0);
            rounds.merges.push(measured.1);
            rounds.reads.push(measured.2);
            say(format_args!("embedded: round {round} of {}", plan.rounds));
        }
    }
    Ok(rounds)
}

/// From the start of the process to the first `200` of `/health`, and a clean stop.
fn millis_until_ready(binary: Command, data: &Path) -> Outcome<f64> {
    let start = Instant::now();
    let service = Service::start(dev(binary, data), PATIENCE)?;
    let authority = authority(&service)?;
    let answer = Connection::open(authority)?.ask(&request("GET", authority, "/health", None, None))?;
    let took = start.elapsed();
    if answer.status != 200 {
        return Err(format!("/health answered {}", answer.status).into());
    }
    service.stop()?;
    Ok(took.as_secs_f64() * 1e3)
}

/// The crates that are compiled into the binary or run while it is built.
fn crates() -> Outcome<usize> {
    let tree = output(command("cargo tree --locked -p strongroom --edges no-dev --prefix none --no-dedupe"))?;
    Ok(tree.lines().filter(|line| !line.is_empty()).collect::<std::collections::BTreeSet<_>>().len())
}
