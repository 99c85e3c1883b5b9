//! Passkeys, codes and mails on disk: what outlives an end and a crash, what is forgotten, what damage is told as.

use crate::support::{
    ROOM, confirmation, database, directory, occurs, open, options, passkey, pseudonym, raw_bytes, record,
};
use bytes::Bytes;
use futures_executor::block_on;
use rusqlite::Connection;
use strongroom_ports::{
    ConfirmationStore, CredentialStore, MailId, MailQuota, NewConfirmation, Removal, StoreError, Timestamp,
};
use strongroom_store_sqlite::{SqliteStore, check};

const START: Timestamp = Timestamp::from_secs(0);

fn count(store: &SqliteStore, directory: &std::path::Path, table: &str) -> i64 {
    store.close();
    Connection::open(database(directory))
        .unwrap()
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
        .unwrap()
}

/// The files as they are while the store lives are what a power cut leaves.
#[test]
fn what_was_acknowledged_is_there_after_a_crash() {
    let (living, crashed) = (directory(), directory());
    let store = open(living.path());
    let owner = record(1);
    for number in [1, 2] {
        block_on(store.add(passkey(number, owner, b"sealed"), 9)).unwrap();
    }
    block_on(store.replace(&pseudonym(1), 0, Bytes::from_static(b"anew"))).unwrap();
    assert!(matches!(block_on(store.remove(&owner, &pseudonym(2))), Ok(Removal::Removed { .. })));
    for number in [1, 2, 3] {
        assert_eq!(block_on(store.request(confirmation(number, owner, b"sealed mail"), ROOM)), Ok(true));
    }
    let used = confirmation(1, owner, b"");
    assert_eq!(block_on(store.use_up(&owner, &used.address, &used.code)), Ok(true));
    let tried = confirmation(2, owner, b"");
    for _ in 0..2 {
        block_on(store.take_try(&owner, &tried.address, 3, START)).unwrap();
    }
    block_on(store.done(&MailId::from_bytes([2; 16]))).unwrap();
    block_on(store.put_off(&MailId::from_bytes([3; 16]), Timestamp::from_secs(9))).unwrap();
    for file in ["strongroom.db", "strongroom.db-wal"] {
        std::fs::copy(living.path().join(file), crashed.path().join(file)).unwrap();
    }

    let store = open(crashed.path());
    let kept = block_on(store.of_owner(&owner)).unwrap();
    assert_eq!(kept.len(), 1, "what was removed is gone");
    assert_eq!((kept[0].name, kept[0].edition, &kept[0].sealed[..]), (pseudonym(1), 1, &b"anew"[..]));
    assert_eq!(
        block_on(store.use_up(&owner, &used.address, &used.code)),
        Ok(false),
        "a code is used up once"
    );
    let left: Vec<bool> = (0..2)
        .map(|_| block_on(store.take_try(&owner, &tried.address, 3, START)).unwrap().is_some())
        .collect();
    assert_eq!(left, [true, false], "the tries are spent");
    assert_eq!(block_on(store.due(Timestamp::from_secs(8), 9)), Ok(Vec::new()));
    let due = block_on(store.due(Timestamp::from_secs(9), 9)).unwrap();
    assert_eq!(due.len(), 1, "what is done is not sent again");
    assert_eq!((due[0].id, due[0].attempts), (MailId::from_bytes([3; 16]), 1));
}

#[test]
fn a_removed_passkey_and_a_mail_that_is_done_leave_no_sealed_byte_in_the_database() {
    let directory = directory();
    let store = open(directory.path());
    let owner = record(1);
    for number in [1, 2] {
        let sealed = format!("<passkey {number}>").repeat(200);
        block_on(store.add(passkey(number, owner, sealed.as_bytes()), 9)).unwrap();
    }
    let mail = confirmation(1, owner, &b"<mail>".repeat(200));
    assert_eq!(block_on(store.request(mail.clone(), ROOM)), Ok(true));
    block_on(store.remove(&owner, &pseudonym(1))).unwrap();
    block_on(store.done(&mail.mail)).unwrap();
    // The log goes with the end of the store.
    store.close();
    let raw = raw_bytes(directory.path());
    let left = ["<passkey 1>", "<passkey 2>", "<mail>"].map(|mark| occurs(mark.as_bytes(), &raw));
    assert_eq!(left, [false, true, false]);
}

#[test]
fn what_has_expired_goes_with_later_requests_a_few_rows_at_a_time() {
    let directory = directory();
    let store = open(directory.path());
    for number in 0..40 {
        assert_eq!(block_on(store.request(confirmation(number, record(1), b"sealed"), ROOM)), Ok(true));
    }
    let created_at = START.plus(ROOM.window);
    for number in 100..103 {
        let late = NewConfirmation {
            created_at,
            expires_at: Timestamp::from_secs(10_000),
            ..confirmation(number, record(2), b"sealed")
        };
        assert_eq!(block_on(store.request(late, ROOM)), Ok(true));
    }
    store.close();
    for table in ["confirmations", "confirmation_requests", "mails"] {
        assert_eq!(count(&store, directory.path(), table), 3, "{table}");
    }
    let free = "box_slots WHERE body = zeroblob(960)";
    assert_eq!(count(&store, directory.path(), free), 37, "their slots wait for others");
}

