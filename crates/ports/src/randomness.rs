//! Chance as an argument.

use std::fmt;

/// Gives unpredictable bytes, fit for ids and keys.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Randomness: fmt::Debug + Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, bytes: &mut [u8]);
}
