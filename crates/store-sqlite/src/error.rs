//! What can go wrong, for whoever must act: an operator at start, a caller of the port later.
//!
//! `SQLite`'s own messages stay here, because some of them quote; its codes are what the log gets.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rusqlite::ffi;
use strongroom_ports::StoreError;
use thiserror::Error;

/// Why a store did not open. Nothing was written, unless the variant says so.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has the directory, or another store of this process.
    #[error("the data directory is in use by another process")]
    InUse,
    /// The directory or a file in it could not be made, read or locked.
    #[error("the data directory is not usable: {0}")]
    Directory(#[source] io::Error),
    /// There is a database, and it is not ours.
    #[error("the database in the data directory is not one of Strongroom's")]
    Foreign,
    /// Written by a newer release.
    #[error("the database has schema {found}, and this release knows up to {known}")]
    Newer {
        /// The schema it has.
        found: i64,
        /// The newest that this release reads.
        known: i64,
    },
    /// The database was written with a key that the keyring lacks.
    #[error("the keyring lacks the key `{0}`, which the database was written with")]
    KeyMissing(String),
    /// The keyring has another key under this id than the one the database was written with.
    #[error("the keyring's key `{0}` is not the one the database was written with")]
    KeyDiffers(String),
    /// What an earlier process left in the write-ahead log could not be moved into the database, because another process
    /// reads it: a backup, perhaps.
    #[error("the write-ahead log cannot be emptied while another process reads the database")]
    Busy,
    /// There is no room left on the disk.
    #[error("the disk is full")]
    Full,
    /// The directory or the database may be written by others than its owner.
    #[error("others may write here (mode {mode:o}): chmod go-w")]
    OpenToOthers {
        /// The permission bits.
        mode: u32,
    },
    /// A file that is not a database, or a damaged one, or a disk that does not give it back: `SQLite` tells damage and an
    /// I/O error of a read by one code.
    #[error("the database is damaged, or the disk could not read it (SQLite code {code})")]
    Damaged {
        /// `SQLite`'s extended result code.
        code: i32,
    },
    /// Anything else that `SQLite` refused; the schema may have been written.
    #[error("the database could not be opened (SQLite code {code})")]
    Sqlite {
        /// `SQLite`'s extended result code.
        code: i32,
    },
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        let code = code(&error);
        match &error {
            rusqlite::Error::SqliteFailure(failure, _) if failure.code == ErrorCode::DiskFull => Self::Full,
            _ if store_error(&error) == StoreError::Damaged => Self::Damaged { code },
            _ => Self::Sqlite { code },
        }
    }
}

/// An operator's command did not do what it was asked: why, and the file or directory that it is about.
#[derive(Debug, Error)]
#[error("{path}: {cause}", path = .path.display())]
pub struct OperatorFailure {
    /// What must be looked at.
    pub path: PathBuf,
    /// What is the matter with it.
    pub cause: OperatorError,
}

impl OperatorError {
    /// What the error is about.
    pub(crate) fn about(path: &Path) -> impl Fn(Self) -> OperatorFailure {
        move |cause| OperatorFailure { path: path.to_owned(), cause }
    }
}

/// What is the matter with a file or a directory.
#[derive(Debug, Error)]
pub enum OperatorError {
    /// The directory or the database in it.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// There is no database to read.
    #[error("there is no database")]
    Missing,
    /// The target is there already, and is not overwritten.
    #[error("the target exists already")]
    Exists,
    /// What was read does not pass the integrity check; nothing was replaced.
    #[error("the database does not pass the integrity check")]
    Unsound,
    /// The copy could not be written to its end: no room, perhaps.
    #[error("the copy could not be finished: is there room on the disk?")]
    Unfinished,
    /// A file could not be read or written.
    #[error("a file could not be read or written: {0}")]
    File(#[from] io::Error),
}

impl From<rusqlite::Error> for OperatorError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Why one write of a group was not applied; its neighbours may have been.
#[derive(Debug)]
pub(crate) enum Refused {
    /// A decision: the state is another than expected.
    Store(StoreError),
    /// `SQLite` failed.
    Sqlite(rusqlite::Error),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// What a caller of the port does about an error that changed nothing.
pub(crate) fn store_error(error: &rusqlite::Error) -> StoreError {
    use rusqlite::Error;
    match error {
        Error::SqliteFailure(failure, _)
            if matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
        {
            StoreError::Damaged
        }
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => StoreError::Damaged,
        _ => StoreError::Unavailable,
    }
}

/// `SQLite`'s extended result code; 0 for an error of the binding.
pub(crate) fn code(error: &rusqlite::Error) -> i32 {
    match error {
        rusqlite::Error::SqliteFailure(failure, _)
        | rusqlite::Error::SqlInputError { error: failure, .. } => failure.extended_code,
        _ => 0,
    }
}

/// Whether the disk did not give back what it holds, which another attempt may. `SQLite` tells an I/O error of a read by the
/// code of damage.
pub(crate) fn may_pass(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::SystemIoFailure)
                && !is_failed_sync(error)
        }
        _ => false,
    }
}

/// Whether a sync may have failed: what the disk holds is unknown from here on.
pub(crate) fn is_failed_sync(error: &rusqlite::Error) -> bool {
    matches!(code(error), ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
}

/// Whether a `COMMIT` that failed so has surely changed nothing: the disk was full before the last frame was written, or
/// the transaction never got its lock.
pub(crate) fn is_surely_undone(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(failure.code, ErrorCode::DiskFull | ErrorCode::DatabaseBusy)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("a value, perhaps".to_owned()))
    }

    #[test]
    fn a_damaged_file_is_damage_and_everything_else_may_pass() {
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX, ffi::SQLITE_NOTADB] {
            assert_eq!(store_error(&failure(code)), StoreError::Damaged, "{code}");
        }
        for code in [ffi::SQLITE_IOERR_READ, ffi::SQLITE_FULL, ffi::SQLITE_BUSY, ffi::SQLITE_NOMEM] {
            assert_eq!(store_error(&failure(code)), StoreError::Unavailable, "{code}");
        }
    }

    #[test]
    fn only_a_full_disk_and_a_missed_lock_surely_undo_a_commit() {
        assert!(is_surely_undone(&failure(ffi::SQLITE_FULL)));
        assert!(is_surely_undone(&failure(ffi::SQLITE_BUSY)));
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR, ffi::SQLITE_CORRUPT]
        {
            assert!(!is_surely_undone(&failure(code)), "{code}");
        }
    }

    #[test]
    fn a_read_that_failed_may_pass_and_a_failed_sync_is_never_tried_again() {
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_IOERR_READ, ffi::SQLITE_IOERR_SHORT_READ] {
            assert!(may_pass(&failure(code)), "{code}");
        }
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC, ffi::SQLITE_FULL, ffi::SQLITE_BUSY]
        {
            assert!(!may_pass(&failure(code)), "{code}");
        }
    }

    #[test]
    fn no_message_of_sqlite_reaches_an_error() {
        let error = OpenError::from(failure(ffi::SQLITE_CONSTRAINT));
        assert!(!format!("{error} {error:?}").contains("value"));
    }
}
