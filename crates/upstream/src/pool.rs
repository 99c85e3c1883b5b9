//! Kept connections: each core has its own, so that none is waited for and none moves.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::line::Line;

/// Kept on one core at a time: more requests than this at once are rare, and the next such burst connects anew.
const MAX_KEPT: usize = 256;
/// How soon a kept connection is let go that the safe has closed, or that nobody has used for too long.
const TIDY_EVERY: Duration = Duration::from_secs(1);

static NEXT_POOL: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The connections that this core keeps, by pool: a process has a few.
    static KEPT: RefCell<Vec<OfCore>> = RefCell::default();
}

/// What one core keeps of one pool.
#[derive(Default)]
struct OfCore {
    /// The one used last stands last.
    lines: VecDeque<Kept>,
    is_tidied: bool,
}

struct Kept {
    /// Boxed: it moves with every request.
    line: Box<Line>,
    since: Instant,
}

/// The connections to one safe.
#[derive(Debug)]
pub(crate) struct Pool {
    number: usize,
    idle: Duration,
}

impl Pool {
    /// Keeps connections for as long as `idle`, which must be shorter than the safe's own patience.
    pub(crate) fn new(idle: Duration) -> Self {
        Self { number: NEXT_POOL.fetch_add(1, Relaxed), idle }
    }

    /// A kept connection that is still good, the one used last.
    pub(crate) fn take(&self, now: Instant) -> Option<Box<Line>> {
        loop {
            let kept = KEPT.with_borrow_mut(|all| all.get_mut(self.number)?.lines.pop_back())?;
            let mut line = kept.line;
            line.set_kept(false);
            // Those before it are older still, and go as they are come to.
            if now.duration_since(kept.since) < self.idle && line.is_good() {
                return Some(line);
            }
        }
    }

    /// Keeps a connection whose exchange is over. Whether it is still good is seen when it is taken, or tidied.
    pub(crate) fn keep(&self, mut line: Box<Line>) {
        line.set_kept(true);
        let is_tidied = KEPT.with_borrow_mut(|all| {
            if all.len() <= self.number {
                all.resize_with(self.number + 1, OfCore::default);
            }
            let Some(kept) = all.get_mut(self.number) else { return true };
            if kept.lines.len() >= MAX_KEPT {
                kept.lines.pop_front();
            }
            kept.lines.push_back(Kept { line, since: Instant::now() });
            std::mem::replace(&mut kept.is_tidied, true)
        });
        if !is_tidied {
            tokio::spawn(tidy(self.number, self.idle));
        }
    }
}

/// Lets go what is not good any more, for as long as this core keeps anything.
async fn tidy(number: usize, idle: Duration) {
    loop {
        sleep(TIDY_EVERY).await;
        let now = Instant::now();
        let is_empty = KEPT.with_borrow_mut(|all| {
            let Some(kept) = all.get_mut(number) else { return true };
            kept.lines.retain_mut(|kept| now.duration_since(kept.since) < idle && kept.line.is_good());
            kept.is_tidied = !kept.lines.is_empty();
            !kept.is_tidied
        });
        if is_empty {
            break;
        }
    }
}
