//! What is wrong with a configuration: every problem, with its key and the place it came from, and never a value.

use std::fmt::{self, Write as _};
use std::path::PathBuf;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nobody said anything.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// The environment variable of this name.
    Environment(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Which setting, as `section.key`, `tenant[0].origins[1]`; empty for a file or a variable as a whole.
    pub(crate) key: String,
    /// Where its value comes from.
    pub(crate) source: Source,
    /// What is wrong, without the value.
    pub(crate) message: String,
}

/// One line, whatever a key or a variable is named: control characters are escaped, so that none reaches a terminal.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, source, message } = self;
        let said = if key.is_empty() {
            format!("{source}: {message}")
        } else {
            format!("{key}: {message} ({source})")
        };
        said.chars().try_for_each(|c| match c {
            c if c.is_control() => write!(f, "{}", c.escape_default()),
            c => f.write_char(c),
        })
    }
}

/// A configuration that is refused: all its problems at once, never none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// In the order they were found.
    pub(crate) problems: Vec<Problem>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is refused")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_without_control_characters_whatever_a_key_is_named() {
        let source = Source::Environment("STRONGROOM_A\r__B".to_owned());
        let problem =
            Problem { key: "log.\u{1b}[31m\n".to_owned(), source, message: "unknown key".to_owned() };
        let said = r"log.\u{1b}[31m\n: unknown key (environment STRONGROOM_A\r__B)";
        assert_eq!(problem.to_string(), said);
    }
}
