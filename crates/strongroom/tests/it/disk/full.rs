//! A file system that is full, and one that is read-only: real ones, mounted for the test.
//!
//! As root they are mounted where we are; anybody else gets a name space of their own, in which the test runs again.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::shim::{ALL, EROFS, LOOKS, Shim};
use super::story::{Person, Told};
use super::teller::no_defect;
use crate::support::process::strongroom;
use crate::support::{Safe, World, foreign_token};

/// Set where the test runs again.
const INSIDE: &str = "MOUNTS_ARE_OURS";

const FILE_SYSTEM_BYTES: u64 = 2 * 1024 * 1024;

/// A file system of a bounded size, until dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(place: PathBuf) -> Self {
        std::fs::create_dir(&place).unwrap();
        let options = format!("size={FILE_SYSTEM_BYTES},mode=700");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&place));
        Self(place)
    }

    fn remount(&self, how: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,bind,{how}")]).arg(&self.0));
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        while std::io::Write::write(&mut filler, &[7; 4096]).is_ok_and(|written| written > 0) {}
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_refuses_writes_reads_on_and_heals_without_a_restart() {
    where_mounts_are_ours("a_full_disk_refuses_writes_reads_on_and_heals_without_a_restart", || {
        let world = World::new("");
        let disk = Mounted::new(world.path("disk"));
        let safe = start(&world, &disk).expect("there is room");
        let (mut jane, mut joe) = (person("jane"), person("joe"));
        assert_eq!(joe.write(&safe, &json!({ "step": 0 })), Told::Done);
        for step in 0..10 {
            assert_eq!(jane.write(&safe, &large(step)), Told::Done);
        }
        disk.fill();
        // What the log has room for may still be written.
        let refused = (0..100).find(|step| jane.write(&safe, &large(100 + step)) == Told::Unavailable);
        assert!(refused.is_some(), "a full disk took a hundred writes");
        for _ in 0..20 {
            assert_eq!(jane.write(&safe, &large(300)), Told::Unavailable, "still full");
            assert_eq!((jane.read(&safe), joe.read(&safe)), (Told::Done, Told::Done), "reads go on");
        }
        assert_eq!(ready(&safe), 200, "it passes");
        joe.erase(&safe);

        disk.make_room();
        assert_eq!(jane.write(&safe, &json!({ "healed": true })), Told::Done);
        assert_eq!(joe.erase(&safe), Told::Done);
        disk.fill();
        no_defect(&safe.kill());

        // Neither a start on a full disk nor its refusal loses anything.
        if let Some(safe) = start(&world, &disk) {
            assert_eq!((jane.read(&safe), joe.read(&safe)), (Told::Done, Told::Done));
            no_defect(&safe.stop().1);
        }
        disk.make_room();
        let safe = start(&world, &disk).expect("there is room");
        jane.settle_by_reading(&safe);
        joe.settle_by_reading(&safe);
        assert!(!joe.may_be_stored(), "erased");
        assert_eq!(jane.write(&safe, &json!({ "step": 1 })), Told::Done);
        no_defect(&safe.stop().1);
    });
}

#[test]
fn a_disk_that_became_read_only_is_read_and_a_start_on_it_is_refused() {
    where_mounts_are_ours("a_disk_that_became_read_only_is_read_and_a_start_on_it_is_refused", || {
        let world = World::new("");
        let disk = Mounted::new(world.path("disk"));
        let safe = start(&world, &disk).expect("it can be written to");
        let mut jane = person("jane");
        assert_eq!(jane.write(&safe, &json!({ "step": 1 })), Told::Done);
        assert_eq!(safe.stop().0.code(), Some(0));
        disk.remount("ro");
        let before = listing(&disk);
        assert!(start(&world, &disk).is_none());
        assert_eq!(listing(&disk), before);
        disk.remount("rw");
        let safe = start(&world, &disk).expect("it can be written to again");
        jane.settle_by_reading(&safe);
        assert!(jane.is_stored());
        no_defect(&safe.stop().1);
    });
}

/// As a file system does that has met an error: what is open stays open, and takes nothing more.
#[test]
fn a_disk_that_turns_read_only_under_us_is_read_and_written_again_after_a_restart() {
    let world = World::new("");
    let shim = Shim::new(&world.path("page"), &world.data());
    let safe = Safe::serve_with(shim.strongroom(), &world.config());
    let (mut jane, mut joe) = (person("jane"), person("joe"));
    assert_eq!((jane.write(&safe, &json!({ "step": 1 })), ready(&safe)), (Told::Done, 200));
    shim.fail(ALL - LOOKS, 1, u64::MAX, EROFS);
    assert_eq!((jane.write(&safe, &json!({ "step": 2 })), ready(&safe)), (Told::Unavailable, 503));
    shim.heal();
    assert_eq!(
        (joe.write(&safe, &json!({ "step": 1 })), joe.erase(&safe)),
        (Told::Unavailable, Told::Unavailable)
    );
    assert_eq!((jane.read(&safe), joe.read(&safe)), (Told::Done, Told::Done));
    no_defect(&safe.stop().1);
    let safe = world.serve();
    jane.settle_by_reading(&safe);
    assert_eq!((jane.write(&safe, &json!({ "step": 3 })), ready(&safe)), (Told::Done, 200));
    no_defect(&safe.stop().1);
}

fn person(name: &str) -> Person {
    Person::new(name, foreign_token(name))
}

/// Large enough that a few hundred fill the disk.
fn large(step: u32) -> serde_json::Value {
    json!({ "step": step, "text": "x".repeat(8000) })
}

fn ready(safe: &Safe) -> u16 {
    safe.connect_admin().request("GET", "/readyz", &[], "").status
}

/// Starts on a disk; `None` when that is refused, with a reason.
fn start(world: &World, disk: &Mounted) -> Option<Safe> {
    let mut command = strongroom();
    command.env("STRONGROOM_SAFE__PATH", disk.0.join("data")).env("STRONGROOM_LOG__LEVEL", "info");
    match Safe::try_serve(command, &world.config()) {
        Ok(safe) => Some(safe),
        Err((status, log)) => {
            assert_eq!(status.code(), Some(5), "{log}");
            assert!(log.lines().any(|line| line.starts_with("strongroom: ")), "no reason: {log:?}");
            no_defect(&log);
            None
        }
    }
}

fn listing(disk: &Mounted) -> Vec<(PathBuf, u64)> {
    let entries = std::fs::read_dir(disk.0.join("data")).unwrap().map(|entry| entry.unwrap());
    let mut listing: Vec<_> = entries.map(|entry| (entry.path(), entry.metadata().unwrap().len())).collect();
    listing.sort();
    listing
}

/// Runs a test where it may mount: here, as root; else as root of a name space of its own.
fn where_mounts_are_ours(test: &str, body: impl FnOnce()) {
    let is_root = Path::new("/proc/self").metadata().unwrap().uid() == 0;
    if is_root && can_mount() {
        return body();
    }
    assert!(!is_inside(), "a name space of our own, and still no mount");
    let again = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("disk::full::{test}"), "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(
        again.status.success() && said.contains("1 passed"),
        "needs root or user name spaces to mount a file system:\n{said}{}",
        String::from_utf8_lossy(&again.stderr)
    );
}

#[expect(clippy::disallowed_methods, reason = "the test starts itself again, and tells itself so")]
fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn can_mount() -> bool {
    let place = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "tmpfs"]).arg(place.path()).output();
    let can = mounted.is_ok_and(|mounted| mounted.status.success());
    if can {
        run(Command::new("umount").arg(place.path()));
    }
    can
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
