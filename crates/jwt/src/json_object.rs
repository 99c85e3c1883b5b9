//! One JSON object, read strictly: what a token's header and its claims are.
//!
//! A member named twice, at any depth, is refused, as are deep nesting and trailing bytes: two readers must never see two
//! different tokens in one text (RFC 8725, section 2.4; RFC 7519, section 4). Only what a token can need is kept.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The deepest nesting, the object itself included. Identity providers nest roles four levels deep.
const MAX_DEPTH_LEVELS: usize = 8;

/// The most members, at all levels together: reading one costs most of what a member may cost, and a stranger's token is read
/// before its signature. Identity providers name two for each of a person's applications.
const MAX_MEMBERS: usize = 128;

/// The last second that a date may name: 9999-12-31T23:59:59Z, the last of four-digit years (RFC 3339). Every whole number
/// up to it is exact in binary64.
const MAX_DATE_S: u64 = 253_402_300_799;

/// The members of an object, by their unescaped names.
pub(crate) struct JsonObject(BTreeMap<String, Member>);

/// A member's value, as far as a token can need it.
enum Member {
    Text(String),
    Texts(Vec<String>),
    /// A number from 0 to [`MAX_DATE_S`], its fraction cut off (RFC 7519, `NumericDate`).
    Date(u64),
    /// Anything else, null included.
    Other,
}

/// A member that is there, yet is not of the type its name demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongType;

impl JsonObject {
    /// Reads a whole text; the caller has bounded its length. `None` when it is not one object in UTF-8, read strictly.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        let object = reader.deserialize_map(ObjectVisitor { left: &Cell::new(MAX_MEMBERS) }).ok()?;
        reader.end().ok()?;
        Some(object)
    }

    /// Whether there is a member of this name, of any type.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A string.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, WrongType> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Member::Text(text)) => Ok(Some(text)),
            Some(_) => Err(WrongType),
        }
    }

    /// A string, or an array of strings.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<&[String]>, WrongType> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Member::Text(text)) => Ok(Some(std::slice::from_ref(text))),
            Some(Member::Texts(texts)) => Ok(Some(texts)),
            Some(_) => Err(WrongType),
        }
    }

    /// Seconds since the epoch.
    pub(crate) fn date_s(&self, name: &str) -> Result<Option<u64>, WrongType> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Member::Date(seconds)) => Ok(Some(*seconds)),
            Some(_) => Err(WrongType),
        }
    }
}

struct ObjectVisitor<'c> {
    left: &'c Cell<usize>,
}

impl<'de> Visitor<'de> for ObjectVisitor<'_> {
    type Value = JsonObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<JsonObject, A::Error> {
        read_members(map, 1, self.left).map(JsonObject)
    }
}

fn read_members<'de, A: MapAccess<'de>>(
    mut map: A,
    level: usize,
    left: &Cell<usize>,
) -> Result<BTreeMap<String, Member>, A::Error> {
    let mut members = BTreeMap::new();
    while let Some(name) = map.next_key::<String>()? {
        let more = left.get().checked_sub(1).ok_or_else(|| de::Error::custom("too many members"))?;
        left.set(more);
        let member = map.next_value_seed(MemberSeed { level, left })?;
        if members.insert(name, member).is_some() {
            return Err(de::Error::custom("a member is named twice"));
        }
    }
    Ok(members)
}

/// Reads one value inside an object or array of this level.
#[derive(Clone, Copy)]
struct MemberSeed<'c> {
    level: usize,
    /// Members that there may still be.
    left: &'c Cell<usize>,
}

impl MemberSeed<'_> {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let level = self.level + 1;
        if level > MAX_DEPTH_LEVELS { Err(E::custom("nested too deep")) } else { Ok(Self { level, ..self }) }
    }
}

