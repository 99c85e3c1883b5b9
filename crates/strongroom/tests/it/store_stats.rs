//! `strongroom store stats`: what is in a store and how large it is, while it is served, and never whose it is.

use std::path::Path;

use serde_json::Value;

use crate::support::Safe;
use crate::support::process::{DEMO, strongroom};

fn stats(data: &Path, format: &str) -> String {
    let output =
        strongroom().args(["store", "stats", "--format", format, "--data-dir"]).arg(data).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_figures_of_a_store_that_is_served_are_printed_for_people_and_for_programs() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{"language":"en","private.pin":"1234"}}}}"#);
    let write = |path: &str| safe.connect().authorized(&safe.access_token, "POST", path, &body).status;
    assert_eq!((write("/v1/ibexsafe/userdata"), write("/v1.1/ibexsafe/userdata")), (200, 200));

    let line = stats(data.path(), "json");
    let found: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line.lines().count(), 1);
    for (pointer, count) in [
        ("/schema_version", 2),
        ("/records", 1),
        ("/events", 2),
        ("/erasures", 0),
        ("/sessions/all", 1),
        ("/sessions/revoked", 0),
        ("/passkeys", 0),
        ("/codes", 0),
        ("/mails/waiting", 0),
        ("/box_slots/all", 0),
        ("/wrapped_by_none", 0),
    ] {
        assert_eq!(found.pointer(pointer).and_then(Value::as_u64), Some(count), "{pointer} of {line}");
    }
    // The index key wraps nothing; the sealing key has wrapped the one data key.
    let keys: Vec<(&str, u64)> = found["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (key["id"].as_str().unwrap(), key["wraps"].as_u64().unwrap()))
        .collect();
    assert!(matches!(keys[..], [("index", 0), (sealing, 1)] if sealing.starts_with("sealing/")), "{line}");
    assert!(found["bytes"]["private_boxes"].as_u64().unwrap() > 0, "{line}");

    let text = stats(data.path(), "text");
    for said in [
        "schema     2",
        "records    1, the largest of",
        "events     2, 0 of them erasures",
        "passkeys   0",
        "mails      0 waiting",
        "log        ",
    ] {
        assert!(text.contains(said), "{said} in:\n{text}");
    }
    for secret in [DEMO, "localhost", "language", "1234"] {
        assert!(!text.contains(secret) && !line.contains(secret), "{secret} in:\n{text}{line}");
    }
}

#[test]
fn without_a_store_there_is_nothing_to_count() {
    let data = tempfile::tempdir().unwrap();
    let output = strongroom().args(["store", "stats", "--data-dir"]).arg(data.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
}
