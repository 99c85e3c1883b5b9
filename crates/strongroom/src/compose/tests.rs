//! A composed safe, whose changes are followed: the store rings, and keeps of them what the configuration says.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use futures_executor::block_on;
use strongroom_app::{Changes, Following, Pace, Told};
use strongroom_domain::{Precondition, Revision};
use strongroom_ports::Upstream;
use strongroom_testkit::sample;
use tempfile::TempDir;

use super::*;
use crate::config::{Config, Layers, Place};
use crate::serve::parts;

/// A safe that keeps three versions of a record's past. The directory goes with the test.
fn safe() -> (TempDir, Composed) {
    let directory = tempfile::tempdir().unwrap();
    let now = SystemClock.now();
    let keyring = Keyring::generate(&SystemRandomness, now).to_json();
    let signing_keys = SigningKeys::generate(now, &SystemRandomness).unwrap().to_json();
    for (name, content) in [("keyring.json", &keyring[..]), ("signing.json", signing_keys.as_bytes())] {
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(directory.path().join(name));
        std::io::Write::write_all(file.as_mut().unwrap(), content).unwrap();
    }
    let settings = "safe.outbox_versions_per_record = 3\n[[tenant]]\nrp_id = \"localhost\"\n";
    let layers = Layers::new(Vec::new()).with_text(&directory.path().join("strongroom.toml"), settings);
    let composed = compose(parts(Config::load(layers).unwrap().config, true).unwrap()).unwrap();
    (directory, composed)
}

fn parts_of(composed: &Composed) -> (&dyn Upstream, &Arc<Changes>) {
    let Safe::Here { upstream, changes, .. } = &composed.api.safe else { panic!("a safe") };
    (&**upstream, changes)
}

fn set(upstream: &dyn Upstream, value: &str) -> Revision {
    let patch = sample::patch(&[("n", Some(sample::text(value)))]);
    let merged = block_on(upstream.merge(&sample::caller(), &patch, &Precondition::default()));
    merged.unwrap().unwrap().revision().unwrap()
}

/// The versions that are told next, each by itself.
fn next(following: &mut Following) -> Vec<u64> {
    let version = |told| match told {
        Told::Updated { revision, .. } => revision.version,
        other => panic!("{other:?}"),
    };
    block_on(following.next(Pace::Each)).unwrap().into_iter().map(version).collect()
}

#[test]
fn by_default_the_outbox_keeps_what_the_store_does_of_itself() {
    let layers =
        Layers::new(Vec::new()).with_text(Path::new("x.toml"), "[[tenant]]\nrp_id = \"localhost\"\n");
    let Place::Here(safe) = Config::load(layers).unwrap().config.place else { panic!("a safe") };
    let store = Options::new("", Vec::new());
    assert_eq!(
        (safe.outbox.versions, safe.outbox.bytes),
        (store.events_per_record, store.event_bytes_per_record)
    );
}

#[test]
fn a_write_and_an_erasure_ring_for_whoever_follows() {
    let (_directory, composed) = safe();
    let (upstream, changes) = parts_of(&composed);
    let mut following = changes.follow(&sample::caller());
    assert_eq!(block_on(following.snapshot()), Ok(None));
    let generation = set(upstream, "a").generation;
    block_on(following.rung());
    assert_eq!(next(&mut following), [1]);
    block_on(upstream.erase(&sample::caller(), &Precondition::default())).unwrap();
    block_on(following.rung());
    assert_eq!(block_on(following.next(Pace::Each)), Ok(vec![Told::Erased { generation }]));
}

#[test]
fn whoever_was_away_for_longer_than_the_outbox_is_told_to_remember_needs_a_snapshot() {
    let (_directory, composed) = safe();
    let (upstream, changes) = parts_of(&composed);
    let seen: Vec<_> = ["a", "b"].iter().map(|value| set(upstream, value)).collect();
    let mut away = changes.follow(&sample::caller());
    block_on(away.snapshot()).unwrap();
    assert_eq!(away.at(), Some(seen[1]));
    for value in ["c", "d", "e"] {
        set(upstream, value);
    }
    assert_eq!(next(&mut away), [3, 4, 5]);

    let mut back = changes.follow(&sample::caller());
    block_on(back.snapshot()).unwrap();
    assert_eq!(block_on(back.resume(seen[0])), Ok(false));
    assert_eq!(block_on(back.resume(seen[1])), Ok(true));
    set(upstream, "f");
    assert_eq!(block_on(back.next(Pace::Each)), Ok(vec![Told::Gap]), "the third has gone meanwhile");
}
