//! What closing an account destroys: every sealed byte of it, in every file, before it is answered.

use std::collections::HashSet;
use std::path::Path;

use crate::support::{
    ROOM, confirmation, database, directory, occurs, open, passkey, pseudonym, raw_bytes, record,
};
use bytes::Bytes;
use futures_executor::block_on;
use futures_util::future::join_all;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use rusqlite::Connection;
use strongroom_ports::{
    ConfirmationStore, CredentialStore, NewSession, RefreshHash, SessionId, SessionStore, StoreError,
    Timestamp,
};
use strongroom_store_sqlite::SqliteStore;

/// An account of a passkey, a session and a mail, and the marks that they leave.
fn open_account(store: &SqliteStore, number: u8) -> [String; 3] {
    let owner = record(u64::from(number));
    let marks = ["passkey", "passkey anew", "mail"].map(|kind| format!("<{kind} of account {number}>"));
    let long = |mark: &String| mark.repeat(100).into_bytes();
    block_on(store.add(passkey(u64::from(number), owner, &long(&marks[0])), 9)).unwrap();
    block_on(store.replace(&pseudonym(u64::from(number)), 0, long(&marks[1]).into())).unwrap();
    assert_eq!(block_on(store.request(confirmation(number, owner, &long(&marks[2])), ROOM)), Ok(true));
    let session = NewSession {
        id: SessionId::from_bytes([number; 16]),
        owner,
        credential: Some(pseudonym(u64::from(number))),
        refresh: RefreshHash::from_bytes([number; 32]),
        created_at: Timestamp::from_secs(0),
        lapses_at: Timestamp::from_secs(1000),
    };
    assert_eq!(block_on(SessionStore::open(store, session)), Ok(Vec::new()));
    marks
}

fn are_left(marks: &[String], directory: &Path) -> Vec<bool> {
    let raw = raw_bytes(directory);
    marks.iter().map(|mark| occurs(mark.as_bytes(), &raw)).collect()
}

#[test]
fn nothing_sealed_of_a_closed_account_is_in_any_file_when_that_is_answered() {
    let directory = directory();
    let store = open(directory.path());
    let (closed, other) = (open_account(&store, 51), open_account(&store, 52));
    let ids_left = || {
        let raw = raw_bytes(directory.path());
        [&[51; 16][..], &[51; 32][..], pseudonym(51).as_bytes()].map(|id| occurs(id, &raw))
    };
    assert_eq!(are_left(&closed, directory.path()), [true; 3], "the test would find it");
    assert_eq!(ids_left(), [true; 3]);
    assert_eq!(block_on(store.close_account(&record(51))), Ok(vec![SessionId::from_bytes([51; 16])]));
    assert_eq!(are_left(&closed, directory.path()), [false; 3]);
    assert_eq!(are_left(&other, directory.path())[1..], [true; 2], "another's stays");
    assert_eq!(ids_left(), [false; 3], "nor a session's id or hash, nor the name of a passkey");
}

/// `secure_delete` alone leaves copies of rows that moved between pages. A long history of boxes of all sizes makes the
/// database balance its trees in every way it knows.
#[test]
fn no_run_of_bytes_of_a_closed_account_s_boxes_survives_a_long_history() {
    const ROUNDS: u64 = 25;
    const OPENED_PER_ROUND: u64 = 24;
    let directory = directory();
    let store = open(directory.path());
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let (mut living, mut closed): (Vec<(u64, Bytes)>, Vec<Bytes>) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let opened: Vec<(u64, Bytes)> = (0..OPENED_PER_ROUND)
            .map(|number| (round * OPENED_PER_ROUND + number, random_box(&mut random)))
            .collect();
        let added =
            opened.iter().map(|(number, sealed)| store.add(passkey(*number, record(*number), sealed), 9));
        assert!(block_on(join_all(added)).iter().all(Result::is_ok));
        living.extend(opened);
        let gone: Vec<(u64, Bytes)> = (0..OPENED_PER_ROUND * 4 / 5)
            .map(|_| {
                let place = usize::try_from(random.next_u64()).unwrap() % living.len();
                living.swap_remove(place)
            })
            .collect();
        let owners: Vec<_> = gone.iter().map(|(number, _)| record(*number)).collect();
        let answers = block_on(join_all(owners.iter().map(|owner| store.close_account(owner))));
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        closed.extend(gone.into_iter().map(|(_, sealed)| sealed));
    }
    let raw = raw_bytes(directory.path());
    let left: HashSet<u64> = runs(&raw).collect();
    for (_, sealed) in &living {
        assert!(runs(&sealed[..40]).all(|run| left.contains(&run)), "the test would find it");
    }
    for sealed in &closed {
        assert!(!runs(sealed).any(|run| left.contains(&run)), "of {} closed accounts", closed.len());
    }
}

