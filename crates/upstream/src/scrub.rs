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

    /// Puts bytes behind the others. `most`: how many there may come to be.
    pub(crate) fn add(&mut self, bytes: &[u8], most: usize) {
        let length = self.0.len() + bytes.len();
        if length > self.0.capacity() {
            let mut larger = Self::with_room(length.next_power_of_two().min(most).max(length));
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

/// What the bytes have outgrown before is not overwritten: whoever gives them has given them room.
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

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt as _;

    use super::*;

    #[test]
    fn what_a_buffer_leaves_behind_as_it_grows_is_overwritten() {
        let mut buffer = Scrubbed::with_room(4096);
        buffer.add(&[b'6'; 4096], 10_000);
        // The middle of it: an allocator writes notes of its own to the edges of what it is given back.
        let at = buffer.as_ptr().addr() as u64 + 2048;
        let memory = File::open("/proc/self/mem").unwrap();
        let mut seen = [0; 64];
        memory.read_exact_at(&mut seen, at).unwrap();
        assert_eq!(seen, [b'6'; 64]);
        buffer.add(&[b'8'; 1000], 6000);
        assert_eq!((buffer.len(), buffer.room(), buffer[2048], buffer[4100]), (5096, 6000, b'6', b'8'));
        assert_ne!(buffer.as_ptr().addr() as u64 + 2048, at);
        // Memory that went back to the kernel cannot be read at all.
        let read = memory.read_exact_at(&mut seen, at);
        assert!(read.is_err() || seen != [b'6'; 64]);
    }
}
