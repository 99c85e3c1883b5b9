//! SHA-256 as plain bytes: what is kept of a token in a store or in a cache, never the token.

use aws_lc_rs::digest;

/// The hash of a text.
pub(crate) fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; digest::SHA256_OUTPUT_LEN];
    hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    hash
}
