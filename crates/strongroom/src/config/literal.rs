//! Writes a value as it would stand in a TOML file.

use figment::value::Value;

use super::raw::unsigned;

/// The TOML of a string, a number, a boolean or a list; nothing else is a setting.
pub(super) fn literal(value: &Value) -> String {
    match value {
        // A TOML basic string has the escapes of a JSON string.
        Value::String(_, text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, number) => unsigned(*number).map(|number| number.to_string()).unwrap_or_default(),
        Value::Array(_, items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Char(..) | Value::Dict(..) | Value::Empty(..) => String::new(),
    }
}
