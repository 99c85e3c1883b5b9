//! What every [`Upstream`] must do, one caller at a time.

use strongroom_domain::{
    EntityTag, LimitExceeded, Limits, Patch, Precondition, Revision, Tags, Value, WriteOnlyKey,
};
use strongroom_ports::{Caller, Export, Snapshot, Upstream, UpstreamError};

use super::{granted, present};
use crate::sample::{self, patch, text};

/// Runs every rule of [`Upstream`] that one caller can see. The safe must hold records to [`Limits::default`] and take
/// persons it has never heard of, in the tenants [`sample::TENANT`] and [`sample::OTHER_TENANT`].
///
/// # Panics
///
/// At the first rule that the safe breaks.
pub async fn upstream(upstream: &dyn Upstream) {
    assert!(upstream.is_ready().await, "a safe that works is ready");
    a_person_without_a_record_reads_none(upstream).await;
    only_the_keys_sent_change(upstream).await;
    the_guides_walk_through_holds(upstream).await;
    private_keys_are_in_no_answer(upstream).await;
    a_write_without_effect_makes_no_version(upstream).await;
    a_write_that_names_a_private_key_always_makes_a_version(upstream).await;
    a_write_that_only_deletes_creates_no_record_unless_it_names_a_private_key(upstream).await;
    a_record_whose_keys_are_all_deleted_stays(upstream).await;
    preconditions_are_held_before_anything_changes(upstream).await;
    a_write_over_a_limit_changes_nothing(upstream).await;
    an_erased_record_is_gone_and_its_successor_is_another(upstream).await;
    an_erasure_keeps_to_its_precondition(upstream).await;
    an_export_names_private_keys_without_values(upstream).await;
    people_and_tenants_do_not_see_each_other(upstream).await;
}

async fn a_person_without_a_record_reads_none(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("none");
    assert_eq!(read(upstream, &jane).await, None, "without a record a read finds none");
    assert!(export(upstream, &jane).await.is_none(), "without a record an export finds none");
    let answer = upstream.erase(&jane, &Precondition::default()).await;
    granted("an erasure succeeds where there is nothing", answer);
    let nothing = merged(upstream, &jane, &Patch::new()).await;
    assert_eq!(nothing, None, "an empty patch creates no record");
    assert_eq!(read(upstream, &jane).await, None, "an empty patch creates no record");
}

