//! Power cuts while somebody writes and somebody is told: whoever comes back has missed nothing and sees nothing twice.

use std::net::SocketAddr;
use std::sync::mpsc;

use serde_json::{Value, json};

use super::client::Live;
use super::resume::{come_back, try_come_back};
use super::{Copy, Person, parts, world};
use crate::crash::{Chance, plan};
use crate::support::{Client, Safe, say, wire};

/// Power cuts in one run at the least; each begins two processes.
const ROUNDS: u64 = 12;
const WRITERS: usize = 3;
/// Writes that are answered before the process is killed, at the most, and turns of the processor after that: some kill
/// falls between a commit and what is told of it.
const MOST_ANSWERS: u64 = 30;
const MOST_TURNS: u64 = 100_000;

/// Counts up a key of its own until the process has gone; gives each version that it was told.
fn write_until_the_end(
    address: SocketAddr,
    person: &Person,
    key: &str,
    answered: &mpsc::Sender<()>,
) -> Vec<String> {
    let mut client = Client::connect(address);
    let token = format!("Bearer {}", person.token);
    let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
    let mut versions = Vec::new();
    for number in 1_u64.. {
        let body = person.body(&json!({ key: number, "private.n": number }));
        let sent = client.try_send(&wire::request("POST", super::USERDATA, &headers, &body));
        let Ok(answer) = sent.and_then(|()| client.try_receive("POST")) else { break };
        // A process that is killed answers nothing else.
        assert_eq!(answer.status, 200, "{answer:?}");
        versions.push(super::version_of(&answer));
        if answered.send(()).is_err() {
            break;
        }
    }
    versions
}

/// Takes over what is told until the process has gone.
fn follow_until_the_end(safe: &Safe, person: &Person, copy: &mut Copy) {
    let Ok(mut live) = try_come_back(safe.connect(), &person.token, &json!(copy.version)) else { return };
    while let Ok(message) = live.try_hear() {
        match message["type"].as_str().unwrap() {
            "auth_success" | "connection_success" | "user_data" => {}
            "user_data_update" => copy.take(&message["data"]),
            kind => panic!("{kind}: {message}"),
        }
    }
}

/// All that the process had said is read after its end; what it had not said, the next one says.
#[test]
fn what_was_acknowledged_and_not_yet_told_at_kill_9_is_told_by_the_next_process() {
    let world = world("write_s = 60");
    let jane = Person::known_as("jane");
    let safe = world.serve();
    let mut live = Live::narrow(&safe);
    let mut copy = Copy::of(&live.authenticate(&jane.token));
    let mut client = safe.connect();
    jane.write(&mut client, &json!({ "a": 1 }));
    copy.take(&live.hear_update());
    // Nobody reads from here on, and what each of these changes is more than the system keeps for this socket.
    for number in 0..10 {
        let members = (0..7).map(|key| (format!("k{key}"), format!("{number}{}", "x".repeat(8000)).into()));
        jane.write(&mut client, &Value::Object(members.collect()));
    }
    let (data, now) = jane.read(&mut client);
    safe.kill();
    while let Ok(message) = live.try_hear() {
        copy.take(&message["data"]);
    }
    assert_ne!(copy.version.as_deref(), Some(&*now), "there is something left to tell");

    let safe = world.serve();
    let mut live = come_back(&safe, &jane.token, &json!(copy.version));
    live.hear_burst();
    while copy.version.as_deref() != Some(&*now) {
        copy.take(&live.hear_of("user_data_update"));
    }
    assert_eq!(Value::Object(copy.data), data);
    live.is_well();
}

#[test]
fn whoever_comes_back_after_kill_9_has_missed_nothing_and_sees_nothing_twice() {
    let (_, seed) = plan();
    say(&format!("{ROUNDS} power cuts: to repeat them, CRASH_SEED={seed}"));
    let world = world("");
    let jane = Person::known_as("jane");
    let safe = world.serve();
    let first = jane.write(&mut safe.connect(), &json!({ "a": 1 }));
    let mut copy = Copy::of(&json!({ "userdata": { "a": 1 }, "version": first }));
    safe.kill();
    let (mut told, mut untold) = (0, 0);
    for round in 0..ROUNDS {
        let safe = world.serve();
        let mut chance = Chance::of(seed, round);
        let (fatal, turns) = (1 + chance.below(MOST_ANSWERS), chance.below(MOST_TURNS));
        let (answered, answers) = mpsc::channel();
        let before = copy.version.clone().unwrap();
        let acknowledged = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|number| {
                    let (address, jane, answered) = (safe.address, &jane, answered.clone());
                    scope.spawn(move || write_until_the_end(address, jane, &format!("w{number}"), &answered))
                })
                .collect();
            drop(answered);
            let (safe_to_follow, copy) = (&safe, &mut copy);
            let jane = &jane;
            scope.spawn(move || follow_until_the_end(safe_to_follow, jane, copy));
            assert_eq!(answers.iter().take(usize::try_from(fatal).unwrap()).count() as u64, fatal);
            (0..turns).for_each(|_| std::hint::spin_loop());
            safe.signal("KILL");
            // Whatever else is answered is heard, so that nobody stops for want of a listener.
            answers.iter().for_each(drop);
            writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
        });
        safe.wait();
        let last = copy.version.as_deref().map(parts).unwrap();
        told += last.1 - parts(&before).1;
        untold += acknowledged.iter().filter(|version| parts(version).1 > last.1).count();

        // Another process, and nobody writes: all that was missed is told, and then it is where the record is.
        let safe = world.serve();
        let (data, now) = jane.read(&mut safe.connect());
        assert!(acknowledged.iter().all(|version| parts(version).1 <= parts(&now).1), "round {round}");
        let mut live = come_back(&safe, &jane.token, &json!(copy.version));
        assert_eq!(live.hear_burst()["version"], now.as_str());
        while copy.version.as_deref() != Some(&*now) {
            copy.take(&live.hear_update());
            told += 1;
        }
        assert_eq!(Value::Object(copy.data.clone()), data, "round {round}");
        live.is_well();
        safe.kill();
    }
    say(&format!(
        "{told} versions were told, each once; {untold} of those acknowledged only after a restart"
    ));
    assert_eq!(copy.folded, 0, "each version by itself");
}
