//! The wall clock: the one place that asks the operating system for the time. Everything else is given a [`Clock`].

use std::time::SystemTime;

use strongroom_ports::{Clock, Timestamp};

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_keeps_the_contract_of_its_port() {
        strongroom_testkit::contract::clock(&SystemClock);
    }

    #[test]
    fn the_time_is_after_this_file_was_written() {
        assert!(SystemClock.now() > Timestamp::from_secs(1_790_000_000));
    }
}
