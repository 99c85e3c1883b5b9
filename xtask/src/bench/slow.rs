//! `cargo xtask bench slow`: an ordinary client beside thousands that take their time, and the same client without them.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::crowd::{Crowd, Tally};
use super::load::{self, Person};
use super::process;
use super::table::{self, Figure, kib, percentile};
use super::{PATIENCE, authority, dev};
use crate::console::say;
use crate::http_client::Connection;
use crate::service::Service;
use crate::workspace::Outcome;

/// The size of a run.
struct Plan {
    connections: usize,
    time: Duration,
}

/// What the ordinary client met.
struct Seen {
    /// Microseconds from request to answer, sorted.
    latencies_us: Vec<f64>,
    /// The most memory that the server had meanwhile.
    resident_kib: u64,
}

/// Measures the quiet case, then the crowded one.
///
/// # Errors
///
/// An unknown option, or a server that fails the ordinary client.
pub(super) fn run(binary: &Path, place: &Path, words: &[String]) -> Outcome {
    let plan = plan(words)?;
    let safe = Service::start(dev(Command::new(binary), &place.join("data")), PATIENCE)?;
    let authority = authority(&safe)?;
    let people = load::sign_up(authority, 2)?;
    let [ordinary, slow] = people.as_slice() else { return Err("two people were to sign up".into()) };
    write_record(authority, ordinary, 0)?;
    // A large one, so that its answer can be taken slowly.
    write_record(authority, slow, 48 * 1024)?;

    let quiet = watch(&safe, authority, ordinary, plan.time)?;
    let (crowded, tally) = beside_a_crowd(&plan, &safe, authority, ordinary, slow)?;
    say(format_args!(
        "\n{} · {} slow connections of three kinds, {} s each way, one ordinary client",
        process::machine(),
        plan.connections,
        plan.time.as_secs()
    ));
    say(format_args!(
        "the server ended {} of them meanwhile, each was opened again; {} were open at the end\n",
        tally.ended, tally.open
    ));
    let at = |seen: &Seen, percent: usize| vec![percentile(&seen.latencies_us, percent)];
    say(table::markdown(&[
        Figure::new("ordinary read, quiet, p50", "µs", at(&quiet, 50)),
        Figure::new("ordinary read, quiet, p99", "µs", at(&quiet, 99)),
        Figure::new("ordinary read, beside them, p50", "µs", at(&crowded, 50)),
        Figure::new("ordinary read, beside them, p99", "µs", at(&crowded, 99)),
        kib("resident memory, quiet", quiet.resident_kib),
        kib("resident memory, beside them, at most", crowded.resident_kib),
    ]));
    safe.stop()
}

fn beside_a_crowd(
    plan: &Plan,
    safe: &Service,
    authority: &str,
    ordinary: &Person,
    slow: &Person,
) -> Outcome<(Seen, Tally)> {
    let enough = AtomicBool::new(false);
    let read = slow.read(authority);
    let mut crowd = Crowd::open(authority, plan.connections, &read)?;
    std::thread::scope(|scope| {
        let crowding = scope.spawn(|| crowd.dawdle(&enough));
        let seen = watch(safe, authority, ordinary, plan.time);
        enough.store(true, Ordering::Relaxed);
        let tally = crowding.join().map_err(|_| "the slow clients panicked")?;
        Ok((seen?, tally))
    })
}

/// Reads in a row for so long, one at a time.
fn watch(safe: &Service, authority: &str, person: &Person, time: Duration) -> Outcome<Seen> {
    let read = person.read(authority);
    let mut connection = Connection::open(authority)?;
    let mut seen = Seen { latencies_us: Vec::new(), resident_kib: 0 };
    let start = Instant::now();
    let mut looked = 0;
    while start.elapsed() < time {
        let asked = Instant::now();
        let answer = connection.ask(&read)?;
        seen.latencies_us.push(asked.elapsed().as_secs_f64() * 1e6);
        if answer.status != 200 {
            return Err(format!("the ordinary client was answered {}", answer.status).into());
        }
        if start.elapsed().as_secs() >= looked {
            looked += 1;
            seen.resident_kib = seen.resident_kib.max(process::resident_kib(safe.pid())?);
        }
    }
    seen.latencies_us.sort_by(f64::total_cmp);
    Ok(seen)
}

fn write_record(authority: &str, person: &Person, bytes: usize) -> Outcome {
    let mut connection = Connection::open(authority)?;
    for part in 0..=bytes / 8000 {
        let status = connection.ask(&person.write_text(authority, part, bytes.min(8000)))?.status;
        if status != 200 {
            return Err(format!("a write was answered {status}").into());
        }
    }
    Ok(())
}

fn plan(words: &[String]) -> Outcome<Plan> {
    let mut plan = Plan { connections: 5000, time: Duration::from_mins(1) };
    for pair in words.chunks(2) {
        let number = pair.get(1).and_then(|value| value.parse::<usize>().ok()).filter(|number| *number > 0);
        match (pair[0].as_str(), number) {
            ("--connections", Some(number)) => plan.connections = number,
            ("--seconds", Some(number)) => plan.time = Duration::from_secs(number as u64),
            (option, _) => return Err(format!("`{option}` is no option with a number").into()),
        }
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_without_its_number_is_refused() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(plan(&words("--connections 7 --seconds 2")).unwrap().connections, 7);
        for line in ["--connections", "--connections x", "--seconds 0", "--minutes 1"] {
            assert!(plan(&words(line)).is_err(), "{line}");
        }
    }
}
