//! How often a client may say something.

use tokio::time::Instant;

/// Messages of one socket: so many in each second since the first of it.
#[derive(Debug)]
pub(crate) struct MessagePace {
    most: u32,
    second_began: Instant,
    so_far: u32,
}

impl MessagePace {
    /// `most`: messages in a second.
    pub(crate) fn new(most: u32, now: Instant) -> Self {
        Self { most, second_began: now, so_far: 0 }
    }

    /// Counts one more; `false`: it is too many.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.second_began).as_secs() >= 1 {
            (self.second_began, self.so_far) = (now, 0);
        }
        self.so_far = self.so_far.saturating_add(1);
        self.so_far <= self.most
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_second_has_room_for_so_many_and_the_next_for_as_many_again() {
        let start = Instant::now();
        let mut pace = MessagePace::new(2, start);
        let at = |ms| start + Duration::from_millis(ms);
        assert!(pace.admits(at(0)) && pace.admits(at(999)));
        assert!(!pace.admits(at(999)));
        assert!(pace.admits(at(1000)) && pace.admits(at(1001)));
        assert!(!pace.admits(at(1002)));
    }
}
