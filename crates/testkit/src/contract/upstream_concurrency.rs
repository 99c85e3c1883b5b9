//! What every [`Upstream`] must do when many write to one person's record at once.

use futures_util::future::join_all;
use strongroom_domain::{Precondition, Revision, Tags};
use strongroom_ports::{Caller, Snapshot, Upstream, UpstreamError};

use super::{granted, present};
use crate::sample::{self, patch, text};

/// Parallel merges of one person, each of a key of its own.
const MERGES: usize = 100;
/// Parallel writes under one and the same precondition.
const RACERS: usize = 16;

/// Runs every rule of [`Upstream`] that takes several callers to see. The callers are futures joined on one task: they
/// interleave wherever the safe waits.
///
/// # Panics
///
/// At the first rule that the safe breaks.
pub async fn upstream_concurrency(upstream: &dyn Upstream) {
    a_hundred_parallel_merges_are_all_kept(upstream).await;
    of_writers_under_the_same_precondition_one_wins(upstream).await;
    a_read_among_writes_and_erasures_is_of_one_state(upstream).await;
}

async fn a_hundred_parallel_merges_are_all_kept(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("merges");
    let merges = (0..MERGES).map(|number| {
        let (jane, patch) = (&jane, patch(&[(&format!("k{number:03}"), Some(text("kept")))]));
        async move { upstream.merge(jane, &patch, &Precondition::default()).await }
    });
    let answers = join_all(merges).await;
    let mut versions: Vec<_> = answers
        .into_iter()
        .map(|answer| {
            let tag = present("a merge tells its state", granted("every parallel merge succeeds", answer));
            present("a safe of ours names its states by revisions", tag.revision()).version
        })
        .collect();
    versions.sort_unstable();
    let every_version: Vec<_> = (1..).take(MERGES).collect();
    assert_eq!(versions, every_version, "each version is given to exactly one write");
    let snapshot = present("the record is there", read(upstream, &jane).await);
    assert_eq!(
        snapshot.tag.and_then(|tag| tag.revision()).map(|revision| revision.version).as_ref(),
        every_version.last(),
        "the version rises by exactly one a write"
    );
    let entries: Vec<_> = (0..MERGES).map(|number| format!("\"k{number:03}\":\"kept\"")).collect();
    assert_eq!(snapshot.view.as_json(), format!("{{{}}}", entries.join(",")), "every parallel merge is kept");
}

async fn of_writers_under_the_same_precondition_one_wins(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("race");
    let none = Precondition { if_match: None, if_none_match: Some(Tags::Any) };
    let created = only_winner(upstream, &jane, &none).await;
    assert_eq!(created.version, 1, "of many that create a record, one does");
    let same = Precondition { if_match: Some(Tags::These(vec![created.into()])), if_none_match: None };
    let followed = only_winner(upstream, &jane, &same).await;
    assert_eq!(followed, created.next(), "of many that expect a state, one wins");
}

/// Races writers under one precondition and checks that the one that was told so is the one that wrote.
async fn only_winner(upstream: &dyn Upstream, jane: &Caller, precondition: &Precondition) -> Revision {
    let writes = (0..RACERS).map(|number| {
        // Unlike any value of another race, so that each write would have an effect.
        let value = format!("{precondition:?} {number}");
        async move {
            let answer = upstream.merge(jane, &patch(&[("a", Some(text(&value)))]), precondition).await;
            (value, answer)
        }
    });
    let answers = join_all(writes).await;
    let late = answers.iter().filter(|(_, answer)| *answer == Err(UpstreamError::PreconditionFailed)).count();
    assert_eq!(late, RACERS - 1, "all but one of the writers under one precondition are refused");
    let winner = answers.into_iter().find_map(|(value, answer)| Some((value, answer.ok()??.revision()?)));
    let (value, revision) = present("one of the writers under one precondition wins", winner);
    let snapshot = present("the record is there", read(upstream, jane).await);
    assert_eq!(snapshot.tag, Some(revision.into()), "the winner's revision is the record's");
    let view = patch_view(&value);
    assert_eq!(snapshot.view.as_json(), view, "the winner's value is the record's");
    revision
}

async fn a_read_among_writes_and_erasures_is_of_one_state(upstream: &dyn Upstream) {
    let jane = sample::fresh_caller("storm");
    let jane = &jane;
    let operations = (0..RACERS * 3).map(|number| async move {
        match number % 3 {
            // Both keys of one write, or none: a torn read would show one.
            0 => {
                let value = Some(text(&number.to_string()));
                let both = patch(&[("a", value.clone()), ("b", value)]);
                granted("a write succeeds", upstream.merge(jane, &both, &Precondition::default()).await);
            }
            1 => granted("an erasure succeeds", upstream.erase(jane, &Precondition::default()).await),
            _ => {
                if let Some(snapshot) = read(upstream, jane).await {
                    let view = snapshot.view.as_json();
                    let first = view.split('"').nth(3);
                    let second = view.split('"').nth(7);
                    assert!(first.is_some() && first == second, "a read is of one state: {view}");
                }
            }
        }
    });
    join_all(operations).await;
}

async fn read(upstream: &dyn Upstream, caller: &Caller) -> Option<Snapshot> {
    granted("a read succeeds", upstream.read(caller).await)
}

fn patch_view(value: &str) -> String {
    let mut record = strongroom_domain::Record::new();
    let limits = strongroom_domain::Limits::default();
    granted("a short value is within limits", record.apply(&patch(&[("a", Some(text(value)))]), &limits));
    record.view().as_json().to_owned()
}
