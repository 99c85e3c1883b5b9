//! What every [`RecordStore`] must do when many threads write at once, from several handles.

use std::sync::Arc;

use strongroom_domain::Revision;
use strongroom_ports::{EventBody, RecordId, RecordStore, StoreError};

use super::race::{alone, race};
use super::{BlockOn, draft, granted, present};
use crate::sample;

/// Parallel merges of one record.
const MERGES: usize = 100;
/// Parallel writes that expect one and the same state.
const RACERS: usize = 16;
/// Rounds of one write against one erasure.
const DUELS: usize = 20;
/// Threads, and operations of each, that write, erase and create without pause.
const STORM: (usize, usize) = (8, 12);

/// Runs every rule of [`RecordStore`] that takes several callers to see: one thread for each, `handles` given out in
/// turn. The handles are of one store; give two or more when it can be opened twice. The outbox must keep at least a
/// hundred events of a record.
///
/// # Panics
///
/// At the first rule that the store breaks.
pub fn record_store_concurrency(handles: &[Arc<dyn RecordStore>], block_on: BlockOn) {
    assert!(!handles.is_empty(), "the suite needs a handle");
    let house = House { handles, block_on };
    a_hundred_parallel_merges_are_all_kept(house);
    of_writers_that_expect_the_same_state_one_wins(house);
    of_a_write_and_an_erasure_of_the_same_state_one_wins(house);
    a_record_is_consistent_in_any_storm_of_writes_and_erasures(house);
}

#[derive(Clone, Copy)]
struct House<'a> {
    handles: &'a [Arc<dyn RecordStore>],
    block_on: BlockOn,
}

impl House<'_> {
    /// Starts `count` threads at once and collects what each of them answers.
    fn race<T, W, F>(self, count: usize, work: W) -> Vec<T>
    where
        T: Send + 'static,
        W: Fn(usize, Arc<dyn RecordStore>) -> F + Sync,
        F: Future<Output = T> + Send + 'static,
    {
        race(self.handles, self.block_on, count, work)
    }

    /// Runs one future to its end.
    fn run<T, F>(self, work: impl FnOnce(Arc<dyn RecordStore>) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        alone(self.block_on, work(Arc::clone(&self.handles[0])))
    }
}

fn a_hundred_parallel_merges_are_all_kept(house: House<'_>) {
    let id = sample::record_id("merges");
    let mut revisions = house
        .race(MERGES, move |number, store| async move { merge(&*store, &id, &format!("{number};")).await });
    revisions.sort();
    let record = house.run(move |store| async move { granted("a load succeeds", store.load(&id).await) });
    let record = present("a record that was merged into is there", record);
    draft::assert_consistent(&record);
    let content = draft::content_of(&record.public_box);
    for number in 0..MERGES {
        let kept = content.split(';').filter(|name| *name == number.to_string()).count();
        assert_eq!(kept, 1, "every one of the parallel merges is kept, once");
    }
    let generation = record.revision.generation;
    let every_version: Vec<_> = (1..).take(MERGES).map(|version| Revision { generation, version }).collect();
    assert_eq!(revisions, every_version, "each version is given to exactly one write");
    assert_eq!(Some(&record.revision), every_version.last(), "the version rises by exactly one a write");
    let events = house.run(move |store| async move {
        granted("events can be read", store.events(&id, generation, 0, MERGES + 1).await)
    });
    let told: Vec<_> = events.iter().map(|event| event.revision).collect();
    assert_eq!(told, every_version, "each version is told exactly once, in order");
}

fn of_writers_that_expect_the_same_state_one_wins(house: House<'_>) {
    let id = sample::record_id("cas");
    let created = house.race(RACERS, move |_, store| async move {
        let commit = draft::first(sample::fresh_generation());
        let revision = commit.revision;
        (revision, store.commit(&id, commit).await)
    });
    let current = only_winner(&created);
    assert_eq!(state(house, id), Some(current), "of many that create a record, the one told so did");
    let followed = house.race(RACERS, move |_, store| async move {
        (current.next(), store.commit(&id, draft::next(current)).await)
    });
    assert_eq!(state(house, id), Some(only_winner(&followed)), "of many that expect a state, one wins");
}

