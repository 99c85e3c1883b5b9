//! What every [`Randomness`] must do, as far as a look from outside can tell.

use std::collections::BTreeSet;

use strongroom_ports::Randomness;

/// Runs what can be said of any [`Randomness`]: it fills the whole buffer, of any length, and does not repeat.
///
/// # Panics
///
/// At the first rule that is broken.
pub fn randomness(randomness: &dyn Randomness) {
    let mut drawn = BTreeSet::new();
    for _ in 0..64 {
        let mut bytes = [0; 16];
        randomness.fill(&mut bytes);
        drawn.insert(bytes);
    }
    assert_eq!(drawn.len(), 64, "sixteen bytes never come twice");
    for length in 0..=40 {
        // A byte that is zero in each of many draws was not filled.
        let mut seen = vec![0; length];
        for _ in 0..32 {
            let mut bytes = vec![0; length];
            randomness.fill(&mut bytes);
            seen.iter_mut().zip(&bytes).for_each(|(seen, byte)| *seen |= byte);
        }
        assert!(!seen.contains(&0), "a buffer of {length} bytes is filled to its end");
    }
}
