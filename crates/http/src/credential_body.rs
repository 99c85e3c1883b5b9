//! Bodies that carry a passkey, as browsers send them: what is known of them is read strictly, and what is not is let pass.
//!
//! The credential itself is handed on as it stands in the text: only the ceremonies look into it.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use strongroom_app::KeyNames;

use crate::body;
use crate::problem::Problem;

/// The largest chain id that every reader of JSON keeps exactly.
const MAX_CHAIN_ID: u64 = (1 << 53) - 1;

/// `POST …/auth/sign-up`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registration<'a> {
    #[serde(borrow)]
    pub(crate) credential: &'a RawValue,
    #[serde(borrow, default)]
    chain_id: Option<&'a RawValue>,
    key_name: Option<String>,
    key_display_name: Option<String>,
    /// To whose account it is added; none makes a new one.
    pub(crate) external_user_id: Option<String>,
}

impl<'a> Registration<'a> {
    pub(crate) fn read(text: &'a [u8]) -> Result<Self, Problem> {
        body::object(text)
    }

    pub(crate) fn chain_id(&self) -> Option<u64> {
        chain_id(self.chain_id)
    }

    /// What the key is called, as far as the body says.
    pub(crate) fn take_names(&mut self) -> KeyNames {
        KeyNames { key_name: self.key_name.take(), key_display_name: self.key_display_name.take() }
    }
}

/// `POST …/auth/sign-in`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignIn<'a> {
    #[serde(borrow)]
    pub(crate) credential: &'a RawValue,
    #[serde(borrow, default)]
    chain_id: Option<&'a RawValue>,
    /// A boolean, or absent: null is neither.
    #[serde(default, deserialize_with = "boolean")]
    pub(crate) include_userdata: bool,
}

impl<'a> SignIn<'a> {
    pub(crate) fn read(text: &'a [u8]) -> Result<Self, Problem> {
        body::object(text)
    }

    pub(crate) fn chain_id(&self) -> Option<u64> {
        chain_id(self.chain_id)
    }
}

fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    bool::deserialize(deserializer)
}

/// A chain id, as a number or as text in decimal digits. It is echoed and means nothing here: what is neither is no reason to refuse
/// a person.
fn chain_id(raw: Option<&RawValue>) -> Option<u64> {
    let text = raw?.get();
    let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let is_decimal =
        digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|id| is_decimal && *id <= MAX_CHAIN_ID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_boolean_says_whether_data_is_asked_for() {
        let asked = |member: &str| {
            let text = format!(r#"{{"credential":{{}}{member}}}"#);
            SignIn::read(text.as_bytes()).map(|request| request.include_userdata)
        };
        assert_eq!(asked(""), Ok(false));
        assert_eq!(asked(r#","includeUserdata":true"#), Ok(true));
        assert_eq!(asked(r#","includeUserdata":false"#), Ok(false));
        assert_eq!(asked(r#","includeuserdata":true"#), Ok(false), "another name is another member");
        for other in ["null", "1", "\"true\"", "{}", "[true]"] {
            assert_eq!(asked(&format!(r#","includeUserdata":{other}"#)), Err(Problem::JsonShape), "{other}");
        }
    }

    #[test]
    fn members_that_nobody_knows_are_let_pass_and_none_may_stand_twice() {
        let read =
            |text: &str| SignIn::read(text.as_bytes()).map(|request| request.credential.get().to_owned());
        let text = r#"{"credential":{"id":"a","x":[1,{}]},"clientExtensionResults":{},"authenticatorAttachment":null}"#;
        assert_eq!(read(text).unwrap(), r#"{"id":"a","x":[1,{}]}"#);
        for (text, problem) in [
            (r#"{"credential":{},"credential":{}}"#, Problem::JsonDuplicate),
            (r#"{"credential":{"id":1,"i\u0064":2}}"#, Problem::JsonDuplicate),
            (r#"{"includeUserdata":true}"#, Problem::JsonShape),
            ("[{}]", Problem::JsonShape),
            (r#"{"credential":{}}{}"#, Problem::JsonMalformed),
            ("", Problem::JsonMalformed),
        ] {
            assert_eq!(read(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn a_chain_id_is_a_number_or_its_digits_and_all_else_is_none() {
        let of = |value: &str| {
            let text = format!(r#"{{"credential":{{}},"chainId":{value}}}"#);
            SignIn::read(text.as_bytes()).unwrap().chain_id()
        };
        assert_eq!((of("1"), of("\"100\""), of("0")), (Some(1), Some(100), Some(0)));
        assert_eq!(of("9007199254740991"), Some(MAX_CHAIN_ID));
        for other in
            ["9007199254740992", "1.0", "-1", "1e3", "\"0x1\"", "\"01\"", "\"\"", "null", "{}", "\"+1\""]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
