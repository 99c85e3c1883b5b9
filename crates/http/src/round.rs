//! What is written waits until all others who are ready have had their turn.
//!
//! So the answers of many leave together, and a process that has many of them coming is woken once and finds enough to do: to
//! wake it costs as much as all the rest of sending, and costs the sender (`docs/BENCHMARKS.md`). Whoever is alone waits for nobody.

use std::task::{Context, Poll};

/// Whether what is to be written has waited.
#[derive(Debug, Default)]
pub(crate) struct Round {
    has_waited: bool,
}

impl Round {
    /// Ready at the end of the round, and until something has been written.
    pub(crate) fn poll_end(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.has_waited {
            return Poll::Ready(());
        }
        self.has_waited = true;
        // Behind everybody who is ready now.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Notes how writing went: what is written next has a round of its own.
    pub(crate) fn note<T>(&mut self, written: &Poll<T>) {
        self.has_waited = written.is_pending();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn each_write_waits_for_one_round_and_whoever_waits_for_room_for_no_other() {
        let counted = Arc::<Counted>::default();
        let waker = counted.clone().into();
        let context = Context::from_waker(&waker);
        let mut round = Round::default();
        for (written, by_then) in
            [(Poll::Ready(()), 1), (Poll::Pending, 2), (Poll::Ready(()), 2), (Poll::Ready(()), 3)]
        {
            if counted.0.load(Ordering::Relaxed) < by_then {
                assert!(round.poll_end(&context).is_pending());
            }
            assert!(round.poll_end(&context).is_ready());
            assert_eq!(counted.0.load(Ordering::Relaxed), by_then);
            round.note(&written);
        }
    }
}
