//! A second reader of a write's envelope, written anew: it builds a tree of what JSON has at most two levels of, and asks the
//! rules of the tree. Slow, and free of the parser's code.

use serde_json::value::RawValue;
use strongroom_domain::Number;
use strongroom_testkit::law::{Plain, Write};

use crate::decimal::Decimal;
use crate::json_model::{items, members};

/// Reads an envelope: whose record, and what to change. `None` when it breaks any rule.
pub(crate) fn read(text: &[u8]) -> Option<(String, Write)> {
    let members = members(serde_json::from_slice::<&RawValue>(text).ok()?.get())?;
    let (mut id, mut data) = (None, None);
    for (name, value) in &members {
        match name.as_str() {
            "externalUserId" => id = Some(string(value).filter(|id| is_id(id))?),
            "data" => data = Some(read_data(value)?),
            name if name.contains('\0') => return None,
            _ => is_flat(value).then_some(())?,
        }
    }
    Some((id?, data?))
}

fn read_data(text: &str) -> Option<Write> {
    let change = |(name, value): (String, String)| {
        let name = is_key(&name).then_some(name)?;
        Some((name, if value == "null" { None } else { Some(scalar(&value)?) }))
    };
    members(text)?.into_iter().map(change).collect()
}

/// A value: neither list nor object, no U+0000, and a number only when binary64 keeps it.
fn scalar(text: &str) -> Option<Plain> {
    Some(match text.as_bytes().first()? {
        b't' => Plain::Bool(true),
        b'f' => Plain::Bool(false),
        b'"' => Plain::Text(string(text)?),
        b'[' | b'{' => return None,
        _ => Plain::Number(number(text)?),
    })
}

/// A member that nobody asked for: at most one level of scalars, and they are no numbers beyond binary64.
fn is_flat(text: &str) -> bool {
    let is_leaf = |text: &str| match text.as_bytes().first() {
        Some(b'"') => string(text).is_some(),
        Some(b'[' | b'{') => false,
        Some(b'-' | b'0'..=b'9') => serde_json::from_str::<f64>(text).is_ok(),
        _ => true,
    };
    match text.as_bytes().first() {
        Some(b'[') => items(text).is_some_and(|items| items.iter().all(|item| is_leaf(item.get()))),
        Some(b'{') => members(text).is_some_and(|members| {
            members.iter().all(|(name, value)| !name.contains('\0') && is_leaf(value))
        }),
        _ => is_leaf(text),
    }
}

fn string(text: &str) -> Option<String> {
    serde_json::from_str(text).ok().filter(|text: &String| !text.contains('\0'))
}

/// The text of a number in ECMAScript's form, where it comes back as the number that was sent.
fn number(text: &str) -> Option<String> {
    let sent = Decimal::of(text)?;
    let nearest: f64 = text.parse().ok()?;
    let is_kept = nearest.is_finite()
        && match sent.is_shortest_of(nearest) {
            Some(is_shortest) => is_shortest,
            // Of two decimals as short, which is ECMAScript's, is for the number's own tests.
            None => Number::parse(text).is_ok(),
        };
    is_kept.then(|| sent.to_string())
}

/// 1 to 128 characters that stand in a path as they are, and no dot segment.
fn is_id(id: &str) -> bool {
    let has_only = id.chars().all(|c| c.is_ascii_alphanumeric() || "._~-".contains(c));
    has_only && !id.is_empty() && id.len() <= 128 && !matches!(id, "." | "..")
}

/// 1 to 128 characters of printable ASCII between single dots; none reserved, and `private` only in the one spelling.
fn is_key(name: &str) -> bool {
    let has_only = name.bytes().all(|b| matches!(b, 0x21..=0x7e) && b != b'"' && b != b'\\');
    let labels: Vec<&str> = name.split('.').collect();
    let is_under = |prefix: &str| labels.first() == Some(&prefix) && labels.len() > 1;
    let looks_private = labels.first().is_some_and(|label| label.eq_ignore_ascii_case("private"));
    let is_reserved = is_under("safe") || matches!(name, "__proto__" | "constructor" | "prototype");
    has_only
        && name.len() <= 128
        && labels.iter().all(|label| !label.is_empty())
        && !is_reserved
        && (!looks_private || is_under("private"))
}
