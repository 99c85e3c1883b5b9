//! Whatever happens in whatever order: what was told, applied to what was read, is what can be read.

use std::collections::BTreeMap;

use futures_executor::block_on;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::TestCaseResult;
use proptest::{prop_assert, prop_assert_eq};
use serde::Deserialize;
use strongroom_app::{Following, Pace, Told};
use strongroom_domain::Revision;
use strongroom_ports::{Snapshot, Upstream};
use strongroom_testkit::law::{Write, check, patch_of, strategy};
use strongroom_testkit::sample;

use crate::doubles::House;

/// Events that are kept: few, so that gaps are met.
const EVENTS_KEPT: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    Write(Write),
    Erase,
    Look(Pace),
    /// Another connection, that has seen what the one before was told last.
    ComeBack,
}

fn step() -> impl Strategy<Value = Step> {
    let pace = any::<bool>().prop_map(|each| if each { Pace::Each } else { Pace::Folded });
    prop_oneof![
        6 => strategy::write().prop_map(Step::Write),
        1 => Just(Step::Erase),
        2 => pace.prop_map(Step::Look),
        1 => Just(Step::ComeBack),
    ]
}

type Map = BTreeMap<String, serde_json::Value>;

#[derive(Deserialize)]
struct Changes {
    changed: Map,
    removed: Vec<String>,
}

/// What a client holds.
struct Client {
    following: Following,
    at: Option<Revision>,
    map: Map,
}

impl Client {
    fn new(house: &House) -> Self {
        let mut client = Self { following: house.follow(), at: None, map: Map::new() };
        client.read();
        client
    }

    /// Forgets all, and reads anew.
    fn read(&mut self) {
        let snapshot = block_on(self.following.snapshot()).unwrap();
        self.at = self.following.at();
        self.map = map(snapshot);
    }

    /// Connects again, and goes on where it was if that is possible.
    fn come_back(&mut self, house: &House) {
        let mut following = house.follow();
        block_on(following.snapshot()).unwrap();
        let can_resume = self.at.is_some_and(|at| block_on(following.resume(at)).unwrap());
        self.following = following;
        if !can_resume {
            self.read();
        }
    }

    /// Takes in all there is to tell.
    fn look(&mut self, pace: Pace) -> TestCaseResult {
        loop {
            let told = block_on(self.following.next(pace)).unwrap();
            if told.is_empty() {
                return Ok(());
            }
            for told in told {
                self.take(told)?;
            }
            prop_assert_eq!(self.at, self.following.at());
        }
    }

    fn take(&mut self, told: Told) -> TestCaseResult {
        match told {
            Told::Updated { from, revision, changes } => {
                let leads_from = from.or_else(|| {
                    let version = revision.version - 1;
                    (version > 0).then_some(Revision { version, ..revision })
                });
                prop_assert_eq!(leads_from, self.at, "each version once and in order");
                let changes: Changes = serde_json::from_str(changes.as_json()).unwrap();
                prop_assert!(
                    changes.removed.iter().all(|name| self.map.contains_key(name) || from.is_some())
                );
                self.map.extend(changes.changed);
                self.map.retain(|name, _| !changes.removed.contains(name));
                self.at = Some(revision);
            }
            Told::Erased { generation } => {
                prop_assert_eq!(self.at.map(|at| at.generation), Some(generation));
                (self.at, self.map) = (None, Map::new());
            }
            Told::Gap => self.read(),
        }
        Ok(())
    }
}

fn map(snapshot: Option<Snapshot>) -> Map {
    snapshot.map(|snapshot| serde_json::from_str(snapshot.view.as_json()).unwrap()).unwrap_or_default()
}

fn what_was_told_is_what_can_be_read(steps: Vec<Step>) -> TestCaseResult {
    let house = House::keeping_events(EVENTS_KEPT);
    let mut client = Client::new(&house);
    for step in steps {
        match step {
            Step::Write(write) => drop(house.write(&patch_of(&write))),
            Step::Erase => house.erase(),
            Step::ComeBack => client.come_back(&house),
            Step::Look(pace) => {
                client.look(pace)?;
                let current = block_on(house.safe.read(&sample::caller())).unwrap();
                let revision = current.as_ref().and_then(|snapshot| snapshot.tag.as_ref()?.revision());
                prop_assert_eq!(client.at, revision);
                prop_assert_eq!(&client.map, &map(current));
            }
        }
    }
    Ok(())
}

#[test]
fn what_was_told_applied_to_what_was_read_is_what_can_be_read() {
    let steps = vec(step(), 1..40).prop_map(|mut steps| {
        steps.push(Step::Look(Pace::Each));
        steps
    });
    check("what was told is what can be read", &steps, what_was_told_is_what_can_be_read);
}
