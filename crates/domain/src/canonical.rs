//! The canonical form of a flat map: RFC 8785 (JCS). Keys are ASCII, so bytewise order is JCS order.

use std::fmt::{self, Write};

use crate::value::Value;

/// Writes `{"key":value,…}`; the entries must come ordered by key.
pub(crate) fn write_object<'a>(
    out: &mut impl Write,
    entries: impl Iterator<Item = (&'a str, &'a Value)>,
) -> fmt::Result {
    out.write_char('{')?;
    for (index, (key, value)) in entries.enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        write_string(out, key)?;
        out.write_char(':')?;
        write_value(out, value)?;
    }
    out.write_char('}')
}

/// Writes `{"key":value,"gone":null,…}`, in the order given.
pub(crate) fn write_changes<'a>(
    out: &mut impl Write,
    entries: impl Iterator<Item = (&'a str, Option<&'a Value>)>,
) -> fmt::Result {
    out.write_char('{')?;
    for (index, (key, value)) in entries.enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        write_string(out, key)?;
        out.write_char(':')?;
        match value {
            Some(value) => write_value(out, value)?,
            None => out.write_str("null")?,
        }
    }
    out.write_char('}')
}

/// The bytes that one change adds to an object.
pub(crate) fn change_bytes(key: &str, value: Option<&Value>) -> usize {
    match value {
        Some(value) => entry_bytes(key, value),
        None => key.len() + 2 + 1 + "null".len() + 1,
    }
}

/// Writes an array of strings, in the order given.
pub(crate) fn write_strings<'a>(out: &mut impl Write, strings: impl Iterator<Item = &'a str>) -> fmt::Result {
    out.write_char('[')?;
    for (index, string) in strings.enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        write_string(out, string)?;
    }
    out.write_char(']')
}

/// The bytes that one entry adds to an object: `"key":value` and one comma or brace.
pub(crate) fn entry_bytes(key: &str, value: &Value) -> usize {
    let mut count = Count(0);
    // Counting cannot fail: `Count` accepts everything.
    let _ = write_value(&mut count, value);
    key.len() + 2 + 1 + count.0 + 1
}

fn write_value(out: &mut impl Write, value: &Value) -> fmt::Result {
    match value {
        Value::Text(text) => write_string(out, text.as_str()),
        Value::Bool(true) => out.write_str("true"),
        Value::Bool(false) => out.write_str("false"),
        Value::Number(number) => write!(out, "{number}"),
    }
}

/// RFC 8785, section 3.2.2.2: escapes only what JSON demands, in the short form where there is one.
fn write_string(out: &mut impl Write, string: &str) -> fmt::Result {
    out.write_char('"')?;
    let mut rest = string;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        out.write_str(&rest[..at])?;
        match rest.as_bytes()[at] {
            b'"' => out.write_str("\\\"")?,
            b'\\' => out.write_str("\\\\")?,
            0x08 => out.write_str("\\b")?,
            b'\t' => out.write_str("\\t")?,
            b'\n' => out.write_str("\\n")?,
            0x0c => out.write_str("\\f")?,
            b'\r' => out.write_str("\\r")?,
            control => write!(out, "\\u{control:04x}")?,
        }
        rest = &rest[at + 1..];
    }
    out.write_str(rest)?;
    out.write_char('"')
}

/// A sink that only counts.
struct Count(usize);

impl Write for Count {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.0 += s.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_rfc_8785_says_and_no_further() {
        let mut out = String::new();
        write_string(&mut out, "\u{20ac}$\u{f}\nA'B\"\\\\\"/\u{8}\t\u{c}\r\u{7f}é").unwrap();
        assert_eq!(out, "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\t\\f\\r\u{7f}é\"");
    }
}
