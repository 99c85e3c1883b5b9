//! A body on its way from one port to another: shared without being copied, and overwritten when nobody holds it any more.

use bytes::Bytes;

/// The same bytes, overwritten when the last who shares them lets go, however that comes about: sent, refused or given up.
///
/// Where somebody else holds the buffer itself, as who has read it from a socket may, its bytes live until that one uses it again.
#[must_use]
pub fn scrubbed(body: Bytes) -> Bytes {
    // Nobody's bytes need no owner.
    if body.is_empty() { body } else { Bytes::from_owner(Scrubbed(body)) }
}

struct Scrubbed(Bytes);

impl AsRef<[u8]> for Scrubbed {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Scrubbed {
    fn drop(&mut self) {
        if let Ok(mut bytes) = std::mem::take(&mut self.0).try_into_mut() {
            bytes.fill(0);
            // Keeps the optimiser from dropping the dead store: as far as safe code can say it.
            std::hint::black_box(&bytes);
        }
    }
}
