//! Strongroom's embedded store: sealed records, wrapped keys, outbox, sessions, passkeys, and codes with their mails, in one
//! `SQLite` database.
//!
//! One thread writes. It takes all that is waiting into one transaction, so that one sync answers many callers, and
//! nobody is answered before it. Reads are answered from a cache of sealed records, or by a few reader threads; no
//! caller's thread ever waits for a disk. What an erasure promises is kept by overwriting
//! the wrapped key in its place and by emptying the write-ahead log before it is answered; what closing an account promises,
//! by the same for sealed boxes.
//!
//! The store must never see a plaintext, nor retry a sync that failed: what the disk holds is unknown then, and only a
//! restart reads it afresh.

mod account_writes;
mod answer;
mod box_slots;
mod cache;
mod confirmation_writes;
mod confirmations;
mod connection;
mod credential_writes;
mod credentials;
mod directory;
mod error;
mod figures;
mod in_flux;
mod job;
mod key_checks;
mod key_slots;
mod mail_writes;
mod operator;
mod options;
mod outbox;
mod reader;
mod record_writes;
mod rows;
mod schema;
mod session_writes;
mod sessions;
mod shared;
mod stats;
mod store;
mod writer;

#[cfg(test)]
mod faults;

pub use error::{OpenError, OperatorError, OperatorFailure};
pub use figures::{AccountFigures, Figures, KeyFigure, WrappedBy, figures};
pub use operator::{Report, backup, check, restore};
pub use options::{
    DEFAULT_CACHE_BYTES, DEFAULT_ERASURES_KEPT, DEFAULT_EVENT_BYTES_PER_RECORD, DEFAULT_EVENTS_PER_RECORD,
    DEFAULT_QUEUE_LEN, Options,
};
pub use stats::{Distribution, GROUP_SIZE_BOUNDS, SYNC_TIME_BOUNDS_US, Stats};
pub use store::SqliteStore;
