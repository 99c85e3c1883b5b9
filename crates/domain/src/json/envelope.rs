//! The envelope: read strictly, everything in it checked, and nothing applied before all of it has been.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{JsonError, scalar};
use crate::external_user_id::ExternalUserId;
use crate::key::Key;
use crate::patch::Patch;
use crate::value::ValueError;

/// The body of a write: `{"externalUserId": …, "data": {…}}` (guide, section 1). Other members are ignored, yet checked.
#[derive(Debug)]
pub struct Envelope {
    /// Whose record; the caller's own, or the request is refused.
    pub external_user_id: ExternalUserId,
    /// What to change; empty means read.
    pub data: Patch,
}

impl Envelope {
    /// Reads an envelope. The caller has bounded `text` in bytes.
    ///
    /// # Errors
    ///
    /// [`JsonError`] names the rule that was broken, without position, name or value.
    pub fn from_json(text: &[u8]) -> Result<Self, JsonError> {
        Self::read(text, None)
    }

    /// The same of one that may leave `externalUserId` away: it is the caller's then.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json).
    pub fn of_caller_from_json(text: &[u8], caller: &ExternalUserId) -> Result<Self, JsonError> {
        Self::read(text, Some(caller))
    }

    fn read(text: &[u8], unnamed: Option<&ExternalUserId>) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(text).map_err(|_| JsonError::Malformed)?;
        let mut offence = None;
        let mut reader = serde_json::Deserializer::from_str(text);
        let read =
            EnvelopeSeed { offence: &mut offence, unnamed }.deserialize(&mut reader).and_then(|envelope| {
                reader.end()?;
                Ok(envelope)
            });
        // An offence against our rules surfaces as an error of serde_json's; the kind is kept aside.
        read.map_err(|_| offence.unwrap_or(JsonError::Malformed))
    }
}

/// Keeps the offence for [`Envelope::from_json`] and stops the reader.
fn stop<E: de::Error>(offence: &mut Option<JsonError>, error: impl Into<JsonError>) -> E {
    let error = error.into();
    *offence = Some(error);
    E::custom(error)
}

struct EnvelopeSeed<'o> {
    offence: &'o mut Option<JsonError>,
    /// Whom an envelope is about that names nobody, where it may.
    unnamed: Option<&'o ExternalUserId>,
}

impl<'de> DeserializeSeed<'de> for EnvelopeSeed<'_> {
    type Value = Envelope;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Envelope, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Generates the visits that end in one same offence: everything this place does not take.
macro_rules! refuse {
    ($offence:expr; $($visit:ident: $type:ty),+ $(,)?) => {
        $(fn $visit<E: de::Error>(self, _: $type) -> Result<Self::Value, E> { Err(stop(self.offence, $offence)) })+
    };
    ($offence:expr; unit) => {
        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> { Err(stop(self.offence, $offence)) }
    };
    ($offence:expr; seq) => {
        fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> { Err(stop(self.offence, $offence)) }
    };
}

impl<'de> Visitor<'de> for EnvelopeSeed<'_> {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an envelope")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let mut names = BTreeSet::new();
        let (mut external_user_id, mut data) = (None, None);
        while let Some(name) = map.next_key::<String>()? {
            let bad_name = name.contains('\0').then_some(JsonError::Value(ValueError::NulCharacter));
            match name.as_str() {
                "externalUserId" if external_user_id.is_none() => {
                    let text = map.next_value_seed(IdSeed { offence: self.offence })?;
                    external_user_id = Some(text);
                }
                "data" if data.is_none() => {
                    data = Some(map.next_value_seed(DataSeed { offence: self.offence })?);
                }
                "externalUserId" | "data" => return Err(stop(self.offence, JsonError::Duplicate)),
                _ => map.next_value_seed(Checked { offence: self.offence, depth: 1 })?,
            }
            if let Some(error) = bad_name {
                return Err(stop(self.offence, error));
            }
            if !names.insert(name) {
                return Err(stop(self.offence, JsonError::Duplicate));
            }
        }
        match (external_user_id.or_else(|| self.unnamed.cloned()), data) {
            (Some(external_user_id), Some(data)) => Ok(Envelope { external_user_id, data }),
            _ => Err(stop(self.offence, JsonError::Shape)),
        }
    }

    refuse!(JsonError::Shape; visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
    refuse!(JsonError::Shape; unit);
    refuse!(JsonError::Shape; seq);
}

struct IdSeed<'o> {
    offence: &'o mut Option<JsonError>,
}

