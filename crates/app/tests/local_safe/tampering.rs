//! Boxes that were cut off, moved, swapped, rolled back or put back: damaged, never a value and never an empty record.

use futures_executor::block_on;
use strongroom_domain::Precondition;
use strongroom_ports::{SealedRecord, Upstream, UpstreamError};
use strongroom_testkit::sample::{self, patch, text};

use crate::doubles::House;

/// What someone does to a record, with another person's and with an older state of the same at hand.
type Tamper = fn(&mut SealedRecord, &SealedRecord, &SealedRecord);

/// What someone makes of an erased record and of the one that followed it.
type PutBack = fn(&SealedRecord, &SealedRecord) -> SealedRecord;

/// A record of two versions, tampered with; the house it stands in.
fn tampered(tamper: Tamper) -> House {
    let (house, jane, john) = (House::new(), sample::caller(), sample::fresh_caller("john"));
    block_on(async {
        house.merged(&john, &sample::guide_patch()).await;
        house.merged(&jane, &sample::guide_patch()).await;
        let older = house.kept(&jane).await;
        house.merged(&jane, &patch(&[("private.pin", Some(text("1")))])).await;
        let mut record = house.kept(&jane).await;
        tamper(&mut record, &house.kept(&john).await, &older);
        house.plant(&jane, record);
    });
    house
}

#[test]
fn a_record_whose_public_box_does_not_open_is_damaged_and_not_empty() {
    let cases: [(&str, Tamper); 7] = [
        ("cut off", |record, _, _| record.public_box.truncate(record.public_box.len() - 1)),
        ("emptied", |record, _, _| record.public_box.clear()),
        ("another person's box", |record, johns, _| record.public_box = johns.public_box.clone()),
        ("another person's key", |record, johns, _| record.wrapped_key = johns.wrapped_key.clone()),
        ("another person's record", |record, johns, _| *record = johns.clone()),
        ("rolled back", |record, _, older| record.public_box = older.public_box.clone()),
        ("the private box in its place", |record, _, _| {
            record.public_box = record.private_box.clone().unwrap();
        }),
    ];
    for (case, tamper) in cases {
        let (house, jane) = (tampered(tamper), sample::caller());
        block_on(async {
            assert_eq!(house.safe.read(&jane).await, Err(UpstreamError::Damaged), "{case}");
            assert_eq!(house.safe.export(&jane).await.unwrap_err(), UpstreamError::Damaged, "{case}");
            let write = house.merge(&jane, &patch(&[("a", Some(text("1")))])).await;
            assert_eq!(write, Err(UpstreamError::Damaged), "{case}");
        });
    }
}

#[test]
fn a_record_whose_private_box_does_not_open_is_damaged_for_whoever_needs_that_box() {
    let cases: [(&str, Tamper); 5] = [
        ("missing though the public box names it", |record, _, _| record.private_box = None),
        ("cut off", |record, _, _| {
            record.private_box = record.private_box.as_ref().map(|sealed| sealed.slice(1..));
        }),
        ("another person's", |record, johns, _| record.private_box = johns.private_box.clone()),
        ("rolled back", |record, _, older| record.private_box = older.private_box.clone()),
        ("the public box in its place", |record, _, _| record.private_box = Some(record.public_box.clone())),
    ];
    for (case, tamper) in cases {
        let (house, jane) = (tampered(tamper), sample::caller());
        block_on(async {
            assert_eq!(house.safe.export(&jane).await.unwrap_err(), UpstreamError::Damaged, "{case}");
            let write = house.merge(&jane, &patch(&[("private.a", Some(text("1")))])).await;
            assert_eq!(write, Err(UpstreamError::Damaged), "{case}");
            assert_eq!(house.view(&jane).await.as_deref(), Some(sample::GUIDE_VIEW), "{case}");
        });
    }
}

#[test]
fn a_damaged_record_can_be_erased() {
    let (house, jane) = (tampered(|record, _, _| record.public_box.clear()), sample::caller());
    block_on(async {
        house.safe.erase(&jane, &Precondition::default()).await.unwrap();
        assert_eq!(house.view(&jane).await, None);
    });
}

#[test]
fn boxes_of_an_erased_record_that_are_put_back_by_hand_never_read_again() {
    let jane = sample::caller();
    let cases: [(&str, PutBack); 3] = [
        ("beside the new key", |old, new| SealedRecord {
            wrapped_key: new.wrapped_key.clone(),
            ..old.clone()
        }),
        ("in the new record", |old, new| SealedRecord { public_box: old.public_box.clone(), ..new.clone() }),
        ("without a key", |old, _| SealedRecord { wrapped_key: bytes::Bytes::new(), ..old.clone() }),
    ];
    for (case, put_back) in cases {
        block_on(async {
            let house = House::new();
            house.merged(&jane, &sample::guide_patch()).await;
            let old = house.kept(&jane).await;
            house.safe.erase(&jane, &Precondition::default()).await.unwrap();
            house.merged(&jane, &patch(&[("a", Some(text("1")))])).await;
            let new = house.kept(&jane).await;
            assert_eq!(old.revision.version, new.revision.version, "the generation alone tells them apart");
            house.plant(&jane, put_back(&old, &new));
            assert_eq!(house.safe.read(&jane).await, Err(UpstreamError::Damaged), "{case}");
        });
    }
}
