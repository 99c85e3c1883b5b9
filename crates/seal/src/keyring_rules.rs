//! What a keyring must be, and why one is refused, for the operator who must mend it.

use thiserror::Error;

use crate::key_id::MAX_KEY_ID_BYTES;
use crate::key_material::KEY_BYTES;

/// The most sealing keys of a keyring: a new one every month for five years.
pub const MAX_SEALING_KEYS: usize = 64;

/// The largest keyring file: about four times the largest keyring.
pub const MAX_KEYRING_BYTES: usize = 64 * 1024;

/// Why a keyring was refused. Positions are those of `sealing_keys`, from 0; nothing of the content is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyringError {
    /// More bytes than a keyring may have.
    #[error("the keyring is larger than {MAX_KEYRING_BYTES} bytes")]
    TooLarge,
    /// Not JSON in UTF-8 (RFC 8259), or bytes behind the end.
    #[error("the keyring is not JSON: line {line}, column {column}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 0, in bytes.
        column: usize,
    },
    /// A member is unknown, missing, there twice or of another type.
    #[error(
        "the keyring is not exactly {{\"version\":1,\"index_key\":\"…\",\"sealing_keys\":[{{\"id\":\"…\",\"key\":\"…\"}}]}}: \
         line {line}, column {column}"
    )]
    Shape {
        /// From 1.
        line: usize,
        /// From 0, in bytes.
        column: usize,
    },
    /// Another version of the format.
    #[error("the keyring's version is not 1")]
    Version,
    /// The index key is no key.
    #[error("the keyring's index_key is not {KEY_BYTES} bytes in base64url without padding")]
    IndexKey,
    /// A sealing key is no key.
    #[error(
        "the keyring's sealing_keys[{position}].key is not {KEY_BYTES} bytes in base64url without padding"
    )]
    SealingKey {
        /// Which.
        position: usize,
    },
    /// An id is outside the grammar.
    #[error(
        "the keyring's sealing_keys[{position}].id is not 1 to {MAX_KEY_ID_BYTES} characters of A-Z a-z 0-9 . _ -"
    )]
    KeyId {
        /// Which.
        position: usize,
    },
    /// An id stands there twice.
    #[error("the keyring's sealing_keys[{position}].id is another key's")]
    DuplicateId {
        /// Which, the second of the two.
        position: usize,
    },
    /// A key stands there twice: two names for one key, or the index key as a sealing key.
    #[error("the keyring's sealing_keys[{position}].key stands there twice")]
    DuplicateKey {
        /// Which, the second of the two.
        position: usize,
    },
    /// Nothing to seal with.
    #[error("the keyring has no sealing key")]
    NoSealingKey,
    /// More sealing keys than a keyring may have.
    #[error("the keyring has more than {MAX_SEALING_KEYS} sealing keys")]
    TooManySealingKeys,
}
