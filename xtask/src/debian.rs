//! Programs that a command needs and that are not there: installed from Debian, or a failure that says what to install.

use crate::console::say;
use crate::workspace::{self, Outcome, command, has_program};

/// Installs a Debian package when what it brings is missing. Only as root and only with apt: anywhere else the person at
/// the machine decides what is installed on it.
///
/// # Errors
///
/// It is missing and may not, or could not, be installed.
pub(crate) fn provide(program: &str, arguments: &[&str], package: &str) -> Outcome {
    if is_there(program, arguments) {
        return Ok(());
    }
    let root = workspace::output(command("id -u")).is_ok_and(|id| id.trim() == "0");
    if !root || !has_program("apt-get") {
        return Err(format!("{package} is needed: install it and run this again").into());
    }
    say(format_args!("installing {package}"));
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
