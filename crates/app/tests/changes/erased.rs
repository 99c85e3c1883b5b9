//! The end of a record, and another after it.

use crate::doubles::{House, has_rung, next, update};

#[test]
fn an_erasure_is_told_once() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    house.erase();
    assert!(has_rung(&mut following));
    assert_eq!(next(&mut following), ["erased"]);
    assert_eq!(following.at(), None);
    assert!(next(&mut following).is_empty());
}

#[test]
fn a_new_record_is_told_behind_the_end_of_the_old_one() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    house.set("unread");
    house.erase();
    house.set("b");
    let last = house.set("c");
    assert_eq!(next(&mut following), ["erased".to_owned(), update(1, "b"), update(2, "c")]);
    assert_eq!(following.at(), Some(last));
}

#[test]
fn a_record_that_came_and_went_unseen_is_not_told() {
    let house = House::new();
    let mut following = house.follow_from_now();
    house.set("a");
    house.erase();
    assert!(next(&mut following).is_empty());
}
