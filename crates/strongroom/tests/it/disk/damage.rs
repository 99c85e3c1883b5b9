//! A disk that gives back other bytes than it was given: pages turned over one by one, files cut off, files of others.
//!
//! Such a store is refused at start, or it answers: what it answers is right, or 500 or 503. Whoever is not concerned is
//! served.

use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::teller::no_defect;
use crate::support::process::strongroom;
use crate::support::{Safe, World, foreign_token, say};

const PEOPLE: usize = 6;
const PAGE_BYTES: usize = 4096;

/// A store that was filled and closed, and what each person may read of it.
struct Filled {
    world: World,
    database: Vec<u8>,
    people: Vec<(String, String, Value)>,
}

impl Filled {
    /// Records of several sizes, the largest over several pages; events, an erasure, sessions.
    fn new() -> Self {
        let world = World::new("");
        let mut people = Vec::new();
        let safe = world.serve();
        for number in 0..PEOPLE {
            let name = format!("person-{number}");
            let token = foreign_token(&name);
            let data = json!({ "name": name, "text": "x".repeat(number * 1500) });
            for version in [json!({ "name": "another" }), data.clone()] {
                let mut sent = version;
                sent["private.pin"] = "1234".into();
                let body = json!({ "externalUserId": name, "data": sent }).to_string();
                let answer = safe.connect().authorized(&token, "POST", "/v1/ibexsafe/userdata", &body);
                assert_eq!(answer.status, 200);
            }
            let signed_up = safe.connect().request(
                "GET",
                "/v1/auth/sign-up?passkeys=FALSE",
                &[("Host", "localhost")],
                "",
            );
            assert_eq!(signed_up.status, 200);
            people.push((name, token, data));
        }
        let (erased, token, _) = people.pop().unwrap();
        assert_eq!(safe.connect().authorized(&token, "DELETE", &path(&erased), "").status, 204);
        assert_eq!(safe.stop().0.code(), Some(0));
        let database = std::fs::read(world.data().join("strongroom.db")).unwrap();
        let log = std::fs::metadata(world.data().join("strongroom.db-wal"));
        assert!(log.map_or(0, |log| log.len()) == 0, "everything is in the database");
        Self { world, database, people }
    }

    /// Puts these bytes in the place of the database, and looks what becomes of it.
    fn with_database(&self, bytes: &[u8]) -> Outcome {
        self.lay_out(&[("strongroom.db", bytes)]);
        self.look()
    }

    fn lay_out(&self, files: &[(&str, &[u8])]) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(self.world.data().join(format!("strongroom.db{suffix}")));
        }
        for (name, bytes) in files {
            std::fs::write(self.place(name), bytes).unwrap();
        }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.world.data().join(name)
    }

    /// Whether an operator who looks learns that something is missing.
    fn is_found_by_a_check(&self) -> bool {
        let check =
            strongroom().args(["store", "check", "--config"]).arg(self.world.config()).output().unwrap();
        !check.status.success()
            || !String::from_utf8_lossy(&check.stdout).contains("(0 of them without a key")
    }

    /// Starts, and has everybody read, write and read again.
    fn look(&self) -> Outcome {
        let mut command = strongroom();
        command.env("STRONGROOM_LOG__LEVEL", "info");
        let safe = match Safe::try_serve(command, &self.world.config()) {
            Ok(safe) => safe,
            Err((status, log)) => {
                // 4 says that the keyring lacks a key that the damage has made up.
                assert!(matches!(status.code(), Some(4 | 5)), "{status}: {log}");
                assert!(log.lines().any(|line| line.starts_with("strongroom: ")), "no reason: {log:?}");
                no_defect(&log);
                return Outcome::Refused;
            }
        };
        let served = self.people.iter().map(|person| look_at(&safe, person)).collect();
        let (status, log) = safe.stop();
        assert_eq!(status.code(), Some(0), "{log}");
        no_defect(&log);
        Outcome::Started(served)
    }
}

