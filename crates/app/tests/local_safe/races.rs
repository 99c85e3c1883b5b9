//! Writes that meet another process, and writes of which the store cannot say whether they happened.

use std::iter;

use futures_executor::block_on;
use strongroom_domain::{Precondition, Tags};
use strongroom_ports::{Upstream, UpstreamError};
use strongroom_testkit::sample::{self, patch, text};

use crate::doubles::{House, Mishap};

#[test]
fn a_write_that_another_process_overtakes_is_merged_upon_that_ones_result() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        let before = house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
        house.store.meddle([Mishap::Rival, Mishap::Rival, Mishap::Rival]);
        let after = house.merged(&jane, &patch(&[("private.pin", Some(text("2")))])).await;
        assert_eq!(after.version, before.version + 4, "three rivals and one of our own");
        let export = house.safe.export(&jane).await.unwrap().unwrap();
        let names: Vec<_> = export.write_only.iter().map(|key| key.as_str().to_owned()).collect();
        assert_eq!(names, ["private.pin", "private.rival"], "neither write is lost");
        assert_eq!(house.view(&jane).await.as_deref(), Some(r#"{"a":"1"}"#));
    });
}

#[test]
fn of_two_processes_that_create_one_record_the_later_merges_into_the_earliers() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        house.store.meddle([Mishap::Rival]);
        let revision = house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
        assert_eq!(revision.version, 2);
        assert_eq!(house.view(&jane).await.as_deref(), Some(r#"{"a":"1"}"#));
    });
}

#[test]
fn a_condition_is_checked_again_upon_the_state_that_overtook_the_write() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        let seen = house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
        house.store.meddle([Mishap::Rival]);
        let if_seen = Precondition { if_match: Some(Tags::These(vec![seen.into()])), if_none_match: None };
        let change = patch(&[("a", Some(text("2")))]);
        let answer = house.safe.merge(&jane, &change, &if_seen).await;
        assert_eq!(answer, Err(UpstreamError::PreconditionFailed));
        assert_eq!(house.view(&jane).await.as_deref(), Some(r#"{"a":"1"}"#));
    });
}

#[test]
fn a_write_that_is_overtaken_for_ever_gives_up_as_unavailable_and_changes_nothing() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
        house.store.meddle(iter::repeat_n(Mishap::Rival, 100));
        let answer = house.merge(&jane, &patch(&[("a", Some(text("2")))])).await;
        assert_eq!(answer, Err(UpstreamError::Unavailable));
        assert_eq!(house.view(&jane).await.as_deref(), Some(r#"{"a":"1"}"#));
        assert!(house.store.mishaps_left() >= 90, "a few attempts, not a hundred");
    });
}

#[test]
fn an_erasure_that_is_overtaken_erases_what_overtook_it_and_gives_up_in_the_end() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        let always = Precondition::default();
        house.merged(&jane, &sample::guide_patch()).await;
        house.store.meddle([Mishap::Rival, Mishap::Rival]);
        house.safe.erase(&jane, &always).await.unwrap();
        assert_eq!(house.view(&jane).await, None);

        house.merged(&jane, &sample::guide_patch()).await;
        house.store.meddle(iter::repeat_n(Mishap::Rival, 100));
        assert_eq!(house.safe.erase(&jane, &always).await, Err(UpstreamError::Unavailable));
        assert!(house.store.mishaps_left() >= 90, "a few attempts, not a hundred");
        assert!(house.view(&jane).await.is_some());
    });
}

#[test]
fn a_write_in_doubt_that_happened_is_told_as_done() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        let before = house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
        house.store.meddle([Mishap::DoneInDoubt]);
        let after = house.merge(&jane, &patch(&[("a", Some(text("2")))])).await;
        assert_eq!(after, Ok(Some(before.next().into())));
        assert_eq!(house.view(&jane).await.as_deref(), Some(r#"{"a":"2"}"#));
    });
}

#[test]
fn a_write_in_doubt_that_did_not_happen_is_unavailable_and_changes_nothing() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
        house.store.meddle([Mishap::UndoneInDoubt]);
        let answer = house.merge(&jane, &patch(&[("a", Some(text("2")))])).await;
        assert_eq!(answer, Err(UpstreamError::Unavailable));
        assert_eq!(house.view(&jane).await.as_deref(), Some(r#"{"a":"1"}"#));
    });
}

#[test]
fn a_write_in_doubt_is_not_taken_for_another_process_write_of_the_same_version() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        let before = house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
        house.store.meddle([Mishap::RivalInDoubt]);
        let answer = house.merge(&jane, &patch(&[("a", Some(text("2")))])).await;
        assert_eq!(answer, Err(UpstreamError::Unavailable));
        assert_eq!(house.kept(&jane).await.revision, before.next(), "the rival's");
    });
}

#[test]
fn an_erasure_in_doubt_is_settled_both_ways() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        let always = Precondition::default();
        house.merged(&jane, &sample::guide_patch()).await;
        for undone in [Mishap::UndoneInDoubt, Mishap::RivalInDoubt] {
            house.store.meddle([undone]);
            let answer = house.safe.erase(&jane, &always).await;
            assert_eq!(answer, Err(UpstreamError::Unavailable), "{undone:?}");
            assert!(house.view(&jane).await.is_some(), "{undone:?}");
        }
        house.store.meddle([Mishap::DoneInDoubt]);
        assert_eq!(house.safe.erase(&jane, &always).await, Ok(()));
        assert_eq!(house.view(&jane).await, None);
    });
}
