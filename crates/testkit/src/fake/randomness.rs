//! Bytes that look random, never repeat, and are the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use strongroom_ports::Randomness;

/// A [`Randomness`] whose every eight bytes differ from all it gave before, the same in every run. Predictable: for tests
/// alone.
#[derive(Debug, Default)]
pub struct CountingRandomness(AtomicU64);

impl CountingRandomness {
    /// A sequence that starts at its beginning.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Randomness for CountingRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let scrambled = scramble(self.0.fetch_add(1, Ordering::Relaxed)).to_be_bytes();
            chunk.copy_from_slice(&scrambled[..chunk.len()]);
        }
    }
}

/// The finaliser of splitmix64: no two numbers become the same.
fn scramble(count: u64) -> u64 {
    let mut z = count.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fills_the_whole_buffer_never_repeats_and_is_the_same_in_every_run() {
        let draw = |randomness: &CountingRandomness| {
            let mut bytes = [0; 20];
            randomness.fill(&mut bytes);
            bytes
        };
        let (one, other) = (CountingRandomness::new(), CountingRandomness::new());
        let (first, second) = (draw(&one), draw(&one));
        assert_ne!(first, second);
        assert_ne!(first[12..], [0; 8]);
        assert_eq!([first, second], [draw(&other), draw(&other)]);
    }
}
