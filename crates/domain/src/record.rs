//! A person's flat record: a readable and a write-only part, merged together or not at all.
//!
//! It has no `Serialize` and no `Debug`: the only way to look at it is [`PublicView`].

use crate::key::ReadableKey;
use crate::limits::{LimitExceeded, Limits};
use crate::part::{Applied, ReadablePart, WriteOnlyPart};
use crate::patch::Patch;
use crate::view::PublicView;

/// The two parts of a record.
#[derive(Clone, Default)]
#[expect(
    missing_debug_implementations,
    reason = "a record must not be printable; the crate's doctests prove it"
)]
pub struct Record {
    readable: ReadablePart,
    write_only: WriteOnlyPart,
}

impl Record {
    /// A record without keys, which is also what a write meets where there is no record yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A record from its parts. Whoever merges a patch that names no private key may leave the write-only part empty:
    /// nothing about it is asked or changed.
    #[must_use]
    pub fn from_parts(readable: ReadablePart, write_only: WriteOnlyPart) -> Self {
        Self { readable, write_only }
    }

    /// Applies the whole patch, or none of it.
    ///
    /// # Errors
    ///
    /// [`LimitExceeded`] when the merged result would pass a limit; the record is as it was.
    pub fn apply(&mut self, patch: &Patch, limits: &Limits) -> Result<Outcome, LimitExceeded> {
        self.readable.check(&patch.readable, limits)?;
        self.write_only.check(&patch.write_only, limits)?;
        let readable = self.readable.apply(&patch.readable);
        self.write_only.apply(&patch.write_only);
        Ok(Outcome { readable, names_private: patch.names_private() })
    }

    /// What may be read of it.
    #[must_use]
    pub fn view(&self) -> PublicView {
        self.readable.view()
    }

    /// The readable part.
    #[must_use]
    pub fn readable(&self) -> &ReadablePart {
        &self.readable
    }

    /// The write-only part.
    #[must_use]
    pub fn write_only(&self) -> &WriteOnlyPart {
        &self.write_only
    }
}

/// What a merge did, as far as anyone may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which readable keys changed and which are gone.
    pub readable: Applied<ReadableKey>,
    names_private: bool,
}

