//! Commits as a safe makes them, whose content names its own place: a store that mixes two up is found out.

use bytes::Bytes;
use strongroom_domain::{Generation, Revision};
use strongroom_ports::{Commit, SealedRecord};

use crate::sample;

/// The commit that creates a record in a new generation.
pub(super) fn first(generation: Generation) -> Commit {
    let revision = Revision::first(generation);
    Commit { expected: None, wrapped_key: Some(key_of(generation)), ..written(revision) }
}

/// The commit that follows a state.
pub(super) fn next(expected: Revision) -> Commit {
    Commit { expected: Some(expected), ..written(expected.next()) }
}

/// The wrapped key of a generation.
pub(super) fn key_of(generation: Generation) -> Bytes {
    Bytes::from(format!("the key of {generation}"))
}

/// A box that names the state which wrote it, then what it holds.
pub(super) fn box_of(revision: Revision, content: &str) -> Bytes {
    Bytes::from(format!("{revision}\n{content}"))
}

/// What a box of [`box_of`] holds.
pub(super) fn content_of(public_box: &[u8]) -> String {
    let text = String::from_utf8_lossy(public_box);
    text.split_once('\n').map(|(_, content)| content.to_owned()).unwrap_or_default()
}

/// What the next load must give after a commit upon `before`.
pub(super) fn outcome(commit: &Commit, before: Option<&SealedRecord>) -> SealedRecord {
    let kept_key = before.map(|record| record.wrapped_key.clone()).unwrap_or_default();
    let kept_box = before.and_then(|record| record.private_box.clone());
    SealedRecord {
        revision: commit.revision,
        wrapped_key: commit.wrapped_key.clone().unwrap_or(kept_key),
        public_box: commit.public_box.clone(),
        private_box: commit.private_box.clone().or(kept_box),
    }
}

/// A record's key, boxes and revision belong together.
#[track_caller]
pub(super) fn assert_consistent(record: &SealedRecord) {
    let revision = record.revision;
    assert_eq!(record.wrapped_key, key_of(revision.generation), "a record is read with its own key");
    let is_own = record.public_box.starts_with(format!("{revision}\n").as_bytes());
    assert!(is_own, "a record is read with the public box of its own version");
    let private = record.private_box.as_ref();
    let is_kin =
        private.is_none_or(|sealed| sealed.starts_with(format!("{}.", revision.generation).as_bytes()));
    assert!(is_kin, "a record is read with a private box of its own generation");
}

fn written(revision: Revision) -> Commit {
    Commit {
        expected: None,
        revision,
        wrapped_key: None,
        public_box: box_of(revision, ""),
        private_box: None,
        event: Bytes::from(format!("the event of {revision}")),
        write_id: sample::fresh_write_id(),
    }
}
