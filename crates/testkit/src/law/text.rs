//! Laws of JSON text: what a body says is what is applied, and half a body is none.

use proptest::test_runner::{TestCaseError, TestCaseResult};
use proptest::{prop_assert, prop_assert_eq};
use strongroom_domain::{Envelope, JsonError, Limits, Record};

use super::model::{Model, Write, escaped_json_string, json_string, object};
use crate::sample::EXTERNAL_USER_ID;

/// A body, escaped as little or as much as JSON allows, is applied as the write it says.
///
/// # Errors
///
/// When the law is broken.
pub fn an_envelope_reads_as_it_was_written(write: &Write, escaped: bool) -> TestCaseResult {
    let text = envelope(write, escaped);
    let envelope = Envelope::from_json(text.as_bytes())
        .map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
    prop_assert_eq!(envelope.external_user_id.as_str(), EXTERNAL_USER_ID);
    prop_assert_eq!(envelope.data.is_empty(), write.is_empty());
    let mut record = Record::new();
    let answer = record.apply(&envelope.data, &Limits::default());
    prop_assert!(answer.is_ok());
    let model = Model::after(std::slice::from_ref(write));
    let view = record.view();
    prop_assert_eq!(view.as_json(), model.view());
    let names: Vec<_> = record.write_only().names().map(|key| key.as_str().to_owned()).collect();
    prop_assert_eq!(names, model.names(true));
    Ok(())
}

/// A body cut off anywhere is refused, and so is one with a byte behind it.
///
/// # Errors
///
/// When the law is broken.
pub fn no_beginning_of_an_envelope_is_one(write: &Write, escaped: bool) -> TestCaseResult {
    let text = envelope(write, escaped);
    for length in 0..text.len() {
        let cut = &text.as_bytes()[..length];
        prop_assert_eq!(
            Envelope::from_json(cut).err(),
            Some(JsonError::Malformed),
            "{} bytes of {}",
            length,
            text
        );
    }
    for more in ["}", "{}", ",", "\0", "x"] {
        let longer = format!("{text}{more}");
        prop_assert_eq!(
            Envelope::from_json(longer.as_bytes()).err(),
            Some(JsonError::Malformed),
            "{}",
            longer
        );
    }
    Ok(())
}

/// A write whose first key is named again, escaped or not and with whatever value, is refused.
///
/// # Errors
///
/// When the law is broken.
pub fn a_member_named_twice_is_refused(write: &Write, escaped: bool) -> TestCaseResult {
    let Some(name) = write.keys().next() else {
        return Ok(());
    };
    let data = data(write, escaped);
    let members = data.strip_suffix('}').unwrap_or(&data);
    for again in [json_string(name), escaped_json_string(name)] {
        let text = format!(r#"{{"externalUserId":"{EXTERNAL_USER_ID}","data":{members},{again}:null}}}}"#);
        prop_assert_eq!(Envelope::from_json(text.as_bytes()).err(), Some(JsonError::Duplicate), "{}", text);
    }
    Ok(())
}

fn envelope(write: &Write, escaped: bool) -> String {
    let string = if escaped { escaped_json_string } else { json_string };
    let (id_name, data_name) = (string("externalUserId"), string("data"));
    format!("{{{id_name}:{},{data_name}:{}}}", string(EXTERNAL_USER_ID), data(write, escaped))
}

fn data(write: &Write, escaped: bool) -> String {
    let string = if escaped { escaped_json_string } else { json_string };
    object(write.iter().map(|(name, value)| (name, value.as_ref())), string)
}
