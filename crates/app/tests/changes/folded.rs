//! Folding, for a reader that is too slow for each version.

use strongroom_app::Pace;
use strongroom_testkit::sample::{patch, text};

use crate::doubles::{House, told, update};

#[test]
fn all_that_was_missed_is_one_update_that_says_where_it_leads_from() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    for version in 2..=99 {
        house.set(&version.to_string());
    }
    house.write(&patch(&[("m", Some(text("new")))]));
    assert_eq!(
        told(&mut following, Pace::Folded),
        [r#"1-100 {"changed":{"m":"new","n":"99"},"removed":[]}"#]
    );
    assert!(told(&mut following, Pace::Folded).is_empty());
}

#[test]
fn a_single_version_is_not_folded() {
    let house = House::new();
    house.set("a");
    let mut following = house.follow_from_now();
    house.set("b");
    assert_eq!(told(&mut following, Pace::Folded), [update(2, "b")]);
}

#[test]
fn the_first_version_of_a_record_leads_from_nothing_and_stands_alone() {
    let house = House::new();
    house.set("old");
    let mut following = house.follow_from_now();
    house.set("older");
    house.erase();
    for value in ["a", "b", "c"] {
        house.set(value);
    }
    let rest = r#"1-3 {"changed":{"n":"c"},"removed":[]}"#.to_owned();
    assert_eq!(told(&mut following, Pace::Folded), ["erased".to_owned(), update(1, "a"), rest]);
}
