//! Coming back: what the outbox still has is told again, and otherwise a new snapshot is needed.

use futures_executor::block_on;
use strongroom_domain::{Generation, Revision};

use crate::doubles::{House, next, update};

#[test]
fn whoever_comes_back_is_told_what_it_missed() {
    let house = House::new();
    let seen = house.set("a");
    house.set("b");
    house.set("c");
    let mut following = house.follow_from_now();
    assert_eq!(block_on(following.resume(seen)), Ok(true));
    assert_eq!(following.at(), Some(seen));
    house.set("d");
    assert_eq!(next(&mut following), [update(2, "b"), update(3, "c"), update(4, "d")]);
}

#[test]
fn whoever_missed_nothing_goes_on() {
    let house = House::new();
    let seen = house.set("a");
    let mut following = house.follow_from_now();
    assert_eq!(block_on(following.resume(seen)), Ok(true));
    assert!(next(&mut following).is_empty());
}

#[test]
fn the_oldest_event_that_is_kept_is_the_last_to_come_back_before() {
    let house = House::keeping_events(3);
    let versions: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|value| house.set(value)).collect();
    let mut following = house.follow_from_now();
    assert_eq!(block_on(following.resume(versions[0])), Ok(false));
    assert_eq!(following.at(), Some(versions[4]));
    assert_eq!(block_on(following.resume(versions[1])), Ok(true));
    assert_eq!(next(&mut following), [update(3, "c"), update(4, "d"), update(5, "e")]);
}

#[test]
fn another_life_a_state_to_come_and_no_record_are_nothing_to_come_back_to() {
    let house = House::new();
    let old = house.set("a");
    house.erase();
    let mut following = house.follow_from_now();
    assert_eq!(block_on(following.resume(old)), Ok(false), "no record");
    let new = house.set("b");
    let mut following = house.follow_from_now();
    assert_eq!(block_on(following.resume(old)), Ok(false), "another life");
    assert_eq!(block_on(following.resume(new.next())), Ok(false), "a state to come");
    let unheard = Revision::first(Generation::from_bytes([99; 16]));
    assert_eq!(block_on(following.resume(unheard)), Ok(false), "never was");
    assert_eq!(following.at(), Some(new));
}

#[test]
fn once_something_was_told_only_a_snapshot_goes_back() {
    let house = House::new();
    let seen = house.set("a");
    let mut following = house.follow_from_now();
    house.set("b");
    assert_eq!(next(&mut following), [update(2, "b")]);
    assert_eq!(block_on(following.resume(seen)), Ok(false));
    block_on(following.snapshot()).unwrap();
    assert_eq!(block_on(following.resume(seen)), Ok(true));
}
