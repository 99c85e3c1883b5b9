//! The console in a browser: Chromium, with passkeys on authenticators made of software, on `http://localhost` at the real binary.
//!
//! The stories are JavaScript, in `world/stories`. `playwright-core` (of the last line that runs on Node 18, which Debian 12 and Ubuntu
//! 24.04 have) leads the browser, and axe judges what it shows; both are installed once, in versions that are fixed, below cargo's
//! target directory, and know nothing of us. Pictures of every screen lie in `target/browser` afterwards. What is missing fails the
//! test: none is skipped.

mod elsewhere;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::disk::shim::Shim;
use crate::support::Safe;
use crate::support::installed::{installed, run};

/// Files beside the stories, which they are installed with.
const PLAYERS: [(&str, &str); 5] = [
    ("package.json", include_str!("world/package.json")),
    ("package-lock.json", include_str!("world/package-lock.json")),
    ("run.mjs", include_str!("world/run.mjs")),
    ("visit.mjs", include_str!("world/visit.mjs")),
    ("looks.mjs", include_str!("world/looks.mjs")),
];

/// The two packages, installed once for all stories and whatever they become.
fn packages() -> PathBuf {
    installed("console-browser", &PLAYERS[..2], |place| {
        run(Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(place));
    })
}

/// Where pictures are kept for whoever wants to see them.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser")
}

/// Tells one story against a safe of its own, whose clock it may move.
fn tell(name: &str, text: &str) {
    let directory = TempDir::new().unwrap();
    let shim = Shim::new(&directory.path().join("page"), &directory.path().join("data/store"));
    let safe = Safe::dev_with(shim.strongroom(), &directory.path().join("data"));
    let mail = directory.path().join("data/mail");
    narrate(name, text, directory.path(), &safe, &[("MAIL", mail.as_ref())], |line| {
        let seconds = line.strip_prefix("clock ").and_then(|seconds| seconds.parse().ok());
        shim.shift_clock(seconds.unwrap_or_else(|| panic!("{name} says {line}")));
    });
    let (status, log) = safe.stop();
    assert_eq!(status.code(), Some(0), "{log}");
}

/// Has a story told in a browser at this safe; does what it says by lines, and answers each. What the players need lies below `place`.
fn narrate(
    name: &str,
    text: &str,
    place: &Path,
    safe: &Safe,
    environment: &[(&str, &OsStr)],
    mut obey: impl FnMut(&str),
) {
    let world = place.join("world");
    std::fs::create_dir_all(world.join("stories")).unwrap();
    for (file, text) in PLAYERS {
        std::fs::write(world.join(file), text).unwrap();
    }
    std::fs::write(world.join("stories").join(format!("{name}.mjs")), text).unwrap();
    std::os::unix::fs::symlink(packages().join("node_modules"), world.join("node_modules")).unwrap();

    let mut teller = Command::new("node")
        .arg(world.join("run.mjs"))
        .arg(name)
        .env("ORIGIN", format!("http://localhost:{}", safe.address.port()))
        .env("PICTURES", pictures().join(name))
        .envs(environment.iter().copied())
        // The safe is on loopback, whatever proxy leads elsewhere.
        .envs([("NO_PROXY", "127.0.0.1,localhost"), ("no_proxy", "127.0.0.1,localhost")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut said = teller.stdin.take().unwrap();
    for line in BufReader::new(teller.stdout.take().unwrap()).lines().map_while(Result::ok) {
        obey(&line);
        said.write_all(b"moved\n").unwrap();
    }
    assert!(
        teller.wait().unwrap().success(),
        "{name}: see above, and the pictures in {}",
        pictures().display()
    );
}

macro_rules! stories {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                tell($name, include_str!(concat!("world/stories/", $name, ".mjs")));
            }
        )*

        #[test]
        fn every_story_is_told() {
            let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/browser/world/stories");
            let mut lying: Vec<_> = std::fs::read_dir(directory)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            lying.sort();
            let mut told = [$(concat!($name, ".mjs"),)* "elsewhere.mjs"];
            told.sort_unstable();
            assert_eq!(lying, told);
        }
    };
}

stories! {
    a_person_signs_up_and_comes_back_with_a_passkey_and_gets_their_data_with_it: "passkeys",
    data_is_added_changed_and_deleted_by_kind_and_nothing_of_others_is_overwritten: "data",
    a_secret_goes_in_and_is_never_shown: "secrets",
    passkeys_and_sessions_are_seen_and_ended_and_the_last_passkey_stays: "access",
    an_expired_token_is_renewed_without_a_word_and_an_ended_session_is_said: "expiry",
    two_pages_of_one_person_follow_each_other: "live",
    a_copy_is_taken_the_record_erased_and_the_account_deleted: "account",
    an_address_is_confirmed_by_a_code_that_is_mailed_to_it: "email",
    a_browser_that_makes_no_json_of_passkeys_is_served_as_well: "older",
    who_comes_by_address_is_told_the_name_and_development_needs_no_passkey: "development",
    all_of_it_can_be_done_by_the_keyboard: "keyboard",
}
