//! One update for every write that changed something, none for any other, and no private name in it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::client::Live;
use super::{Copy, Person, USERDATA, parts, world};

#[test]
fn an_update_says_what_changed_what_is_gone_and_the_version_of_the_answer() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let (mut live, _) = Live::of(&safe, &jane.token);
    let mut client = safe.connect();
    for (data, changed, removed) in [
        (json!({ "a": 1, "b": "x", "c": true }), json!({ "a": 1, "b": "x", "c": true }), json!([])),
        (json!({ "a": 2, "b": "x" }), json!({ "a": 2 }), json!([])),
        (json!({ "b": null, "never": null }), json!({}), json!(["b"])),
        (json!({ "a": null, "d": 0.5, "c": null }), json!({ "d": 0.5 }), json!(["a", "c"])),
        (json!({ "é": null, "d": "1e5" }), json!({ "d": "1e5" }), json!([])),
        (json!({ "private.pin": "1" }), json!({}), json!([])),
        (json!({ "private.pin": null, "d": 1e30 }), json!({ "d": 1e30 }), json!([])),
        (json!({ "private.gone": null }), json!({}), json!([])),
        (json!({ "d": null }), json!({}), json!(["d"])),
    ] {
        if jane.try_write(&mut client, &data).status == 400 {
            assert!(data.get("é").is_some(), "{data}");
            continue;
        }
        let (_, version) = jane.read(&mut client);
        let update = live.hear_update();
        assert_eq!(update, json!({ "changed": changed, "removed": removed, "version": version }), "{data}");
    }
    live.is_well();
}

#[test]
fn a_write_that_changes_nothing_and_one_that_is_refused_tell_nothing() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut client = safe.connect();
    let first = jane.write(&mut client, &json!({ "a": 1 }));
    let (mut live, found) = Live::of(&safe, &jane.token);
    assert_eq!(found["version"], first.as_str());
    // The same again, and what is not there is removed: no change.
    for data in [json!({ "a": 1 }), json!({ "a": 1.0 }), json!({ "b": null }), json!({})] {
        assert_eq!(jane.try_write(&mut client, &data).status, 200, "{data}");
    }
    let bearer = format!("Bearer {}", jane.token);
    let mut post = |more: &[(&str, &str)], body: &str| {
        let own = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        client.request("POST", USERDATA, &[&own, more].concat(), body).status
    };
    let (other, large) = (jane.body(&json!({ "a": 2 })), "x".repeat(8193));
    assert_eq!(post(&[("If-Match", "\"x.1\"")], &other), 412);
    assert_eq!(post(&[("If-None-Match", "*")], &other), 412);
    assert_eq!(post(&[], &jane.body(&json!({ "a": 2, "long": large }))), 422);
    assert_eq!(post(&[], &jane.body(&json!({ "a": 2, "Private.b": 1 }))), 400);
    assert_eq!(post(&[], &jane.body(&json!({ "a": [2] }))), 400);
    assert_eq!(post(&[], &other.replace("jane", "john")), 400);
    assert_eq!(post(&[], &other[..other.len() - 1]), 400);
    let next = jane.write(&mut client, &json!({ "a": 3 }));
    let update = live.hear_update();
    assert_eq!(update, json!({ "changed": { "a": 3 }, "removed": [], "version": next }));
    assert_eq!(parts(&next), (parts(&first).0, 2));
    live.is_well();
}

#[test]
fn an_update_reaches_every_socket_of_its_person_and_nobody_else() {
    let world = world("");
    let safe = world.serve();
    let (jane, john) = (Person::known_as("jane"), Person::known_as("john"));
    // The same name in another tenant is somebody else.
    let elsewhere = Person::signed_up(&safe);
    let mut janes: Vec<_> = (0..8).map(|_| Live::of(&safe, &jane.token).0).collect();
    let mut others = [&john, &elsewhere].map(|person| Live::of(&safe, &person.token).0);
    let version = jane.write(&mut safe.connect(), &json!({ "a": "janes" }));
    for live in &mut janes {
        assert_eq!(live.hear_update()["version"], version.as_str());
        live.is_well();
    }
    for (live, person) in others.iter_mut().zip([&john, &elsewhere]) {
        live.is_well();
        let version = person.write(&mut safe.connect(), &json!({ "a": "own" }));
        let update = live.hear_update();
        assert_eq!(update, json!({ "changed": { "a": "own" }, "removed": [], "version": version }));
    }
}

/// Sockets that begin while somebody writes: what is shown first and what is told then leave no gap between them.
#[test]
fn between_what_is_shown_first_and_what_is_told_then_nothing_is_missed_and_nothing_comes_twice() {
    // A socket waits for a moment for what it may have to resume: this writer is faster than any person.
    let world = world("\n[safe]\noutbox_versions_per_record = 10000");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = safe.connect();
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                number += 1;
                let old = format!("k{}", number % 7);
                jane.write(
                    &mut client,
                    &json!({ "n": number, format!("k{}", number % 5): number, old: null }),
                );
            }
        });
        let end = scope.spawn(|| {
            for _ in 0..60 {
                let (mut live, found) = Live::of(&safe, &jane.token);
                let mut copy = Copy::of(&found);
                for _ in 0..10 {
                    copy.take(&live.hear_update());
                }
                live.say(&json!({ "type": "get_user_data", "requestId": 1 }));
                let found = hear_all(&mut live, &mut copy);
                // What is shown is not older than what has been told, and what is told then follows on it.
                assert_eq!(found["userdata"], Value::Object(copy.data.clone()));
                copy.take(&live.hear_update());
            }
        });
        let end = end.join();
        is_over.store(true, Ordering::Relaxed);
        end.unwrap();
    });
}

/// Takes updates over until `user_data` comes, whose data must be where they have led to.
fn hear_all(live: &mut Live, copy: &mut Copy) -> Value {
    loop {
        let message = live.hear();
        let data = &message["data"];
        if message["type"] == "user_data" {
            let at = copy.version.as_deref().map_or(0, |version| parts(version).1);
            let shown = data["version"].as_str().unwrap();
            assert!(parts(shown).1 >= at, "{shown} is shown, and {at} was told");
            *copy = Copy::of(data);
            return data.clone();
        }
        assert_eq!(message["type"], "user_data_update", "{message}");
        copy.take(data);
    }
}

#[test]
fn whoever_writes_and_has_no_socket_waits_for_none() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut client = safe.connect();
    let (live, _) = Live::of(&safe, &jane.token);
    drop(live);
    for number in 0..20 {
        jane.write(&mut client, &json!({ "a": number }));
    }
    let (_, found) = Live::of(&safe, &jane.token);
    assert_eq!(found["userdata"], json!({ "a": 19 }));
}
