//! Messages of a WebSocket's client: what is read is what another reader of JSON finds, no name that decides stands twice, and
//! an id that is echoed is a short string or number, byte for byte as it came.

use serde_json::Value;
use strongroom_http::client_message::ClientMessage;

/// The longest id that is echoed, in bytes of JSON.
const REQUEST_ID_BYTES: usize = 128;

/// Asserts what must hold of a message; returns its kind.
pub(crate) fn check(input: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(input) else { return "no text".to_owned() };
    let Ok(message) = ClientMessage::read(text) else { return "malformed".to_owned() };
    // The other reader knows no number beyond its own, and nothing nested beyond its stack: in what nobody looks at.
    let Ok(value) = serde_json::from_str::<Value>(text) else { return "beyond the other reader".to_owned() };
    let kind = value["type"].as_str();
    match &message {
        ClientMessage::Auth(token) => {
            assert_eq!(
                (kind, value["token"].as_str()),
                (Some("auth"), Some(token.as_str())),
                "another token"
            );
        }
        ClientMessage::Resume { since } => {
            assert_eq!(
                (kind, value["since"].as_str()),
                (Some("resume"), Some(since.as_str())),
                "another version"
            );
        }
        ClientMessage::Ping => assert_eq!(kind, Some("ping")),
        ClientMessage::GetUserData { request_id } => {
            assert_eq!(kind, Some("get_user_data"));
            let echo = request_id.as_ref().map_or("null", |id| id.get());
            assert!(
                echo.len() <= REQUEST_ID_BYTES && text.contains(echo) || request_id.is_none(),
                "not what came"
            );
            let echoed: Value = serde_json::from_str(echo).unwrap_or_default();
            assert_eq!(echoed, value["requestId"], "another id");
            assert!(!echoed.is_object() && !echoed.is_array() && !echoed.is_boolean(), "no id");
        }
        ClientMessage::Unknown => {
            assert!(
                !["auth", "resume", "ping", "get_user_data"].map(Some).contains(&kind),
                "a type that there is"
            );
        }
    }
    format!("{message:?}")
}
