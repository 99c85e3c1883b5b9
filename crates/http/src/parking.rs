//! How many connections of a core keep what they need to serve a request, and how many wait without it.
//!
//! An HTTP connection holds some ten KiB of buffers between requests. A hundred or so may; whoever comes on top is parked
//! between requests: a socket and a waker, until its next byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Connections of a core that stay warm: two MiB.
const WARM_CONNECTIONS: usize = 128;

/// The warm connections of a core.
#[derive(Debug, Default)]
pub(crate) struct Warm(AtomicUsize);

impl Warm {
    /// One more, for as long as what is returned lives.
    pub(crate) fn enter(self: &Arc<Self>) -> WarmOne {
        self.0.fetch_add(1, Relaxed);
        WarmOne(self.clone())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// Whether there are more than may be.
    pub(crate) fn is_crowded(&self) -> bool {
        self.count() > WARM_CONNECTIONS
    }
}

/// A warm connection.
#[derive(Debug)]
pub(crate) struct WarmOne(Arc<Warm>);

impl Drop for WarmOne {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_on_top_of_the_warm_ones_makes_a_crowd_until_one_has_left() {
        let warm = Arc::new(Warm::default());
        let mut all: Vec<_> = (0..WARM_CONNECTIONS).map(|_| warm.enter()).collect();
        assert!(!warm.is_crowded());
        all.push(warm.enter());
        assert!(warm.is_crowded());
        all.pop();
        assert!(!warm.is_crowded());
    }
}
