//! A waker for parts that one task polls together: what wakes them while they are being polled is polled at once, and does not
//! wake the task a second time for nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Rounds in one go: parts that wake each other come to rest within two or three, and one that the runtime wants to pause
/// would go round for ever.
const MAX_ROUNDS: usize = 8;

/// Nobody polls: a wake is for the task that waits.
const AT_REST: u8 = 0;
/// Somebody polls, and nothing has woken a part that it has been to.
const POLLING: u8 = 1;
/// Somebody polls, and must go round once more.
const WOKEN: u8 = 2;

/// What the parts are polled with.
#[derive(Debug)]
pub(crate) struct Relay {
    state: Arc<State>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct State {
    phase: AtomicU8,
    task: AtomicWaker,
}

impl Relay {
    pub(crate) fn new() -> Self {
        let state = Arc::<State>::default();
        Self { waker: state.clone().into(), state }
    }

    /// Polls the parts until they are ready or all asleep; then whatever wakes one of them wakes this task.
    pub(crate) fn poll<T>(
        &self,
        context: &Context<'_>,
        mut parts: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.state.task.register(context.waker());
        for _ in 0..MAX_ROUNDS {
            self.state.phase.store(POLLING, Ordering::Release);
            let polled = parts(&mut Context::from_waker(&self.waker));
            if polled.is_ready() {
                self.state.phase.store(AT_REST, Ordering::Release);
                return polled;
            }
            let slept =
                self.state.phase.compare_exchange(POLLING, AT_REST, Ordering::AcqRel, Ordering::Acquire);
            if slept.is_ok() {
                return Poll::Pending;
            }
        }
        self.state.phase.store(AT_REST, Ordering::Release);
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Polls a part that nobody waits for, and wakes nobody later.
    pub(crate) fn poll_alone<T>(&self, part: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        self.state.task.take();
        part(&mut Context::from_waker(&self.waker))
    }
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let polling = self.phase.compare_exchange(POLLING, WOKEN, Ordering::AcqRel, Ordering::Acquire);
        if polling == Err(AT_REST) {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_part_that_is_woken_while_it_is_polled_is_polled_again_and_the_task_is_left_alone() {
        let (wakes, relay) = (Arc::<Wakes>::default(), Relay::new());
        let (task, mut rounds) = (wakes.clone().into(), 0);
        let polled = relay.poll(&Context::from_waker(&task), |context| {
            rounds += 1;
            context.waker().wake_by_ref();
            if rounds == 2 { Poll::Ready(()) } else { Poll::Pending }
        });
        assert_eq!((polled, rounds, wakes.0.load(Ordering::Relaxed)), (Poll::Ready(()), 2, 0));
    }

    #[test]
    fn what_wakes_a_sleeping_part_wakes_the_task_that_polled_last() {
        let (wakes, others, relay) = (Arc::<Wakes>::default(), Arc::<Wakes>::default(), Relay::new());
        let mut part = None;
        for task in [others.clone().into(), wakes.clone().into()] {
            let polled: Poll<()> = relay.poll(&Context::from_waker(&task), |context| {
                part = Some(context.waker().clone());
                Poll::Pending
            });
            assert!(polled.is_pending());
        }
        part.unwrap().wake();
        assert_eq!((others.0.load(Ordering::Relaxed), wakes.0.load(Ordering::Relaxed)), (0, 1));
    }

    #[test]
    fn a_part_that_always_wakes_itself_gives_way_and_its_task_comes_back() {
        let (wakes, relay) = (Arc::<Wakes>::default(), Relay::new());
        let (task, mut rounds) = (wakes.clone().into(), 0);
        let polled: Poll<()> = relay.poll(&Context::from_waker(&task), |context| {
            rounds += 1;
            context.waker().wake_by_ref();
            Poll::Pending
        });
        assert_eq!((polled, rounds, wakes.0.load(Ordering::Relaxed)), (Poll::Pending, MAX_ROUNDS, 1));
    }

    #[test]
    fn nobody_is_woken_for_a_part_that_nobody_waits_for() {
        let (wakes, relay) = (Arc::<Wakes>::default(), Relay::new());
        let task = wakes.clone().into();
        let _: Poll<()> = relay.poll(&Context::from_waker(&task), |_| Poll::Pending);
        let mut part = None;
        let _: Poll<()> = relay.poll_alone(|context| {
            part = Some(context.waker().clone());
            Poll::Pending
        });
        part.unwrap().wake();
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
    }
}
