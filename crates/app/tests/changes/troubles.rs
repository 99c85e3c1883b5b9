//! What cannot be told: gaps, and a safe that does not answer.

use futures_executor::block_on;
use strongroom_app::{Pace, Told};
use strongroom_ports::UpstreamError;

use crate::doubles::{House, Trouble, next, told, update};

#[test]
fn whoever_missed_more_than_is_kept_meets_a_gap_until_another_snapshot() {
    let house = House::keeping_events(2);
    house.set("a");
    let mut following = house.follow_from_now();
    for value in ["b", "c", "d"] {
        house.set(value);
    }
    for pace in [Pace::Each, Pace::Folded, Pace::Each] {
        assert_eq!(told(&mut following, pace), ["gap"]);
    }
    block_on(following.snapshot()).unwrap();
    house.set("e");
    assert_eq!(next(&mut following), [update(5, "e")]);
}

#[test]
fn a_record_that_appeared_too_long_ago_is_a_gap() {
    let house = House::keeping_events(2);
    let mut following = house.follow_from_now();
    for value in ["a", "b", "c"] {
        house.set(value);
    }
    assert_eq!(next(&mut following), ["gap"]);
}

#[test]
fn a_gap_in_a_new_life_is_told_behind_the_end_of_the_old_one() {
    let house = House::keeping_events(2);
    house.set("old");
    let mut following = house.follow_from_now();
    house.erase();
    for value in ["a", "b", "c"] {
        house.set(value);
    }
    assert_eq!(next(&mut following), ["erased", "gap"]);
    assert_eq!(next(&mut following), ["gap"]);
}

#[test]
fn a_record_that_is_erased_while_it_is_read_is_told_as_gone() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    house.set("b");
    house.store.trouble(Some(Trouble::ErasedMeanwhile));
    assert_eq!(next(&mut following), ["erased"]);
    assert_eq!(following.at(), None);
    assert!(next(&mut following).is_empty());
}

#[test]
fn a_record_that_came_and_went_while_it_was_read_is_not_told() {
    let house = House::new();
    let mut following = house.follow_from_now();
    house.set("a");
    house.store.trouble(Some(Trouble::ErasedMeanwhile));
    assert!(next(&mut following).is_empty());
}

#[test]
fn a_record_whose_events_are_all_gone_is_a_gap() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    let last = house.set("b");
    house.store.trouble(Some(Trouble::Lost));
    assert_eq!(next(&mut following), ["gap"]);
    assert_ne!(following.at(), Some(last));
}

#[test]
fn what_an_unavailable_safe_did_not_tell_is_told_later() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    let last = house.set("b");
    house.store.trouble(Some(Trouble::Unavailable));
    assert_eq!(block_on(following.next(Pace::Each)), Err(UpstreamError::Unavailable));
    assert_eq!(block_on(following.snapshot()), Err(UpstreamError::Unavailable));
    assert_eq!(block_on(following.resume(last)), Err(UpstreamError::Unavailable));
    house.store.trouble(None);
    assert_eq!(next(&mut following), [update(2, "b")]);
}

#[test]
fn an_event_that_does_not_open_is_damage_and_can_be_told_once_it_does() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    house.set("b");
    house.store.trouble(Some(Trouble::Scratched));
    assert_eq!(block_on(following.next(Pace::Folded)), Err(UpstreamError::Damaged));
    house.store.trouble(None);
    assert_eq!(next(&mut following), [update(2, "b")]);
}

#[test]
fn what_is_told_prints_no_value() {
    let house = House::new();
    let mut following = house.follow_from_now();
    house.set("canary");
    let told: Vec<Told> = block_on(following.next(Pace::Each)).unwrap();
    let printed = format!("{told:?} {following:?} {:?}", house.changes);
    assert!(printed.contains("Updated") && !printed.contains("canary"), "{printed}");
}
