//! `cargo xtask COMMAND`: the chores of this repository, one file a command.
//!
//! Plain std and `serde_json`: it must compile in seconds on a machine that has Rust and nothing else. It depends on
//! none of Strongroom's crates and looks at them only as a stranger would: files, cargo's metadata, the running binary.

mod bench;
mod ci;
mod console;
mod crash;
mod debian;
mod deny;
mod fuzz;
mod guide;
mod http_client;
mod layers;
mod metadata;
mod readme;
mod service;
mod smoke;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use console::say;
use workspace::Outcome;

/// A command: its name, what it does, and the function that does it with the words that follow the name.
type Command = (&'static str, &'static str, fn(&[String]) -> Outcome);

const COMMANDS: &[Command] = &[
    ("ci", "everything CI runs, in order, up to the first failure", ci::run),
    ("test", "all tests of the workspace; installs what they need", test::run),
    ("layers", "the arrows between the crates, as docs/ARCHITECTURE.md draws them", layers::run),
    ("tidy", "the house rules that are about text", tidy::run),
    ("deny", "licences, banned crates and sources of everything we depend on", deny::run),
    ("fuzz", "inputs that nobody thought of, against crates/fuzz [--seconds N] [TARGET…]", fuzz::run),
    ("smoke", "a clean clone, README's first command, and the guide by curl", smoke::run),
    ("crash", "power cuts at random instants under load [--rounds N --seed N]", crash::run),
    (
        "bench",
        "the figures of docs/BENCHMARKS.md [gateway | embedded | merge | idle] [--rounds N --connections N --reads N --merges N] | slow | live | versus BINARY",
        bench::run,
    ),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = words.split_first() else {
        usage();
        return ExitCode::from(2);
    };
    let Some((_, _, run)) = COMMANDS.iter().find(|(command, _, _)| command == name) else {
        usage();
        return ExitCode::from(2);
    };
    match run(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(format_args!("xtask {name}: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn usage() {
    say("cargo xtask COMMAND\n");
    for (name, what, _) in COMMANDS {
        say(format_args!("  {name:<8}{what}"));
    }
}
