//! Where the repository is, which files it has, and how a command is run in it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What every command answers: nothing, or why it could not. The text completes "xtask NAME: …".
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Whether this runs unattended, as every CI service says by setting `CI`.
#[expect(
    clippy::disallowed_methods,
    reason = "xtask is no part of the product; CI announces itself this way only"
)]
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// A command given as words, to be run at the top of the repository.
pub(crate) fn command(words: &str) -> Command {
    let mut words = words.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).current_dir(root());
    command
}

/// Runs a command, its output going to the terminal, and insists on success.
///
/// # Errors
///
/// It could not be started, or did not succeed.
pub(crate) fn run(mut command: Command) -> Outcome {
    let status =
        command.status().map_err(|error| format!("could not start {}: {error}", words_of(&command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", words_of(&command)).into()) }
}

/// Runs a command and returns its standard output.
///
/// # Errors
///
/// It could not be started, did not succeed, or printed what is not UTF-8.
pub(crate) fn output(mut command: Command) -> Outcome<String> {
    let output =
        command.output().map_err(|error| format!("could not start {}: {error}", words_of(&command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} ended with {}: {}", words_of(&command), output.status, said.trim()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether a program of this name can be started at all.
pub(crate) fn has_program(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok()
}

/// The repository's files by their path from the top: what git tracks or would track, or, where there is no git (an
/// unpacked archive), what lies there except build output and hidden directories.
///
/// # Errors
///
/// A directory could not be read.
pub(crate) fn files() -> Outcome<Vec<String>> {
    let listed = output(command("git ls-files --cached --others --exclude-standard"));
    let mut files = match listed {
        Ok(listed) => listed.lines().map(str::to_owned).filter(|path| root().join(path).is_file()).collect(),
        Err(_) => walk(&root())?,
    };
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

fn walk(top: &Path) -> Outcome<Vec<String>> {
    let mut files = Vec::new();
    let mut directories = vec![top.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" {
                    directories.push(path);
                }
            } else if let Some(inside) = path.strip_prefix(top).ok().and_then(Path::to_str) {
                files.push(inside.to_owned());
            }
        }
    }
    Ok(files)
}

fn words_of(command: &Command) -> String {
    let mut words = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        words.push(' ');
        words.push_str(&argument.to_string_lossy());
    }
    format!("`{words}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_finds_what_git_lists_under_this_crate() {
        let walked = walk(&root()).unwrap();
        for path in files().unwrap().iter().filter(|path| path.starts_with("xtask/")) {
            assert!(walked.contains(path), "{path}");
        }
    }

    #[test]
    fn a_command_that_fails_is_a_failure_that_names_it() {
        let failure = output(command("cargo no-such-command")).unwrap_err();
        assert!(failure.to_string().contains("`cargo no-such-command`"));
    }
}
