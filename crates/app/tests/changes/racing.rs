//! Followers beside writers: no version is lost between a ring and a look, and none is told twice.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use futures_executor::block_on;
use strongroom_app::{Pace, Told};
use strongroom_domain::Precondition;
use strongroom_ports::Upstream;
use strongroom_testkit::sample::{self, text};

use crate::doubles::{House, set};

const WRITERS: u64 = 4;
const WRITES: u64 = 100;
const LAST: u64 = WRITERS * WRITES;

/// Follows on a thread of its own until the last version was told; each update as the versions it leads from and to.
fn followed(house: &House, pace: Pace) -> Receiver<Vec<(u64, u64)>> {
    let mut following = house.follow_from_now();
    let (done, told) = channel();
    thread::spawn(move || {
        let mut updates = Vec::new();
        while updates.last().is_none_or(|(_, to)| *to < LAST) {
            block_on(following.rung());
            loop {
                let told = block_on(following.next(pace)).unwrap();
                if told.is_empty() {
                    break;
                }
                updates.extend(told.into_iter().map(|told| match told {
                    Told::Updated { from, revision, .. } => {
                        (from.map_or(revision.version - 1, |from| from.version), revision.version)
                    }
                    other => panic!("{other:?}"),
                }));
            }
        }
        let _ = done.send(updates);
    });
    told
}

#[test]
fn beside_many_writers_every_follower_is_told_every_version_once_and_in_order() {
    let house = House::new();
    let each = [(); 3].map(|()| followed(&house, Pace::Each));
    let folded = followed(&house, Pace::Folded);
    for writer in 0..WRITERS {
        let safe = house.safe.clone();
        thread::spawn(move || {
            for write in 0..WRITES {
                let patch = set("n", text(&format!("{writer}.{write}")));
                block_on(safe.merge(&sample::caller(), &patch, &Precondition::default())).unwrap();
            }
        });
    }
    let limit = Duration::from_mins(2);
    for told in each {
        let updates = told.recv_timeout(limit).expect("a ring was lost");
        assert_eq!(updates, (1..=LAST).map(|version| (version - 1, version)).collect::<Vec<_>>());
    }
    let updates = folded.recv_timeout(limit).expect("a ring was lost");
    assert_eq!((updates[0].0, updates[updates.len() - 1].1), (0, LAST));
    assert!(updates.windows(2).all(|pair| pair[0].1 == pair[1].0), "{updates:?}");
}
