//! `cargo xtask bench`: the figures of docs/BENCHMARKS.md, printed as the table that stands there.
//!
//! What is compared is processor time a request, from the kernel's account of the server process, so that neither this
//! load generator nor a busy neighbour counts. The safe and a bare hyper server that answers a constant take turns in
//! every round, in the same minutes on the same machine; medians of the rounds are printed, and their spread. It proves
//! nothing about latency or throughput, and must never be read as a promise for another machine.
//!
//! `cargo xtask bench slow` and `cargo xtask bench idle` are about crowds, `cargo xtask bench versus BINARY` about another
//! binary of ours, in files of their own.

mod crowd;
mod idle;
mod load;
mod process;
mod slow;
mod table;
mod versus;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use load::Load;
use process::cpu_time;
use table::{Figure, kib, mib, micros, millis};

use crate::console::say;
use crate::http_client::{Connection, request};
use crate::metadata;
use crate::service::Service;
use crate::workspace::{self, Outcome, command, output, run as sh};

/// Time for a server that is built already to say that it is ready.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often the start is measured.
const STARTS: usize = 5;

/// The size of a run.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    rounds: usize,
    connections: usize,
    /// Requests a round, over all connections.
    reads: usize,
    merges: usize,
}

/// Builds, measures, prints.
///
/// # Errors
///
/// An unknown option, a build that fails, or a server that does not answer as it should.
pub(crate) fn run(words: &[String]) -> Outcome {
    let target = metadata::read()?.target_directory;
    sh(command("cargo build --release --locked -p strongroom"))?;
    let binary = target.join("release/strongroom");
    let place = target.join("bench");
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place)?;
    match words {
        [what, rest @ ..] if what == "slow" => slow::run(&binary, &place, rest),
        [what, rest @ ..] if what == "idle" => idle::run(&binary, &place, rest),
        [what, rest @ ..] if what == "versus" => versus::run(&binary, &place, rest),
        _ => costs(&plan(words)?, &target, &binary, &place),
    }?;
    Ok(std::fs::remove_dir_all(&place)?)
}

fn costs(plan: &Plan, target: &Path, binary: &Path, place: &Path) -> Outcome {
    sh(command("cargo build --release --locked -p xtask --example bare_server"))?;
    let bare = Service::start(Command::new(target.join("release/examples/bare_server")), PATIENCE)?;
    let data = place.join("data");
    let start_new = millis_until_ready(binary, &data)?;
    let start_again: Vec<f64> =
        (0..STARTS).map(|_| millis_until_ready(binary, &data)).collect::<Outcome<_>>()?;

    let safe = Service::start(dev(binary, &data), PATIENCE)?;
    let idle_kib = process::resident_kib(safe.pid())?;
    let rounds = measure(plan, &bare, &safe)?;
    let used_kib = process::resident_kib(safe.pid())?;
    safe.stop()?;
    drop(bare);

    let ratio = |of: &[f64]| of.iter().zip(&rounds.bare).map(|(of, bare)| of / bare).collect();
    #[expect(clippy::cast_precision_loss, reason = "sizes far below 2^53")]
    let figures = [
        micros("CPU per answer, bare hyper", rounds.bare.clone()),
        micros("CPU per read", rounds.reads.clone()),
        micros("CPU per durable merge", rounds.merges.clone()),
        Figure::new("read / bare", "×", ratio(&rounds.reads)),
        Figure::new("merge / bare", "×", ratio(&rounds.merges)),
        kib("resident memory, started", idle_kib),
        kib("resident memory, after the run", used_kib),
        millis("first start to first 200", vec![start_new]),
        millis("later start to first 200", start_again),
        mib("size of the binary", std::fs::metadata(binary)?.len()),
        Figure::new("crates in the binary, ours included", "", vec![crates()? as f64]),
    ];
    print(plan, &figures)
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
            say(format_args!("round {round} of {}", plan.rounds));
        }
    }
    Ok(rounds)
}

/// Microseconds of the server's processor time a request.
fn cost(server: &Service, load: &Load, round: usize) -> Outcome<f64> {
    let before = cpu_time(server.pid())?;
    let requests = load.run(round)?;
    let spent = cpu_time(server.pid())?.saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "a count of requests, far below 2^53")]
    Ok(spent.as_secs_f64() * 1e6 / requests as f64)
}

fn authority(service: &Service) -> Outcome<&str> {
    let base = service.told("/base_url")?;
    let authority = base.strip_prefix("http://").ok_or("the base URL is not plain HTTP")?;
    Ok(authority.trim_end_matches('/'))
}

fn dev(binary: &Path, data: &Path) -> Command {
    let mut dev = Command::new(binary);
    dev.args(["dev", "--format", "json", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data);
    // What it logs is part of what it costs, and goes nowhere slow.
    dev.stderr(std::process::Stdio::null());
    dev
}

/// From the start of the process to the first `200` of `/health`, and a clean stop.
fn millis_until_ready(binary: &Path, data: &Path) -> Outcome<f64> {
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

fn print(plan: &Plan, figures: &[Figure]) -> Outcome {
    say(format_args!(
        "\n{} · {} · {} connections, {} rounds of {} reads and {} merges\n",
        process::machine(),
        workspace::output(command("rustc --version"))?.trim(),
        plan.connections,
        plan.rounds,
        plan.reads,
        plan.merges,
    ));
    say(table::markdown(figures));
    Ok(())
}

fn plan(words: &[String]) -> Outcome<Plan> {
    let mut plan = Plan { rounds: 7, connections: 16, reads: 40_000, merges: 8_000 };
    for pair in words.chunks(2) {
        let [option, value] = pair else { return Err(format!("`{}` needs a number", pair[0]).into()) };
        let slot = match option.as_str() {
            "--rounds" => &mut plan.rounds,
            "--connections" => &mut plan.connections,
            "--reads" => &mut plan.reads,
            "--merges" => &mut plan.merges,
            _ => return Err(format!("unknown option `{option}`").into()),
        };
        *slot = value
            .parse()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| format!("`{option}` needs a number"))?;
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_option_changes_its_number_and_no_other() {
        let usual = plan(&[]).unwrap();
        assert_eq!(plan(&words("--rounds 3")).unwrap(), Plan { rounds: 3, ..usual });
    }

    #[test]
    fn what_is_no_option_or_no_number_is_refused() {
        for line in ["--round 3", "--rounds", "--rounds x", "--rounds 0"] {
            assert!(plan(&words(line)).is_err(), "{line}");
        }
    }
}
