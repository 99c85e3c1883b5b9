//! A second reader of a foreign safe's answers, written anew: a tree that keeps every name and scalar as it was written, and
//! names judged after NFKC of all of Unicode. Slow, and free of the filter's code.

use serde_json::value::RawValue;
use unicode_normalization::UnicodeNormalization;

use crate::json_model::{items, written_members};

/// As many objects and arrays may be open at once.
const LEVELS: usize = 128;

/// A value, by its text without the white space between tokens.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    Scalar(String),
    List(Vec<Tree>),
    /// Names as they were written.
    Object(Vec<(String, Tree)>),
}

/// Reads one object; `None` for anything else.
pub(crate) fn read(text: &str) -> Option<Tree> {
    let whole: &RawValue = serde_json::from_str(text).ok()?;
    value(whole.get(), LEVELS).filter(|tree| matches!(tree, Tree::Object(_)))
}

fn value(text: &str, levels: usize) -> Option<Tree> {
    Some(match text.as_bytes().first()? {
        b'{' => {
            let inside = levels.checked_sub(1)?;
            let member = |(name, text): (String, String)| {
                decoded(&name)?;
                Some((name, value(&text, inside)?))
            };
            Tree::Object(written_members(text)?.into_iter().map(member).collect::<Option<_>>()?)
        }
        b'[' => {
            let inside = levels.checked_sub(1)?;
            Tree::List(items(text)?.iter().map(|item| value(item.get(), inside)).collect::<Option<_>>()?)
        }
        _ => Tree::Scalar(text.to_owned()),
    })
}

fn decoded(name: &str) -> Option<String> {
    serde_json::from_str(name).ok()
}

fn stays(name: &str) -> bool {
    decoded(name).is_some_and(|name| is_hidden(&name))
}

impl Tree {
    /// The tree without what stays behind.
    pub(crate) fn kept(&self) -> Self {
        match self {
            Self::Scalar(text) => Self::Scalar(text.clone()),
            Self::List(items) => Self::List(items.iter().map(Self::kept).collect()),
            Self::Object(members) => {
                let members = members.iter().filter(|(name, _)| !stays(name));
                Self::Object(members.map(|(name, value)| (name.clone(), value.kept())).collect())
            }
        }
    }

    /// How many members stay behind, of those that are in no other.
    pub(crate) fn hidden(&self) -> usize {
        match self {
            Self::Scalar(_) => 0,
            Self::List(items) => items.iter().map(Self::hidden).sum(),
            Self::Object(members) => {
                members.iter().map(|(name, value)| if stays(name) { 1 } else { value.hidden() }).sum()
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Object(members) if members.is_empty())
    }

    /// Shows every name, as what it says.
    pub(crate) fn each_name(&self, see: &mut impl FnMut(&str)) {
        match self {
            Self::Scalar(_) => {}
            Self::List(items) => {
                for item in items {
                    item.each_name(see);
                }
            }
            Self::Object(members) => {
                for (name, value) in members {
                    if let Some(name) = decoded(name) {
                        see(&name);
                    }
                    value.each_name(see);
                }
            }
        }
    }
}

/// Whether a name is private, looks private, or looks as if it were under `safe.`.
pub(crate) fn is_hidden(name: &str) -> bool {
    // A capital I with a dot is one letter in lower case, to whoever takes it for an I.
    let seen: String = name.replace('İ', "I").nfkc().filter(|c| !is_unseen(*c)).collect();
    let seen = seen.replace('。', ".");
    let lower = seen.to_lowercase();
    lower == "private" || lower.starts_with("private.") || seen.starts_with("safe.")
}

fn is_unseen(c: char) -> bool {
    let fillers_and_joiners = "\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{3164}\u{feff}\u{ffa0}";
    let ranges = [
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0xfe00, 0xfe0f),
        (0xfff0, 0xfff8),
        (0x1_bca0, 0x1_bca3),
        (0x1_d173, 0x1_d17a),
        (0xe_0000, 0xe_0fff),
    ];
    c.is_whitespace()
        || c.is_control()
        || fillers_and_joiners.contains(c)
        || ranges.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)))
}
