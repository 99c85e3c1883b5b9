//! The socket of a gateway: the record is the remote safe's, and what passes through this gateway is told.

use serde_json::{Value, json};

use super::client::Live;
use super::resume::come_back;
use super::{Person, parts};
use crate::support::Safe;
use crate::support::process::DEMO;

fn gateway() -> (tempfile::TempDir, Safe, Person) {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev_gateway(data.path());
    let person = Person { id: DEMO.to_owned(), token: safe.access_token.clone() };
    (data, safe, person)
}

/// The record as it is told anew.
fn is_told(live: &mut Live, data: &Value, version: &str) {
    assert_eq!(live.hear_of("user_data"), json!({ "id": DEMO, "userdata": data, "version": version }));
}

#[test]
fn what_passes_through_a_gateway_is_told_there() {
    let (_data, safe, demo) = gateway();
    let mut client = safe.connect();
    let (mut live, found) = Live::of(&safe, &demo.token);
    assert_eq!(found, json!({ "id": DEMO, "userdata": {}, "version": null }));
    let (mut other, _) = Live::of(&safe, &demo.token);
    let version = demo.write(&mut client, &json!({ "a": 1, "private.pin": "1234" }));
    is_told(&mut live, &json!({ "a": 1 }), &version);
    is_told(&mut other, &json!({ "a": 1 }), &version);
    // What changes nothing tells nothing.
    assert_eq!(demo.try_write(&mut client, &json!({ "a": 1 })).status, 200);
    live.is_well();
    let next = demo.write(&mut client, &json!({ "b": true, "a": null }));
    is_told(&mut live, &json!({ "b": true }), &next);
    demo.erase(&mut client);
    assert_eq!(live.hear_of("user_data_erased")["generation"], parts(&next).0);
    live.is_well();
}

#[test]
fn whoever_comes_back_to_a_gateway_and_has_missed_nothing_is_told_nothing_else_what_there_is() {
    let (_data, safe, demo) = gateway();
    let mut client = safe.connect();
    let first = demo.write(&mut client, &json!({ "a": 1 }));
    let last = demo.write(&mut client, &json!({ "a": 2 }));
    let mut live = come_back(&safe, &demo.token, &json!(last));
    live.hear_burst();
    live.is_well();
    let mut live = come_back(&safe, &demo.token, &json!(first));
    live.hear_burst();
    live.hear_of("resync");
    is_told(&mut live, &json!({ "a": 2 }), &last);
    live.is_well();
}
