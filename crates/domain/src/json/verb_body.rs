//! The body of a verb that is forwarded: whatever it means to the safe, it is about its caller and nobody else.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use super::JsonError;
use crate::external_user_id::{ExternalUserId, NotOwner};

/// The member that names a person. Some readers of JSON take a name in any case, so it is looked for in any.
const PERSON: &str = "externalUserId";
const PERSON_IN_CAPITALS: &str = "EXTERNALUSERID";

/// Whether some reader could take this name for the member that names a person. Case is Unicode's, not ASCII's: Go's
/// `encoding/json` takes `ſ` (U+017F) for an `s`, and by Java's letters `ı` and `İ` are an `i`.
fn names_person(name: &str) -> bool {
    // The one letter that is ASCII's in small and not in capitals, of those in this name.
    let dotted = |c| if c == 'İ' { 'I' } else { c };
    name.chars().map(dotted).flat_map(char::to_uppercase).eq(PERSON_IN_CAPITALS.chars())
}

/// Why a body is not forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerbBodyError {
    /// Not a JSON object, or one that two readers may read differently.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It names somebody else.
    #[error(transparent)]
    NotOwner(#[from] NotOwner),
}

/// Checks that a body is one JSON object without duplicate names, and that every `externalUserId` in it, at any depth, is
/// the caller's. Values and other names are the safe's own business. The caller has bounded `text` in bytes; depth is
/// bounded by the reader, at 128.
///
/// # Errors
///
/// [`VerbBodyError`], without position, name or value.
pub fn check_verb_body(text: &[u8], caller: &ExternalUserId) -> Result<(), VerbBodyError> {
    check(text, Some(caller))
}

/// Whether such a body names nobody: there is no `externalUserId` in it, in any case, at any depth. Bounds are as above.
///
/// # Errors
///
/// [`JsonError`]: what could not be forwarded whomever it named.
pub fn names_nobody(text: &[u8]) -> Result<bool, JsonError> {
    match check(text, None) {
        Ok(()) => Ok(true),
        Err(VerbBodyError::NotOwner(_)) => Ok(false),
        Err(VerbBodyError::Json(error)) => Err(error),
    }
}

fn check(text: &[u8], caller: Option<&ExternalUserId>) -> Result<(), VerbBodyError> {
    let text = std::str::from_utf8(text).map_err(|_| JsonError::Malformed)?;
    if !text.trim_ascii_start().starts_with('{') {
        // A text that is no JSON at all is told so by the reader, which is asked first.
        let read = serde_json::from_str::<de::IgnoredAny>(text);
        return Err(if read.is_ok() { JsonError::Shape } else { JsonError::Malformed }.into());
    }
    let mut offence = None;
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Checked { caller, offence: &mut offence, is_person: false }.deserialize(&mut reader);
    read.and_then(|()| reader.end()).map_err(|_| offence.unwrap_or(JsonError::Malformed.into()))
}

/// Any value; if `is_person`, the caller's id and nothing else, and without a caller nothing at all.
struct Checked<'c> {
    caller: Option<&'c ExternalUserId>,
    offence: &'c mut Option<VerbBodyError>,
    is_person: bool,
}

impl Checked<'_> {
    /// A value that is no string, where an id must stand.
    fn other<E: de::Error>(self) -> Result<(), E> {
        if self.is_person { Err(stop(self.offence, JsonError::Shape)) } else { Ok(()) }
    }
}

fn stop<E: de::Error>(offence: &mut Option<VerbBodyError>, error: impl Into<VerbBodyError>) -> E {
    let error = error.into();
    *offence = Some(error);
    E::custom(error)
}