async fn only_the_keys_sent_change(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("merge");
    let first = merged(upstream, &jane, &patch(&[("a", Some(text("1"))), ("a.b", Some(text("2")))])).await;
    let first = present("an effective write tells its revision", first);
    assert_eq!(first.version, 1, "versions start at 1");
    assert_view(upstream, &jane, r#"{"a":"1","a.b":"2"}"#, first).await;
    let changes =
        [("a", None), ("b", Some(Value::Bool(true))), ("n", Some(sample::number("1.50"))), ("absent", None)];
    let second =
        present("an effective write tells its revision", merged(upstream, &jane, &patch(&changes)).await);
    assert_eq!(second, first.next(), "an effective write raises the version by one");
    assert_view(upstream, &jane, r#"{"a.b":"2","b":true,"n":1.5}"#, second).await;
}

async fn the_guides_walk_through_holds(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("guide");
    let stored = present("a first write creates", merged(upstream, &jane, &sample::guide_patch()).await);
    assert_view(upstream, &jane, sample::GUIDE_VIEW, stored).await;
    let update = patch(&[("language", Some(text("fr"))), ("optin.newsletter", Some(Value::Bool(false)))]);
    merged(upstream, &jane, &update).await;
    assert_view(upstream, &jane, sample::GUIDE_UPDATED_VIEW, stored.next()).await;
}

async fn private_keys_are_in_no_answer(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("private");
    let canary = "canary-of-the-contract";
    let revision =
        merged(upstream, &jane, &patch(&[("private.k", Some(text(canary))), ("a", Some(text("1")))])).await;
    let revision = present("an effective write tells its revision", revision);
    assert_view(upstream, &jane, r#"{"a":"1"}"#, revision).await;
    let printed =
        format!("{:?} {:?} {upstream:?}", read(upstream, &jane).await, export(upstream, &jane).await);
    assert!(!printed.contains(canary), "a private value is never printed");
    let export = present("an export finds the record", export(upstream, &jane).await);
    assert!(!export.view.as_json().contains(canary), "a private value is in no export");
    merged(upstream, &jane, &patch(&[("a", None)])).await;
    assert_view(upstream, &jane, "{}", revision.next()).await;
}

async fn a_write_without_effect_makes_no_version(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("noop");
    let before = merged(upstream, &jane, &patch(&[("a", Some(sample::number("1")))])).await;
    for (why, same) in [
        ("the same value", patch(&[("a", Some(sample::number("1.0")))])),
        ("an absent key's deletion", patch(&[("b", None)])),
        ("nothing", Patch::new()),
    ] {
        assert_eq!(merged(upstream, &jane, &same).await, before, "a write of {why} makes no version");
    }
    let other = merged(upstream, &jane, &patch(&[("a", Some(text("1")))])).await;
    assert_eq!(other, before.map(Revision::next), "the string is another value than the number");
}

async fn a_write_that_names_a_private_key_always_makes_a_version(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("always");
    let mut current = merged(upstream, &jane, &patch(&[("private.pin", Some(text("1")))])).await;
    for value in [Some(text("1")), Some(text("2")), None, None] {
        let after = merged(upstream, &jane, &patch(&[("private.pin", value)])).await;
        assert_eq!(
            after,
            current.map(Revision::next),
            "a version never answers whether a secret was guessed"
        );
        current = after;
    }
}

async fn a_write_that_only_deletes_creates_no_record_unless_it_names_a_private_key(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("delete-only");
    assert_eq!(
        merged(upstream, &jane, &patch(&[("a", None)])).await,
        None,
        "a write that only deletes creates none"
    );
    assert_eq!(read(upstream, &jane).await, None, "a write that only deletes creates none");
    let created = merged(upstream, &jane, &patch(&[("private.k", None)])).await;
    let created = present("a write that names a private key creates a record", created);
    assert_view(upstream, &jane, "{}", created).await;
}

async fn a_record_whose_keys_are_all_deleted_stays(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("emptied");
    let created = merged(upstream, &jane, &patch(&[("a", Some(text("1")))])).await;
    let emptied = merged(upstream, &jane, &patch(&[("a", None)])).await;
    assert_eq!(emptied, created.map(Revision::next), "the last key's deletion is a version like any other");
    assert_view(upstream, &jane, "{}", present("the record stays", emptied)).await;
}

async fn preconditions_are_held_before_anything_changes(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("precondition");
    let stranger = Revision::first(sample::fresh_generation());
    let write = patch(&[("a", Some(text("1")))]);
    for (why, refused) in [("`*`", if_match(Tags::Any)), ("a revision", if_match(these(&[stranger])))] {
        let answer = upstream.merge(&jane, &write, &refused).await;
        assert_eq!(answer, Err(UpstreamError::PreconditionFailed), "If-Match {why} fails without a record");
    }
    assert_eq!(read(upstream, &jane).await, None, "a refused write creates nothing");
    let created = upstream.merge(&jane, &write, &if_none_match(Tags::Any)).await;
    let created = present("If-None-Match `*` creates", granted("If-None-Match `*` creates", created));
    let first = present("a safe of ours names its states by revisions", created.revision());

    let write = patch(&[("a", Some(text("2")))]);
    let over_a_limit = patch(&[("a", Some(text(&"x".repeat(Limits::default().value_bytes + 1))))]);
    for refused in [
        if_match(these(&[stranger])),
        if_match(these(&[first.next()])),
        if_match(these(&[])),
        if_none_match(Tags::Any),
        if_none_match(these(&[stranger, first])),
        Precondition { if_match: Some(Tags::Any), if_none_match: Some(these(&[first])) },
    ] {
        for patch in [&write, &Patch::new(), &over_a_limit] {
            let answer = upstream.merge(&jane, patch, &refused).await;
            assert_eq!(
                answer,
                Err(UpstreamError::PreconditionFailed),
                "{refused:?} fails at {first}, whatever is sent"
            );
        }
        assert_view(upstream, &jane, r#"{"a":"1"}"#, first).await;
    }
    let mut current = first;
    for held in [
        |current| if_match(these(&[current])),
        |_| if_match(Tags::Any),
        |current: Revision| if_none_match(these(&[current.next()])),
    ] {
        let write = patch(&[("a", Some(text(&format!("after {current}"))))]);
        let after = upstream.merge(&jane, &write, &held(current)).await;
        assert_eq!(after, Ok(Some(current.next().into())), "a write whose precondition holds succeeds");
        current = current.next();
    }
}

async fn a_write_over_a_limit_changes_nothing(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("limits");
    let limits = Limits::default();
    let before = merged(upstream, &jane, &patch(&[("a", Some(text("1")))])).await;
    let long = text(&"x".repeat(limits.value_bytes + 1));
    let full = text(&"x".repeat(limits.value_bytes));
    for prefix in ["", "private."] {
        let many = |count: usize, value: &Value| {
            let mut patch = patch(&[("a", None)]);
            for number in 0..count {
                granted("a key is well formed", patch.set(&format!("{prefix}k{number}"), value.clone()));
            }
            patch
        };
        for (refused, limit) in [
            (many(1, &long), LimitExceeded::ValueBytes(limits.value_bytes)),
            (many(limits.record_keys + 1, &Value::Bool(true)), LimitExceeded::RecordKeys(limits.record_keys)),
            (
                many(limits.record_bytes / limits.value_bytes, &full),
                LimitExceeded::RecordBytes(limits.record_bytes),
            ),
        ] {
            let answer = upstream.merge(&jane, &refused, &Precondition::default()).await;
            assert_eq!(answer, Err(UpstreamError::Limit(limit)), "a write over a limit is refused");
        }
    }
    assert_view(upstream, &jane, r#"{"a":"1"}"#, present("the record stays", before)).await;
    let export = present("the record stays", export(upstream, &jane).await);
    assert!(export.write_only.is_empty(), "a write over a limit changes nothing of either part");
}

async fn an_erased_record_is_gone_and_its_successor_is_another(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("erase");
    let before = merged(upstream, &jane, &sample::guide_patch()).await;
    let before = present("an effective write tells its revision", before);
    granted("an erasure succeeds", upstream.erase(&jane, &Precondition::default()).await);
    assert_eq!(read(upstream, &jane).await, None, "an erased record reads as none");
    assert!(export(upstream, &jane).await.is_none(), "an erased record exports as none");
    granted("an erasure succeeds again", upstream.erase(&jane, &Precondition::default()).await);
    let late = upstream.merge(&jane, &sample::guide_patch(), &if_match(these(&[before]))).await;
    assert_eq!(late, Err(UpstreamError::PreconditionFailed), "a revision of an erased record never matches");
    let after = merged(upstream, &jane, &patch(&[("b", Some(text("2")))])).await;
    let after = present("a write after an erasure creates", after);
    assert_eq!(after.version, 1, "a recreated record starts at version 1");
    assert_ne!(after.generation, before.generation, "a recreated record is of another generation");
    assert_view(upstream, &jane, r#"{"b":"2"}"#, after).await;
    let late = upstream.merge(&jane, &sample::guide_patch(), &if_match(these(&[before]))).await;
    assert_eq!(
        late,
        Err(UpstreamError::PreconditionFailed),
        "a revision of an erased record never matches again"
    );
    let export = present("an export finds the record", export(upstream, &jane).await);
    assert!(export.write_only.is_empty(), "no private key outlives an erasure");
}

async fn an_erasure_keeps_to_its_precondition(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("erase-if");
    let nothing = upstream.erase(&jane, &if_match(Tags::Any)).await;
    assert_eq!(nothing, Err(UpstreamError::PreconditionFailed), "If-Match fails without a record");
    let current = merged(upstream, &jane, &patch(&[("a", Some(text("1")))])).await;
    let current = present("an effective write tells its revision", current);
    for refused in
        [if_match(these(&[current.next()])), if_none_match(Tags::Any), if_none_match(these(&[current]))]
    {
        let answer = upstream.erase(&jane, &refused).await;
        assert_eq!(answer, Err(UpstreamError::PreconditionFailed), "{refused:?} fails at {current}");
        assert_view(upstream, &jane, r#"{"a":"1"}"#, current).await;
    }
    granted("an erasure whose precondition holds", upstream.erase(&jane, &if_match(these(&[current]))).await);
    assert_eq!(read(upstream, &jane).await, None, "an erased record reads as none");
}

async fn an_export_names_private_keys_without_values(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("export");
    let written = [("private.b", Some(text("1"))), ("private.a", Some(text("2"))), ("c", Some(text("3")))];
    let first = merged(upstream, &jane, &patch(&written)).await;
    let before = present("an export finds the record", export(upstream, &jane).await);
    let names: Vec<_> = before.write_only.iter().map(WriteOnlyKey::as_str).collect();
    assert_eq!(names, ["private.a", "private.b"], "an export names private keys in order");
    assert_eq!(before.view.as_json(), r#"{"c":"3"}"#, "an export shows what may be read");
    assert_eq!(Some(before.revision), first, "an export says which state it shows");
    merged(upstream, &jane, &patch(&[("private.b", None), ("c", None)])).await;
    let after = present("an export finds the record", export(upstream, &jane).await);
    let names: Vec<_> = after.write_only.iter().map(WriteOnlyKey::as_str).collect();
    assert_eq!(names, ["private.a"], "a deleted private key is named no more");
    assert_eq!(after.created_at, before.created_at, "a record keeps the time of its creation");
    assert!(after.view.is_empty(), "an export shows what may be read");
}

async fn people_and_tenants_do_not_see_each_other(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("apart");
    let namesake = Caller { tenant: sample::tenant(sample::OTHER_TENANT), ..jane.clone() };
    let stranger = sample::fresh_caller("apart");
    let revision = merged(upstream, &jane, &patch(&[("a", Some(text("1")))])).await;
    for other in [&namesake, &stranger] {
        assert_eq!(read(upstream, other).await, None, "a write reaches one person of one tenant");
        merged(upstream, other, &patch(&[("a", Some(text("2")))])).await;
        granted("an erasure succeeds", upstream.erase(other, &Precondition::default()).await);
    }
    assert_view(upstream, &jane, r#"{"a":"1"}"#, present("the record stays", revision)).await;
}

async fn read(upstream: &dyn Upstream, caller: &Caller) -> Option<Snapshot> {
    granted("a read succeeds", upstream.read(caller).await)
}

async fn export(upstream: &dyn Upstream, caller: &Caller) -> Option<Export> {
    granted("an export succeeds", upstream.export(caller).await)
}

async fn merged(upstream: &dyn Upstream, caller: &Caller, patch: &Patch) -> Option<Revision> {
    let tag = granted("a merge succeeds", upstream.merge(caller, patch, &Precondition::default()).await);
    tag.map(|tag| present("a safe of ours names its states by revisions", tag.revision()))
}

async fn assert_view(upstream: &dyn Upstream, caller: &Caller, view: &str, revision: Revision) {
    let snapshot = present("a record is read", read(upstream, caller).await);
    assert_eq!(snapshot.view.as_json(), view, "a read shows the readable keys, in order");
    assert_eq!(snapshot.tag, Some(revision.into()), "a read says which state it shows");
}

fn these(revisions: &[Revision]) -> Tags {
    Tags::These(revisions.iter().copied().map(EntityTag::from).collect())
}

fn if_match(tags: Tags) -> Precondition {
    Precondition { if_match: Some(tags), if_none_match: None }
}

fn if_none_match(tags: Tags) -> Precondition {
    Precondition { if_match: None, if_none_match: Some(tags) }
}
