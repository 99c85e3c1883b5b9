//! Whoever comes back and says what it saw last is told what it missed; or that it must begin anew.

use serde_json::{Value, json};

use super::client::{Live, auth, handshake, roomy};
use super::frames::text;
use super::{Copy, Person, parts, world};
use crate::support::{Client, Safe};

/// A socket that says in its first packet who it is and what it saw last.
pub(crate) fn come_back(safe: &Safe, token: &str, since: &Value) -> Live {
    try_come_back(roomy(safe), token, since).expect("the server is there")
}

/// The same, or the process has gone meanwhile.
pub(super) fn try_come_back(mut client: Client, token: &str, since: &Value) -> std::io::Result<Live> {
    let resume = json!({ "type": "resume", "since": since });
    let said = [auth(token), resume].map(|message| text(&message.to_string())).concat();
    client.try_send(&[handshake(&[]), said].concat())?;
    Live::try_taken(client)
}

/// Ten versions of a record, and the sum of them.
fn ten_versions(safe: &Safe, person: &Person) -> (Vec<String>, Value) {
    let mut client = safe.connect();
    let versions = (1..=10)
        .map(|number| {
            let gone = format!("k{}", number - 3);
            person
                .write(&mut client, &json!({ format!("k{number}"): number, "private.n": number, gone: null }))
        })
        .collect();
    (versions, person.read(&mut client).0)
}

#[test]
fn whoever_comes_back_is_told_every_version_since_each_once() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let (versions, data) = ten_versions(&safe, &jane);
    for (seen, since) in versions.iter().enumerate() {
        let mut live = come_back(&safe, &jane.token, &json!(since));
        assert_eq!(live.hear_burst()["version"], versions[9].as_str());
        for version in &versions[seen + 1..] {
            assert_eq!(live.hear_update()["version"], version.as_str(), "since {since}");
        }
        live.is_well();
    }
    // From nothing, by the updates alone.
    let mut live = come_back(&safe, &jane.token, &json!(versions[0]));
    live.hear_burst();
    let first = json!({ "userdata": { "k1": 1 }, "version": versions[0] });
    let mut copy = Copy::of(&first);
    (1..10).for_each(|_| copy.take(&live.hear_update()));
    assert_eq!(Value::Object(copy.data), data);
    let next = jane.write(&mut safe.connect(), &json!({ "last": 1 }));
    assert_eq!(live.hear_update()["version"], next.as_str(), "and it goes on");
    live.is_well();
}

#[test]
fn what_was_missed_is_told_by_another_process_too() {
    let world = world("");
    let jane = Person::known_as("jane");
    let safe = world.serve();
    let (versions, _) = ten_versions(&safe, &jane);
    safe.kill();
    let safe = world.serve();
    let mut live = come_back(&safe, &jane.token, &json!(versions[3]));
    live.hear_burst();
    for version in &versions[4..] {
        assert_eq!(live.hear_update()["version"], version.as_str());
    }
    live.is_well();
}

/// Nothing that was missed is known any more, or it never was: the client is to begin anew, and is told from what.
#[test]
fn a_version_of_another_life_or_of_none_is_answered_with_what_there_is_now() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let (old, _) = ten_versions(&safe, &jane);
    let mut client = safe.connect();
    jane.erase(&mut client);
    let none = come_back(&safe, &jane.token, &json!(old[4]));
    is_resynced(none, &json!({ "id": "jane", "userdata": {}, "version": null }));
    let now = jane.write(&mut client, &json!({ "a": 1 }));
    let (generation, number) = parts(&now);
    let found = json!({ "id": "jane", "userdata": { "a": 1 }, "version": now });
    for since in [old[9].clone(), old[0].clone(), format!("{generation}.{}", number + 1)] {
        is_resynced(come_back(&safe, &jane.token, &json!(since)), &found);
    }
}

fn is_resynced(mut live: Live, found: &Value) {
    assert_eq!(live.hear_burst(), *found);
    live.hear_of("resync");
    assert_eq!(live.hear_of("user_data"), *found);
    live.is_well();
}

#[test]
fn what_is_no_version_is_none_that_is_known() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let now = jane.write(&mut safe.connect(), &json!({ "a": 1 }));
    let found = json!({ "id": "jane", "userdata": { "a": 1 }, "version": now });
    for since in [
        String::new(),
        "x".to_owned(),
        "null".to_owned(),
        format!("\"{now}\""),
        format!(" {now}"),
        format!("{now}.1"),
        format!("{}.0", parts(&now).0),
        format!("{}.01", parts(&now).0),
        format!("{}.-1", parts(&now).0),
        format!("{}.18446744073709551616", parts(&now).0),
        "x".repeat(10_000),
    ] {
        is_resynced(come_back(&safe, &jane.token, &json!(since)), &found);
    }
    for since in [json!(1), json!(null), json!([now]), json!({ "version": now })] {
        let mut live = come_back(&safe, &jane.token, &since);
        live.hear_burst();
        assert_eq!(live.hear_error(), "MALFORMED", "{since}");
        live.is_well();
    }
}

#[test]
fn whoever_missed_more_than_is_kept_begins_anew() {
    let world = world("\n[safe]\noutbox_versions_per_record = 5");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let (versions, data) = ten_versions(&safe, &jane);
    let found = json!({ "id": "jane", "userdata": data, "version": versions[9] });
    for since in &versions[..4] {
        is_resynced(come_back(&safe, &jane.token, &json!(since)), &found);
    }
    let mut live = come_back(&safe, &jane.token, &json!(versions[4]));
    live.hear_burst();
    for version in &versions[5..] {
        assert_eq!(live.hear_update()["version"], version.as_str());
    }
    live.is_well();
}

/// However much there is to say, whoever reads it is told each version by itself.
#[test]
fn a_long_past_is_told_version_by_version() {
    let world = world("\n[safe]\noutbox_versions_per_record = 10000");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut client = safe.connect();
    let first = jane.write(&mut client, &json!({ "n": 0 }));
    let last = (1..1000).map(|n| jane.write(&mut client, &json!({ "n": n }))).last().unwrap();
    let mut live = come_back(&safe, &jane.token, &json!(first));
    live.hear_burst();
    let mut copy = Copy::of(&json!({ "userdata": { "n": 0 }, "version": first }));
    while copy.version.as_deref() != Some(&*last) {
        copy.take(&live.hear_of("user_data_update"));
    }
    assert_eq!(copy.folded, 0, "of 999 versions");
    live.is_well();
}

/// What has been told already is not told again, and a client that asks for it must not take it for news.
#[test]
fn a_word_of_what_was_seen_that_comes_when_more_was_told_begins_anew() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut client = safe.connect();
    let first = jane.write(&mut client, &json!({ "a": 1 }));
    let (mut live, _) = Live::of(&safe, &jane.token);
    let last = jane.write(&mut client, &json!({ "a": 2 }));
    assert_eq!(live.hear_update()["version"], last.as_str());
    live.say(&json!({ "type": "resume", "since": first }));
    live.hear_of("resync");
    let found = json!({ "id": "jane", "userdata": { "a": 2 }, "version": last });
    assert_eq!(live.hear_of("user_data"), found);
    live.is_well();
}

#[test]
fn a_client_that_has_missed_nothing_is_told_nothing() {
    let world = world("");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let now = jane.write(&mut safe.connect(), &json!({ "a": 1 }));
    let mut live = come_back(&safe, &jane.token, &json!(now));
    live.hear_burst();
    live.is_well();
    let next = jane.write(&mut safe.connect(), &json!({ "a": 2 }));
    assert_eq!(live.hear_update()["version"], next.as_str());
    live.is_well();
}
