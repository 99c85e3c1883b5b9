//! A deadline for each of many exchanges, and a timer for hardly any: it is armed for the first, and moved on only when it
//! goes off too early for a later one.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// The timer of a connection.
#[derive(Debug)]
pub(crate) struct Alarm(Pin<Box<Sleep>>);

impl Alarm {
    pub(crate) fn new() -> Self {
        Self(Box::pin(sleep_until(Instant::now())))
    }

    /// Ready when it is past the deadline; else the task is woken then, and perhaps once before.
    pub(crate) fn poll_past(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        if self.0.deadline() > deadline {
            self.0.as_mut().reset(deadline);
        }
        loop {
            ready!(self.0.as_mut().poll(context));
            if self.0.deadline() >= deadline || Instant::now() >= deadline {
                return Poll::Ready(());
            }
            self.0.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_deadline_is_met_whether_it_is_before_or_behind_the_one_before() {
        let mut alarm = Alarm::new();
        for wait in [5, 1, 10, 3, 3].map(Duration::from_secs) {
            let began = Instant::now();
            poll_fn(|context| alarm.poll_past(began + wait, context)).await;
            let waited = began.elapsed();
            assert!((wait..wait + Duration::from_millis(5)).contains(&waited), "{waited:?} for {wait:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_is_not_waited_for_does_not_cut_a_later_one_short() {
        let mut alarm = Alarm::new();
        let began = Instant::now();
        let at = |s: u64| began + Duration::from_secs(s);
        let polled = poll_fn(|context| Poll::Ready(alarm.poll_past(at(2), context))).await;
        assert!(polled.is_pending());
        poll_fn(|context| alarm.poll_past(at(7), context)).await;
        assert!(Instant::now() >= at(7));
    }
}
