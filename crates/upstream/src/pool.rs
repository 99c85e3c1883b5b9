//! Kept connections: each core has its own, so that none is waited for and none moves.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use crate::line::Line;

/// Kept on one core at a time: more requests than this at once are rare, and the next such burst connects anew.
const MAX_KEPT: usize = 256;

static NEXT_POOL: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The connections that this core keeps, by pool; the one used last stands last.
    static KEPT: RefCell<HashMap<u64, VecDeque<Kept>>> = RefCell::default();
}

struct Kept {
    line: Line,
    since: Instant,
}

/// The connections to one safe.
#[derive(Debug)]
pub(crate) struct Pool {
    id: u64,
    idle: Duration,
}

impl Pool {
    /// Keeps connections for as long as `idle`, which must be shorter than the safe's own patience.
    pub(crate) fn new(idle: Duration) -> Self {
        Self { id: NEXT_POOL.fetch_add(1, Relaxed), idle }
    }

    /// A kept connection that is still good, the one used last.
    pub(crate) async fn take(&self) -> Option<Line> {
        loop {
            let now = Instant::now();
            let kept = KEPT.with_borrow_mut(|all| all.get_mut(&self.id)?.pop_back())?;
            let mut line = kept.line;
            line.set_kept(false);
            // Those before it are older still, and go as they are come to.
            if now.duration_since(kept.since) < self.idle && line.is_good().await {
                return Some(line);
            }
        }
    }

    /// Keeps a connection whose exchange is over, if it is still good; lets go those that were kept too long.
    pub(crate) async fn keep(&self, mut line: Line) {
        if !line.is_good().await {
            return;
        }
        let now = Instant::now();
        KEPT.with_borrow_mut(|all| {
            let kept = all.entry(self.id).or_default();
            while kept
                .front()
                .is_some_and(|oldest| kept.len() >= MAX_KEPT || now.duration_since(oldest.since) >= self.idle)
            {
                kept.pop_front();
            }
            line.set_kept(true);
            kept.push_back(Kept { line, since: now });
        });
    }
}
