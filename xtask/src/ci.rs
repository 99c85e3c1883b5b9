//! `cargo xtask ci`: what CI runs and nothing besides, so that a green desk means a green CI.
//!
//! Ordered so that what is cheap and often wrong comes first. Each step can be run alone by the command it prints.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::console::say;
use crate::readme;
use crate::workspace::{self, Outcome, command, run as sh};
use crate::{deny, layers, metadata, smoke, tidy};

type Step = (&'static str, fn() -> Outcome);

const STEPS: &[Step] = &[
    ("format", || sh(command("cargo fmt --all --check"))),
    ("lint", || sh(command("cargo clippy --workspace --all-targets --all-features --locked -- -D warnings"))),
    ("bare domain", || sh(command("cargo check -p strongroom-domain --no-default-features --locked"))),
    ("layers", || layers::run(&[])),
    ("tidy", || tidy::run(&[])),
    ("deny", || deny::run(&[])),
    ("document", document),
    ("package", package),
    ("test", || sh(command(&readme::command(&workspace::root(), readme::TEST)?))),
    ("smoke", || smoke::run(&[])),
];

/// Runs every step in order and stops at the first that fails.
///
/// # Errors
///
/// A step failed; the text names it.
pub(crate) fn run(_: &[String]) -> Outcome {
    let begin = Instant::now();
    for (place, (name, step)) in STEPS.iter().enumerate() {
        say(format_args!("\n== {}/{} {name}", place + 1, STEPS.len()));
        let start = Instant::now();
        step().map_err(|failure| format!("step {name}: {failure}"))?;
        say(format_args!("== {name}: passed in {:.1} s", start.elapsed().as_secs_f64()));
    }
    say(format_args!("\nci: {} steps passed in {:.0} s", STEPS.len(), begin.elapsed().as_secs_f64()));
    Ok(())
}

fn document() -> Outcome {
    let mut doc = command("cargo doc --workspace --all-features --no-deps --locked");
    doc.env("RUSTDOCFLAGS", "-D warnings");
    sh(doc)
}

/// The crates that others add to their own services must build from what would be uploaded, each against the others'
/// packages. `--allow-dirty`, because at a desk this runs before the commit.
///
/// In a place that never was: cargo unpacks the packages by the path of their registry and by their versions, and would
/// otherwise build against what the last run has left.
fn package() -> Outcome {
    #[expect(
        clippy::disallowed_methods,
        reason = "xtask is no part of the product; the time makes a name that never was"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let place = metadata::read()?.target_directory.join(format!("package-{now}"));
    let mut package = command(
        "cargo package --locked --allow-dirty -p strongroom-domain -p strongroom-ports -p strongroom-testkit",
    );
    package.arg("--target-dir").arg(&place);
    let packaged = sh(package);
    let _ = std::fs::remove_dir_all(&place);
    packaged
}
