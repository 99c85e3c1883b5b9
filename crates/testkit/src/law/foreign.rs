//! Laws of foreign answers: the filter of a text is the text of a filtered tree.

use proptest::prop_assert_eq;
use proptest::test_runner::{TestCaseError, TestCaseResult};
use strongroom_domain::{NotOneObject, Record, filter_foreign};

use super::model::{Model, Write, escaped_json_string, json_string, patch_of};

/// A JSON value of a safe that is not ours: scalars by their text, names with the mark whether they are to stay behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// `null`, `true`, `false` or a number, as it is written.
    Word(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Foreign>),
    /// An object; a name may stand twice.
    Object(Vec<ForeignMember>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignMember {
    /// Its name, decoded.
    pub name: String,
    /// Whether the name was chosen as one that must stay behind.
    pub hidden: bool,
    /// Its value.
    pub value: Foreign,
}

/// The filter of an object's text is the text of the object without its hidden members, wherever they are and however names and
/// strings are escaped; white space says nothing; and filtering again changes nothing.
///
/// # Errors
///
/// When the law is broken.
pub fn a_foreign_answer_is_filtered_as_its_tree_is(
    members: &[ForeignMember],
    escaped: bool,
) -> TestCaseResult {
    let tree = Foreign::Object(members.to_vec());
    let (kept, hidden) = (tree.kept(), tree.hidden());
    for space in ["", " ", "\r\n\t"] {
        let (answer, expected) = (tree.written(escaped, space), kept.written(escaped, space));
        let filtered = filter_foreign(answer.as_bytes()).map_err(|error| fail(error, &answer))?;
        prop_assert_eq!(filtered.dropped, hidden, "{}", answer);
        prop_assert_eq!(filtered.is_empty, kept == Foreign::Object(Vec::new()), "{}", answer);
        prop_assert_eq!(filtered.rest.is_none(), hidden == 0, "{}", answer);
        let Some(rest) = filtered.rest else { continue };
        let rest = String::from_utf8_lossy(rest.as_ref()).into_owned();
        // Where there is none between the tokens, the texts are the same to the byte.
        prop_assert_eq!(without(&rest, space), without(&expected, space), "{}", answer);
        let again = filter_foreign(rest.as_bytes()).map_err(|error| fail(error, &rest))?;
        prop_assert_eq!(again.dropped, 0, "{}", rest);
    }
    Ok(())
}

/// An answer cut off anywhere is refused, and so is one with more behind it, whatever was to be cut out.
///
/// # Errors
///
/// When the law is broken.
pub fn no_beginning_of_a_foreign_answer_is_one(members: &[ForeignMember], escaped: bool) -> TestCaseResult {
    let answer = Foreign::Object(members.to_vec()).written(escaped, "");
    for length in 0..answer.len() {
        let cut = &answer.as_bytes()[..length];
        prop_assert_eq!(filter_foreign(cut).err(), Some(NotOneObject), "{} bytes of {}", length, answer);
    }
    for more in ["}", "{}", ",", "\0", "x", "]"] {
        let longer = format!("{answer}{more}");
        prop_assert_eq!(filter_foreign(longer.as_bytes()).err(), Some(NotOneObject), "{}", longer);
    }
    Ok(())
}

/// What our own safe answers passes untouched, and a record with its write-only keys beside the others is the view again.
///
/// # Errors
///
/// When the law is broken.
pub fn a_view_passes_as_a_foreign_answer(write: &Write) -> TestCaseResult {
    let mut record = Record::new();
    let taken = record.apply(&patch_of(write), &super::model::ROOMY);
    taken.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let view = record.view();
    let filtered = filter_foreign(view.as_ref()).map_err(|error| fail(error, view.as_json()))?;
    prop_assert_eq!((filtered.dropped, filtered.is_empty), (0, view.is_empty()), "{}", view.as_json());

    let model = Model::after(std::slice::from_ref(write));
    let (readable, private) = (model.json(false), model.json(true));
    let both = [&readable, &private].map(|part| part.trim_matches(['{', '}']).to_owned());
    let leak =
        format!("{{{}}}", both.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(","));
    let filtered = filter_foreign(leak.as_bytes()).map_err(|error| fail(error, &leak))?;
    prop_assert_eq!(filtered.dropped, model.names(true).len(), "{}", leak);
    let rest = filtered.rest.map_or(leak, |rest| String::from_utf8_lossy(rest.as_ref()).into_owned());
    prop_assert_eq!(rest, readable);
    Ok(())
}

fn fail(error: NotOneObject, text: &str) -> TestCaseError {
    TestCaseError::fail(format!("{error}: {text}"))
}

/// The text without this white space: no name and no string of the strategy holds a blank.
fn without(text: &str, space: &str) -> String {
    if space.is_empty() { text.to_owned() } else { text.replace(space, "") }
}

impl Foreign {
    fn kept(&self) -> Self {
        match self {
            Self::Word(_) | Self::Text(_) => self.clone(),
            Self::List(items) => Self::List(items.iter().map(Self::kept).collect()),
            Self::Object(members) => {
                let kept = members.iter().filter(|member| !member.hidden);
                Self::Object(
                    kept.map(|member| ForeignMember { value: member.value.kept(), ..member.clone() })
                        .collect(),
                )
            }
        }
    }

    fn hidden(&self) -> usize {
        match self {
            Self::Word(_) | Self::Text(_) => 0,
            Self::List(items) => items.iter().map(Self::hidden).sum(),
            Self::Object(members) => {
                members.iter().map(|member| if member.hidden { 1 } else { member.value.hidden() }).sum()
            }
        }
    }

    /// As JSON, with this white space around every token.
    fn written(&self, escaped: bool, space: &str) -> String {
        let string = if escaped { escaped_json_string } else { json_string };
        let list = |items: Vec<String>| items.join(",");
        let text = match self {
            Self::Word(word) => word.clone(),
            Self::Text(text) => string(text),
            Self::List(items) => {
                format!("[{}]", list(items.iter().map(|item| item.written(escaped, space)).collect()))
            }
            Self::Object(members) => {
                let member = |member: &ForeignMember| {
                    let (name, value) = (string(&member.name), member.value.written(escaped, space));
                    format!("{space}{name}{space}:{value}")
                };
                format!("{{{}}}", list(members.iter().map(member).collect()))
            }
        };
        format!("{space}{text}{space}")
    }
}
