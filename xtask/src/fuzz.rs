//! `cargo xtask fuzz [--seconds N] [TARGET…]`: looks for inputs that break what `crates/fuzz` says must hold, guided by
//! coverage, for a bounded time.
//!
//! libFuzzer, built on the stable toolchain by LLVM's own coverage pass. It must never change what git keeps: it works on
//! a copy of the corpus under the target directory, and what it finds is named, for somebody to look at and to add. Beside the
//! engine it puts a copy of the lock file, which git ignores.

use std::collections::BTreeSet;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::console::say;
use crate::metadata;
use crate::workspace::{self, Outcome, command};

/// The coverage that libFuzzer is guided by: edges, counted, and the operands of comparisons. No sanitizer: the code under
/// test has no `unsafe`, and those need a nightly toolchain.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";
const DEFAULT_SECONDS: u32 = 30;
/// How long inputs may be, each for a half of the time. Among short ones a change hits what matters a hundred times more
/// often; the long ones are above every limit that the targets set for themselves.
const PASSES: [(&str, u64); 2] = [("short", 128), ("long", 4096)];
/// More is a finding.
const MAX_MEMORY_MIB: u32 = 1024;
/// For one input; longer is a finding. A hundred thousand times what one takes.
const MAX_INPUT_S: u32 = 10;
/// Shorter words are found by chance; longer ones are data.
const WORD_BYTES: RangeInclusive<usize> = 3..=24;
/// How much of the fuzzer's words is repeated behind a finding.
const LINES_OF_A_FINDING: usize = 30;

/// Builds the engine and runs the targets one by one.
///
/// # Errors
///
/// A target failed, is unknown, or the engine could not be built.
pub(crate) fn run(words: &[String]) -> Outcome {
    let corpus = workspace::root().join("crates").join("fuzz").join("corpus");
    let (seconds, targets) = read(words, &names(&corpus)?)?;
    let directory = metadata::read()?.target_directory.join("fuzz");
    let engine = build(&directory)?;
    let mut failed = Vec::new();
    for target in &targets {
        for (pass, max_bytes) in PASSES {
            let below = |name: &str| directory.join(name).join(target).join(pass);
            let (copy, found) = (below("corpus"), below("found"));
            let work =
                Work { corpus: copy, found, dictionary: below("words").with_extension("txt"), max_bytes };
            work.prepare(&corpus.join(target))?;
            if !work.fuzz(&engine, target, seconds.div_ceil(2))? {
                failed.push(target.as_str());
                break;
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("found something in {}", failed.join(", ")).into()) }
}

/// How long, and which of the targets there are: all of them where none is named.
fn read(words: &[String], known: &[String]) -> Outcome<(u32, Vec<String>)> {
    let (mut seconds, mut targets) = (DEFAULT_SECONDS, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            let number = words.next().and_then(|number| number.parse().ok()).filter(|number| *number > 0);
            seconds = number.ok_or("--seconds needs a number, 1 or more")?;
        } else if known.contains(word) {
            targets.push(word.clone());
        } else {
            return Err(format!("no target {word}; there are {}", known.join(", ")).into());
        }
    }
    Ok((seconds, if targets.is_empty() { known.to_vec() } else { targets }))
}

