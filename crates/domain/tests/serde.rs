//! What serde may write and read: the readable side, and patches. That a record has no `Serialize` is the crate's doctests'
//! to show.

use strongroom_domain::{ExternalUserId, Generation, Limits, Patch, Record, Revision, Value};

#[test]
fn a_patch_is_read_from_a_flat_map_as_from_text() {
    let text = r#"{"a":"x","b":true,"n":1.50,"i":-7,"gone":null,"private.k":"s"}"#;
    let patch: Patch = serde_json::from_str(text).unwrap();
    assert_eq!(format!("{patch:?}"), "Patch { readable: 5, write_only: 1 }");
    let mut record = Record::new();
    record.apply(&patch, &Limits::default()).unwrap();
    assert_eq!(record.view().as_json(), r#"{"a":"x","b":true,"i":-7,"n":1.5}"#);
}

#[test]
fn a_patch_outside_the_rules_is_refused_without_repeating_it() {
    for refused in [
        r#"{"a":1,"a":1}"#,
        r#"{"canary ":1}"#,
        r#"{"Private.canary":1}"#,
        r#"{"safe.canary":1}"#,
        r#"{"a":"canary\u0000"}"#,
        r#"{"a":9007199254740993}"#,
        r#"{"a":["canary"]}"#,
        r#"{"a":{"canary":1}}"#,
        r#"["canary"]"#,
    ] {
        let error = serde_json::from_str::<Patch>(refused).unwrap_err().to_string();
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn the_readable_part_is_written_as_a_flat_map_of_the_same_values() {
    let text = r#"{"a":"x","b":false,"n":0.1,"private.k":"s"}"#;
    let mut record = Record::new();
    record.apply(&serde_json::from_str(text).unwrap(), &Limits::default()).unwrap();
    assert_eq!(serde_json::to_string(record.readable()).unwrap(), r#"{"a":"x","b":false,"n":0.1}"#);
}

#[test]
fn ids_and_revisions_are_strings_held_to_their_grammar() {
    let id: ExternalUserId = serde_json::from_str(r#""jane""#).unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), r#""jane""#);
    let error = serde_json::from_str::<ExternalUserId>(r#""jane doe""#).unwrap_err().to_string();
    assert!(!error.contains("jane"), "{error}");

    let revision = Revision::first(Generation::from_bytes([7; 16]));
    let text = serde_json::to_string(&revision).unwrap();
    assert_eq!(text, format!("\"{revision}\""));
    assert_eq!(serde_json::from_str::<Revision>(&text).unwrap(), revision);
    assert!(serde_json::from_str::<Revision>(r#""07.0""#).is_err());
}

#[test]
fn a_value_keeps_its_kind() {
    for (text, value) in [
        ("true", Value::Bool(true)),
        ("\"true\"", Value::text("true").unwrap()),
        ("1", strongroom_domain::Number::parse("1").unwrap().into()),
    ] {
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), value);
    }
}
