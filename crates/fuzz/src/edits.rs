//! Edits of something good, told by the input: what an attacker does to a token or a box that they have seen.

/// How many bytes of an input make one edit: what is done, where (big-endian), and a byte.
const EDIT_BYTES: usize = 4;

/// What becomes of `good`: each four bytes of `edits` replace, insert or delete one byte, or cut off the rest. What is left
/// over is ignored.
pub(crate) fn edited(good: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for edit in edits.chunks_exact(EDIT_BYTES) {
        let [kind, high, low, byte] = *edit else { continue };
        let at = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
        match kind % 8 {
            0 => bytes.insert(at, byte),
            1 => drop(bytes.drain(at..(at + 1).min(bytes.len()))),
            2 => bytes.truncate(at),
            _ => {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
        }
    }
    bytes
}
