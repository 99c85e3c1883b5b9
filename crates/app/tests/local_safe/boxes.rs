//! Which boxes are opened, and what is put into them.

use std::time::Duration;

use futures_executor::block_on;
use strongroom_domain::{Precondition, Revision, WriteOnlyKey};
use strongroom_ports::{BoxContext, BoxKind, Event, EventBody, RecordStore, Sealer, Upstream};
use strongroom_testkit::sample::{self, patch, text};

use crate::doubles::House;

#[test]
fn a_read_opens_the_public_box_and_no_other() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        house.merged(&jane, &sample::guide_patch()).await;
        house.sealer.opened();
        assert_eq!(house.view(&jane).await.as_deref(), Some(sample::GUIDE_VIEW));
        assert_eq!(house.sealer.opened(), [BoxKind::Public]);
    });
}

#[test]
fn a_write_that_names_no_private_key_never_opens_the_private_box_and_keeps_it() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        house.merged(&jane, &sample::guide_patch()).await;
        let before = house.kept(&jane).await;
        house.sealer.opened();
        house.merged(&jane, &patch(&[("language", Some(text("fr")))])).await;
        assert_eq!(house.sealer.opened(), [BoxKind::Public]);
        assert_eq!(house.kept(&jane).await.private_box, before.private_box);
        let export = house.safe.export(&jane).await.unwrap().unwrap();
        let names: Vec<_> = export.write_only.iter().map(WriteOnlyKey::as_str).collect();
        assert_eq!(names, ["private.apiKey"], "the box still opens by the version that wrote it");
    });
}

#[test]
fn a_write_that_names_a_private_key_merges_into_the_private_box() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        house.merged(&jane, &sample::guide_patch()).await;
        house.sealer.opened();
        house.merged(&jane, &patch(&[("private.pin", Some(text("1")))])).await;
        assert_eq!(house.sealer.opened(), [BoxKind::Public, BoxKind::Private]);
        let export = house.safe.export(&jane).await.unwrap().unwrap();
        let names: Vec<_> = export.write_only.iter().map(WriteOnlyKey::as_str).collect();
        assert_eq!(names, ["private.apiKey", "private.pin"]);
    });
}

#[test]
fn a_private_value_is_put_into_the_private_box_alone() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        let revision = house.merged(&jane, &sample::guide_patch()).await;
        let record = house.kept(&jane).await;
        let id = house.sealer.record_id(&jane);
        let events = house.store.events(&id, revision.generation, 0, 9).await.unwrap();
        let [Event { body: EventBody::Written(event), .. }] = &events[..] else {
            panic!("one write, one event")
        };
        let holds = |sealed: &[u8]| String::from_utf8_lossy(sealed).contains("secret-api-key-12345");
        assert!(holds(&record.private_box.unwrap()), "boxes are glass here");
        assert!(!holds(&record.public_box));
        assert!(!holds(event));
    });
}

#[test]
fn a_record_without_private_keys_has_no_private_box() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
        assert_eq!(house.kept(&jane).await.private_box, None);
    });
}

#[test]
fn the_time_of_creation_stays_and_the_time_of_the_last_write_moves() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        let later = |minutes| sample::now().plus(Duration::from_mins(minutes));
        house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
        house.clock.advance(Duration::from_mins(1));
        house.merged(&jane, &patch(&[("private.a", Some(text("1")))])).await;
        house.clock.advance(Duration::from_mins(1));
        house.merge(&jane, &patch(&[("a", Some(text("1")))])).await.unwrap();
        let export = house.safe.export(&jane).await.unwrap().unwrap();
        assert_eq!(export.created_at, later(0));
        assert_eq!(export.updated_at, later(1), "a write without effect is no write");
    });
}

#[test]
fn a_record_that_is_written_after_an_erasure_was_created_then() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        house.merged(&jane, &sample::guide_patch()).await;
        house.safe.erase(&jane, &Precondition::default()).await.unwrap();
        house.clock.advance(Duration::from_mins(1));
        house.merged(&jane, &sample::guide_patch()).await;
        let export = house.safe.export(&jane).await.unwrap().unwrap();
        assert_eq!(export.created_at, sample::now().plus(Duration::from_mins(1)));
    });
}

#[test]
fn an_event_tells_which_readable_keys_changed_and_which_are_gone_and_nothing_of_private_ones() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        house.merged(&jane, &patch(&[("a", Some(text("1"))), ("b", Some(text("2")))])).await;
        let changes = [
            ("a", None),
            ("b", Some(text("2"))),
            ("c", Some(text("3"))),
            ("absent", None),
            ("private.pin", Some(text("4"))),
        ];
        let revision = house.merged(&jane, &patch(&changes)).await;
        let said = event(&house, revision, BoxKind::Event).await;
        assert_eq!(said.as_deref(), Some(r#"{"changed":{"c":"3"},"removed":["a"]}"#));
    });
}

#[test]
fn an_event_is_sealed_as_an_event_of_its_own_version() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        let revision = house.merged(&jane, &sample::guide_patch()).await;
        assert!(event(&house, revision, BoxKind::Event).await.is_some());
        assert_eq!(event(&house, revision, BoxKind::Public).await, None);
        assert_eq!(event(&house, revision, BoxKind::Private).await, None);
    });
}

#[test]
fn a_write_without_effect_tells_no_event() {
    block_on(async {
        let (house, jane) = (House::new(), sample::caller());
        let revision = house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
        house.merge(&jane, &patch(&[("a", Some(text("1"))), ("b", None)])).await.unwrap();
        let id = house.sealer.record_id(&jane);
        let events = house.store.events(&id, revision.generation, 0, 9).await.unwrap();
        assert_eq!(events.len(), 1);
    });
}

/// What the event of one version of the guide's person says, opened as a box of a kind.
async fn event(house: &House, revision: Revision, kind: BoxKind) -> Option<String> {
    let record = house.sealer.record_id(&sample::caller());
    let after = revision.version - 1;
    let events = house.store.events(&record, revision.generation, after, 1).await.unwrap();
    let EventBody::Written(sealed) = &events[0].body else { panic!("a write is told as a write") };
    let wrapped_key = house.kept(&sample::caller()).await.wrapped_key;
    let opened = house.sealer.open(&wrapped_key, &BoxContext { record, revision, kind }, sealed);
    opened.ok().map(|plaintext| String::from_utf8(plaintext.into_vec()).unwrap())
}
