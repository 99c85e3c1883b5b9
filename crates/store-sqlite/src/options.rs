//! What a store is opened with, and its limits.

use std::path::PathBuf;
use std::sync::Arc;

use strongroom_ports::{ChangeBell, KeyCheck};

/// Bytes of sealed records kept in memory. Some ten thousand records of the usual size, and little beside a server's
/// other memory.
pub const DEFAULT_CACHE_BYTES: usize = 64 * 1024 * 1024;

/// Writes, and reads that miss the cache, that may wait. As many as requests may be in flight: whoever finds the queue
/// full would have waited longer than its caller does.
pub const DEFAULT_QUEUE_LEN: usize = 4096;

/// Events kept of one record. A listener that has missed more reads the record again, which is cheaper by then.
pub const DEFAULT_EVENTS_PER_RECORD: u64 = 256;

/// Bytes of sealed events kept of one record. 256 of the usual size take a tenth of it; 256 of the largest would take
/// hundreds of megabytes of the disk for one person who writes for ever.
pub const DEFAULT_EVENT_BYTES_PER_RECORD: u64 = 1024 * 1024;

/// Erasures kept of all records together, about 150 bytes each. They settle uncertain erasures and tell listeners; both
/// ask within seconds.
pub const DEFAULT_ERASURES_KEPT: u64 = 10_000;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory, for one process alone. Made when missing, for the owner alone; its parent must exist.
    pub directory: PathBuf,
    /// One for each sealing key of the keyring, and for the index key. A database that was written with a key that is not
    /// here, or differs, does not open.
    pub key_checks: Vec<KeyCheck>,
    /// Bytes of sealed records kept in memory. Default [`DEFAULT_CACHE_BYTES`].
    pub cache_bytes: usize,
    /// Writes, and apart from them reads, that may wait for a thread. Default [`DEFAULT_QUEUE_LEN`].
    pub queue_len: usize,
    /// Events kept of one record, the newest. At least 1. Default [`DEFAULT_EVENTS_PER_RECORD`].
    pub events_per_record: u64,
    /// Bytes of sealed events kept of one record, the newest; the last one whatever its size. Default
    /// [`DEFAULT_EVENT_BYTES_PER_RECORD`].
    pub event_bytes_per_record: u64,
    /// Erasures kept in the outbox, the newest of all records. At least 1. Default [`DEFAULT_ERASURES_KEPT`].
    pub erasures_kept: u64,
    /// Rung for each record that has changed; `None`: nobody listens. Default `None`.
    pub bell: Option<Arc<dyn ChangeBell>>,
}

impl Options {
    /// The defaults for a directory.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, key_checks: Vec<KeyCheck>) -> Self {
        Self {
            directory: directory.into(),
            key_checks,
            cache_bytes: DEFAULT_CACHE_BYTES,
            queue_len: DEFAULT_QUEUE_LEN,
            events_per_record: DEFAULT_EVENTS_PER_RECORD,
            event_bytes_per_record: DEFAULT_EVENT_BYTES_PER_RECORD,
            erasures_kept: DEFAULT_ERASURES_KEPT,
            bell: None,
        }
    }
}
