//! `cargo xtask deny`: licences, banned crates and sources of the whole graph, by cargo-deny and `deny.toml`.
//!
//! Advisories are left out: they come from a database in a git repository, and this must work wherever the crates
//! registry is the only thing within reach.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::console::say;
use crate::metadata;
use crate::workspace::{self, Outcome, command};

/// The version that is installed when none is there; any that is there serves.
const VERSION: &str = "0.20.2";

/// Checks the graph, having installed cargo-deny under the target directory if need be.
///
/// # Errors
///
/// Something in the graph is not allowed, or cargo-deny could not be had.
pub(crate) fn run(_: &[String]) -> Outcome {
    let tools = metadata::read()?.target_directory.join("tools");
    let program = installed(&tools)?;
    // Every platform's crates, which a build for this one alone has not brought yet; after that no network is needed.
    workspace::run(command("cargo fetch --locked"))?;
    let mut deny = Command::new(program);
    deny.args(["--offline", "--locked", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"])
        .current_dir(workspace::root());
    workspace::run(deny)
}

fn installed(tools: &Path) -> Outcome<PathBuf> {
    let program = tools.join("bin").join("cargo-deny");
    if !program.is_file() {
        say("deny: installing cargo-deny, once");
        let mut install = command("cargo install cargo-deny --locked --quiet --version");
        install.arg(VERSION).arg("--root").arg(tools).arg("--target-dir").arg(tools.join("build"));
        workspace::run(install)?;
    }
    Ok(program)
}