impl<'de> DeserializeSeed<'de> for Checked<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.is_person {
            return Err(stop(self.offence, JsonError::Shape));
        }
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.contains('\0') {
                // A reader that keeps text as C does sees what stands before.
                return Err(stop(self.offence, JsonError::Malformed));
            }
            let is_person = names_person(&name);
            // Two that differ in case alone are one to a reader that does not care.
            if !names.insert(if is_person { PERSON.to_owned() } else { name }) {
                return Err(stop(self.offence, JsonError::Duplicate));
            }
            map.next_value_seed(Checked { caller: self.caller, offence: &mut *self.offence, is_person })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.is_person {
            return Err(stop(self.offence, JsonError::Shape));
        }
        let Self { caller, offence, .. } = self;
        while seq.next_element_seed(Checked { caller, offence: &mut *offence, is_person: false })?.is_some() {
        }
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if !self.is_person {
            return Ok(());
        }
        let named = ExternalUserId::parse(text).map_err(JsonError::from);
        match named.map(|named| self.caller.map_or(Err(NotOwner), |caller| named.must_be(caller))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(stop(self.offence, error)),
            Err(error) => Err(stop(self.offence, error)),
        }
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.other()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.other()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.other()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.other()
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        // Where nobody is to be named, null names nobody.
        if self.caller.is_none() { Ok(()) } else { self.other() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(text: &str) -> Result<(), VerbBodyError> {
        check_verb_body(text.as_bytes(), &ExternalUserId::parse("jane").unwrap())
    }

    #[test]
    fn who_is_named_is_found_in_any_case_and_at_any_depth() {
        for (text, expected) in [
            (r#"{"credential":{"id":"x","response":{}}}"#, Ok(true)),
            (r#"{"externalUserId":"bob"}"#, Ok(false)),
            (r#"{"externaluserid":"bob"}"#, Ok(false)),
            (r#"{"user":[{"ExternalU\u017ferId":"bob"}]}"#, Ok(false)),
            (r#"{"externalUserId":null}"#, Ok(true)),
            (r#"{"externalUserId":7}"#, Err(JsonError::Shape)),
            (r#"{"a":1,"a":2}"#, Err(JsonError::Duplicate)),
            ("[]", Err(JsonError::Shape)),
            ("{", Err(JsonError::Malformed)),
        ] {
            assert_eq!(names_nobody(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_verb_s_body_may_say_anything_about_its_caller_or_nobody() {
        for text in [
            "{}",
            r#" {"email":"a@b.example","externalUserId":"jane"} "#,
            r#"{"a":[{"externalUserId":"jane"},[1,null,true,"x"]],"b":{"externalUserId":"jane"}}"#,
            r#"{"externalUserID":"jane"}"#,
            r#"{"n":1e400}"#,
        ] {
            // A number beyond binary64 is the one value that the reader itself refuses.
            let expected = if text.contains("e400") { Err(JsonError::Malformed.into()) } else { Ok(()) };
            assert_eq!(check_text(text), expected, "{text}");
        }
    }

    #[test]
    fn a_verb_s_body_that_names_somebody_else_is_refused_wherever_it_does() {
        for text in [
            r#"{"externalUserId":"john"}"#,
            r#"{"externalUserId":"\u006aohn"}"#,
            r#"{"external\u0055serId":"john"}"#,
            r#"{"EXTERNALUSERID":"john"}"#,
            r#"{"externalUſerId":"john"}"#,
            r#"{"external\u0055\u017ferId":"john"}"#,
            r#"{"externalUserId":"jane","a":{"externalUſerıd":"john"}}"#,
            r#"{"a":{"externalUserId":"john"}}"#,
            r#"{"a":[[{"externalUserId":"john"}]],"externalUserId":"jane"}"#,
            r#"{"externalUserId":"Jane"}"#,
        ] {
            assert_eq!(check_text(text), Err(NotOwner.into()), "{text}");
        }
    }

    #[test]
    fn a_letter_that_is_one_of_the_name_s_in_either_case_is_that_letter() {
        let mut alike = 0;
        for c in '\0'..=char::MAX {
            // The dot that `İ` leaves in small letters is the one mark that is looked past.
            let small = c.to_lowercase().take(if c == 'İ' { 1 } else { 3 });
            let letters = [small.collect::<String>(), c.to_uppercase().collect()];
            if !letters.iter().any(|letters| matches!(letters.as_bytes(), [b'a'..=b'z' | b'A'..=b'Z'])) {
                continue;
            }
            for (at, expected) in PERSON.char_indices() {
                let name = format!("{}{c}{}", &PERSON[..at], &PERSON[at + 1..]);
                let is_alike =
                    letters.iter().any(|letters| letters.eq_ignore_ascii_case(&expected.to_string()));
                assert_eq!(names_person(&name), is_alike, "U+{:04X} at {at}", u32::from(c));
                alike += usize::from(is_alike);
            }
        }
        // Of fourteen letters two have more than two forms: the i, once three of them, and the s, once.
        assert_eq!(alike, 14 * 2 + 2 + 1);
        for other in ["", "externalUserI", "externalUserIds", "external_user_id", "éxternalUserId", "userId"]
        {
            assert!(!names_person(other), "{other}");
        }
    }

    #[test]
    fn a_verb_s_body_that_two_readers_may_read_differently_is_refused() {
        for (text, error) in [
            (r#"{"externalUserId":"jane","externalUserId":"jane"}"#, JsonError::Duplicate),
            (r#"{"externalUserId":"jane","ExternalUserId":"jane"}"#, JsonError::Duplicate),
            (r#"{"externalUserId":"jane","externalUſerId":"jane"}"#, JsonError::Duplicate),
            (r#"{"externalUſerId":"jane","EXTERNALUſERİD":"john"}"#, JsonError::Duplicate),
            (r#"{"a":{"b":1,"\u0062":2}}"#, JsonError::Duplicate),
            (r#"{"externalUserId":null}"#, JsonError::Shape),
            (r#"{"externalUserId":["jane"]}"#, JsonError::Shape),
            (r#"{"externalUserId":{"externalUserId":"jane"}}"#, JsonError::Shape),
            (r#"{"externalUserId":1}"#, JsonError::Shape),
            (r#"[{"externalUserId":"jane"}]"#, JsonError::Shape),
            (r#""jane""#, JsonError::Shape),
            ("", JsonError::Malformed),
            ("{", JsonError::Malformed),
            ("{}{}", JsonError::Malformed),
            (r#"{"a":"\ud800"}"#, JsonError::Malformed),
            (r#"{"externalUserId\u0000x":"john"}"#, JsonError::Malformed),
        ] {
            assert_eq!(check_text(text), Err(error.into()), "{text}");
        }
        assert_eq!(
            check_verb_body(b"{\"a\":\"\xff\"}", &ExternalUserId::parse("jane").unwrap()),
            Err(JsonError::Malformed.into())
        );
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(check_text(&deep), Err(JsonError::Malformed.into()));
    }
}
