//! Writes mails into a directory, one file each, for a developer to read.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use strongroom_ports::{Mail, MailError, Mailer};

use crate::letter::Letterhead;

/// Sends nothing: each mail is a file `ID.eml`, which only its owner may read. Nobody removes them.
#[derive(Debug)]
pub struct FileMailer {
    directory: PathBuf,
    letterhead: Letterhead,
}

impl FileMailer {
    /// Over a directory, which is made where it is missing.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn new(directory: PathBuf, letterhead: Letterhead) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        Ok(Self { directory, letterhead })
    }

    /// A file has its name once it is whole.
    fn write(&self, id: &str, bytes: &[u8]) -> io::Result<()> {
        let (part, whole) = (self.path(id, "part"), self.path(id, "eml"));
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?.write_all(bytes)?;
        std::fs::rename(part, whole)
    }

    fn path(&self, id: &str, extension: &str) -> PathBuf {
        self.directory.join(Path::new(id).with_extension(extension))
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let letter = self.letterhead.write(mail)?;
        self.write(&self.letterhead.new_id(), &letter.bytes).map_err(|error| {
            tracing::warn!(kind = ?error.kind(), "a mail could not be written into mail.directory");
            MailError::NotNow
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use strongroom_domain::EmailAddress;
    use strongroom_testkit::fake::{CountingRandomness, ManualClock};

    use super::*;

    #[tokio::test]
    async fn each_mail_is_a_file_that_only_its_owner_may_read() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("a/mail");
        let from = EmailAddress::parse("no-reply@localhost").unwrap();
        let letterhead =
            Letterhead::new(from, Arc::new(ManualClock::default()), Arc::new(CountingRandomness::new()));
        let mailer = FileMailer::new(directory.clone(), letterhead).unwrap();
        let mail = Mail { to: "jane@foo.domain".into(), subject: "s".into(), text: "012345".into() };
        for _ in 0..2 {
            mailer.send(&mail).await.unwrap();
        }
        let files: Vec<_> =
            std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 2);
        for file in files {
            assert_eq!(file.extension().unwrap(), "eml");
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(std::fs::read_to_string(file).unwrap().contains("012345"));
        }
        std::fs::remove_dir_all(&directory).unwrap();
        assert_eq!(mailer.send(&mail).await, Err(MailError::NotNow));
    }
}