fn of_a_write_and_an_erasure_of_the_same_state_one_wins(house: House<'_>) {
    for _ in 0..DUELS {
        let id = sample::record_id("duel");
        let revision = house.run(move |store| async move { merge(&*store, &id, "").await });
        let answers = house.race(2, move |number, store| async move {
            if number == 0 {
                (Some(revision.next()), store.commit(&id, draft::next(revision)).await)
            } else {
                (None, store.erase(&id, revision, sample::fresh_write_id()).await)
            }
        });
        assert_eq!(state(house, id), only_winner(&answers), "of a write and an erasure, one wins, wholly");
    }
}

fn a_record_is_consistent_in_any_storm_of_writes_and_erasures(house: House<'_>) {
    let id = sample::record_id("storm");
    let (threads, operations) = STORM;
    let created = house.race(threads, move |number, store| async move {
        let mut generations = Vec::new();
        for operation in 0..operations {
            let loaded = granted("a load succeeds", store.load(&id).await);
            if let Some(record) = &loaded {
                draft::assert_consistent(record);
            }
            // A third of the threads erase every other time; the rest write.
            let outcome = match loaded.map(|record| record.revision) {
                Some(revision) if number % 3 == 0 && operation % 2 == 0 => {
                    store.erase(&id, revision, sample::fresh_write_id()).await
                }
                Some(revision) => store.commit(&id, draft::next(revision)).await,
                None => {
                    let commit = draft::first(sample::fresh_generation());
                    generations.push(commit.revision.generation);
                    store.commit(&id, commit).await
                }
            };
            assert!(
                matches!(outcome, Ok(()) | Err(StoreError::Stale)),
                "a write among others succeeds or is stale: {outcome:?}"
            );
        }
        generations
    });
    let current = house.run(move |store| async move { granted("a load succeeds", store.load(&id).await) });
    if let Some(record) = &current {
        draft::assert_consistent(record);
    }
    for generation in created.into_iter().flatten() {
        let events = house.run(move |store| async move {
            granted("events can be read", store.events(&id, generation, 0, threads * operations + 1).await)
        });
        for pair in events.windows(2) {
            assert!(
                pair[0].body != EventBody::Erased,
                "nothing is written to a generation after its erasure"
            );
            assert_eq!(
                pair[1].revision,
                pair[0].revision.next(),
                "each version is told exactly once, in order"
            );
        }
        let Some(last) = events.last() else { continue };
        let lives = current.as_ref().is_some_and(|record| record.revision.generation == generation);
        assert_eq!(
            last.body == EventBody::Erased,
            !lives,
            "a generation has ended exactly when it was erased"
        );
    }
}

/// Adds to what a record's public box holds, as a safe merges: load, change, commit, and again when stale.
async fn merge(store: &dyn RecordStore, id: &RecordId, addition: &str) -> Revision {
    loop {
        let loaded = granted("a load succeeds", store.load(id).await);
        let (mut commit, content) = match &loaded {
            Some(record) => (draft::next(record.revision), draft::content_of(&record.public_box)),
            None => (draft::first(sample::fresh_generation()), String::new()),
        };
        commit.public_box = draft::box_of(commit.revision, &(content + addition));
        let revision = commit.revision;
        match store.commit(id, commit).await {
            Ok(()) => return revision,
            Err(StoreError::Stale) => {}
            Err(other) => panic!("a merge among others succeeds or is stale: {other:?}"),
        }
    }
}

fn state(house: House<'_>, id: RecordId) -> Option<Revision> {
    let loaded = house.run(move |store| async move { granted("a load succeeds", store.load(&id).await) });
    loaded.map(|record| {
        draft::assert_consistent(&record);
        record.revision
    })
}

/// What the one that succeeded had asked for; all others must have been told that they were late.
#[track_caller]
fn only_winner<T: Copy>(answers: &[(T, Result<(), StoreError>)]) -> T {
    let late = answers.iter().filter(|(_, answer)| *answer == Err(StoreError::Stale)).count();
    assert_eq!(late, answers.len() - 1, "all but one of those that expect the same state are stale");
    let winner = answers.iter().find(|(_, answer)| answer.is_ok()).map(|(asked, _)| *asked);
    present("one of those that expect the same state wins", winner)
}
