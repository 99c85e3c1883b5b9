//! `cargo xtask test`: all tests of the workspace, documentation tests included. README's second command.
//!
//! A tool that a test needs and that is not there is installed or is a failure; no test is skipped for the want of one.

use crate::debian::provide;
use crate::workspace::{self, Outcome, command};

/// What the tests start besides cargo's own: a command that succeeds where it is there, and the Debian package with it.
const TOOLS: [(&str, &[&str], &str); 11] = [
    ("strace", &["--version"], "strace"),
    // What fails the disk is compiled, with the headers of the C library.
    ("cc", &["--version"], "gcc"),
    ("cc", &["-E", "-include", "dlfcn.h", "-x", "c", "/dev/null"], "libc6-dev"),
    // A small file system is mounted, in a name space of its own.
    ("mount", &["--version"], "mount"),
    ("unshare", &["--version"], "util-linux"),
    ("curl", &["--version"], "curl"),
    ("python3", &["--version"], "python3"),
    // Debian keeps what a virtual environment is begun with in a package of its own.
    ("python3", &["-c", "import ensurepip, venv"], "python3-venv"),
    ("node", &["--version"], "nodejs"),
    ("npm", &["--version"], "npm"),
    // The console is used in it.
    ("chromium", &["--version"], "chromium"),
];

/// Brings what the tests need and runs them; the last lines are cargo's own.
///
/// # Errors
///
/// A test fails, or a tool is missing and cannot be installed from here.
pub(crate) fn run(_: &[String]) -> Outcome {
    for (program, arguments, package) in TOOLS {
        provide(program, arguments, package)?;
    }
    workspace::run(command("cargo test --workspace --all-features --locked"))
}
