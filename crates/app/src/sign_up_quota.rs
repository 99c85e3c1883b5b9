//! How many accounts can be had without a passkey: so many an hour, in all.

use std::sync::Mutex;

use strongroom_ports::Timestamp;

const HOUR_S: i64 = 3600;

/// A count that begins anew each hour. One number, whatever strangers do.
#[derive(Debug)]
pub struct SignUpQuota {
    per_hour: u32,
    window: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    began: Timestamp,
    used: u32,
}

impl SignUpQuota {
    /// At most `per_hour` sign-ups in each hour.
    #[must_use]
    pub fn new(per_hour: u32) -> Self {
        Self {
            per_hour,
            window: Mutex::new(Window { began: Timestamp::from_secs(i64::MIN / 1000), used: 0 }),
        }
    }

    /// Takes one, or says after how many seconds to try again.
    pub(crate) fn take(&self, now: Timestamp) -> Result<(), u64> {
        let mut window = self.window.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let age_s = now.secs().saturating_sub(window.began.secs());
        // A clock that went back begins a new window rather than a very long one.
        if !(0..HOUR_S).contains(&age_s) {
            *window = Window { began: now, used: 0 };
        }
        if window.used < self.per_hour {
            window.used += 1;
            return Ok(());
        }
        let age_s = now.secs().saturating_sub(window.began.secs());
        Err(u64::try_from(HOUR_S - age_s).unwrap_or(1).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_is_spent_once_and_comes_back_with_the_hour() {
        let quota = SignUpQuota::new(2);
        let at = Timestamp::from_secs;
        assert_eq!((quota.take(at(10)), quota.take(at(20))), (Ok(()), Ok(())));
        assert_eq!(quota.take(at(3609)), Err(1));
        assert_eq!(quota.take(at(3610)), Ok(()));
        assert_eq!(quota.take(at(5)), Ok(()), "a clock that went back");
    }
}
