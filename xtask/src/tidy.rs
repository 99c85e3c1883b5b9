//! `cargo xtask tidy`: the house rules that are about text, held by `cargo test` too.
//!
//! Each rule is a pure function from files to complaints, in a file of its own. It must never change a file.

mod links;
mod machine_paths;
mod reveal;
mod rules;
mod shape;

use std::path::Path;

use crate::console::say;
use crate::workspace::{self, Outcome};

/// A text file of the repository: its path from the top, with `/`, and its content.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    fn is_markdown(&self) -> bool {
        self.has_extension("md")
    }

    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// A complaint about one line, counted from 1.
    fn complaint(&self, line: usize, why: &str) -> String {
        format!("{}:{line}: {why}", self.path)
    }
}

/// From all files to the complaints about them.
type Rule = fn(&[File]) -> Vec<String>;

const RULES: &[Rule] = &[
    shape::opens_with_its_purpose,
    shape::is_short_enough,
    shape::silences_no_lint_for_ever,
    reveal::only_where_sealing_happens,
    rules::name_tests_that_exist,
    links::lead_somewhere,
    machine_paths::are_absent,
];

/// Applies every rule to every file.
///
/// # Errors
///
/// A rule is broken, or the files could not be read.
pub(crate) fn run(_: &[String]) -> Outcome {
    let files = read()?;
    let complaints = complaints(&files);
    for complaint in &complaints {
        say(complaint);
    }
    if complaints.is_empty() {
        say(format_args!("tidy: {} rules, {} files", RULES.len(), files.len()));
        Ok(())
    } else {
        Err(format!("{} complaints", complaints.len()).into())
    }
}

fn complaints(files: &[File]) -> Vec<String> {
    RULES.iter().flat_map(|rule| rule(files)).collect()
}

/// Every file that is text; what is not UTF-8 has no lines to complain about.
fn read() -> Outcome<Vec<File>> {
    let mut files = Vec::new();
    for path in workspace::files()? {
        if let Ok(text) = String::from_utf8(std::fs::read(workspace::root().join(&path))?) {
            files.push(File { path, text });
        }
    }
    Ok(files)
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        assert_eq!(complaints(&read().unwrap()), Vec::<String>::new());
    }
}
