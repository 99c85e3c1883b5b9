//! What a client may say, one JSON object a message.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The longest `requestId` that is echoed, in bytes of JSON.
const REQUEST_ID_BYTES: usize = 128;

/// A client's message.
pub enum ClientMessage {
    /// For whom it speaks: the first message, and again with a fresh token.
    Auth(Zeroizing<String>),
    /// Tell again what happened behind this version.
    Resume {
        /// As the client has it.
        since: String,
    },
    /// Whether anybody is there.
    Ping,
    /// The record as it is; the answer carries the request's id, a string or a number, as it came.
    GetUserData {
        /// At most 128 bytes of JSON.
        request_id: Option<Box<RawValue>>,
    },
    /// A type that there is not.
    Unknown,
}

/// Printed by its kind: there may be a token in it.
impl fmt::Debug for ClientMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auth(_) => "Auth",
            Self::Resume { .. } => "Resume",
            Self::Ping => "Ping",
            Self::GetUserData { .. } => "GetUserData",
            Self::Unknown => "Unknown",
        })
    }
}

/// Not a message: no JSON object, no type, a name twice, or a member of another kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    r#type: &'a RawValue,
    #[serde(borrow, default)]
    token: Option<&'a RawValue>,
    #[serde(borrow, default)]
    since: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "requestId")]
    request_id: Option<&'a RawValue>,
}

impl ClientMessage {
    /// Reads a message. What is none of its type's is not looked at.
    ///
    /// # Errors
    ///
    /// [`Malformed`].
    pub fn read(text: &str) -> Result<Self, Malformed> {
        // The library would read a list as an object, too.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(Malformed);
        }
        let message: Message<'_> = serde_json::from_str(text).map_err(|_| Malformed)?;
        let kind = string(Some(message.r#type))?;
        Ok(match kind.as_str() {
            "auth" => Self::Auth(Zeroizing::new(string(message.token)?)),
            "resume" => Self::Resume { since: string(message.since)? },
            "ping" => Self::Ping,
            "get_user_data" => Self::GetUserData { request_id: request_id(message.request_id)? },
            _ => Self::Unknown,
        })
    }
}

fn string(value: Option<&RawValue>) -> Result<String, Malformed> {
    serde_json::from_str(value.ok_or(Malformed)?.get()).map_err(|_| Malformed)
}

fn request_id(value: Option<&RawValue>) -> Result<Option<Box<RawValue>>, Malformed> {
    let Some(value) = value else { return Ok(None) };
    let is_scalar =
        value.get().starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit());
    if is_scalar && value.get().len() <= REQUEST_ID_BYTES {
        Ok(Some(value.to_owned()))
    } else {
        Err(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_read_by_its_type_and_other_members_are_nobody_s_business() {
        let read = |text: &str| ClientMessage::read(text);
        let token =
            |word| if let Ok(ClientMessage::Auth(token)) = word { token.to_string() } else { String::new() };
        assert_eq!(token(read(r#"{"type":"auth","token":"a.b.c","clientName":"x"}"#)), "a.b.c");
        assert_eq!(token(read(r#"{"token":"\u0061","type":"\u0061uth"}"#)), "a");
        assert!(matches!(read(r#"{"type":"ping","x":[[{}]]}"#), Ok(ClientMessage::Ping)));
        assert!(
            matches!(read(r#"{"type":"resume","since":"s"}"#), Ok(ClientMessage::Resume { since }) if since == "s")
        );
        assert!(matches!(read(r#"{"type":"Ping"}"#), Ok(ClientMessage::Unknown)));
        for (id, is_taken) in [
            (r#""7""#, true),
            ("-7.5e3", true),
            ("null", false),
            ("{}", false),
            ("[1]", false),
            ("true", false),
            (&format!("\"{}\"", "x".repeat(REQUEST_ID_BYTES)), false),
        ] {
            let word = read(&format!(r#"{{"type":"get_user_data","requestId":{id}}}"#));
            let echoed = matches!(&word, Ok(ClientMessage::GetUserData { request_id: Some(echo) }) if echo.get() == id);
            assert_eq!(echoed, is_taken, "{id}");
        }
        assert!(matches!(
            read(r#"{"type":"get_user_data"}"#),
            Ok(ClientMessage::GetUserData { request_id: None })
        ));
    }

    #[test]
    fn whatever_is_no_message_is_malformed() {
        for text in [
            "",
            "null",
            "[]",
            r#"["ping"]"#,
            "\"ping\"",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"ping"} x"#,
            r#"{"type":"ping","type":"auth"}"#,
            r#"{"type":"auth"}"#,
            r#"{"type":"auth","token":7}"#,
            r#"{"type":"auth","token":"a","token":"b"}"#,
            r#"{"type":"resume"}"#,
            r#"{"type":"resume","since":null}"#,
            &"[".repeat(10_000),
        ] {
            assert!(ClientMessage::read(text).is_err(), "{text}");
        }
    }
}
