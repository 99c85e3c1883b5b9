//! A bell that remembers who was rung for.

use std::mem;
use std::sync::Mutex;

use strongroom_ports::{ChangeBell, RecordId};

use super::locked;

/// A [`ChangeBell`] that nobody hears, and that keeps a list. Share it by `Arc`.
#[derive(Debug, Default)]
pub struct RecordingBell {
    rings: Mutex<Vec<RecordId>>,
}

impl RecordingBell {
    /// A bell that has not been rung.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The rings since the last call, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<RecordId> {
        mem::take(&mut locked(&self.rings))
    }
}

impl ChangeBell for RecordingBell {
    fn ring(&self, id: &RecordId) {
        locked(&self.rings).push(*id);
    }
}
