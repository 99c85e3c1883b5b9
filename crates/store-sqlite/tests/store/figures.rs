//! What an operator can count of a store, and what a store counts of itself.

use crate::support::{
    ROOM, commit, confirmation, directory, generation, load, open, passkey, record, write, write_id,
};
use futures_executor::block_on;
use strongroom_domain::Revision;
use strongroom_ports::{
    ConfirmationStore, CredentialStore, MailId, NewSession, RecordStore, RefreshHash, SessionId,
    SessionStore, Timestamp,
};
use strongroom_store_sqlite::{KeyFigure, OperatorError, WrappedBy, figures};

/// The key of the tests' keyring wraps what says so.
const WRAPPED_BY: WrappedBy = WrappedBy {
    key: |wrapped| wrapped.starts_with(b"key of").then(|| "k1".to_owned()),
    note: |note| note.starts_with(b"note of").then(|| "k1".to_owned()),
};

fn session(number: u8, created_s: i64, lapses_s: i64) -> NewSession {
    NewSession {
        id: SessionId::from_bytes([number; 16]),
        owner: record(u64::from(number)),
        credential: None,
        refresh: RefreshHash::from_bytes([number; 32]),
        created_at: Timestamp::from_secs(created_s),
        lapses_at: Timestamp::from_secs(lapses_s),
    }
}

#[test]
fn the_figures_of_a_store_that_is_served_are_what_was_written() {
    let directory = directory();
    let store = open(directory.path());
    write(&store, &record(1), generation(1), 3);
    write(&store, &record(2), generation(2), 1);
    let erased = write(&store, &record(3), generation(3), 1);
    block_on(store.erase(&record(3), erased, write_id(erased))).unwrap();
    let unlike = strongroom_ports::Commit {
        wrapped_key: Some("of another form".into()),
        ..commit(Revision::first(generation(4)))
    };
    block_on(store.commit(&record(4), unlike)).unwrap();
    block_on(SessionStore::open(&store, session(1, 10, 100))).unwrap();
    block_on(SessionStore::open(&store, session(2, 20, 200))).unwrap();
    block_on(store.revoke(&SessionId::from_bytes([2; 16]))).unwrap();

    let found = figures(directory.path(), Timestamp::from_secs(150), WRAPPED_BY).unwrap();
    // The slot of the erased record holds the next key.
    assert_eq!((found.records, found.free_key_slots, found.wrapped_by_none), (3, 0, 1));
    assert_eq!(found.keys, [KeyFigure { id: "k1".to_owned(), wraps: 2 }]);
    assert_eq!((found.events, found.erasures), (6, 1));
    assert_eq!((found.sessions, found.sessions_revoked, found.sessions_lapsed), (2, 1, 1));
    assert_eq!(found.oldest_session, Some(Timestamp::from_secs(10)));
    assert_eq!(found.last_lapse, Some(Timestamp::from_secs(200)));
    let record = load(&store, &record(1)).unwrap();
    let boxes = (record.public_box.len() + record.private_box.unwrap().len()) as u64;
    assert_eq!(found.largest_record_bytes, boxes);
    assert_eq!(
        found.public_box_bytes + found.private_box_bytes,
        3 * boxes,
        "of the same length in this test"
    );
    assert!(found.log_bytes > 0 && found.database_bytes >= found.page_bytes, "{found:?}");
    assert!(
        found.event_bytes > 0 && found.pages > found.free_pages && found.schema_version == 2,
        "{found:?}"
    );
}

#[test]
fn what_is_kept_of_accounts_is_counted_and_what_their_keys_are_wrapped_by() {
    let directory = directory();
    let store = open(directory.path());
    for (number, sealed) in [(1, "note of a passkey"), (2, "of another form")] {
        block_on(store.add(passkey(number, record(1), sealed.as_bytes()), 9)).unwrap();
    }
    for number in 1..=3 {
        assert_eq!(
            block_on(store.request(confirmation(number, record(1), b"note of a mail"), ROOM)),
            Ok(true)
        );
    }
    block_on(store.put_off(&MailId::from_bytes([1; 16]), Timestamp::from_secs(1))).unwrap();
    block_on(store.done(&MailId::from_bytes([2; 16]))).unwrap();

    let found = figures(directory.path(), Timestamp::from_secs(0), WRAPPED_BY).unwrap();
    let accounts = found.accounts;
    assert_eq!((accounts.passkeys, accounts.codes), (2, 3));
    assert_eq!((accounts.mails, accounts.mails_put_off), (2, 1));
    assert_eq!((accounts.box_slots, accounts.free_box_slots), (5, 1));
    assert_eq!(found.keys, [KeyFigure { id: "k1".to_owned(), wraps: 3 }]);
    assert_eq!(found.wrapped_by_none, 1);
}

#[test]
fn a_store_without_anything_has_figures_and_no_store_has_none() {
    let directory = directory();
    let figures = || figures(directory.path(), Timestamp::from_secs(0), WRAPPED_BY);
    assert!(matches!(figures().map_err(|failure| failure.cause), Err(OperatorError::Missing)));
    drop(open(directory.path()));
    let found = figures().unwrap();
    assert_eq!((found.records, found.oldest_session, found.public_box_bytes), (0, None, 0));
}

#[test]
fn what_is_in_memory_is_counted_and_nothing_waits_in_the_end() {
    let directory = directory();
    let store = open(directory.path());
    let empty = store.stats();
    let written = write(&store, &record(1), generation(1), 5);
    load(&store, &record(2));
    let stats = store.stats();
    assert_eq!(empty.cache_bytes, 0);
    assert!(stats.cache_bytes > commit(written).public_box.len() as u64, "{stats:?}");
    assert_eq!((stats.writes_waiting, stats.reads_waiting, stats.refused_by_full_queue), (0, 0, 0));
    assert_eq!(stats.sync_times.counts().iter().sum::<u64>(), stats.syncs);
    assert_eq!((stats.group_sizes.sum, stats.group_sizes.counts()[0]), (5, 5), "one after the other");
}
