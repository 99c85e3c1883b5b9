//! Reading JSON text: the envelope of a write, the boxes that a seal gives back, and the answers of a safe that is not ours.
//!
//! Numbers need their digits and duplicates need the names as they come, so nothing here goes through a JSON tree: each
//! member is checked while it is read, and the first offence ends it before anything is applied.

mod envelope;
mod fold;
mod foreign_view;
mod stored;
mod tokens;
mod verb_body;

use thiserror::Error;

use crate::external_user_id::ExternalUserIdError;
use crate::key::KeyError;
use crate::number::{Number, NumberError};
use crate::patch::PatchError;
use crate::value::{Value, ValueError};

pub use envelope::Envelope;
pub use fold::Fold;
pub(crate) use foreign_view::filter_text;
pub use foreign_view::{Filtered, ForeignView, MAX_FOREIGN_DEPTH, NotOneObject, filter_foreign};
pub use verb_body::{VerbBodyError, check_verb_body, names_nobody};

/// Why a text was refused. One variant per rule, no positions, names or values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JsonError {
    /// Not JSON in UTF-8 (RFC 8259), a lone surrogate, or bytes behind the end.
    #[error("not a JSON text")]
    Malformed,
    /// Not an object with `externalUserId` and `data`, or one of the two has another type.
    #[error("not an object with a string `externalUserId` and an object `data`")]
    Shape,
    /// An object names a member twice, after unescaping.
    #[error("a member is named twice")]
    Duplicate,
    /// Nested deeper than the envelope and its `data`.
    #[error("nested deeper than two levels")]
    Depth,
    /// An array or an object where a value must be.
    #[error("a value is neither string, boolean, number nor null")]
    Nested,
    /// The `externalUserId` is outside its grammar.
    #[error(transparent)]
    ExternalUserId(#[from] ExternalUserIdError),
    /// A key was refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A string was refused.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A number was refused.
    #[error(transparent)]
    Number(#[from] NumberError),
}

impl From<PatchError> for JsonError {
    fn from(error: PatchError) -> Self {
        match error {
            PatchError::Key(error) => Self::Key(error),
            PatchError::Duplicate => Self::Duplicate,
        }
    }
}

/// A value from its own text; `None` is null.
fn scalar(text: &str) -> Result<Option<Value>, JsonError> {
    match text.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b't') => Ok(Some(Value::Bool(true))),
        Some(b'f') => Ok(Some(Value::Bool(false))),
        Some(b'"') => {
            let text: String = serde_json::from_str(text).map_err(|_| JsonError::Malformed)?;
            Ok(Some(Value::text(text)?))
        }
        Some(b'[' | b'{') => Err(JsonError::Nested),
        _ => Ok(Some(Value::Number(Number::parse(text)?))),
    }
}