/// Every eight bytes that follow each other, as numbers: chance repeats none of them in a few megabytes.
fn runs(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.array_windows().map(|run| u64::from_be_bytes(*run))
}

fn random_box(random: &mut TestRng) -> Bytes {
    let mut sealed = vec![0; usize::try_from(40 + random.next_u64() % 1200).unwrap()];
    random.fill_bytes(&mut sealed);
    sealed.into()
}

/// Another process that reads, as a backup does.
fn reading(directory: &Path) -> Connection {
    let connection = Connection::open(database(directory)).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    connection.query_row("SELECT count(*) FROM credentials", [], |row| row.get::<_, i64>(0)).unwrap();
    connection
}

#[test]
fn closing_is_not_answered_as_done_while_its_bytes_are_read_however_often_it_is_asked_for() {
    let directory = directory();
    let store = open(directory.path());
    let (marks, _) = (open_account(&store, 1), open_account(&store, 2));
    let backup = reading(directory.path());
    for asked in 0..3 {
        assert_eq!(block_on(store.close_account(&record(1))), Err(StoreError::Unknown), "asked {asked}");
    }
    assert_eq!(block_on(store.of_owner(&record(1))), Err(StoreError::Unavailable), "neither there nor gone");
    let now = Timestamp::from_secs(1);
    assert_eq!(block_on(store.list(&record(1), now, 9)), Err(StoreError::Unavailable));
    assert_eq!(
        block_on(store.is_live(&SessionId::from_bytes([1; 16]), now)),
        Ok(false),
        "no session lives on"
    );
    assert_eq!(block_on(store.of_owner(&record(2))).unwrap().len(), 1, "others are not concerned");

    drop(backup);
    // The writer tries again by itself; who asks again hears when it is done.
    while block_on(store.close_account(&record(1))).is_err() {
        std::thread::yield_now();
    }
    assert_eq!(are_left(&marks, directory.path()), [false; 3]);
}

#[test]
fn what_a_crash_left_of_a_closed_account_is_gone_after_the_next_start() {
    let (living, crashed) = (directory(), directory());
    let store = open(living.path());
    let marks = open_account(&store, 1);
    let backup = reading(living.path());
    block_on(store.close_account(&record(1))).unwrap_err();
    for file in ["strongroom.db", "strongroom.db-wal"] {
        std::fs::copy(living.path().join(file), crashed.path().join(file)).unwrap();
    }
    drop(backup);
    assert_eq!(are_left(&marks, crashed.path()), [true; 3], "the test would find it");
    let store = open(crashed.path());
    assert_eq!(are_left(&marks, crashed.path()), [false; 3]);
    assert_eq!(block_on(store.of_owner(&record(1))), Ok(Vec::new()));
}

#[test]
fn closing_what_is_not_there_costs_no_sync() {
    let directory = directory();
    let store = open(directory.path());
    open_account(&store, 1);
    let before = store.stats();
    assert_eq!(block_on(store.close_account(&record(9))), Ok(Vec::new()));
    let after = store.stats();
    assert_eq!((after.syncs, after.checkpoints), (before.syncs, before.checkpoints));
}