/// What became of a damaged store.
#[derive(Debug)]
enum Outcome {
    /// It did not start, and said why.
    Refused,
    /// It did, and each person found theirs; or an error, or nothing where their key could not be found.
    Started(Vec<Found>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Theirs,
    Nothing,
    Error,
}

impl Outcome {
    fn served(&self) -> usize {
        match self {
            Self::Refused => 0,
            Self::Started(found) => found.iter().filter(|found| **found == Found::Theirs).count(),
        }
    }
}

/// One person reads and writes. Never is anything found that is not theirs.
fn look_at(safe: &Safe, (name, token, data): &(String, String, Value)) -> Found {
    let read = || {
        let answer = safe.connect().authorized(token, "GET", &path(name), "");
        match answer.status {
            200 => {
                let found = answer.json();
                let mut without_mark = found.clone();
                without_mark.as_object_mut().unwrap().remove("mark");
                assert!(
                    without_mark == *data || found == json!({ "mark": true }),
                    "{name} found what is not theirs: {found}"
                );
                if without_mark == *data { Found::Theirs } else { Found::Nothing }
            }
            204 => Found::Nothing,
            500 | 503 => Found::Error,
            status => panic!("{status}: {answer:?}"),
        }
    };
    let first = read();
    let body = json!({ "externalUserId": name, "data": { "mark": true } }).to_string();
    let written = safe.connect().authorized(token, "POST", "/v1/ibexsafe/userdata", &body).status;
    assert!(matches!(written, 200 | 500 | 503), "{written}");
    let second = read();
    assert!(
        written != 200 || second != Found::Nothing || first == Found::Nothing,
        "{name} lost what was there"
    );
    first
}

fn path(name: &str) -> String {
    format!("/v1/ibexsafe/userdata/external/{name}")
}

/// Damage to a page, and where: its head, its middle, its end, all of it; and single bits.
fn damages(page: usize) -> Vec<(usize, usize, u8)> {
    const BITS_PER_PAGE: usize = 4;
    // A step that meets no pattern in a page, so that over all pages every part of one is met.
    const STEP: usize = 1031;
    let parts =
        [(0, 16), (PAGE_BYTES / 2, PAGE_BYTES / 2 + 64), (PAGE_BYTES - 256, PAGE_BYTES), (0, PAGE_BYTES)];
    let parts = parts.map(|(from, to)| (from, to, 0xa5));
    let bits = (0..BITS_PER_PAGE).map(|bit| {
        let at = (page * BITS_PER_PAGE + bit) * STEP % PAGE_BYTES;
        (at, at + 1, 0x40)
    });
    parts.into_iter().chain(bits).collect()
}

#[test]
fn damage_to_any_page_is_a_refusal_or_an_error_for_whom_it_concerns_and_never_a_wrong_value() {
    let filled = Filled::new();
    let pages = filled.database.len() / PAGE_BYTES;
    let (mut refused, mut started, mut served) = (0, 0, 0);
    for page in 0..pages {
        for (from, to, mask) in damages(page) {
            let mut damaged = filled.database.clone();
            for byte in &mut damaged[page * PAGE_BYTES + from..page * PAGE_BYTES + to] {
                *byte ^= mask;
            }
            let outcome = filled.with_database(&damaged);
            match &outcome {
                Outcome::Refused => refused += 1,
                Outcome::Started(found) => {
                    started += 1;
                    if found.contains(&Found::Nothing) {
                        filled.lay_out(&[("strongroom.db", &damaged)]);
                        assert!(
                            filled.is_found_by_a_check(),
                            "page {page}, {from}..{to}: lost, and nobody can tell"
                        );
                    }
                }
            }
            served += outcome.served();
        }
    }
    say(&format!(
        "damage to {pages} pages: {refused} refused, {started} started, and {served} of {} people served",
        started * filled.people.len()
    ));
    assert!(refused > 0 && started > pages, "{refused} refused, {started} started");
    // Most damage concerns one table, or one person.
    assert!(served > 3 * started, "{served} people were served by {started} damaged stores");
}

#[test]
fn a_database_that_was_cut_off_or_is_somebody_else_s_is_refused() {
    let filled = Filled::new();
    let all = filled.database.len();
    for length in [1, 100, 512, PAGE_BYTES - 1, PAGE_BYTES, PAGE_BYTES + 1, all / 2, all - PAGE_BYTES] {
        let outcome = filled.with_database(&filled.database[..length]);
        assert!(matches!(outcome, Outcome::Refused), "{length} of {all}: {outcome:?}");
    }
    // A last page that lacks its last byte is read as if that were zero, and it may have been.
    filled.with_database(&filled.database[..all - 1]);
    let theirs = filled.place("theirs");
    Connection::open(&theirs).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    for foreign in
        [std::fs::read(theirs).unwrap(), vec![b'x'; 9000], b"PRIVATE KEY\n".to_vec(), vec![0; 8192]]
    {
        let outcome = filled.with_database(&foreign);
        assert!(matches!(outcome, Outcome::Refused), "{outcome:?}");
        assert_eq!(std::fs::read(filled.place("strongroom.db")).unwrap(), foreign, "and it is left alone");
    }
    filled.lay_out(&[]);
    std::fs::create_dir(filled.place("strongroom.db")).unwrap();
    assert!(matches!(filled.look(), Outcome::Refused), "a directory");
}

/// What the log held may be lost with it; what is found is whole, and has been there.
#[test]
fn a_log_that_was_cut_off_or_damaged_gives_an_earlier_state_and_never_a_torn_one() {
    const WRITES: u64 = 8;
    let world = World::new("");
    let token = foreign_token("jane");
    let safe = world.serve();
    for step in 1..=WRITES {
        let body = json!({ "externalUserId": "jane", "data": { "step": step, "twin": step } }).to_string();
        assert_eq!(safe.connect().authorized(&token, "POST", "/v1/ibexsafe/userdata", &body).status, 200);
    }
    safe.kill();
    let files = ["strongroom.db", "strongroom.db-wal"].map(|name| world.data().join(name));
    let [database, log] = files.each_ref().map(|file| std::fs::read(file).unwrap());
    let mut found = std::collections::BTreeSet::new();
    let mut try_log = |bytes: &[u8]| {
        std::fs::write(&files[0], &database).unwrap();
        std::fs::write(&files[1], bytes).unwrap();
        let _ = std::fs::remove_file(world.data().join("strongroom.db-shm"));
        let safe = world.serve();
        let read = safe.connect().authorized(&token, "GET", &path("jane"), "");
        let step = match read.status {
            204 => 0,
            _ => read.json()["step"].as_u64().unwrap(),
        };
        assert!(step <= WRITES);
        assert!(step == 0 || read.json() == json!({ "step": step, "twin": step }), "torn: {read:?}");
        no_defect(&safe.kill());
        found.insert(step);
        step
    };
    assert_eq!(try_log(&log), WRITES, "the log is whole");
    for tenth in 0..10 {
        let at = log.len() * tenth / 10 + 37;
        try_log(&log[..at]);
        let mut damaged = log.clone();
        damaged[at] ^= 1;
        try_log(&damaged);
    }
    assert_eq!(try_log(&[]), 0);
    assert_eq!(try_log(&[7; 9000]), 0, "somebody else's log");
    assert!(found.len() > 4, "{found:?}");
}
