//! Keys and stores that do not belong together, and stores that are taken: a clear refusal, before anything is written.

use crate::support::process::strongroom;
use crate::support::{Safe, files_below};

/// What `dev` says and how it ends, on a directory it must refuse.
fn refused(data: &std::path::Path) -> (Option<i32>, String) {
    let output =
        strongroom().args(["dev", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data).output().unwrap();
    assert!(output.stdout.is_empty(), "nothing was served");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_wrong_keyring_is_refused_before_anything_is_written() {
    let data = tempfile::tempdir().unwrap();
    Safe::dev(data.path()).stop();
    let keyring = data.path().join("keys/keyring.json");
    std::fs::remove_file(&keyring).unwrap();
    let made = strongroom().args(["keys", "new", "--out"]).arg(&keyring).status().unwrap();
    assert!(made.success());
    let database = data.path().join("store/strongroom.db");
    let before = std::fs::read(&database).unwrap();
    let (code, said) = refused(data.path());
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("is not the one the database was written with"), "{said}");
    assert!(std::fs::read(&database).unwrap() == before, "the database was written to");
    let logs = files_below(&data.path().join("store"))
        .into_iter()
        .filter(|(path, _)| path.ends_with("strongroom.db-wal"));
    assert!(logs.into_iter().all(|(_, log)| log.is_empty()), "the log was written to");
}

#[test]
fn a_keyring_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let data = tempfile::tempdir().unwrap();
    Safe::dev(data.path()).stop();
    let keyring = data.path().join("keys/keyring.json");
    std::fs::set_permissions(&keyring, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, said) = refused(data.path());
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("chmod 600"), "{said}");
}

#[test]
fn a_second_sealing_key_seals_and_the_first_still_opens() {
    let data = tempfile::tempdir().unwrap();
    let keyring = data.path().join("keys/keyring.json");
    let path = format!("/v1/ibexsafe/userdata/external/{}", crate::support::process::DEMO);
    let write = |safe: &Safe, data: &str| {
        let body = format!(r#"{{"externalUserId":"{}","data":{{{data}}}}}"#, crate::support::process::DEMO);
        assert_eq!(
            safe.connect().authorized(&safe.access_token, "POST", "/v1/ibexsafe/userdata", &body).status,
            200
        );
    };
    let safe = Safe::dev(data.path());
    write(&safe, r#""a":1"#);
    safe.stop();
    assert!(strongroom().args(["keys", "add"]).arg(&keyring).status().unwrap().success());
    let safe = Safe::dev(data.path());
    assert_eq!(safe.connect().authorized(&safe.access_token, "GET", &path, "").body, r#"{"a":1}"#);
    write(&safe, r#""b":2"#);
    assert_eq!(safe.connect().authorized(&safe.access_token, "GET", &path, "").body, r#"{"a":1,"b":2}"#);
}

#[test]
fn a_store_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    for place in ["store", "store/strongroom.db"] {
        let data = tempfile::tempdir().unwrap();
        Safe::dev(data.path()).stop();
        let place = data.path().join(place);
        let mode = std::fs::metadata(&place).unwrap().permissions().mode() | 0o022;
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(mode)).unwrap();
        let (code, said) = refused(data.path());
        assert_eq!(code, Some(5), "{said}");
        assert!(said.contains("others may write"), "{said}");
    }
}

#[test]
fn a_second_process_on_a_data_directory_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let first = Safe::dev(data.path());
    let (code, said) = refused(data.path());
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("in use by another process"), "{said}");
    assert_eq!(first.connect().request("GET", "/health", &[], "").status, 200, "the first serves on");
}

#[test]
fn a_store_of_a_newer_release_is_refused() {
    let data = tempfile::tempdir().unwrap();
    Safe::dev(data.path()).stop();
    let database = data.path().join("store/strongroom.db");
    rusqlite::Connection::open(&database).unwrap().pragma_update(None, "user_version", 1_000).unwrap();
    let (code, said) = refused(data.path());
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("schema 1000"), "{said}");
}