impl<'de> DeserializeSeed<'de> for MemberSeed<'_> {
    type Value = Member;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Member, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MemberSeed<'_> {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Member, E> {
        Ok(Member::Text(text.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Member, E> {
        Ok(if number <= MAX_DATE_S { Member::Date(number) } else { Member::Other })
    }

    /// Negative: `serde_json` gives all others to `visit_u64`.
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the range is checked, within it whole numbers are exact, and the fraction is to be cut off"
    )]
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Member, E> {
        let is_date = (0.0..=MAX_DATE_S as f64).contains(&number);
        Ok(if is_date { Member::Date(number as u64) } else { Member::Other })
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Member, A::Error> {
        let inside = self.deeper()?;
        let mut texts = Some(Vec::new());
        while let Some(element) = seq.next_element_seed(inside)? {
            match (element, &mut texts) {
                (Member::Text(text), Some(texts)) => texts.push(text),
                _ => texts = None,
            }
        }
        Ok(texts.map_or(Member::Other, Member::Texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Member, A::Error> {
        read_members(map, self.deeper()?.level, self.left).map(|_| Member::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<JsonObject> {
        JsonObject::read(text.as_bytes())
    }

    #[test]
    fn a_member_named_twice_is_refused_at_any_depth_and_however_it_is_escaped() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"b":[{"a":1,"a":2}]}"#] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(r#"{"a":1,"b":{"a":1}}"#).is_some());
    }

    #[test]
    fn only_one_whole_object_in_utf_8_is_read() {
        for text in ["", "[]", "\"a\"", "null", "{} {}", "{},", "{\"a\":1", "\u{feff}{}", r#"{"a":"\ud800"}"#]
        {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(JsonObject::read(b"{\"a\":\"\xff\"}").is_none());
        assert!(read(" {} ").is_some());
    }

    #[test]
    fn there_are_so_many_members_and_no_more_at_all_levels_together() {
        let members = |count: usize| (0..count).map(|n| format!(r#""m{n}":1"#)).collect::<Vec<_>>().join(",");
        assert!(read(&format!("{{{}}}", members(MAX_MEMBERS))).is_some());
        assert!(read(&format!("{{{}}}", members(MAX_MEMBERS + 1))).is_none());
        assert!(read(&format!(r#"{{"a":[{{{}}},{{{}}}]}}"#, members(63), members(64))).is_some());
        assert!(read(&format!(r#"{{"a":[{{{}}},{{{}}}]}}"#, members(64), members(64))).is_none());
    }

    #[test]
    fn nesting_ends_at_the_eighth_level() {
        let nested = |arrays: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(arrays), "]".repeat(arrays));
        assert!(read(&nested(7)).is_some());
        assert!(read(&nested(8)).is_none());
        assert!(read(&format!("{}1{}", r#"{"a":"#.repeat(9), "}".repeat(9))).is_none());
    }

    #[test]
    fn a_date_is_cut_to_whole_seconds_and_nothing_but_a_sane_number_is_one() {
        for (text, seconds) in
            [("0", 0), ("17.999", 17), ("1.7e1", 17), ("253402300799", MAX_DATE_S), ("-0", 0)]
        {
            assert_eq!(
                read(&format!(r#"{{"exp":{text}}}"#)).unwrap().date_s("exp"),
                Ok(Some(seconds)),
                "{text}"
            );
        }
        for text in ["-1", "-0.5", "253402300800", "1e300", "\"17\"", "null", "true", "[17]", "{}"] {
            assert_eq!(
                read(&format!(r#"{{"exp":{text}}}"#)).unwrap().date_s("exp"),
                Err(WrongType),
                "{text}"
            );
        }
        assert!(read(r#"{"exp":1e999}"#).is_none());
        assert_eq!(read("{}").unwrap().date_s("exp"), Ok(None));
    }

    #[test]
    fn a_string_stands_for_an_array_of_one_and_a_mixed_array_for_nothing() {
        let object = read(r#"{"one":"a","two":["a","b"],"none":[],"mixed":["a",1],"null":null}"#).unwrap();
        assert_eq!(object.texts("one"), Ok(Some(&["a".to_owned()][..])));
        assert_eq!(object.texts("two").unwrap().unwrap().len(), 2);
        assert_eq!(object.texts("none"), Ok(Some(&[][..])));
        assert_eq!(object.texts("mixed"), Err(WrongType));
        assert_eq!(object.texts("null"), Err(WrongType));
        assert_eq!(object.text("two"), Err(WrongType));
    }
}
