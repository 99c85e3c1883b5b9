//! What a store keeps of each key it was written with, so that a wrong or missing one is noticed before anything is
//! written.

use std::fmt;

/// A keyed one-way value: equal for equal keys, and telling nothing else of the key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyCheck {
    /// The key's name among all keys of a keyring.
    pub id: String,
    /// The same for the same key, for ever.
    pub value: [u8; 32],
}

/// Printed by its id.
impl fmt::Debug for KeyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCheck").field("id", &self.id).finish_non_exhaustive()
    }
}
