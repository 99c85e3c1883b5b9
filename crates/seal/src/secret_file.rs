//! Files that hold secrets: the keyring, signing keys, secrets shared with a foreign issuer.
//!
//! Such a file belongs to one account, and one that others can open is refused rather than used. Errors name the path,
//! which an operator reads, and never the content. For Unix, where a file has a mode.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

/// The largest secret file: room for a full keyring, and no room for a mistaken path.
pub const MAX_SECRET_FILE_BYTES: usize = 64 * 1024;

/// The mode of files made here: read and written by their owner alone.
const OWNER_ONLY: u32 = 0o600;

/// What group and others may do with a file.
const GROUP_AND_OTHERS: u32 = 0o077;

/// Reads a secret file. Symbolic links are followed, as secrets mounted by an orchestrator are links.
///
/// # Errors
///
/// [`SecretFileError`]: the file cannot be read, is no regular file, is open to group or others, or is larger than
/// [`MAX_SECRET_FILE_BYTES`].
pub fn read_secret_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    // Asked before opening, since opening a pipe would wait for its writer; asked again of what was opened, which is
    // what counts.
    check(path, &fs::metadata(path).map_err(failed(Action::Open, path))?)?;
    let file = File::open(path).map_err(failed(Action::Open, path))?;
    check(path, &file.metadata().map_err(failed(Action::Read, path))?)?;

    // One allocation, one byte over the limit: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_FILE_BYTES + 1));
    file.take(MAX_SECRET_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed(Action::Read, path))?;
    if bytes.len() > MAX_SECRET_FILE_BYTES {
        return Err(SecretFileError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Writes a new secret file with mode 0600. On disk, its name included, when this returns; never over a file that is
/// there. It gets its name when it is whole: half a keyring, left by a power cut or a failing disk, would stand in the way
/// of the next try.
///
/// # Errors
///
/// [`SecretFileError::Io`], of kind [`AlreadyExists`](io::ErrorKind::AlreadyExists) where there is a file,
/// [`SecretFileError::Leftover`], or [`SecretFileError::TooLarge`]. No file of this name is left behind.
pub fn write_new_secret_file(path: &Path, bytes: &[u8]) -> Result<(), SecretFileError> {
    if bytes.len() > MAX_SECRET_FILE_BYTES {
        return Err(SecretFileError::TooLarge { path: path.to_owned() });
    }
    // Of this process alone, so that of two who make the same file at once each links its own.
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = Path::new(&part);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(part).map_err(|cause| {
            match cause.kind() {
                io::ErrorKind::AlreadyExists => SecretFileError::Leftover { path: part.to_owned() },
                _ => failed(Action::Create, path)(cause),
            }
        })?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed(Action::Write, path));
    let linked = written.and_then(|()| fs::hard_link(part, path).map_err(failed(Action::Create, path)));
    let unlinked = fs::remove_file(part);
    linked?;
    unlinked.and_then(|()| sync_directory_of(path)).map_err(|cause| {
        let _ = fs::remove_file(path);
        failed(Action::Write, path)(cause)
    })
}

/// Makes the name of a new file durable.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => File::open(directory)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn check(path: &Path, metadata: &fs::Metadata) -> Result<(), SecretFileError> {
    if !metadata.is_file() {
        return Err(SecretFileError::NotAFile { path: path.to_owned() });
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & GROUP_AND_OTHERS != 0 {
        return Err(SecretFileError::OpenToOthers { path: path.to_owned(), mode });
    }
    Ok(())
}

fn failed(action: Action, path: &Path) -> impl FnOnce(io::Error) -> SecretFileError {
    move |cause| SecretFileError::Io { action, path: path.to_owned(), cause }
}

/// What was being done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Finding or opening it.
    Open,
    /// Reading it.
    Read,
    /// Making it, where there must be none.
    Create,
    /// Writing it to disk.
    Write,
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Create => "create",
            Self::Write => "write",
        })
    }
}

