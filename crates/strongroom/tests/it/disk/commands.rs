//! What is done once, with every disk call failed in turn: keys are made, and a backup is restored.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use super::shim::{ALL, EIO, ENOSPC, Shim};
use super::story::{Person, Told};
use super::teller::no_defect;
use crate::support::process::strongroom;
use crate::support::{Safe, World, foreign_token, say};

/// Far more calls than a command makes.
const MANY: u64 = 2000;

/// Fails the first call, the second, and so on, until nothing is left to fail; then all from the first on, and so on.
fn fail_each(shim: &Shim, what: &str, mut run: impl FnMut()) {
    for (last, error, how) in
        [(None, EIO, "one call fails"), (Some(u64::MAX), ENOSPC, "all calls fail from one on")]
    {
        let mut number = 1;
        loop {
            assert!(number < MANY, "{what} has no end");
            shim.fail(ALL, number, last.unwrap_or(number), error);
            run();
            if shim.failed() == 0 {
                break;
            }
            number += 1;
        }
        say(&format!("{what}, {how}: {} faults injected, then it passed untouched", number - 1));
    }
}

#[test]
fn keys_that_could_not_be_made_are_not_in_the_way_of_the_next_start() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    // What a start does to the store is told in `every_call`.
    let shim = Shim::new(&place.path().join("page"), &data.join("keys"));
    fail_each(&shim, "the making of keys", || {
        let _ = std::fs::remove_dir_all(&data);
        if let Ok(safe) = Safe::try_dev(shim.strongroom(), &data) {
            no_defect(&safe.stop().1);
        } else {
            shim.heal();
            let what = shim.first_failed();
            let safe = Safe::try_dev(strongroom(), &data).unwrap_or_else(|(status, log)| {
                panic!("after {what} had failed: {status}, {log}");
            });
            no_defect(&safe.stop().1);
        }
    });
}

/// The old store is whole, or the new one is in its place; and success means the new one.
#[test]
fn a_restore_that_failed_leaves_one_store_or_the_other_whole() {
    let world = World::new("");
    let disk = world.path("disk");
    let kept = world.path("kept");
    let (old, backup) = (kept.join("old.db"), kept.join("backup.db"));
    for directory in [&disk, &kept] {
        std::fs::create_dir(directory).unwrap();
    }
    let run = |mut command: std::process::Command, arguments: &[&str]| {
        command.env("STRONGROOM_SAFE__PATH", disk.join("data"));
        command.arg("store").args(arguments).arg("--config").arg(world.config()).output().unwrap()
    };
    let mut command = strongroom();
    command.env("STRONGROOM_SAFE__PATH", disk.join("data"));
    let safe = Safe::serve_with(command, &world.config());
    let write = |name: &str| Person::new(name, foreign_token(name)).write(&safe, &json!({ "step": 1 }));
    assert_eq!(write("jane"), Told::Done);
    assert!(run(strongroom(), &["backup", backup.to_str().unwrap()]).status.success());
    assert_eq!(write("joe"), Told::Done);
    assert_eq!(safe.stop().0.code(), Some(0));
    std::fs::copy(disk.join("data/strongroom.db"), &old).unwrap();

    let shim = Shim::new(&world.path("page"), &disk);
    fail_each(&shim, "a restore", || {
        let database = disk.join("data/strongroom.db");
        let _ = std::fs::remove_dir_all(disk.join("data"));
        std::fs::create_dir(disk.join("data")).unwrap();
        std::fs::copy(&old, &database).unwrap();
        let restored = run(shim.strongroom(), &["restore", backup.to_str().unwrap(), "--force"]);
        no_defect(&String::from_utf8_lossy(&restored.stderr));
        let what = shim.first_failed();
        match restored.status.code() {
            Some(0) => assert_eq!(records(&database), 1, "{what}"),
            Some(5) => assert!([1, 2].contains(&records(&database)), "{what}"),
            _ => panic!("{what}: {restored:?}"),
        }
    });
}

/// How many records a sound database has.
fn records(database: &Path) -> i64 {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let found: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
    connection.query_row("SELECT count(*) FROM records", [], |row| row.get(0)).unwrap()
}
