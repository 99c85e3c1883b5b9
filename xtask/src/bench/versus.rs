//! `cargo xtask bench versus BINARY`: what a read costs this tree's binary and another one of ours, in turn.
//!
//! For "what did that change cost": build the other from the commit before it. The two take turns in the same minutes, and
//! which of them comes first changes from round to round.

use std::path::Path;
use std::process::Command;

use super::load::{self, Load};
use super::process;
use super::table::{self, Figure, micros};
use super::{PATIENCE, authority, cost, dev};
use crate::console::say;
use crate::service::Service;
use crate::workspace::Outcome;

/// Rounds, of so many reads over so many connections.
const ROUNDS: usize = 15;
const READS: usize = 60_000;
const CONNECTIONS: usize = 16;

/// Measures the two.
///
/// # Errors
///
/// No binary, a word too many, or a server that does not answer as it should.
pub(super) fn run(binary: &Path, place: &Path, words: &[String]) -> Outcome {
    let [other] = words else { return Err("expected the path of another binary, and nothing else".into()) };
    let this = Service::start(dev(Command::new(binary), &place.join("this")), PATIENCE)?;
    let other = Service::start(dev(Command::new(other), &place.join("other")), PATIENCE)?;
    let (mut of_this, mut of_other) = (Vec::new(), Vec::new());
    {
        let (this_load, other_load) = (reads(authority(&this)?)?, reads(authority(&other)?)?);
        for round in 0..=ROUNDS {
            let (a, b) = if round % 2 == 0 {
                let a = cost(&this, &this_load, round)?;
                (a, cost(&other, &other_load, round)?)
            } else {
                let b = cost(&other, &other_load, round)?;
                (cost(&this, &this_load, round)?, b)
            };
            // The round before the first warms caches and allocators.
            if round > 0 {
                of_this.push(a);
                of_other.push(b);
                say(format_args!("round {round} of {ROUNDS}"));
            }
        }
    }
    let ratios = of_this.iter().zip(&of_other).map(|(this, other)| this / other).collect();
    say(format_args!(
        "\n{} · {CONNECTIONS} connections, {ROUNDS} rounds of {READS} reads\n",
        process::machine()
    ));
    say(table::markdown(&[
        micros("CPU per read, this binary", of_this),
        micros("CPU per read, the other", of_other),
        Figure::new("this / the other", "×", ratios),
    ]));
    this.stop()?;
    other.stop()
}

/// Reads of people who have the guide's record.
fn reads(authority: &str) -> Outcome<Load<'_>> {
    let people = load::sign_up(authority, CONNECTIONS)?;
    let writes: Vec<_> = people.iter().map(|person| person.merge(authority, 0)).collect();
    Load::new(authority, CONNECTIONS, CONNECTIONS, move |person, _| writes[person].clone()).run(0)?;
    let reads: Vec<_> = people.iter().map(|person| person.read(authority)).collect();
    Ok(Load::new(authority, CONNECTIONS, READS, move |person, _| reads[person].clone()))
}