/// Why a secret file was not read or written. For an operator, who knows the path; the cause is part of the message.
#[derive(Debug, Error)]
pub enum SecretFileError {
    /// The operating system refused.
    #[error("could not {action} {path}: {cause}")]
    Io {
        /// What was being done.
        action: Action,
        /// To which file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// A crash came while a process of this number was writing a file; processes in containers often have the same.
    #[error("{path} was left behind by a crash and may hold key material: remove it, and try again")]
    Leftover {
        /// Which file, beside the one that was to be written.
        path: PathBuf,
    },
    /// A directory, a device, a pipe.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// Which file.
        path: PathBuf,
    },
    /// Group or others may read, write or run it.
    #[error("{path} has mode {mode:04o}, and a secret is for its owner alone: run `chmod 600 {path}`")]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Larger than a secret file may be.
    #[error("{path} is larger than {MAX_SECRET_FILE_BYTES} bytes, the most for a secret file")]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_was_written_reads_back_and_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        write_new_secret_file(&path, b"hush").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(read_secret_file(&path).unwrap().as_slice(), b"hush");
    }

    #[test]
    fn any_right_of_group_or_others_is_refused_with_the_mode_and_the_remedy() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        write_new_secret_file(&path, b"hush").unwrap();
        for bit in [0o040, 0o020, 0o010, 0o004, 0o002, 0o001] {
            set_mode(&path, 0o600 | bit);
            let message = read_secret_file(&path).unwrap_err().to_string();
            assert!(message.contains(&format!("mode {:04o}", 0o600 | bit)), "{message}");
            assert!(message.contains(&format!("`chmod 600 {}`", path.display())), "{message}");
            assert!(!message.contains("hush"), "{message}");
        }
        set_mode(&path, 0o400);
        assert!(read_secret_file(&path).is_ok());
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        write_new_secret_file(&path, b"first").unwrap();
        let error = write_new_secret_file(&path, b"second").unwrap_err();
        assert!(matches!(error, SecretFileError::Io { action: Action::Create, ref cause, .. }
            if cause.kind() == io::ErrorKind::AlreadyExists));
        assert_eq!(read_secret_file(&path).unwrap().as_slice(), b"first");
    }

    #[test]
    fn what_a_crash_left_is_named_as_what_to_remove() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let part = directory.path().join(format!("secret.{}.part", std::process::id()));
        fs::write(&part, b"hu").unwrap();
        let error = write_new_secret_file(&path, b"hush").unwrap_err();
        assert!(matches!(&error, SecretFileError::Leftover { path } if *path == part));
        let message = error.to_string();
        assert!(message.contains(&part.display().to_string()) && message.contains("remove it"), "{message}");
        assert!(part.exists() && !path.exists());
    }

    #[test]
    fn a_link_is_followed_to_the_file_whose_mode_counts() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("secret"), directory.path().join("link"));
        write_new_secret_file(&path, b"hush").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(read_secret_file(&link).unwrap().as_slice(), b"hush");
        set_mode(&path, 0o644);
        assert!(matches!(read_secret_file(&link), Err(SecretFileError::OpenToOthers { mode: 0o644, .. })));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_without_opening_it() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(read_secret_file(directory.path()), Err(SecretFileError::NotAFile { .. })));
        let socket = directory.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(matches!(read_secret_file(&socket), Err(SecretFileError::NotAFile { .. })));
    }

    #[test]
    fn a_missing_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("absent");
        let error = read_secret_file(&path).unwrap_err();
        assert!(error.to_string().starts_with(&format!("could not open {}: ", path.display())), "{error}");
    }

    #[test]
    fn the_size_limit_holds_to_the_byte_both_ways() {
        let directory = tempfile::tempdir().unwrap();
        let (full, over) = (directory.path().join("full"), directory.path().join("over"));
        write_new_secret_file(&full, &vec![b'x'; MAX_SECRET_FILE_BYTES]).unwrap();
        assert_eq!(read_secret_file(&full).unwrap().len(), MAX_SECRET_FILE_BYTES);

        let too_long = vec![b'x'; MAX_SECRET_FILE_BYTES + 1];
        assert!(matches!(write_new_secret_file(&over, &too_long), Err(SecretFileError::TooLarge { .. })));
        assert!(!over.exists());
        fs::write(&over, &too_long).unwrap();
        set_mode(&over, 0o600);
        assert!(matches!(read_secret_file(&over), Err(SecretFileError::TooLarge { .. })));
    }
}
