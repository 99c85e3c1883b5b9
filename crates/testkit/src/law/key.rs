//! The law of keys.

use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseResult;
use strongroom_domain::Key;

/// A name is a readable key, a write-only key, or refused, as the grammar says when it is written out the other way round:
/// by what its dotted segments are. A key keeps its name.
///
/// # Errors
///
/// When the law is broken.
pub fn a_key_is_what_its_name_says(name: &str) -> TestCaseResult {
    let parsed = match Key::parse(name) {
        Ok(Key::Readable(key)) => Some((false, key.as_str().to_owned())),
        Ok(Key::WriteOnly(key)) => Some((true, key.as_str().to_owned())),
        Err(_) => None,
    };
    let expected = is_private(name).map(|private| (private, name.to_owned()));
    prop_assert_eq!(parsed, expected, "{:?}", name);
    Ok(())
}

/// Whether a name is that of a private key; `None` when it is no key.
fn is_private(name: &str) -> Option<bool> {
    let is_legal = |letter: char| ('!'..='~').contains(&letter) && !['"', '\\'].contains(&letter);
    let segments: Vec<&str> = name.split('.').collect();
    let is_well_formed = segments.iter().all(|segment| !segment.is_empty() && segment.chars().all(is_legal));
    match segments.as_slice() {
        _ if !is_well_formed || name.len() > 128 => None,
        ["private", _, ..] => Some(true),
        [first, ..] if first.eq_ignore_ascii_case("private") => None,
        ["safe", _, ..] | ["__proto__" | "constructor" | "prototype"] => None,
        _ => Some(false),
    }
}
