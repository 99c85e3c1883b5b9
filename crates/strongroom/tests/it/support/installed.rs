//! Programs of others that tests need: installed once, by their own package managers, in versions that are fixed, below cargo's
//! target directory. What cannot be installed fails the test that needs it: none is skipped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes a directory with these files in which a library is installed, unless it is there with the very same files.
/// Another test, or another run of the tests, waits meanwhile.
pub(crate) fn installed(name: &str, files: &[(&str, &str)], install: impl FnOnce(&Path)) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    let lock = File::create(place.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let (stamp, wanted) = (place.join("installed"), format!("{files:?}"));
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return place;
    }
    if place.exists() {
        std::fs::remove_dir_all(&place).unwrap();
    }
    std::fs::create_dir(&place).unwrap();
    for (name, text) in files {
        std::fs::write(place.join(name), text).unwrap();
    }
    install(&place);
    std::fs::write(stamp, wanted).unwrap();
    place
}

/// Runs a command that must succeed.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{} does not start, and the tests need it: {error}", command.get_program().display())
    });
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// The same for Python: `venv/bin/python` there has what `requirements.txt`, one of the files, asks for.
pub(crate) fn python_in(name: &str, files: &[(&str, &str)]) -> PathBuf {
    installed(name, files, |place| {
        run(Command::new("python3").args(["-m", "venv", "venv"]).current_dir(place));
        // Wheels only: a build from source would want another language's compiler.
        run(Command::new(place.join("venv/bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"])
            .args(["--requirement", "requirements.txt"])
            .current_dir(place));
    })
}