#[test]
fn reading_what_is_due_forgets_what_has_expired() {
    let directory = directory();
    let store = open(directory.path());
    for number in 0..20 {
        assert_eq!(block_on(store.request(confirmation(number, record(1), b"sealed"), ROOM)), Ok(true));
    }
    for _ in 0..2 {
        assert_eq!(block_on(store.due(Timestamp::from_secs(1000), 9)), Ok(Vec::new()));
    }
    let syncs = store.stats().syncs;
    assert_eq!(block_on(store.due(Timestamp::from_secs(1000), 9)), Ok(Vec::new()));
    assert_eq!(store.stats().syncs, syncs, "reading alone costs no sync");
    assert_eq!(count(&store, directory.path(), "mails"), 0);
}

/// The log is what a commit writes and syncs: one that leaves it as it was has synced nothing.
#[test]
fn a_request_beyond_the_quota_is_committed_like_one_within_it_and_leaves_nothing() {
    let directory = directory();
    let store = open(directory.path());
    let log = || std::fs::read(directory.path().join("strongroom.db-wal")).unwrap();
    let quota = MailQuota { per_owner: 1, ..ROOM };
    for number in 0..20 {
        let (before, syncs) = (log(), store.stats().syncs);
        let new = confirmation(number, record(1), b"<sealed mail>");
        assert_eq!(block_on(store.request(new, quota)), Ok(number == 0));
        assert_ne!(log(), before, "{number}");
        assert_eq!(store.stats().syncs, syncs + 1, "{number}");
    }
    store.close();
    for table in ["confirmations", "confirmation_requests", "mails"] {
        assert_eq!(count(&store, directory.path(), table), 1, "{table}");
    }
    assert_eq!(count(&store, directory.path(), "box_slots"), 2, "the slot of the first refusal serves all");
    assert_eq!(count(&store, directory.path(), "box_slots WHERE body = zeroblob(960)"), 1);
}

#[test]
fn a_mail_whose_box_is_damaged_holds_up_no_other_and_goes_when_it_is_done() {
    let directory = directory();
    let store = open(directory.path());
    for number in [1, 2, 3] {
        assert_eq!(block_on(store.request(confirmation(number, record(1), b"sealed"), ROOM)), Ok(true));
    }
    store.close();
    let lost = "DELETE FROM box_slots WHERE box = ?1";
    let cut_off = "UPDATE box_slots SET body = CAST(x'ffff' || zeroblob(958) AS BLOB) WHERE box = ?1";
    let connection = Connection::open(database(directory.path())).unwrap();
    for (number, sql) in [(1, lost), (2, cut_off)] {
        let name = [[number; 16], [0xff; 16]].concat();
        assert_eq!(connection.execute(sql, [name]), Ok(1), "{number}");
    }
    drop(connection);

    let store = open(directory.path());
    let due = block_on(store.due(START, 9)).unwrap();
    let sealed: Vec<_> = due.iter().map(|mail| &mail.sealed[..]).collect();
    assert_eq!(sealed, [&b""[..], b"", b"sealed"]);
    for mail in &due {
        block_on(store.done(&mail.id)).unwrap();
    }
    assert_eq!(block_on(store.due(START, 9)), Ok(Vec::new()));
    assert_eq!(count(&store, directory.path(), "mails"), 0);
}

#[test]
fn a_box_that_is_too_long_is_refused_and_leaves_nothing() {
    let directory = directory();
    let store = open(directory.path());
    let long = vec![7; 61_313];
    let owner = record(1);
    assert_eq!(block_on(store.add(passkey(1, owner, &long), 9)), Err(StoreError::Unavailable));
    assert_eq!(block_on(store.request(confirmation(1, owner, &long), ROOM)), Err(StoreError::Unavailable));
    assert_eq!(block_on(store.of_owner(&owner)), Ok(Vec::new()));
    block_on(store.add(passkey(1, owner, b"short"), 9)).unwrap();
    let replaced = block_on(store.replace(&pseudonym(1), 0, long.into()));
    assert_eq!(replaced, Err(StoreError::Unavailable));
    assert_eq!(&block_on(store.find(&pseudonym(1))).unwrap().unwrap().sealed[..], b"short");
}

#[test]
fn a_passkey_and_a_mail_without_their_box_are_damage_and_a_check_counts_them() {
    let directory = directory();
    let store = open(directory.path());
    let owner = record(1);
    block_on(store.add(passkey(1, owner, b"sealed"), 9)).unwrap();
    assert_eq!(block_on(store.request(confirmation(1, owner, b"sealed"), ROOM)), Ok(true));
    let report = check(directory.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.passkeys, report.mails), (1, 1));
    store.close();
    Connection::open(database(directory.path())).unwrap().execute_batch("DELETE FROM box_slots").unwrap();

    let store = SqliteStore::open(options(directory.path())).unwrap();
    assert_eq!(block_on(store.find(&pseudonym(1))), Err(StoreError::Damaged));
    assert_eq!(block_on(store.of_owner(&owner)), Err(StoreError::Damaged));
    let report = check(directory.path()).unwrap();
    assert!(!report.is_sound());
    assert_eq!(report.missing_boxes, 2);
}
