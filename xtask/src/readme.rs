//! The commands of README.md, read from it, so that what it says and what is run cannot part.
//!
//! A command stands alone in a code block that follows a mark: `<!-- command: NAME -->`.

use std::path::Path;

use crate::workspace::Outcome;

/// Starts the service.
pub(crate) const SERVE: &str = "serve";
/// Runs all tests.
pub(crate) const TEST: &str = "test";

/// The words of the command marked with this name in the README of the repository at `top`.
///
/// # Errors
///
/// There is no README, no such mark, or something else than one line of command after it.
pub(crate) fn command(top: &Path, name: &str) -> Outcome<String> {
    let text = std::fs::read_to_string(top.join("README.md"))?;
    find(&text, name).ok_or_else(|| format!("README.md has no command marked `{name}`").into())
}

fn find(readme: &str, name: &str) -> Option<String> {
    let mark = format!("<!-- command: {name} -->");
    let mut after = readme.lines().skip_while(|line| line.trim() != mark).skip(1);
    after.next().filter(|fence| fence.starts_with("```"))?;
    let command = after.next().map(str::trim).filter(|command| !command.is_empty())?;
    after.next().filter(|fence| fence.trim() == "```")?;
    Some(command.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_commands_are_in_the_readme() {
        let top = crate::workspace::root();
        assert!(command(&top, SERVE).unwrap().starts_with("cargo run "));
        assert!(command(&top, TEST).unwrap().starts_with("cargo xtask "));
    }

    #[test]
    fn a_command_is_the_one_line_of_the_block_after_its_mark() {
        let readme = "x\n```sh\nno\n```\n<!-- command: serve -->\n```sh\ncargo run\n```\n";
        assert_eq!(find(readme, "serve").as_deref(), Some("cargo run"));
        assert_eq!(find(readme, "test"), None);
    }

    #[test]
    fn a_block_of_two_lines_is_no_command() {
        assert_eq!(find("<!-- command: serve -->\n```sh\none\ntwo\n```\n", "serve"), None);
    }
}
