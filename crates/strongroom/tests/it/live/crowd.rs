//! Many writers of one record, sockets that read and one that does not: those that read are told each version, and nobody
//! waits for the other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::Live;
use super::{Copy, Person, parts, world};
use crate::overload::metric;
use crate::support::{Safe, comes_true, say};

const WRITERS: u64 = 10;
const WRITES_OF_ONE: u64 = 100;
const WRITES: u64 = WRITERS * WRITES_OF_ONE;

/// Reads until a copy is where all writes have led to.
fn follow(live: &mut Live, mut copy: Copy) -> Copy {
    while copy.version.as_deref().is_none_or(|version| parts(version).1 < WRITES) {
        let update = live.hear_of("user_data_update");
        copy.take(&update);
    }
    copy
}

#[test]
fn a_thousand_writes_of_ten_reach_who_reads_each_once_in_order_and_wait_for_nobody() {
    let world = world("write_s = 60\n\n[safe]\noutbox_versions_per_record = 2000");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let begin = |mut live: Live| {
        let copy = Copy::of(&live.authenticate(&jane.token));
        (live, copy)
    };
    let fast = [(); 2].map(|()| begin(Live::roomy(&safe)));
    let (mut slow, slows) = begin(Live::narrow(&safe));
    let (copies, versions) = std::thread::scope(|scope| {
        let readers = fast.map(|(mut live, copy)| scope.spawn(move || follow(&mut live, copy)));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (safe, jane) = (&safe, &jane);
                scope.spawn(move || {
                    let mut client = safe.connect();
                    let pad = "x".repeat(200);
                    let mut write = |number| {
                        let data =
                            json!({ format!("w{writer}"): number, "pad": format!("{number}{writer}{pad}") });
                        jane.write(&mut client, &data)
                    };
                    (1..=WRITES_OF_ONE).map(&mut write).collect::<Vec<_>>()
                })
            })
            .collect();
        // Every write is answered while the slow one has not read a byte of it.
        let versions: BTreeSet<_> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        (readers.map(|reader| reader.join().unwrap()), versions)
    });
    let (data, last) = jane.read(&mut safe.connect());
    let generation = parts(&last).0;
    let all: BTreeSet<_> = (1..=WRITES).map(|number| format!("{generation}.{number}")).collect();
    assert_eq!(versions, all, "each write has a version of its own");
    for copy in copies {
        assert_eq!(copy.folded, 0, "whoever reads is told each version");
        assert_eq!((Value::Object(copy.data), copy.version.as_deref()), (data.clone(), Some(&*last)));
    }
    let copy = follow(&mut slow, slows);
    assert!(copy.folded > 0, "whoever does not read is told what came of it");
    assert_eq!((Value::Object(copy.data), copy.version.as_deref()), (data, Some(&*last)));
    slow.is_well();
    say(&format!("{WRITES} writes; the slow socket got {} updates for many", copy.folded));
}

#[test]
fn whoever_never_reads_is_let_go_and_nobody_waits_for_it() {
    let world = world("write_s = 1\n\n[safe]\noutbox_versions_per_record = 10000");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut slow = Live::narrow(&safe);
    slow.authenticate(&jane.token);
    let (mut fast, found) = Live::of(&safe, &jane.token);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut copy = Copy::of(&found);
            while !copy.data.contains_key("end") {
                copy.take(&fast.hear_of("user_data_update"));
            }
        });
        let mut client = safe.connect();
        let (mut number, pad) = (0, "x".repeat(500));
        let is_let_go = comes_true(|| {
            number += 1;
            jane.write(&mut client, &json!({ "n": number, "pad": format!("{number}{pad}") }));
            sockets(&safe) == 1
        });
        jane.write(&mut client, &json!({ "end": true }));
        reader.join().unwrap();
        assert!(is_let_go, "it has been kept");
    });
    // What had been sent is there to be read, and the end is one that says why or none.
    let code = slow.closed_in_the_end();
    assert!(matches!(code, None | Some(1013)), "{code:?}");
    assert!(fast.is_open());
    let counted = "strongroom_websocket_closed_total{code=\"1013\",reason=\"slow reader\"}";
    assert_eq!(metric(&safe, counted), 1);
}

/// How many sockets there are.
fn sockets(safe: &Safe) -> u64 {
    metric(safe, "strongroom_websocket_sockets")
}

#[test]
fn whoever_missed_more_than_is_kept_is_shown_the_record_anew() {
    let world = world("write_s = 60\n\n[safe]\noutbox_versions_per_record = 10");
    let safe = world.serve();
    let jane = Person::known_as("jane");
    let mut slow = Live::narrow(&safe);
    let mut copy = Copy::of(&slow.authenticate(&jane.token));
    let mut client = safe.connect();
    let pad = "x".repeat(4000);
    for number in 1..=100 {
        jane.write(&mut client, &json!({ "n": number, "pad": format!("{number}{pad}") }));
    }
    let (data, last) = jane.read(&mut client);
    let mut anew = 0;
    while copy.version.as_deref() != Some(&*last) {
        let message = slow.hear();
        match message["type"].as_str().unwrap() {
            "user_data_update" => copy.take(&message["data"]),
            "resync" => {
                anew += 1;
                copy = Copy::of(&slow.hear_of("user_data"));
            }
            kind => panic!("{kind}: {message}"),
        }
    }
    assert!(anew > 0, "the outbox had it all");
    assert_eq!(Value::Object(copy.data), data);
    slow.is_well();
}