impl<'de> DeserializeSeed<'de> for IdSeed<'_> {
    type Value = ExternalUserId;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ExternalUserId, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for IdSeed<'_> {
    type Value = ExternalUserId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an externalUserId")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ExternalUserId, E> {
        ExternalUserId::parse(text).map_err(|error| stop(self.offence, error))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<ExternalUserId, A::Error> {
        Err(stop(self.offence, JsonError::Shape))
    }

    refuse!(JsonError::Shape; visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
    refuse!(JsonError::Shape; unit);
    refuse!(JsonError::Shape; seq);
}

struct DataSeed<'o> {
    offence: &'o mut Option<JsonError>,
}

impl<'de> DeserializeSeed<'de> for DataSeed<'_> {
    type Value = Patch;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Patch, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DataSeed<'_> {
    type Value = Patch;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a flat map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Patch, A::Error> {
        let mut patch = Patch::new();
        while let Some(name) = map.next_key::<String>()? {
            let key = Key::parse(&name).map_err(|error| stop(self.offence, error))?;
            let raw = map.next_value::<&RawValue>()?;
            let value = scalar(raw.get()).map_err(|error| stop(self.offence, error))?;
            patch.change(key, value).map_err(|error| stop(self.offence, error))?;
        }
        Ok(patch)
    }

    refuse!(JsonError::Shape; visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
    refuse!(JsonError::Shape; unit);
    refuse!(JsonError::Shape; seq);
}

/// Checks a member that nobody asked for as strictly as the ones that count, and builds nothing of it.
struct Checked<'o> {
    offence: &'o mut Option<JsonError>,
    /// How many objects and arrays are open around this value.
    depth: u8,
}

/// The envelope and its `data`.
const MAX_DEPTH: u8 = 2;

