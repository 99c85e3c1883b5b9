//! The library that is preloaded (`shim.c`): built once, steered through a page of memory that is a file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::process::strongroom;

/// Which calls are counted and failed, as `shim.c` numbers them.
pub(crate) const ALL: u64 = 15;
/// Those that need room: writes, and whatever makes a file or a directory.
pub(crate) const GROWS: u64 = 2;
pub(crate) const SYNCS: u64 = 4;
/// Locks of parts of files. No call to a local disk, and so not among [`ALL`].
pub(crate) const LOCKS: u64 = 16;
/// Those that change nothing.
pub(crate) const LOOKS: u64 = 1;

pub(crate) const EIO: u64 = 5;
pub(crate) const ENOSPC: u64 = 28;
pub(crate) const EROFS: u64 = 30;

const PAGE_BYTES: usize = 4096;

/// Where in the page what stands, in words of eight bytes; then the first call that failed, as text that ends in zero.
const KINDS: u64 = 0;
const FROM: u64 = 1;
const TO: u64 = 2;
const ERROR: u64 = 3;
const CALLS: u64 = 4;
const FAILED: u64 = 5;
const SHIFT_SECONDS: u64 = 6;
const FIRST_FAILED: std::ops::Range<usize> = 56..128;

/// A disk, and a clock, for processes under test.
#[derive(Debug)]
pub(crate) struct Shim {
    page: File,
    path: PathBuf,
    root: PathBuf,
}

impl Shim {
    /// Nothing fails yet. Calls on files below `root` will; the page is made at `path`, outside of it.
    pub(crate) fn new(path: &Path, root: &Path) -> Self {
        std::fs::write(path, [0; PAGE_BYTES]).unwrap();
        let page = File::options().read(true).write(true).open(path).unwrap();
        Self { page, path: path.to_owned(), root: root.to_owned() }
    }

    /// From the `from`-th call of these kinds to the `to`-th, counted from now, all fail with this error.
    pub(crate) fn fail(&self, kinds: u64, from: u64, to: u64, error: u64) {
        self.put(KINDS, 0);
        for (word, value) in [(CALLS, 0), (FAILED, 0), (FROM, from), (TO, to), (ERROR, error), (KINDS, kinds)]
        {
            self.put(word, value);
        }
        self.page
            .write_all_at(&[0; FIRST_FAILED.end - FIRST_FAILED.start], FIRST_FAILED.start as u64)
            .unwrap();
    }

    /// The disk is well again.
    pub(crate) fn heal(&self) {
        self.put(FROM, 0);
        self.put(TO, 0);
    }

    /// The wall clock is off by this much.
    pub(crate) fn shift_clock(&self, seconds: i64) {
        self.put(SHIFT_SECONDS, u64::from_ne_bytes(seconds.to_ne_bytes()));
    }

    /// Calls that failed.
    pub(crate) fn failed(&self) -> u64 {
        let mut word = [0; 8];
        self.page.read_exact_at(&mut word, FAILED * 8).unwrap();
        u64::from_ne_bytes(word)
    }

    /// The first call that failed, and the file it was about.
    pub(crate) fn first_failed(&self) -> String {
        let mut text = [0; FIRST_FAILED.end - FIRST_FAILED.start];
        self.page.read_exact_at(&mut text, FIRST_FAILED.start as u64).unwrap();
        String::from_utf8_lossy(&text).trim_end_matches('\0').to_owned()
    }

    /// The binary under test, on this disk.
    pub(crate) fn strongroom(&self) -> Command {
        let mut command = strongroom();
        command.env("LD_PRELOAD", library()).env("SHIM_CONTROL", &self.path).env("SHIM_ROOT", &self.root);
        command
    }

    fn put(&self, word: u64, value: u64) {
        self.page.write_all_at(&value.to_ne_bytes(), word * 8).unwrap();
    }
}

/// Built by the C compiler that has built `SQLite` too.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let built = place.join(format!("shim-{}.so", std::process::id()));
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-o"])
            .arg(&built)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/disk/shim.c"))
            .arg("-ldl")
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        // Under one name, so that no run leaves a file of its own behind.
        let shared = place.join("shim.so");
        std::fs::rename(&built, &shared).unwrap();
        shared
    })
}
