//! `cargo xtask test`: all tests of the workspace, documentation tests included. README's second command.
//!
//! A tool that a test needs and that is not there is installed or is a failure; no test is skipped for the want of one.

use crate::console::say;
use crate::workspace::{self, Outcome, command, has_program};

/// What the tests start besides cargo's own: a command that succeeds where it is there, and the Debian package with it.
const TOOLS: [(&str, &[&str], &str); 10] = [
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

/// Installs a Debian package when what it brings is missing. Only as root and only with apt: anywhere else the person at
/// the machine decides what is installed on it.
fn provide(program: &str, arguments: &[&str], package: &str) -> Outcome {
    if is_there(program, arguments) {
        return Ok(());
    }
    let root = workspace::output(command("id -u")).is_ok_and(|id| id.trim() == "0");
    if !root || !has_program("apt-get") {
        return Err(format!("the tests need {package}: install it and run this again").into());
    }
    say(format_args!("test: installing {package}"));
    workspace::run(command("apt-get update --quiet"))?;
    let mut install = command("apt-get install --yes --quiet --no-install-recommends");
    install.arg(package);
    workspace::run(install)?;
    if is_there(program, arguments) {
        Ok(())
    } else {
        Err(format!("{package} was installed and `{program}` does not do").into())
    }
}

/// Whether a program starts and succeeds.
fn is_there(program: &str, arguments: &[&str]) -> bool {
    let mut asked = command(program);
    asked.args(arguments);
    workspace::output(asked).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_there_when_it_starts_and_succeeds() {
        assert!(is_there("cargo", &["--version"]));
        assert!(!is_there("cargo", &["no-such-command"]));
        assert!(!is_there("no-such-program", &["--version"]));
    }
}
