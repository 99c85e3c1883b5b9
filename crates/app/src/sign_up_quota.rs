//! How many accounts can be had: so many an hour without a passkey, and so many with one, in all.

use std::sync::Mutex;

use strongroom_ports::Timestamp;

const HOUR_S: i64 = 3600;

/// Two counts that begin anew each hour, whatever strangers do: of accounts without a passkey, and of those with one.
#[derive(Debug)]
pub struct SignUpQuota {
    without_passkey: Hourly,
    with_passkey: Hourly,
}

impl SignUpQuota {
    /// At most so many sign-ups of each kind in each hour.
    #[must_use]
    pub fn new(without_passkey: u32, with_passkey: u32) -> Self {
        Self { without_passkey: Hourly::new(without_passkey), with_passkey: Hourly::new(with_passkey) }
    }

    /// Takes one without a passkey, or says after how many seconds to try again.
    pub(crate) fn take(&self, now: Timestamp) -> Result<(), u64> {
        self.without_passkey.take(now)
    }

    /// The same of one with a passkey.
    pub(crate) fn take_with_passkey(&self, now: Timestamp) -> Result<(), u64> {
        self.with_passkey.take(now)
    }
}

#[derive(Debug)]
struct Hourly {
    per_hour: u32,
    window: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    began: Timestamp,
    used: u32,
}

impl Hourly {
    fn new(per_hour: u32) -> Self {
        Self {
            per_hour,
            window: Mutex::new(Window { began: Timestamp::from_secs(i64::MIN / 1000), used: 0 }),
        }
    }

    fn take(&self, now: Timestamp) -> Result<(), u64> {
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
        let quota = Hourly::new(2);
        let at = Timestamp::from_secs;
        assert_eq!((quota.take(at(10)), quota.take(at(20))), (Ok(()), Ok(())));
        assert_eq!(quota.take(at(3609)), Err(1));
        assert_eq!(quota.take(at(3610)), Ok(()));
        assert_eq!(quota.take(at(5)), Ok(()), "a clock that went back");
    }

    #[test]
    fn each_kind_of_account_has_a_number_of_its_own() {
        let (quota, now) = (SignUpQuota::new(1, 2), Timestamp::from_secs(10));
        assert_eq!([quota.take(now), quota.take(now)], [Ok(()), Err(3600)]);
        let with = [(); 3].map(|()| quota.take_with_passkey(now));
        assert_eq!(with, [Ok(()), Ok(()), Err(3600)]);
    }
}
