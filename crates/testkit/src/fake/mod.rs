//! Ports that behave, in memory: for tests that tell a story.
//!
//! Each fake passes the [`contract`](crate::contract) its real sibling passes. None keeps a secret, none outlives its
//! process.

use std::sync::{Mutex, MutexGuard, PoisonError};

mod account_store;
mod authenticator;
mod change_bell;
mod clock;
mod key_set_source;
mod mailer;
mod passkeys;
mod randomness;
mod record_store;
mod remote_identity;
mod remote_safe;
mod sealer;
mod token_issuer;
mod upstream;
mod wallet_directory;

pub use account_store::InMemoryAccountStore;
pub use authenticator::StaticAuthenticator;
pub use change_bell::RecordingBell;
pub use clock::ManualClock;
pub use key_set_source::ScriptedKeySetSource;
pub use mailer::RecordingMailer;
pub use passkeys::{GlassAuthenticator, GlassPasskeys};
pub use randomness::CountingRandomness;
pub use record_store::InMemoryRecordStore;
pub use remote_identity::{RecordedIdentityCall, RecordingRemoteIdentity};
pub use remote_safe::{RecordedCall, RecordingRemoteSafe};
pub use sealer::TransparentSealer;
pub use token_issuer::TransparentTokenIssuer;
pub use upstream::InMemoryUpstream;
pub use wallet_directory::PaperWallets;

/// A panicking test must not hide its reason behind a poisoned lock.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// FNV-1a over parts, each told apart from the next by its length. No cipher: it finds accidents, not attackers.
fn checksum(seed: u64, parts: &[&[u8]]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    parts.iter().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, part| {
        let hash = (part.len() as u64).to_be_bytes().iter().fold(hash, mix);
        part.iter().fold(hash, mix)
    })
}
