//! A story is told to the binary again and again, and each time another call to the disk fails: the first, the second, and
//! so on, until there is none left to fail.

use super::shim::{ALL, EIO, ENOSPC, GROWS, LOCKS, SYNCS};
use super::teller::{Fault, tell_all};

/// One call fails, whichever it is, with an I/O error, and all others succeed.
#[test]
fn one_failed_call_never_costs_an_acknowledged_write_nor_a_wrong_answer() {
    let failed =
        tell_all("one call fails", |number| Fault { kinds: ALL, first: number, last: number, error: EIO });
    assert!(failed > 150, "a start, some writes and a stop make more calls than {failed}");
}

/// As on a file system that is not quite local.
#[test]
fn a_lock_that_fails_never_costs_an_acknowledged_write_nor_a_wrong_answer() {
    let failed =
        tell_all("a lock fails", |number| Fault { kinds: LOCKS, first: number, last: number, error: EIO });
    assert!(failed > 50, "{failed}");
}

/// From some call on, all fail: the disk is gone. Every fifth call begins it; what comes back with the disk is told by the
/// end of each story.
#[test]
fn a_disk_that_goes_away_at_any_moment_takes_no_acknowledged_write_with_it() {
    let failed = tell_all("the disk is gone", |number| Fault {
        kinds: ALL,
        first: 5 * number,
        last: u64::MAX,
        error: EIO,
    });
    assert!(failed > 30, "{failed}");
}

/// From some sync on, every one fails: nothing is acknowledged any more, and reads go on.
#[test]
fn from_the_first_failed_sync_on_nothing_is_acknowledged_until_a_restart() {
    let failed = tell_all("syncs fail for ever", |number| Fault {
        kinds: SYNCS,
        first: number,
        last: u64::MAX,
        error: EIO,
    });
    assert!(failed > 10, "{failed}");
}

/// From some write on, the disk is full, until there is room again: that heals without a restart.
#[test]
fn a_disk_that_fills_up_at_any_write_refuses_and_heals_without_a_restart() {
    let failed = tell_all("the disk is full", |number| Fault {
        kinds: GROWS,
        first: number,
        last: u64::MAX,
        error: ENOSPC,
    });
    assert!(failed > 30, "{failed}");
}
