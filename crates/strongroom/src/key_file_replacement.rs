//! A key file changes in one step: whoever reads sees the old keys or the new ones, and a crash leaves one of the two.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use strongroom_seal::secret_file::{SecretFileError, read_secret_file, write_new_secret_file};

use crate::failure::{Failure, refused};

/// Puts new content in the place of a secret file that held `before`, with mode 0600. A new file stands beside it for a
/// moment, which keeps two of us apart; what another has changed before is not written over.
///
/// # Errors
///
/// [`Failure::Keys`]; the file is as it was, unless it is the last sync that failed.
pub(crate) fn replace_secret_file(file: &Path, before: &[u8], content: &[u8]) -> Result<(), Failure> {
    let failed = |error: io::Error| refused(file)(format!("could not be replaced: {error}"));
    let file = fs::canonicalize(file).map_err(failed)?;
    if fs::metadata(&file).map_err(failed)?.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused(&file)("belongs to another account, which could not read the new one"));
    }
    let mut beside = file.clone().into_os_string();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    write_new_secret_file(&beside, content).map_err(|error| match error {
        SecretFileError::Io { cause, .. } if cause.kind() == io::ErrorKind::AlreadyExists => refused(&beside)(
            "is there: another command is at work, or a crash left it. It holds key material: if no command runs, remove it",
        ),
        error => error.into(),
    })?;
    let replaced = match read_secret_file(&file) {
        Ok(now) if now.as_slice() == before => fs::rename(&beside, &file).map_err(failed),
        Ok(_) => Err(refused(&file)("was changed by somebody else meanwhile: try again")),
        Err(error) => Err(error.into()),
    };
    if replaced.is_err() {
        let _ = fs::remove_file(&beside);
    }
    replaced?;
    let directory = file.parent().unwrap_or(Path::new("/"));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file_with(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keys.json");
        write_new_secret_file(&file, content).unwrap();
        (directory, file)
    }

    #[test]
    fn a_file_is_replaced_whole_and_stays_its_owners_alone() {
        let (directory, file) = file_with(b"old");
        replace_secret_file(&file, b"old", b"new").unwrap();
        assert_eq!(read_secret_file(&file).unwrap().as_slice(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_another_has_written_meanwhile_is_not_lost() {
        let (directory, file) = file_with(b"of another");
        assert_eq!(replace_secret_file(&file, b"old", b"new").unwrap_err().code(), 4);
        assert_eq!(read_secret_file(&file).unwrap().as_slice(), b"of another");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn two_at_a_time_are_kept_apart() {
        let (directory, file) = file_with(b"old");
        let beside = directory.path().join("keys.json.new");
        write_new_secret_file(&beside, b"of another who is not done").unwrap();
        let refusal = replace_secret_file(&file, b"old", b"new").unwrap_err();
        assert_eq!(refusal.code(), 4);
        let message = refusal.to_string();
        assert!(message.contains("keys.json.new") && message.contains("remove it"), "{message}");
        assert_eq!(read_secret_file(&file).unwrap().as_slice(), b"old");
        assert!(beside.exists());
    }

    #[test]
    fn a_link_stays_a_link_to_the_file_that_is_replaced() {
        let (directory, file) = file_with(b"old");
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace_secret_file(&link, b"old", b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(read_secret_file(&file).unwrap().as_slice(), b"new");
    }
}
