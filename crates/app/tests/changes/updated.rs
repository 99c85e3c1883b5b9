//! Updates: each effective write once, in order, from where the snapshot was.

use futures_executor::block_on;
use strongroom_app::Pace;
use strongroom_testkit::sample::{patch, text};

use crate::doubles::{House, has_rung, next, set, told, update};

#[test]
fn each_version_is_told_once_and_in_order() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    house.set("b");
    assert_eq!(next(&mut following), [update(2, "b")]);
    house.set("c");
    let last = house.set("d");
    assert_eq!(next(&mut following), [update(3, "c"), update(4, "d")]);
    assert_eq!(following.at(), Some(last));
    assert!(next(&mut following).is_empty());
}

#[test]
fn a_write_between_listening_and_the_snapshot_rings_and_is_not_told_again() {
    let house = House::new();
    let mut following = house.follow();
    let written = house.set("a");
    let snapshot = block_on(following.snapshot()).unwrap().unwrap();
    assert_eq!((snapshot.view.as_json(), following.at()), (r#"{"n":"a"}"#, Some(written)));
    assert!(has_rung(&mut following));
    assert!(next(&mut following).is_empty());
}

#[test]
fn a_record_that_appears_is_told_from_its_first_version() {
    let house = House::new();
    let mut following = house.follow();
    assert_eq!(block_on(following.snapshot()), Ok(None));
    house.set("a");
    house.set("b");
    assert!(has_rung(&mut following));
    assert_eq!(next(&mut following), [update(1, "a"), update(2, "b")]);
}

#[test]
fn a_write_of_private_keys_raises_the_version_and_names_nothing() {
    let house = House::new();
    let mut following = house.follow_from_now();
    house.write(&set("private.apiKey", text("canary")));
    assert_eq!(next(&mut following), [r#"1 {"changed":{},"removed":[]}"#]);
    house.write(&patch(&[("private.apiKey", None), ("n", Some(text("a")))]));
    assert_eq!(next(&mut following), [update(2, "a")]);
}

#[test]
fn a_write_without_effect_neither_rings_nor_is_told() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    house.set("a");
    assert!(!has_rung(&mut following));
    assert!(next(&mut following).is_empty());
}

#[test]
fn a_removed_key_is_named_as_removed() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    house.write(&patch(&[("n", None)]));
    assert_eq!(next(&mut following), [r#"2 {"changed":{},"removed":["n"]}"#]);
}

#[test]
fn what_is_told_at_once_is_bounded_and_the_rest_follows() {
    let house = House::new();
    let mut following = house.follow_from_now();
    for version in 1..=70 {
        house.set(&version.to_string());
    }
    let mut all = Vec::new();
    loop {
        let some = next(&mut following);
        assert!(some.len() <= 32, "{}", some.len());
        if some.is_empty() {
            break;
        }
        all.extend(some);
    }
    assert_eq!(all, (1..=70).map(|version| update(version, &version.to_string())).collect::<Vec<_>>());
}

#[test]
fn large_updates_are_told_at_most_64_kib_at_a_time_and_folded_from_256() {
    let house = House::new();
    let mut following = house.follow_from_now();
    let long = |letter: &str| text(&letter.repeat(8000));
    for letter in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let keys = ["1", "2", "3", "4", "5", "6"].map(|key| (key, Some(long(letter))));
        house.write(&patch(&keys)).unwrap();
    }
    for (pace, answers) in [(Pace::Each, [1; 8].as_slice()), (Pace::Folded, &[2, 1])] {
        let mut again = house.follow();
        for expected in answers {
            let some = told(&mut again, pace);
            assert_eq!(some.len(), *expected, "{pace:?}");
        }
        assert!(told(&mut again, pace).is_empty(), "{pace:?}");
    }
    assert_eq!(next(&mut following).len(), 1);
}

#[test]
fn two_followers_are_told_apart_from_each_other() {
    let house = House::new();
    let (mut one, mut other) = (house.follow_from_now(), house.follow_from_now());
    house.set("a");
    assert_eq!(next(&mut one), [update(1, "a")]);
    house.set("b");
    assert_eq!(next(&mut other), [update(1, "a"), update(2, "b")]);
    assert_eq!(next(&mut one), [update(2, "b")]);
}
