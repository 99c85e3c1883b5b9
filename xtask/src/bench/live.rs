//! `cargo xtask bench live`: what an authenticated socket costs while nothing happens, and how soon a change is told.
//!
//! The release binary has one core; this process, which is all of its people, has another. First thousands of sockets are opened,
//! each of another person, and wait. Then some of these people write, so many times a second whether or not the server keeps up, and
//! the socket of each is told. Durations are this client's own, from one thread that does nothing else: they hold the client's
//! share, too.

mod frames;
mod listeners;
mod pushes;
mod writer;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use listeners::Listeners;
use pushes::Pushes;

use super::contender::Contender;
use super::cores::Cores;
use super::load::{self, Person};
use super::process;
use super::table::{self, Figure, kib};
use crate::console::say;
use crate::workspace::{self, Outcome, command, run as sh};

/// The tenant, and the host that every request is for.
const HOST: &str = "people.example";
/// Sockets that come and go before memory is looked at: what the first ones make once is no socket's cost.
const WARMING: usize = 100;

/// How long they wait while the server's time is looked at: it judges their tokens again every four seconds.
const IDLE: Duration = Duration::from_secs(8);

/// The size of a run.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    sockets: usize,
    /// Writes a second.
    rate: usize,
    /// Of a round.
    seconds: usize,
    rounds: usize,
    /// Who writes, in turn; at most as many as there are sockets.
    writing: usize,
}

/// Measures memory, then pushes.
///
/// # Errors
///
/// An unknown option, too few open files, or a server that does not answer as it should.
pub(super) fn run(binary: &Path, place: &Path, words: &[String]) -> Outcome {
    let plan = plan(words)?;
    let machine = process::machine();
    let rustc = workspace::output(command("rustc --version"))?;
    let cores = Cores::part()?;
    let safe = Contender::start("our safe", |at| safe(binary, &cores, place, at))?;
    let authority = safe.authority();
    let people = load::sign_up_at(&authority, HOST, plan.sockets)?;
    say(format_args!("live: {} people have signed up", people.len()));

    warm(&authority, &people)?;
    let before = process::resident_kib(safe.pid())?;
    let mut listeners = Listeners::open(&authority, HOST, &people)?;
    let with_all = process::resident_kib(safe.pid())?;
    say(format_args!("live: {} sockets are open", people.len()));
    let spent = process::cpu_time(safe.pid())?;
    listeners.idle(IDLE)?;
    let spent = process::cpu_time(safe.pid())?.saturating_sub(spent);

    let writing = &people[..plan.writing];
    let mut pushes = Pushes::new(&authority, HOST, writing, plan.rate)?;
    let mut figures = memory(&plan, before, with_all);
    let busy = 100.0 * spent.as_secs_f64() / IDLE.as_secs_f64();
    figures.push(Figure::new("all of them idle, of one core", "%", vec![busy]));
    let mut rounds = Vec::new();
    for round in 0..=plan.rounds {
        let spent = process::cpu_time(safe.pid())?;
        let mut seen = pushes.run(&mut listeners, plan.rate * plan.seconds)?;
        seen.cpu = process::cpu_time(safe.pid())?.saturating_sub(spent);
        // The round before the first writes the records that are changed from then on.
        if round > 0 {
            rounds.push(seen);
        }
        say(format_args!("live: round {round} of {}", plan.rounds));
    }
    figures.extend(pushes::figures(&rounds));
    figures.push(kib("resident memory, after the pushes", process::resident_kib(safe.pid())?));
    let Plan { sockets, rate, seconds, rounds, writing } = plan;
    say(format_args!("\n{machine} · {} · {}", process::kernel(), rustc.trim()));
    say(format_args!(
        "{sockets} sockets of as many people; {writing} of them write, {rate} times a second in all; {rounds} rounds of {seconds} s; one core each\n"
    ));
    say(table::markdown(&figures));
    Ok(())
}

fn memory(plan: &Plan, before: u64, with_all: u64) -> Vec<Figure> {
    #[expect(clippy::cast_precision_loss, reason = "memory of a process, far below 2^53 KiB")]
    let each = with_all.saturating_sub(before) as f64 / plan.sockets as f64;
    vec![
        Figure::new("an idle authenticated socket, memory", "KiB", vec![each]),
        kib("resident memory, before the sockets", before),
        kib("resident memory, with all of them", with_all),
    ]
}

fn warm(authority: &str, people: &[Person]) -> Outcome {
    let few = &people[..people.len().min(WARMING)];
    drop(Listeners::open(authority, HOST, few)?);
    Ok(())
}

/// Our binary as a safe that an operator starts, but for what one address may ask, since it asks for everybody, and for the access
/// log. People sign up without passkeys, which a tenant on loopback may allow.
fn safe(binary: &Path, cores: &Cores, place: &Path, at: SocketAddr) -> Outcome<Command> {
    for (kind, file) in [("sealing", "keyring.json"), ("signing", "signing.json")] {
        let mut make = Command::new(binary);
        make.args(["keys", "new", "--kind", kind, "--out"]).arg(place.join(file)).stdout(Stdio::null());
        sh(make)?;
    }
    let config = place.join("live.toml");
    let text = format!(
        r#"
[server]
listen = ["{at}"]
admin_listen = "127.0.0.1:0"

[[tenant]]
rp_id = "{HOST}"
sign_up_without_passkey = true

[limits]
connections = 100000
connections_per_address = 100000
rate_per_person_per_s = 0
rate_per_address_per_s = 0
sign_ups_per_hour = 1000000

[websocket]
sockets = 100000

[log]
access = false
"#
    );
    std::fs::write(&config, text)?;
    let mut serve = cores.contender(binary);
    serve.args(["serve", "--config"]).arg(config).stderr(Stdio::null());
    Ok(serve)
}

fn plan(words: &[String]) -> Outcome<Plan> {
    let mut plan = Plan { sockets: 10_000, rate: 1000, seconds: 5, rounds: 5, writing: 1000 };
    for pair in words.chunks(2) {
        let number = pair.get(1).and_then(|value| value.parse().ok()).filter(|number| *number > 0);
        let slot = match pair[0].as_str() {
            "--sockets" => &mut plan.sockets,
            "--rate" => &mut plan.rate,
            "--seconds" => &mut plan.seconds,
            "--rounds" => &mut plan.rounds,
            option => return Err(format!("unknown option `{option}`").into()),
        };
        *slot = number.ok_or_else(|| format!("`{}` needs a number", pair[0]))?;
    }
    plan.writing = plan.writing.min(plan.sockets);
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_changes_its_number_and_nobody_writes_who_has_no_socket() {
        let words: Vec<_> = ["--sockets", "7", "--rate", "9"].map(str::to_owned).into();
        let usual = plan(&[]).unwrap();
        assert_eq!(plan(&words).unwrap(), Plan { sockets: 7, rate: 9, writing: 7, ..usual });
    }

    #[test]
    fn what_is_no_option_or_no_number_is_refused() {
        for line in [["--rate", "x"], ["--rate", "0"], ["--people", "3"]] {
            assert!(plan(&line.map(str::to_owned)).is_err(), "{line:?}");
        }
        assert!(plan(&["--rate".to_owned()]).is_err());
    }
}
