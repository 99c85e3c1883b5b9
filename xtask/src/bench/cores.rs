//! One core for the contender, another for everything else: this process with its load, and what stands behind.

use std::ffi::OsStr;
use std::process::Command;

use crate::workspace::{Outcome, command, run};

/// The two cores.
pub(super) struct Cores {
    contender: usize,
}

impl Cores {
    /// Moves this process, and so what it starts from here on, to one core and keeps another for contenders. Whatever is
    /// to be built is built before.
    ///
    /// # Errors
    ///
    /// There is only one core, or no `taskset`.
    pub(super) fn part() -> Outcome<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let allowed = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
            .and_then(|list| first_two(list.trim()));
        let (rest, contender) = allowed.ok_or("a contender needs a core of its own: there must be two")?;
        let mut pin = command("taskset --all-tasks --cpu-list --pid");
        pin.arg(rest.to_string()).arg(std::process::id().to_string()).stdout(std::process::Stdio::null());
        run(pin)?;
        Ok(Self { contender })
    }

    /// A command on the contender's core. `taskset` becomes the program, so that the process id is the program's.
    pub(super) fn contender(&self, program: impl AsRef<OsStr>) -> Command {
        let mut pinned = Command::new("taskset");
        pinned.args(["--cpu-list", &self.contender.to_string()]).arg(program);
        pinned
    }
}

/// The first two numbers of a list such as `0-1` or `0,4-7`.
fn first_two(list: &str) -> Option<(usize, usize)> {
    let mut cores = list.split(',').flat_map(|range| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        // What is no number is an empty range.
        from.parse().unwrap_or(1)..=to.parse().unwrap_or(0)
    });
    Some((cores.next()?, cores.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cores_are_found_in_ranges_and_apart() {
        assert_eq!(first_two("0-1"), Some((0, 1)));
        assert_eq!(first_two("3,8-11"), Some((3, 8)));
        assert_eq!(first_two("0,2,4"), Some((0, 2)));
    }

    #[test]
    fn one_core_is_not_two() {
        assert_eq!(first_two("5"), None);
        assert_eq!(first_two(""), None);
    }
}
