//! Who tells the story to the binary, on a disk that fails as it is told to, and holds what is left against what was
//! answered.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::shim::{ALL, GROWS, SYNCS, Shim};
use super::story::{Person, Session, Told};
use crate::support::process::strongroom;
use crate::support::{Safe, World, foreign_token, say};

/// Tellers of a story at a time: most of a round is waiting for a process to start.
const TELLERS: u64 = 2;
/// Far more calls than a story makes.
const MANY: u64 = 5000;

/// Tells a story with the first call failed, then the second, until none fails. The number of stories with a failure.
pub(super) fn tell_all(what: &str, fault: impl Fn(u64) -> Fault + Sync) -> u64 {
    let world = World::new("");
    let (next, told, is_over) = (AtomicU64::new(1), AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for teller in 0..TELLERS {
            let (world, next, told, is_over, fault) = (&world, &next, &told, &is_over, &fault);
            scope.spawn(move || {
                let _end = EndsAllOnPanic(is_over);
                let teller = Teller::new(world, teller);
                while !is_over.load(Ordering::SeqCst) {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    assert!(number < MANY, "the story has no end");
                    if teller.tell(fault(number)) {
                        told.fetch_add(1, Ordering::SeqCst);
                    } else {
                        is_over.store(true, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    let told = told.into_inner();
    say(&format!("fault story, {what}: {told} faults injected, then it passed untouched"));
    told
}

/// Nobody goes on telling when one of them has met what must not be.
struct EndsAllOnPanic<'a>(&'a AtomicBool);

impl Drop for EndsAllOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}

/// What fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) kinds: u64,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) error: u64,
}

impl Fault {
    fn passes(self) -> bool {
        self.first == self.last
    }
}

/// Tells stories on a disk of its own, in a world that is shared.
struct Teller<'a> {
    world: &'a World,
    disk: PathBuf,
    shim: Shim,
}

impl<'a> Teller<'a> {
    fn new(world: &'a World, number: u64) -> Self {
        let disk = world.path(&format!("disk-{number}"));
        let shim = Shim::new(&world.path(&format!("page-{number}")), &disk);
        Self { world, disk, shim }
    }

    /// Tells the story with a fault, and holds what is left of it against what was answered. `false` when nothing was left
    /// to fail.
    fn tell(&self, fault: Fault) -> bool {
        let _ = std::fs::remove_dir_all(&self.disk);
        std::fs::create_dir(&self.disk).unwrap();
        self.shim.fail(fault.kinds, fault.first, fault.last, fault.error);
        let mut story = Story {
            teller: self,
            fault,
            people: [person("jane"), person("joe")],
            session: None,
            is_healed: false,
        };
        story.first_part();
        story.second_part();
        self.shim.heal();
        let has_failed = self.shim.failed() > 0;
        story.epilogue();
        has_failed
    }

    /// Starts the binary; `None` when it refuses, as a program does that has understood what is the matter.
    fn start(&self, command: Command) -> Option<Safe> {
        let place = ("STRONGROOM_SAFE__PATH", self.disk.join("data"));
        let mut command = command;
        command.env(place.0, place.1).env("STRONGROOM_LOG__LEVEL", "info");
        match Safe::try_serve(command, &self.world.config()) {
            Ok(safe) => Some(safe),
            Err((status, log)) => {
                assert!(matches!(status.code(), Some(1 | 5)), "{status}: {log}");
                assert!(log.lines().any(|line| line.starts_with("strongroom: ")), "no reason: {log:?}");
                no_defect(&log);
                None
            }
        }
    }

    fn store(&self, mut command: Command, arguments: &[&str]) -> Output {
        command.env("STRONGROOM_SAFE__PATH", self.disk.join("data"));
        command.arg("store").args(arguments).arg("--config").arg(self.world.config()).output().unwrap()
    }

    fn backup(&self) -> PathBuf {
        self.disk.join("backup.db")
    }
}

/// One telling.
struct Story<'a> {
    teller: &'a Teller<'a>,
    fault: Fault,
    people: [Person; 2],
    session: Option<Session>,
    /// Nothing fails any more.
    is_healed: bool,
}

impl Story<'_> {
    /// From an empty directory: people come, write, read and are erased. It ends in a power cut.
    fn first_part(&mut self) {
        let Some(safe) = self.teller.start(self.teller.shim.strongroom()) else { return };
        self.session = Session::begin(&safe);
        self.write(&safe, 0, &json!({ "step": 1, "text": "x".repeat(3000) }));
        self.write(&safe, 1, &json!({ "step": 1 }));
        self.write(&safe, 0, &json!({ "step": 2, "language": "en" }));
        self.read(&safe, 0);
        if let Some(session) = &mut self.session {
            session.refresh(&safe);
            session.use_it(&safe);
        }
        self.erase(&safe, 1);
        self.write(&safe, 1, &json!({ "step": 3, "again": true }));
        self.read(&safe, 0);
        if self.teller.shim.failed() > 0 {
            self.heal(&safe);
        }
        no_defect(&safe.kill());
    }

    /// What the disk has done until now it may still do; what it does no more has an end, or has none.
    fn heal(&mut self, safe: &Safe) {
        self.teller.shim.heal();
        self.is_healed = true;
        let told = self.people[0].write(safe, &json!({ "healed": true }));
        let ready = safe.connect_admin().request("GET", "/readyz", &[], "").status;
        match self.fault.kinds {
            SYNCS => assert_eq!((told, ready), (Told::Unavailable, 503), "a failed sync does not heal"),
            GROWS => assert_eq!((told, ready), (Told::Done, 200), "a full disk heals"),
            _ => assert_eq!(ready, if told == Told::Done { 200 } else { 503 }),
        }
        self.read(safe, 0);
    }

    /// After the power cut: the log is read, everything is there, a session ends, a backup is made. It ends orderly.
    fn second_part(&mut self) {
        let start = || self.teller.start(self.teller.shim.strongroom());
        let Some(safe) = start().or_else(start) else { return };
        self.read(&safe, 0);
        self.people[1].read(&safe);
        self.write(&safe, 0, &json!({ "step": 4, "language": null }));
        if let Some(session) = &mut self.session {
            session.use_it(&safe);
            session.end(&safe);
            session.use_it(&safe);
        }
        self.back_up();
        self.erase(&safe, 0);
        self.people[0].read(&safe);
        let (status, log) = safe.stop();
        assert_eq!(status.code(), Some(0), "{log}");
        no_defect(&log);
    }

    /// On a disk that is well, nothing is missing, and everything works.
    fn epilogue(&mut self) {
        let safe = self.teller.start(strongroom()).expect("a healthy disk");
        for person in &mut self.people {
            person.settle_by_reading(&safe);
            assert_eq!(person.write(&safe, &json!({ "step": 5 })), Told::Done);
            person.settle_by_reading(&safe);
        }
        if let Some(session) = &mut self.session {
            session.use_it(&safe);
            session.refresh(&safe);
            session.use_it(&safe);
        }
        assert!(Session::begin(&safe).is_some());
        let (status, log) = safe.stop();
        assert_eq!(status.code(), Some(0), "{log}");
        no_defect(&log);
        let checked = self.teller.store(strongroom(), &["check"]);
        assert!(checked.status.success(), "{checked:?}");
    }

    fn write(&mut self, safe: &Safe, person: usize, data: &Value) {
        let is_lost = self.fault.kinds == SYNCS && !self.is_healed && self.teller.shim.failed() > 0;
        let told = self.people[person].write(safe, data);
        assert!(!is_lost || told == Told::Unavailable, "acknowledged after a failed sync");
    }

    fn erase(&mut self, safe: &Safe, person: usize) {
        self.people[person].erase(safe);
    }

    /// Reads go on: a passing fault costs one of them, a disk that only cannot be written to costs none.
    fn read(&self, safe: &Safe, person: usize) {
        let mut told = self.people[person].read(safe);
        if self.fault.passes() && told == Told::Unavailable {
            told = self.people[person].read(safe);
        }
        assert!(self.is_gone() || told == Told::Done, "a read that could have been answered");
    }

    /// A backup is whole, or it is not there.
    fn back_up(&self) {
        let backup = self.teller.backup();
        let made = self.teller.store(self.teller.shim.strongroom(), &["backup", backup.to_str().unwrap()]);
        if made.status.success() {
            let copy = Connection::open_with_flags(&backup, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
            let found: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            let records: i64 = copy.query_row("SELECT count(*) FROM records", [], |row| row.get(0)).unwrap();
            assert_eq!(found, "ok");
            assert!(self.could_be_stored(records), "{records} records: {:?}", self.people);
        } else {
            assert_eq!(made.status.code(), Some(5), "{made:?}");
            assert!(self.is_gone() || !backup.exists(), "half a backup: {made:?}");
        }
        no_defect(&String::from_utf8_lossy(&made.stderr));
    }

    /// Not even reads and removals work.
    fn is_gone(&self) -> bool {
        self.fault.kinds == ALL && !self.fault.passes() && !self.is_healed
    }

    fn could_be_stored(&self, records: i64) -> bool {
        let (least, most) = self.people.iter().fold((0, 0), |(least, most), person| {
            (least + i64::from(person.is_stored()), most + i64::from(person.may_be_stored()))
        });
        (least..=most).contains(&records)
    }
}

/// What is the matter stands on standard error when a telling ends where it must not.
impl Drop for Story<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (fault, what) = (self.fault, self.teller.shim.first_failed());
            say(&format!("told with {fault:?}, which failed: {what}"));
        }
    }
}

fn person(name: &str) -> Person {
    Person::new(name, foreign_token(name))
}

/// A fault below is no defect above.
pub(super) fn no_defect(log: &str) {
    assert!(!log.contains("a defect was met") && !log.contains("panicked"), "{log}");
}
