//! The body of a verb: what is let pass is an object in which no reader that ignores case finds anybody but the caller, and
//! whatever a second, slower reader finds to be so is let pass.

use std::collections::BTreeSet;

use strongroom_domain::{ExternalUserId, VerbBodyError, check_verb_body};

use crate::json_model::{is_strict, items, members};

const CALLER: &str = "jane";
/// As many objects and arrays may be open at once.
const LEVELS: usize = 127;
/// The letters of the name, each with all that Unicode has for it in the other case.
const NAME: [&str; 14] =
    ["eE", "xX", "tT", "eE", "rR", "nN", "aA", "lL", "uU", "sS\u{17f}", "eE", "rR", "iI\u{130}\u{131}", "dD"];

/// Asserts that the check keeps its promises for this body; returns what it says.
///
/// # Errors
///
/// Why the body is not forwarded.
pub(crate) fn check(body: &[u8]) -> Result<(), VerbBodyError> {
    let Ok(caller) = ExternalUserId::parse(CALLER) else { return Ok(()) };
    let text = std::str::from_utf8(body).ok().map(trimmed);
    let is_fine =
        text.is_some_and(|text| text.starts_with('{') && is_strict(text, LEVELS) && is_the_callers(text));
    let checked = check_verb_body(body, &caller);
    assert_eq!(checked.is_ok(), is_fine, "another opinion: {checked:?}");
    checked
}

/// What JSON takes for white space, and nothing else.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

fn is_the_callers(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(b'{') => members(text).is_some_and(|members| {
            let mut persons = BTreeSet::new();
            members.iter().all(|(name, value)| {
                let is_person = is_person(name);
                !name.contains('\0')
                    && (!is_person || (persons.insert(()) && is_caller(value)))
                    && is_the_callers(value)
            })
        }),
        Some(b'[') => items(text).is_some_and(|items| items.iter().all(|item| is_the_callers(item.get()))),
        _ => true,
    }
}

fn is_person(name: &str) -> bool {
    name.chars().count() == NAME.len() && name.chars().zip(NAME).all(|(c, letters)| letters.contains(c))
}

fn is_caller(value: &str) -> bool {
    serde_json::from_str::<String>(value).is_ok_and(|id| id == CALLER)
}