impl<'de> DeserializeSeed<'de> for Checked<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(stop(self.offence, ValueError::NulCharacter)) } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.depth >= MAX_DEPTH {
            return Err(stop(self.offence, JsonError::Depth));
        }
        while seq.next_element_seed(Checked { offence: self.offence, depth: self.depth + 1 })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.depth >= MAX_DEPTH {
            return Err(stop(self.offence, JsonError::Depth));
        }
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.contains('\0') {
                return Err(stop(self.offence, ValueError::NulCharacter));
            }
            if !names.insert(name) {
                return Err(stop(self.offence, JsonError::Duplicate));
            }
            map.next_value_seed(Checked { offence: self.offence, depth: self.depth + 1 })?;
        }
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyError;
    use crate::number::NumberError;

    fn refusal(text: &str) -> JsonError {
        Envelope::from_json(text.as_bytes()).expect_err(text)
    }

    fn data(members: &str) -> String {
        format!(r#"{{"externalUserId":"u","data":{{{members}}}}}"#)
    }

    #[test]
    fn the_guides_example_is_an_envelope() {
        let body = br#"{"externalUserId":"c76302cb-f845-40f4-9c56-29710323afba","data":{"email":"jane.doe@foo.domain","optin.newsletter":true,"private.apiKey":"secret-api-key-12345","phone":null,"n":1.10}}"#;
        let envelope = Envelope::from_json(body).unwrap();
        assert_eq!(envelope.external_user_id.as_str(), "c76302cb-f845-40f4-9c56-29710323afba");
        assert_eq!(format!("{:?}", envelope.data), "Patch { readable: 4, write_only: 1 }");
    }

    #[test]
    fn an_envelope_of_a_caller_may_leave_its_id_away_and_nothing_else() {
        let jane = ExternalUserId::parse("jane").unwrap();
        let read = |text: &str| Envelope::of_caller_from_json(text.as_bytes(), &jane);
        for (text, person) in
            [(r#"{"data":{"a":1}}"#, "jane"), (r#"{"externalUserId":"john","data":{}}"#, "john")]
        {
            assert_eq!(read(text).unwrap().external_user_id.as_str(), person, "{text}");
        }
        for text in ["{}", r#"{"externalUserId":null,"data":{}}"#, r#"{"externalUserId":"jane"}"#] {
            assert_eq!(read(text).unwrap_err(), JsonError::Shape, "{text}");
        }
    }

    #[test]
    fn empty_data_is_an_empty_patch() {
        assert!(Envelope::from_json(data("").as_bytes()).unwrap().data.is_empty());
    }

    #[test]
    fn what_is_not_json_in_utf_8_is_refused() {
        for text in [
            "",
            "{",
            "nul",
            "{,",
            r#"{"externalUserId":"u","data":{}} x"#,
            "\u{feff}{}",
            &data(r#""a":"\ud800""#),
            &data(r#""\udc00":1"#),
            &data(r#""a":01"#),
            &data(r#""a":1,"#),
            r#"{"externalUserId":"u","data":{},"x":"\ud800"}"#,
            r#"{"externalUserId":"u","data":{},"x":["\ud800"]}"#,
        ] {
            let error = refusal(text);
            assert!(matches!(error, JsonError::Malformed), "{text} {error:?}");
        }
        assert_eq!(
            Envelope::from_json(b"{\"externalUserId\":\"u\",\"data\":{\"a\":\"\xff\"}}").unwrap_err(),
            JsonError::Malformed
        );
    }

    #[test]
    fn what_is_not_an_envelope_is_refused() {
        for text in [
            "1",
            "null",
            "[]",
            "\"x\"",
            "{}",
            r#"{"externalUserId":"u"}"#,
            r#"{"data":{}}"#,
            r#"{"externalUserId":1,"data":{}}"#,
            r#"{"externalUserId":"u","data":null}"#,
            r#"{"externalUserId":"u","data":[]}"#,
            r#"{"externalUserId":{},"data":{}}"#,
        ] {
            assert_eq!(refusal(text), JsonError::Shape, "{text}");
        }
        assert!(matches!(refusal(r#"{"externalUserId":"a b","data":{}}"#), JsonError::ExternalUserId(_)));
    }

    #[test]
    fn a_member_named_twice_is_refused_anywhere_and_after_unescaping() {
        for text in [
            &data(r#""a":1,"a":1"#),
            &data(r#""a":1,"\u0061":null"#),
            &data(r#""private.a":1,"private\u002ea":1"#),
            r#"{"externalUserId":"u","data":{},"data":{}}"#,
            r#"{"externalUserId":"u","externalUserId":"u","data":{}}"#,
            r#"{"externalUserId":"u","data":{},"dat\u0061":{}}"#,
            r#"{"externalUserId":"u","data":{},"x":1,"x":1}"#,
            r#"{"externalUserId":"u","data":{},"x":{"y":1,"y":1}}"#,
        ] {
            assert_eq!(refusal(text), JsonError::Duplicate, "{text}");
        }
    }

    #[test]
    fn values_are_scalars() {
        for value in ["[]", "{}", "[1]", r#"{"a":1}"#] {
            assert_eq!(refusal(&data(&format!(r#""a":{value}"#))), JsonError::Nested, "{value}");
        }
    }

    #[test]
    fn other_members_are_ignored_yet_checked() {
        for fine in [r#""x":1"#, r#""x":{"y":"z"}"#, r#""x":[1,"a",null]"#] {
            let text = format!(r#"{{"externalUserId":"u",{fine},"data":{{}}}}"#);
            assert!(Envelope::from_json(text.as_bytes()).is_ok(), "{fine}");
        }
        for (deep, why) in [
            (r#""x":{"y":{}}"#, JsonError::Depth),
            (r#""x":[[]]"#, JsonError::Depth),
            (r#""x":"\u0000""#, JsonError::Value(ValueError::NulCharacter)),
            (r#""\u0000":1"#, JsonError::Value(ValueError::NulCharacter)),
            (r#""x":{"\u0000":1}"#, JsonError::Value(ValueError::NulCharacter)),
            (r#""x":1e999"#, JsonError::Malformed),
        ] {
            assert_eq!(refusal(&format!(r#"{{"externalUserId":"u",{deep},"data":{{}}}}"#)), why, "{deep}");
        }
        let bottomless = format!(r#"{{"externalUserId":"u","x":{},"data":{{}}}}"#, "[".repeat(30_000));
        assert_eq!(refusal(&bottomless), JsonError::Depth);
        let bottomless_value = data(&format!(r#""a":{}"#, "[".repeat(30_000)));
        assert!(matches!(refusal(&bottomless_value), JsonError::Malformed | JsonError::Nested));
    }

    #[test]
    fn keys_strings_and_numbers_are_held_to_their_rules() {
        assert_eq!(refusal(&data(r#""Private.x":1"#)), JsonError::Key(KeyError::LooksPrivate));
        assert_eq!(refusal(&data(r#""a":"\u0000""#)), JsonError::Value(ValueError::NulCharacter));
        assert_eq!(refusal(&data(r#""a":9007199254740993"#)), JsonError::Number(NumberError::NotExact));
        assert_eq!(refusal(&data(r#""a":1e999"#)), JsonError::Number(NumberError::NotFinite));
    }
}
