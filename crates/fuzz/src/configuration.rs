//! The configuration: it is refused with problems that can be mended, or is shown as what reads back the same; and no secret
//! of the environment is in anything that is said.
//!
//! An input is a file's text and, behind a line `--- environment`, variables, one `NAME=value` a line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use crate::binary::config::{Config, InForce, KeySource, Layers, Loaded, Place};

/// Relative paths of a file here are as they are written, as those of the environment are.
const FILE: &str = "strongroom.toml";
const SEPARATOR: &[u8] = b"\n--- environment\n";
/// The variables that hold key material.
const SECRETS: [&[u8]; 2] = [b"STRONGROOM_SAFE__KEYRING", b"STRONGROOM_TOKENS__SIGNING_KEYS"];
/// Stands in every secret, and nowhere else.
const MARK: &str = "mrkQx7Z";
/// Stands in every secret that somebody has put into the file, where it is refused.
const MARK_IN_FILE: &str = "mrkWv4K";

/// Asserts that the configuration keeps its promises for this input; returns whether it is in force.
pub(crate) fn check(input: &[u8]) -> &'static str {
    let at = input.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
    let (text, variables) = input.split_at(at.unwrap_or(input.len()));
    let variables = variables.get(SEPARATOR.len()..).unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let text = ["keyring = \"", "signing_keys = \""]
        .iter()
        .fold(text.into_owned(), |text, begin| text.replace(begin, &format!("{begin}{MARK_IN_FILE}")));
    if text.contains(MARK) || String::from_utf8_lossy(variables).contains(MARK) {
        return "nothing";
    }
    let environment: Vec<_> = variables.split(|b| *b == b'\n').filter_map(variable).collect();
    let layers = || Layers::new(environment.clone()).with_text(Path::new(FILE), &text);
    match Config::load(layers()) {
        Ok(loaded) => {
            reads_back(&loaded);
            "in force"
        }
        Err(refused) => {
            for problem in &refused.problems {
                let said = problem.to_string();
                assert!(!problem.message.is_empty());
                assert!(
                    !problem.key.is_empty() || !said.starts_with("default"),
                    "a problem of nothing: {said}"
                );
                assert!(!said.contains(char::is_control), "a problem that is not one line of text: {said:?}");
                assert!(!said.contains(MARK_IN_FILE), "a secret of the file is said: {said}");
            }
            hides_secrets(&refused.to_string());
            hides_secrets(&format!("{refused:?}"));
            assert!(!refused.problems.is_empty(), "refused for nothing");
            "refused"
        }
    }
}

/// `NAME=value`; a secret's value is marked at both its ends.
fn variable(line: &[u8]) -> Option<(OsString, OsString)> {
    let (name, value) = line.split_at(line.iter().position(|b| *b == b'=')?);
    let value = value.get(1..).unwrap_or_default();
    let mark = if SECRETS.contains(&name) { MARK.as_bytes() } else { b"" };
    Some((OsString::from_vec(name.to_vec()), OsString::from_vec([mark, value, mark].concat())))
}

/// What `config show` prints is a file that is read as the same, but for secrets, which it does not print.
fn reads_back(loaded: &Loaded) {
    let shown = shown(loaded);
    hides_secrets(&shown);
    hides_secrets(&format!("{loaded:?}"));
    let again = Config::load(Layers::new(Vec::new()).with_text(Path::new(FILE), &shown));
    let again = again.unwrap_or_else(|refused| unreachable!("what is shown is refused: {refused}\n{shown}"));
    let values = |loaded: &Loaded| -> Vec<(String, Option<String>)> {
        let settings = loaded.in_force.iter().filter(|it| !is_of_keys(&it.key));
        settings.map(|it| (it.key.clone(), it.value.clone())).collect()
    };
    assert_eq!(values(&again), values(loaded), "{shown}");

    let is_secret = |keys: &KeySource| matches!(keys, KeySource::Environment(_));
    let keyring_is_secret = match &loaded.config.place {
        Place::Here(safe) => is_secret(&safe.keyring),
        Place::Remote(_) => false,
    };
    if !keyring_is_secret && !is_secret(&loaded.config.tokens.signing_keys) {
        assert_eq!(format!("{:?}", again.config), format!("{:?}", loaded.config), "{shown}");
    }
}

/// Where keys are is said in one of two ways.
fn is_of_keys(key: &str) -> bool {
    key.starts_with("safe.keyring") || key.starts_with("tokens.signing_keys")
}

fn shown(loaded: &Loaded) -> String {
    let mut out = Vec::new();
    assert!(InForce::write_all(&loaded.in_force, &mut out).is_ok());
    String::from_utf8_lossy(&out).into_owned()
}

fn hides_secrets(said: &str) {
    assert!(!said.contains(MARK), "a secret is said: {said}");
}
