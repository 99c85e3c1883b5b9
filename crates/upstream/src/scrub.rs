//! Bytes that are overwritten when they are let go: a request has a token in it, an answer somebody's data.

use std::fmt;
use std::ops::Deref;

/// A buffer that is overwritten when it is dropped, and what it leaves behind as it grows.
#[derive(Default)]
pub(crate) struct Scrubbed(Vec<u8>);

impl Scrubbed {
    /// Room for so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Puts bytes behind the others.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let length = self.0.len() + bytes.len();
        if length > self.0.capacity() {
            let mut larger = Self::with_room(length.next_power_of_two());
            larger.0.extend_from_slice(&self.0);
            *self = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        self.0.capacity()
    }

    pub(crate) fn clear(&mut self) {
        scrub(&mut self.0);
        self.0.clear();
    }

    /// The bytes, for somebody else to overwrite.
    pub(crate) fn into_inner(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// All of its room, if the bytes have not outgrown another before.
impl From<Vec<u8>> for Scrubbed {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Deref for Scrubbed {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Printed by its length alone.
impl fmt::Debug for Scrubbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrubbed").field("bytes", &self.0.len()).finish()
    }
}

impl Drop for Scrubbed {
    fn drop(&mut self) {
        scrub(&mut self.0);
    }
}

/// Overwrites bytes, and keeps the optimiser from dropping the dead store: as far as safe code can say it.
pub(crate) fn scrub(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(&*bytes);
}