impl Outcome {
    /// Whether the write counts: it takes a new version, is stored and told to listeners. A write that names a private
    /// key always does; any other does when it changed something.
    #[must_use]
    pub fn is_effective(&self) -> bool {
        self.names_private || !self.readable.is_noop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn patch(changes: &[(&str, Option<&str>)]) -> Patch {
        let mut patch = Patch::new();
        for (key, value) in changes {
            match value {
                Some(text) => patch.set(key, Value::text(*text).unwrap()).unwrap(),
                None => patch.delete(key).unwrap(),
            }
        }
        patch
    }

    fn record(changes: &[(&str, Option<&str>)]) -> Record {
        let mut record = Record::new();
        record.apply(&patch(changes), &Limits::default()).unwrap();
        record
    }

    #[test]
    fn only_the_keys_sent_change() {
        let mut record = record(&[("email", Some("j@foo")), ("language", Some("en"))]);
        record.apply(&patch(&[("language", Some("fr"))]), &Limits::default()).unwrap();
        assert_eq!(record.view().as_json(), r#"{"email":"j@foo","language":"fr"}"#);
    }

    #[test]
    fn null_removes_the_key_and_only_that_key() {
        let mut record = record(&[("optin", Some("a")), ("optin.newsletter", Some("b"))]);
        record.apply(&patch(&[("optin", None)]), &Limits::default()).unwrap();
        assert_eq!(record.view().as_json(), r#"{"optin.newsletter":"b"}"#);
    }

    #[test]
    fn deleting_an_absent_key_succeeds_and_is_no_change() {
        let outcome = Record::new().apply(&patch(&[("phone", None)]), &Limits::default()).unwrap();
        assert!(!outcome.is_effective());
    }

    #[test]
    fn a_write_of_the_same_value_is_no_change() {
        let mut record = record(&[("language", Some("en"))]);
        assert!(
            !record.apply(&patch(&[("language", Some("en"))]), &Limits::default()).unwrap().is_effective()
        );
    }

    #[test]
    fn a_write_that_names_a_private_key_always_counts() {
        let mut record = record(&[("private.pin", Some("1"))]);
        for same_or_other_or_absent in
            [("private.pin", Some("1")), ("private.pin", Some("2")), ("private.none", None)]
        {
            assert!(
                record.apply(&patch(&[same_or_other_or_absent]), &Limits::default()).unwrap().is_effective()
            );
        }
    }

    #[test]
    fn private_keys_are_stored_and_never_in_the_view() {
        let record = record(&[("private.pin", Some("1")), ("a", Some("2"))]);
        assert_eq!(record.view().as_json(), r#"{"a":"2"}"#);
        assert_eq!(record.write_only().reveal().as_bytes(), br#"{"private.pin":"1"}"#);
    }

    #[test]
    fn a_write_over_a_limit_changes_nothing_of_either_part() {
        let limits = Limits { record_keys: 1, ..Limits::default() };
        let mut record = record(&[("a", Some("1"))]);
        let refused =
            record.apply(&patch(&[("a", None), ("private.x", Some("1")), ("private.y", Some("1"))]), &limits);
        assert_eq!(refused, Err(LimitExceeded::RecordKeys(1)));
        assert_eq!(record.view().as_json(), r#"{"a":"1"}"#);
        assert!(record.write_only().is_empty());
    }

    #[test]
    fn each_part_has_limits_of_its_own() {
        let limits = Limits { record_keys: 1, ..Limits::default() };
        let mut record = Record::new();
        assert!(record.apply(&patch(&[("a", Some("1")), ("private.x", Some("1"))]), &limits).is_ok());
        assert!(record.apply(&patch(&[("b", Some("1"))]), &limits).is_err());
        assert!(
            record.apply(&patch(&[("a", None), ("b", Some("1"))]), &limits).is_ok(),
            "the result counts, not the sum"
        );
    }

    #[test]
    fn a_write_that_only_deletes_passes_every_limit() {
        let mut record = record(&[("a", Some("1")), ("b", Some("1")), ("c", Some("1"))]);
        let lowered = Limits { record_keys: 1, record_bytes: 4, value_bytes: 0 };
        assert!(record.apply(&patch(&[("a", None)]), &lowered).unwrap().is_effective());
        assert_eq!(record.apply(&patch(&[("b", Some(""))]), &lowered), Err(LimitExceeded::RecordKeys(1)));
    }

    #[test]
    fn strings_and_parts_have_a_length_limit_to_the_byte() {
        let limits = Limits { value_bytes: 4, record_bytes: 12, record_keys: 9 };
        assert!(Record::new().apply(&patch(&[("a", Some("1234"))]), &limits).is_ok());
        assert_eq!(
            Record::new().apply(&patch(&[("a", Some("12345"))]), &limits),
            Err(LimitExceeded::ValueBytes(4))
        );
        assert_eq!(record(&[("ab", Some("1234"))]).readable().canonical_bytes(), 13);
        assert_eq!(
            Record::new().apply(&patch(&[("ab", Some("1234"))]), &limits),
            Err(LimitExceeded::RecordBytes(12))
        );
    }

    #[test]
    fn listeners_are_told_of_readable_keys_only() {
        let mut record = record(&[("b", Some("1"))]);
        let outcome = record
            .apply(&patch(&[("a", Some("x")), ("b", None), ("private.k", Some("y"))]), &Limits::default())
            .unwrap();
        assert_eq!(
            record.readable().describe(&outcome.readable).as_json(),
            r#"{"changed":{"a":"x"},"removed":["b"]}"#
        );
    }
}
