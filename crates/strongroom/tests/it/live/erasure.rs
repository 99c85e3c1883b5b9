//! Erasure: it is told once, the socket stays, and what is written then begins anew.

use serde_json::json;

use super::client::Live;
use super::{Person, parts, world};

#[test]
fn an_erasure_is_told_with_its_generation_and_what_is_written_then_begins_at_1() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut client = safe.connect();
    let first = jane.write(&mut client, &json!({ "a": 1 }));
    let mut lives = [(); 2].map(|()| Live::of(&safe, &jane.token).0);
    let mut last = first;
    for life in 0..3 {
        jane.erase(&mut client);
        // There is nothing more to erase, and nothing to tell of it.
        jane.erase(&mut client);
        for live in &mut lives {
            let erased = live.hear_of("user_data_erased");
            assert_eq!(erased, json!({ "generation": parts(&last).0 }), "life {life}");
            live.say(&json!({ "type": "get_user_data" }));
            let found = live.hear_of("user_data");
            assert_eq!(found, json!({ "id": "jane", "userdata": {}, "version": null }));
        }
        let versions =
            [json!({ "a": life }), json!({ "a": null, "b": 1 })].map(|data| jane.write(&mut client, &data));
        for (version, number) in versions.iter().zip(1..) {
            assert_eq!(parts(version).1, number);
            assert_ne!(parts(version).0, parts(&last).0, "another life");
            for live in &mut lives {
                assert_eq!(live.hear_update()["version"], version.as_str());
            }
        }
        last.clone_from(&versions[1]);
    }
    for live in &mut lives {
        live.is_well();
    }
}

#[test]
fn an_erasure_and_a_write_that_follow_at_once_are_told_in_their_order() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut client = safe.connect();
    let mut last = jane.write(&mut client, &json!({ "old": 1 }));
    let (mut live, _) = Live::of(&safe, &jane.token);
    let lives: Vec<_> = (0..20)
        .map(|number| {
            jane.erase(&mut client);
            jane.write(&mut client, &json!({ "new": number }))
        })
        .collect();
    let newest = lives.last().unwrap().clone();
    // A life that began and ended between two looks may never be told; the last is.
    while last != newest {
        let erased = live.hear_of("user_data_erased");
        assert_eq!(erased["generation"], parts(&last).0);
        let update = live.hear_update();
        let version = update["version"].as_str().unwrap().to_owned();
        let number = lives.iter().position(|life| *life == version).expect("a life that was");
        assert_eq!(update, json!({ "changed": { "new": number }, "removed": [], "version": version }));
        last = version;
    }
    live.is_well();
}

#[test]
fn where_there_is_no_record_an_erasure_tells_nothing() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut client = safe.connect();
    let (mut live, found) = Live::of(&safe, &jane.token);
    assert!(found["version"].is_null());
    jane.erase(&mut client);
    let version = jane.write(&mut client, &json!({ "private.pin": "1234" }));
    assert_eq!(live.hear_update(), json!({ "changed": {}, "removed": [], "version": version }));
    jane.erase(&mut client);
    assert_eq!(live.hear_of("user_data_erased")["generation"], parts(&version).0);
    live.is_well();
}
