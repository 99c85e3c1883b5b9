//! Lengths in steps, so that a dump tells little of sizes: ISO/IEC 7816-4 padding (`80 00 00 …`) inside the box.
//!
//! The marker stands behind the plaintext, so that an opened box becomes the plaintext by cutting its end off.

use strongroom_ports::SealError;

/// The shortest padded length: the records of most people are equally long.
const MIN_PADDED_BYTES: usize = 256;

const MARKER: u8 = 0x80;

/// The padded length of a plaintext: [`MIN_PADDED_BYTES`], and from there eight evenly spaced steps up to each
/// doubling, which adds at most an eighth.
pub(crate) fn padded_bytes(plaintext_bytes: usize) -> usize {
    let marked = plaintext_bytes + 1;
    if marked <= MIN_PADDED_BYTES {
        return MIN_PADDED_BYTES;
    }
    let step = marked.next_power_of_two() / 16;
    marked.next_multiple_of(step)
}

/// Writes the plaintext and its marker into `room`, which is [`padded_bytes`] long and all zeros.
pub(crate) fn pad(plaintext: &[u8], room: &mut [u8]) {
    room[..plaintext.len()].copy_from_slice(plaintext);
    room[plaintext.len()] = MARKER;
}

/// Cuts the padding off an authenticated plaintext.
///
/// # Errors
///
/// [`SealError::Refused`] where there is no marker, which nothing sealed here lacks.
pub(crate) fn unpad(padded: &mut Vec<u8>) -> Result<(), SealError> {
    // Sixteen at a time at first: most of a usual record's box is padding.
    let mut marked = padded.as_slice();
    while let Some(rest) = marked.strip_suffix(&[0; 16]) {
        marked = rest;
    }
    match marked.iter().rposition(|byte| *byte != 0) {
        Some(end) if padded[end] == MARKER => {
            padded.truncate(end);
            Ok(())
        }
        _ => Err(SealError::Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_come_in_steps() {
        for (plaintext, padded) in [
            (0, 256),
            (255, 256),
            (256, 288),
            (287, 288),
            (288, 320),
            (511, 512),
            (512, 576),
            (65_535, 65_536),
            (65_536, 73_728),
        ] {
            assert_eq!(padded_bytes(plaintext), padded, "{plaintext}");
        }
    }

    #[test]
    fn padding_adds_an_eighth_at_most_and_never_shortens() {
        for plaintext in MIN_PADDED_BYTES..20_000 {
            let padded = padded_bytes(plaintext);
            assert!(padded > plaintext && padded >= padded_bytes(plaintext - 1), "{plaintext}");
            assert!((padded - plaintext - 1) * 8 <= plaintext, "{plaintext}");
        }
    }

    #[test]
    fn padding_comes_off_exactly_whatever_the_plaintext_ends_with() {
        for plaintext in [&b""[..], b"\0", b"\0\0", b"\x80", b"a\x80\0\0", &[0; 255], &[MARKER; 256]] {
            let mut padded = vec![0; padded_bytes(plaintext.len())];
            pad(plaintext, &mut padded);
            assert_eq!(unpad(&mut padded), Ok(()));
            assert_eq!(padded, plaintext);
        }
    }

    #[test]
    fn a_plaintext_without_a_marker_is_refused() {
        for unmarked in [&b""[..], &[0; 256], b"{}", b"{}\0\0"] {
            assert_eq!(unpad(&mut unmarked.to_vec()), Err(SealError::Refused));
        }
    }
}
