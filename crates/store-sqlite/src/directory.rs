//! The data directory: its files, their modes, and the lock that keeps a second process out.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::OpenError;

/// The owner alone: what is inside is sealed, and still nobody else's business.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const OTHERS_WRITE: u32 = 0o022;

/// A data directory that this process holds for itself, until dropped.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    /// Makes the directory when missing, and locks it.
    ///
    /// One that others may write to is refused: whoever writes there can bring back what was revoked.
    pub(crate) fn hold(path: &Path) -> Result<Self, OpenError> {
        let held = Self::try_hold(path).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => OpenError::InUse,
            _ => OpenError::Directory(error),
        })?;
        for place in [path, &held.database()] {
            match std::fs::metadata(place) {
                Ok(found) if found.mode() & OTHERS_WRITE != 0 => {
                    return Err(OpenError::OpenToOthers { mode: found.mode() & 0o777 });
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(OpenError::Directory(error)),
            }
        }
        Ok(held)
    }

    fn try_hold(path: &Path) -> io::Result<Self> {
        match DirBuilder::new().mode(DIRECTORY_MODE).create(path) {
            Ok(()) => sync_parent(path)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(path.join("lock"))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|errno| match errno {
            Errno::WOULDBLOCK => io::Error::from(io::ErrorKind::WouldBlock),
            other => other.into(),
        })?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        database_in(&self.path)
    }
}

/// The database file of a directory.
pub(crate) fn database_in(directory: &Path) -> PathBuf {
    directory.join("strongroom.db")
}

/// A file that `SQLite` keeps beside a database: `-wal` or `-shm`.
pub(crate) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether there is a database: something in its file, or in a log that an accident has left alone.
pub(crate) fn is_filled(database: &Path) -> io::Result<bool> {
    Ok(bytes(database)? > 0 || bytes(&beside(database, "-wal"))? > 0)
}

/// The size of a file; 0 when there is none.
pub(crate) fn bytes(file: &Path) -> io::Result<u64> {
    match file.metadata() {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Whether the disk gives anything back of a file.
pub(crate) fn can_be_read(file: &Path) -> bool {
    File::open(file).and_then(|mut file| file.read_exact(&mut [0])).is_ok()
}

/// Whether a database is shorter than the smallest page there is: `SQLite` would take it for an empty one.
pub(crate) fn is_cut_off(database: &Path) -> io::Result<bool> {
    const SMALLEST_PAGE_BYTES: u64 = 512;
    Ok((1..SMALLEST_PAGE_BYTES).contains(&bytes(database)?))
}

/// Makes an empty file for the owner alone; `SQLite` gives its other files the mode of the database. Refuses a file that
/// exists. One that could not be made durable is removed again.
pub(crate) fn create(file: &Path) -> io::Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(file)?;
    let is_durable = made.sync_all().and_then(|()| sync_parent(file));
    if is_durable.is_err() {
        remove(file)?;
    }
    is_durable
}

/// Makes the names in a file's directory durable.
pub(crate) fn sync_parent(file: &Path) -> io::Result<()> {
    let parent = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(parent)?.sync_all()
}

/// Removes a file that may be missing.
pub(crate) fn remove(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
