//! The SDKs, installed once by npm in versions that are fixed, below cargo's target directory. They reach no chain. What cannot be
//! installed fails the test: none is skipped.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("sdks/package.json")),
    ("package-lock.json", include_str!("sdks/package-lock.json")),
    ("wallets.mjs", include_str!("sdks/wallets.mjs")),
];

/// Gives them a task, and takes their answer.
pub(crate) fn ask(task: &str, question: &Value) -> Value {
    let mut child = Command::new("node")
        .arg(installed().join("wallets.mjs"))
        .arg(task)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the SDKs fail to do the task {task}");
    serde_json::from_slice(&output.stdout).expect("an answer in JSON")
}

/// The directory in which they are, made anew when these files have changed. Another test, or another run, waits meanwhile.
fn installed() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wallet-sdks");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    let lock = File::create(place.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let (stamp, wanted) = (place.join("installed"), format!("{FILES:?}"));
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return place;
    }
    if place.exists() {
        std::fs::remove_dir_all(&place).unwrap();
    }
    std::fs::create_dir(&place).unwrap();
    for (name, text) in FILES {
        std::fs::write(place.join(name), text).unwrap();
    }
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&place)
        .output()
        .expect("npm starts");
    assert!(output.status.success(), "npm: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(stamp, wanted).unwrap();
    place
}
