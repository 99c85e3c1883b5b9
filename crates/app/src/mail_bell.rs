//! The bell that whoever adds a mail rings, and that whoever sends mails waits for. Counts nothing: several rings are one.

use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures_util::task::AtomicWaker;

/// Wakes one sender. A ring that nobody waits for is kept for the next who does.
#[derive(Default)]
pub struct MailBell {
    has_rung: AtomicBool,
    sender: AtomicWaker,
}

impl MailBell {
    /// A bell that has not been rung.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn ring(&self) {
        self.has_rung.store(true, Ordering::Release);
        self.sender.wake();
    }

    /// Waits for a ring. One at a time waits: another who does takes its place.
    pub(crate) async fn rung(&self) {
        poll_fn(|context| {
            // First, so that a ring between the two is not missed.
            self.sender.register(context.waker());
            if self.has_rung.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl fmt::Debug for MailBell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailBell").field("has_rung", &self.has_rung).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::{FutureExt, future::join};

    use super::*;

    #[test]
    fn rings_before_the_wait_are_one_and_a_ring_during_it_ends_it() {
        let bell = MailBell::new();
        assert_eq!(bell.rung().now_or_never(), None);
        bell.ring();
        bell.ring();
        assert_eq!(bell.rung().now_or_never(), Some(()));
        assert_eq!(bell.rung().now_or_never(), None);
        let wait = pin!(bell.rung());
        futures_executor::block_on(join(wait, async { bell.ring() }));
    }
}
