//! Erasure: the record is gone, and so is the only key that opened it, from every file.

use rusqlite::{Connection, OpenFlags};
use strongroom_domain::{ExternalUserId, Generation, Revision};
use strongroom_ports::{BoxContext, BoxKind, Caller, SealError, Sealer, TenantId};
use strongroom_seal::{EnvelopeSealer, Keyring};

use crate::support::process::{DEMO, strongroom};
use crate::support::{Safe, contains, files_below};

#[test]
fn an_erased_records_key_is_gone_from_every_file_and_its_boxes_never_open_again() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let mut client = safe.connect();
    let mut write = |data: &str| {
        let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{{data}}}}}"#);
        client.authorized(&safe.access_token, "POST", "/v1/ibexsafe/userdata", &body)
    };
    let first = write(r#""email":"jane.doe@foo.domain","private.pin":"1234""#);
    assert_eq!(first.status, 200);
    let old = stored(data.path());
    for bytes in [&old.wrapped_key, &old.public_box, &old.private_box] {
        assert!(files_below(data.path()).iter().any(|(_, file)| contains(file, bytes)), "it is there before");
    }

    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    assert_eq!(safe.connect().authorized(&safe.access_token, "DELETE", &path, "").status, 204);
    // Searched while the server runs: what is promised is promised when the answer is there.
    for (what, bytes) in
        [("key", &old.wrapped_key), ("public box", &old.public_box), ("private box", &old.private_box)]
    {
        for (file, content) in files_below(data.path()) {
            assert!(!contains(&content, bytes), "the {what} is still in {}", file.display());
        }
    }

    // Whoever kept a copy of the old box, and has the keyring and the new wrapped key, still has nothing.
    assert_eq!(write(r#""email":"again@foo.domain""#).status, 200);
    let new = stored(data.path());
    let keyring = std::fs::read(data.path().join("keys/keyring.json")).unwrap();
    let sealer = EnvelopeSealer::new(Keyring::parse(&keyring).unwrap()).unwrap();
    let caller = Caller {
        tenant: TenantId::parse("localhost").unwrap(),
        person: ExternalUserId::parse(DEMO).unwrap(),
    };
    let context =
        |revision| BoxContext { record: sealer.record_id(&caller), revision, kind: BoxKind::Public };
    assert!(
        sealer.open(&new.wrapped_key, &context(new.revision), &new.public_box).is_ok(),
        "the check can open"
    );
    for revision in [old.revision, new.revision] {
        let opened = sealer.open(&new.wrapped_key, &context(revision), &old.public_box);
        assert_eq!(opened.unwrap_err(), SealError::Refused);
    }
    assert_ne!(old.revision.generation, new.revision.generation);
}

#[test]
fn a_restart_keeps_everything_else_and_a_backup_brings_back_what_it_holds() {
    let data = tempfile::tempdir().unwrap();
    let backup = data.path().join("backup.db");
    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    let store = |arguments: &[&str]| {
        let output =
            strongroom().arg("store").args(arguments).arg("--data-dir").arg(data.path()).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
        )
    };

    let safe = Safe::dev(data.path());
    let token = safe.access_token.clone();
    let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{"language":"en","private.pin":"1"}}}}"#);
    let etag = safe
        .connect()
        .authorized(&token, "POST", "/v1/ibexsafe/userdata", &body)
        .header("etag")
        .unwrap()
        .to_owned();
    assert_eq!(store(&["backup", backup.to_str().unwrap()]).0, Some(0), "while it serves");
    assert_eq!(safe.stop().0.code(), Some(0));

    let safe = Safe::dev(data.path());
    let read = safe.connect().authorized(&token, "GET", &path, "");
    assert_eq!(
        (read.status, read.header("etag"), read.body.as_str()),
        (200, Some(etag.as_str()), r#"{"language":"en"}"#)
    );
    assert_eq!(safe.connect().authorized(&token, "DELETE", &path, "").status, 204);
    let (code, said) = store(&["restore", backup.to_str().unwrap(), "--force"]);
    assert_eq!(code, Some(5), "not under a running server: {said}");
    safe.stop();

    let (code, said) = store(&["restore", backup.to_str().unwrap()]);
    assert_eq!(code, Some(5), "not over a store that is there: {said}");
    let junk = data.path().join("junk.db");
    std::fs::write(&junk, "this is no database, whatever its name says").unwrap();
    let (code, said) = store(&["restore", junk.to_str().unwrap(), "--force"]);
    assert!(code == Some(5) && said.contains("junk.db"), "the file at fault is named: {said}");
    assert_eq!(store(&["restore", backup.to_str().unwrap(), "--force"]).0, Some(0));
    let (code, said) = store(&["check"]);
    assert!(code == Some(0) && said.contains("1 records") && said.contains("sound"), "{said}");
    let safe = Safe::dev(data.path());
    let read = safe.connect().authorized(&token, "GET", &path, "");
    assert_eq!((read.status, read.body.as_str()), (200, r#"{"language":"en"}"#), "SECURITY.md says so");
}

/// The one record of a store, as it lies on disk.
struct Stored {
    revision: Revision,
    wrapped_key: Vec<u8>,
    public_box: Vec<u8>,
    private_box: Vec<u8>,
}

fn stored(data: &std::path::Path) -> Stored {
    let database = data.join("store/strongroom.db");
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT r.generation, r.version, k.body, r.public_box, r.private_box
               FROM records r JOIN keys k ON k.slot = r.key_slot";
    connection
        .query_row(sql, [], |row| {
            Ok(Stored {
                revision: Revision {
                    generation: Generation::from_bytes(row.get::<_, Vec<u8>>(0)?.try_into().unwrap()),
                    version: row.get::<_, i64>(1)?.try_into().unwrap(),
                },
                wrapped_key: bare(&row.get::<_, Vec<u8>>(2)?),
                public_box: row.get(3)?,
                private_box: row.get::<_, Option<_>>(4)?.unwrap_or_default(),
            })
        })
        .unwrap()
}

/// The key in a slot: its length in two bytes, the key, zeros.
fn bare(slot: &[u8]) -> Vec<u8> {
    let (length, rest) = slot.split_first_chunk().unwrap();
    rest[..usize::from(u16::from_be_bytes(*length))].to_vec()
}
