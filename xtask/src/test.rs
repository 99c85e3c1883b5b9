//! `cargo xtask test`: all tests of the workspace, documentation tests included. README's second command.
//!
//! A tool that a test needs and that is not there is installed or is a failure; no test is skipped for the want of one.

use crate::console::say;
use crate::workspace::{self, Outcome, command, has_program};

/// Brings what the tests need and runs them; the last lines are cargo's own.
///
/// # Errors
///
/// A test fails, or a tool is missing and cannot be installed from here.
pub(crate) fn run(_: &[String]) -> Outcome {
    for program in ["strace", "curl", "python3"] {
        provide(program)?;
    }
    workspace::run(command("cargo test --workspace --all-features --locked"))
}

/// Installs a Debian package of the same name when its program is missing. Only as root and only with apt: anywhere
/// else the person at the machine decides what is installed on it.
fn provide(program: &str) -> Outcome {
    if has_program(program) {
        return Ok(());
    }
    let root = workspace::output(command("id -u")).is_ok_and(|id| id.trim() == "0");
    if !root || !has_program("apt-get") {
        return Err(format!("the tests need `{program}`: install it and run this again").into());
    }
    say(format_args!("test: installing {program}"));
    workspace::run(command("apt-get update --quiet"))?;
    let mut install = command("apt-get install --yes --quiet --no-install-recommends");
    install.arg(program);
    workspace::run(install)?;
    if has_program(program) {
        Ok(())
    } else {
        Err(format!("`{program}` was installed and cannot be started").into())
    }
}
