//! `cargo xtask bench`: the speed table of docs/BENCHMARKS.md and the figures below it, printed as they stand there.
//!
//! What is compared is processor time a request, from the kernel's account of the contender's process, so that neither this
//! load generator nor a busy neighbour counts. Each contender has one core, all else has another; they take turns in every
//! round, in the same minutes on the same machine; medians of the rounds are printed, and their spread. It proves nothing
//! about latency, and must never be read as a promise for another machine.
//!
//! A word runs a part: `gateway`, `embedded`, `merge`, `idle`. `slow` is about a crowd of slow clients, `live` about
//! sockets and what they are told, and `versus BINARY` about another binary of ours.

mod contender;
mod cores;
mod crowd;
mod durable;
mod embedded;
mod gateway;
mod goals;
mod idle;
mod live;
mod load;
mod postgres;
mod process;
mod proxies;
mod right_answers;
mod slow;
mod table;
mod tokens;
mod versus;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cores::Cores;
use goals::Row;
use load::Load;
use process::cpu_time;
use table::Figure;

use crate::console::say;
use crate::metadata;
use crate::service::Service;
use crate::workspace::{self, Outcome, command, run as sh};

/// Time for a server that is built already to say that it is ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// The size of a run.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    rounds: usize,
    connections: usize,
    /// Requests a round, over all connections.
    reads: usize,
    merges: usize,
}

/// What every part needs.
struct Bench {
    plan: Plan,
    target: PathBuf,
    /// The release binary.
    binary: PathBuf,
    /// Where to leave files until the end.
    place: PathBuf,
}

impl Bench {
    /// One of xtask's examples, built.
    fn example(&self, name: &str) -> PathBuf {
        self.target.join("release/examples").join(name)
    }
}

/// A part of the report: its rows of the speed table, and further figures.
type Part = fn(&Bench, &Cores) -> Outcome<(Vec<Row>, Vec<Figure>)>;

/// The parts in the order of the table.
const PARTS: [(&str, Part); 4] = [
    ("gateway", gateway::rows),
    ("embedded", embedded::rows),
    ("merge", durable::rows),
    ("idle", idle::rows),
];

/// Builds, measures, prints.
///
/// # Errors
///
/// An unknown option, a build that fails, a peer that is missing, or a contender that does not answer as it should.
pub(crate) fn run(words: &[String]) -> Outcome {
    let target = metadata::read()?.target_directory;
    sh(command("cargo build --release --locked -p strongroom"))?;
    let binary = target.join("release/strongroom");
    let place = target.join("bench");
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place)?;
    match words {
        [what, rest @ ..] if what == "slow" => slow::run(&binary, &place, rest),
        [what, rest @ ..] if what == "live" => live::run(&binary, &place, rest),
        [what, rest @ ..] if what == "versus" => versus::run(&binary, &place, rest),
        words => {
            let (parts, options) = parts(words);
            let plan = plan(options)?;
            report(&Bench { plan, target, binary, place: place.clone() }, &parts)
        }
    }?;
    Ok(std::fs::remove_dir_all(&place)?)
}

/// The part that the first word names, or all of them; and the words after it.
fn parts(words: &[String]) -> (Vec<Part>, &[String]) {
    let named = words.first().and_then(|word| PARTS.iter().find(|(name, _)| name == word));
    match named {
        Some((_, part)) => (vec![*part], &words[1..]),
        None => (PARTS.iter().map(|(_, part)| *part).collect(), words),
    }
}

fn report(bench: &Bench, parts: &[Part]) -> Outcome {
    let peers = format!("{} · {}", proxies::version()?, postgres::version()?);
    sh(command("cargo build --release --locked -p xtask --examples"))?;
    let machine = process::machine();
    // Nothing is built from here on.
    let cores = Cores::part()?;
    let (mut rows, mut figures) = (Vec::new(), Vec::new());
    for part in parts {
        let (of_part, further) = part(bench, &cores)?;
        rows.extend(of_part);
        figures.extend(further);
    }
    let Plan { rounds, connections, reads, merges } = bench.plan;
    let (kernel, rustc) = (process::kernel(), workspace::output(command("rustc --version"))?);
    say(format_args!("\n{machine} · {kernel} · {} · {peers}", rustc.trim()));
    say(format_args!(
        "{connections} keep-alive connections, {rounds} rounds of {reads} reads and {merges} merges; one core each\n"
    ));
    say(goals::markdown(&rows));
    if !figures.is_empty() {
        say(table::markdown(&figures));
    }
    Ok(())
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

/// Our binary as a safe, without limits per client and without an access log.
fn dev(command: Command, data: &Path) -> Command {
    let mut dev = command;
    dev.args(["dev", "--format", "json", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data);
    // What it logs is part of what it costs, and goes nowhere slow.
    dev.stderr(std::process::Stdio::null());
    dev
}

fn plan(words: &[String]) -> Outcome<Plan> {
    let mut plan = Plan { rounds: 7, connections: 64, reads: 40_000, merges: 8_000 };
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
    // One person's token is shown for another's record before anything is timed.
    if plan.connections < 2 { Err("`--connections` needs two at least".into()) } else { Ok(plan) }
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
    fn a_word_runs_its_part_and_no_word_runs_all() {
        let count = |line| parts(&words(line)).0.len();
        assert_eq!(
            (count("gateway --rounds 3"), count("--rounds 3"), count("")),
            (1, PARTS.len(), PARTS.len())
        );
        assert_eq!(parts(&words("idle --rounds 3")).1, words("--rounds 3"));
    }

    #[test]
    fn what_is_no_option_or_no_number_is_refused() {
        for line in ["gate", "--round 3", "--rounds", "--rounds x", "--rounds 0"] {
            assert!(plan(&words(line)).is_err(), "{line}");
        }
    }
}
