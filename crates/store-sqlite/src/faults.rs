//! What a test can do to the store's threads: hold them, make the next sync fail, fill the disk. Not part of the store.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard};

use rusqlite::{Connection, Error, Result, ffi};

#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Passed by the writer between the first job of a group and the rest.
    pub(crate) writer: Gate,
    /// Passed by a reader before each query.
    pub(crate) readers: Gate,
    fail_next_sync: AtomicBool,
    most_pages: AtomicI64,
}

/// A place where a thread can be held.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<()>);

impl Gate {
    /// Who comes to the gate waits until this is dropped.
    pub(crate) fn hold(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap()
    }

    pub(crate) fn pass(&self) {
        drop(self.hold());
    }
}

impl Faults {
    /// The database may grow to this many pages, or stay as large as it is, and then the disk is full. `None`: it has
    /// room again.
    pub(crate) fn bound_pages(&self, pages: Option<i64>) {
        self.most_pages.store(pages.unwrap_or(i64::from(u32::MAX) - 1), Ordering::SeqCst);
    }

    /// Called by the writer before it begins a transaction.
    pub(crate) fn before_group(&self, connection: &Connection) -> Result<()> {
        match self.most_pages.load(Ordering::SeqCst) {
            0 => Ok(()),
            pages => connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())),
        }
    }

    /// The next commit fails as one whose sync failed.
    pub(crate) fn fail_next_sync(&self) {
        self.fail_next_sync.store(true, Ordering::SeqCst);
    }

    /// Called by the writer in the place of `COMMIT`: `SQLite` rolls back when its sync fails, and says so.
    pub(crate) fn commit(&self, connection: &Connection) -> Result<()> {
        if self.fail_next_sync.swap(false, Ordering::SeqCst) {
            connection.execute_batch("ROLLBACK")?;
            return Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_FSYNC), None));
        }
        connection.execute_batch("COMMIT")
    }
}
