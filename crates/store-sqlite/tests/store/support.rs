//! What the store's tests share: a store in a directory of its own, commits, and a look at the raw bytes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_executor::block_on;
use strongroom_domain::{Generation, Revision};
use strongroom_ports::{
    Commit, KeyCheck, MailId, MailQuota, NewConfirmation, NewCredential, Pseudonym, RecordId, RecordStore,
    SealedRecord, Timestamp, WriteId,
};
use strongroom_store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

/// A directory that goes with the test.
pub(crate) fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The keyring that every test but those about keyrings has.
pub(crate) fn options(directory: &Path) -> Options {
    Options::new(directory, vec![KeyCheck { id: "k1".to_owned(), value: [1; 32] }])
}

pub(crate) fn open(directory: &Path) -> SqliteStore {
    SqliteStore::open(options(directory)).unwrap()
}

pub(crate) fn database(directory: &Path) -> PathBuf {
    directory.join("strongroom.db")
}

pub(crate) fn record(number: u64) -> RecordId {
    let mut id = [0; 32];
    // Where a keyed hash would spread.
    id[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    RecordId::from_bytes(id)
}

pub(crate) fn generation(number: u64) -> Generation {
    let mut bytes = [1; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Generation::from_bytes(bytes)
}

/// The write id of a revision.
pub(crate) fn write_id(revision: Revision) -> WriteId {
    let mut id = revision.generation.to_bytes();
    id[..8].copy_from_slice(&revision.version.to_be_bytes());
    WriteId::from_bytes(id)
}

/// The commit of a revision: the first of a generation, or the one after its predecessor.
pub(crate) fn commit(revision: Revision) -> Commit {
    let expected = (revision.version > 1).then(|| Revision { version: revision.version - 1, ..revision });
    Commit {
        expected,
        revision,
        wrapped_key: expected.is_none().then(|| Bytes::from(format!("key of {}", revision.generation))),
        public_box: Bytes::from(format!("public box of {revision}")),
        private_box: Some(Bytes::from(format!("private box of {revision}"))),
        event: Bytes::from(format!("event of {revision}")),
        write_id: write_id(revision),
    }
}

/// Writes the first `versions` versions of a record, and tells the last.
pub(crate) fn write(store: &SqliteStore, id: &RecordId, generation: Generation, versions: u64) -> Revision {
    let mut revision = Revision::first(generation);
    block_on(store.commit(id, commit(revision))).unwrap();
    for _ in 1..versions {
        revision = revision.next();
        block_on(store.commit(id, commit(revision))).unwrap();
    }
    revision
}

pub(crate) fn load(store: &SqliteStore, id: &RecordId) -> Option<SealedRecord> {
    block_on(store.load(id)).unwrap()
}

/// The keyed hash of this number.
pub(crate) fn pseudonym(number: u64) -> Pseudonym {
    Pseudonym::from_bytes(*record(number.wrapping_add(1 << 32)).as_bytes())
}

/// A passkey of this number, made as many seconds after 1970.
pub(crate) fn passkey(number: u64, owner: RecordId, sealed: &[u8]) -> NewCredential {
    let created_at = Timestamp::from_secs(i64::try_from(number).unwrap());
    let sealed = Bytes::copy_from_slice(sealed);
    NewCredential { name: pseudonym(number), owner, sealed, created_at, session: None }
}

/// More mails than a test asks for.
pub(crate) const ROOM: MailQuota =
    MailQuota { window: Duration::from_hours(1), per_owner: 1000, per_address: 1000, waiting: 1000 };

/// A code for the address of this number, which begins at 1970 and lasts for a thousand seconds.
pub(crate) fn confirmation(number: u8, owner: RecordId, sealed_mail: &[u8]) -> NewConfirmation {
    NewConfirmation {
        owner,
        address: pseudonym(500 + u64::from(number)),
        code: pseudonym(1000 + u64::from(number)),
        mail: MailId::from_bytes([number; 16]),
        sealed_mail: Bytes::copy_from_slice(sealed_mail),
        created_at: Timestamp::from_secs(0),
        expires_at: Timestamp::from_secs(1000),
    }
}

/// Every byte of every file of a directory.
pub(crate) fn raw_bytes(directory: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    bytes
}

/// Whether the bytes occur.
pub(crate) fn occurs(needle: &[u8], bytes: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
