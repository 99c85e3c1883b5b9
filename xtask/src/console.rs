//! Speaking to the person at the terminal: the one place that writes to standard output.

use std::fmt::Display;
use std::io::Write;

/// Prints one line. A closed pipe is the reader's decision and no failure of the command.
pub(crate) fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