/// Builds the engine, apart from everything else: its flags would rebuild all that is there.
fn build(directory: &Path) -> Outcome<PathBuf> {
    let version = workspace::output(command("rustc -vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?;
    // The versions of everything are those that are shipped; git ignores the copy.
    let root = workspace::root();
    fs::copy(root.join("Cargo.lock"), root.join("crates/fuzz/engine/Cargo.lock"))?;
    let mut cargo = command("cargo build --release --quiet --manifest-path crates/fuzz/engine/Cargo.toml");
    let target_directory = directory.join("build");
    // With `--target`, build scripts are built without these flags.
    cargo.args(["--target", host]).arg("--target-dir").arg(&target_directory).env("RUSTFLAGS", COVERAGE);
    say("fuzz: building the engine, which takes minutes the first time");
    workspace::run(cargo)?;
    Ok(target_directory.join(host).join("release").join("strongroom-fuzz-engine"))
}

/// Where one target is fuzzed.
struct Work {
    /// A copy of the seeds, and whatever reached something new in this run or an earlier one.
    corpus: PathBuf,
    /// Inputs that failed.
    found: PathBuf,
    /// The words of the seeds.
    dictionary: PathBuf,
    /// The longest input.
    max_bytes: u64,
}

impl Work {
    fn prepare(&self, seeds: &Path) -> Outcome {
        for directory in [&self.corpus, &self.found] {
            fs::create_dir_all(directory)?;
        }
        let mut all = Vec::new();
        for name in names(seeds)? {
            if fs::metadata(seeds.join(&name))?.len() <= self.max_bytes {
                fs::copy(seeds.join(&name), self.corpus.join(&name))?;
            }
            all.extend(fs::read(seeds.join(&name))?);
            all.push(b'\n');
        }
        fs::create_dir_all(self.dictionary.parent().unwrap_or(&self.dictionary))?;
        Ok(fs::write(&self.dictionary, dictionary(&all))?)
    }

    /// Whether nothing was found.
    fn fuzz(&self, engine: &Path, target: &str, seconds: u32) -> Outcome<bool> {
        let mut fuzzer = Command::new(engine);
        fuzzer.current_dir(workspace::root()).env("STRONGROOM_FUZZ_TARGET", target);
        fuzzer.args([
            format!("-max_total_time={seconds}"),
            format!("-max_len={}", self.max_bytes),
            format!("-rss_limit_mb={MAX_MEMORY_MIB}"),
            format!("-timeout={MAX_INPUT_S}"),
            "-print_final_stats=1".to_owned(),
            format!("-artifact_prefix={}/", self.found.display()),
            format!("-dict={}", self.dictionary.display()),
        ]);
        let output = fuzzer.arg(&self.corpus).stdout(Stdio::null()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        say(format_args!(
            "fuzz: {}",
            Figures::of(&said).line(&format!("{target}, up to {} bytes", self.max_bytes))
        ));
        if output.status.success() {
            return Ok(true);
        }
        let lines: Vec<&str> = said.lines().collect();
        for line in &lines[lines.len().saturating_sub(LINES_OF_A_FINDING)..] {
            say(line);
        }
        say(format_args!(
            "fuzz: {target} failed on a file in {}: mend it, and add the file to crates/fuzz/corpus/{target} \
             under a name that says what it is",
            self.found.display()
        ));
        Ok(false)
    }
}

/// What libFuzzer says of a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    executions: u64,
    /// Edges of the control flow that were reached.
    edges: u64,
    /// Inputs that each reach something of their own.
    corpus: u64,
}

impl Figures {
    fn of(said: &str) -> Self {
        let mut figures = Self::default();
        for line in said.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            for pair in words.windows(2) {
                let number = || pair[1].split('/').next().and_then(|number| number.parse().ok());
                match pair[0] {
                    "stat::number_of_executed_units:" => figures.executions = number().unwrap_or_default(),
                    "cov:" => figures.edges = number().unwrap_or(figures.edges),
                    "corp:" => figures.corpus = number().unwrap_or(figures.corpus),
                    _ => {}
                }
            }
        }
        figures
    }

    fn line(&self, what: &str) -> String {
        let Self { executions, edges, corpus } = self;
        format!("{what:<32}{executions:>11} executions {edges:>6} edges {corpus:>6} inputs")
    }
}

/// The words of a text, as libFuzzer's dictionary: comparisons of strings are calls, which its coverage does not see into.
fn dictionary(text: &[u8]) -> String {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let words = text.split(|b| !is_word(b)).filter(|word| WORD_BYTES.contains(&word.len()));
    let words: BTreeSet<_> = words.map(String::from_utf8_lossy).collect();
    let lines: Vec<String> = words.iter().map(|word| format!("\"{word}\"\n")).collect();
    lines.concat()
}

/// What lies in a directory, in order.
fn names(directory: &Path) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn all_targets_are_run_where_none_is_named() {
        let known = words("a b");
        assert_eq!(read(&[], &known).unwrap(), (DEFAULT_SECONDS, known.clone()));
        assert_eq!(read(&words("b --seconds 5"), &known).unwrap(), (5, words("b")));
        for wrong in ["c", "--seconds", "--seconds 0", "--seconds x"] {
            assert!(read(&words(wrong), &known).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_dictionary_has_each_word_once_and_nothing_to_escape() {
        let text = b"Host: h\r\nHost: \"localhost\"\\ a_b-c.d \xff";
        assert_eq!(dictionary(text), "\"Host\"\n\"a_b-c.d\"\n\"localhost\"\n");
    }

    #[test]
    fn the_figures_are_the_last_that_were_said() {
        let said = "#2\tINITED cov: 10 ft: 11 corp: 1/3b exec/s: 0 rss: 30Mb\n\
                    #900\tREDUCE cov: 42 ft: 77 corp: 12/3kb lim: 4 exec/s: 0 rss: 31Mb\n\
                    stat::number_of_executed_units: 12345\n";
        assert_eq!(Figures::of(said), Figures { executions: 12345, edges: 42, corpus: 12 });
    }
}
