//! Large records, which come in several frames.

use serde_json::{Map, Value, json};

use super::client::Live;
use super::{Copy, Person, world};

/// Seven strings of the most bytes: nearly all that a record may be, and more than a frame.
fn large(mark: u32) -> Value {
    let members = (0..7).map(|key| (format!("k{key}"), json!(format!("{mark}{}", "é".repeat(4000)))));
    Value::Object(members.collect::<Map<_, _>>())
}

#[test]
fn a_record_and_a_change_that_are_larger_than_a_frame_come_whole() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut client = safe.connect();
    jane.write(&mut client, &large(1));
    let (mut live, found) = Live::of(&safe, &jane.token);
    assert_eq!(found["userdata"], large(1));
    let mut copy = Copy::of(&found);
    for mark in 2..10 {
        jane.write(&mut client, &large(mark));
        let update = live.hear_update();
        assert_eq!(update["changed"], large(mark));
        copy.take(&update);
    }
    live.is_well();
    assert_eq!(Value::Object(copy.data), large(9));
}
