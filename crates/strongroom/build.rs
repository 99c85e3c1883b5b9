//! Tells the binary which commit it was built from. Works outside a git checkout too, where the commit is "unknown".

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

fn main() -> io::Result<()> {
    let mut cargo = io::stdout().lock();
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    writeln!(cargo, "cargo::rustc-env=STRONGROOM_COMMIT={commit}")?;

    writeln!(cargo, "cargo::rerun-if-changed=build.rs")?;
    // HEAD changes with the branch, its log with every commit. A path that does not exist would rebuild every time.
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            writeln!(cargo, "cargo::rerun-if-changed={path}")?;
        }
    }
    Ok(())
}

/// What git says, in the directory of this package; `None` when there is no git or no checkout.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
