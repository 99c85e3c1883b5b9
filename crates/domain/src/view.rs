//! The only readable form of a record: canonical JSON of its readable keys, ready to be answered.

use std::fmt;

#[cfg(feature = "json")]
use crate::json::{NotOneObject, filter_text};
use crate::value::scrub;

/// What may leave: RFC 8785 JSON, made from the readable part and from nothing else. Overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicView(String);

impl PublicView {
    /// The one maker; private to the crate.
    pub(crate) fn made_of(json: String) -> Self {
        Self(json)
    }

    /// Takes back bytes that a view gave to a seal and the seal has authenticated: a read opens one box and sends it,
    /// without parsing it again.
    ///
    /// # Errors
    ///
    /// `None` when the bytes are not UTF-8, which no view ever was.
    #[must_use]
    pub fn reopen(sealed_by_us: Vec<u8>) -> Option<Self> {
        String::from_utf8(sealed_by_us).ok().map(Self)
    }

    /// What a foreign safe has answered, without what must not leave, and how many members that were. The rest is byte for
    /// byte as it came.
    ///
    /// # Errors
    ///
    /// [`NotOneObject`].
    #[cfg(feature = "json")]
    pub fn of_foreign(answer: &[u8]) -> Result<(Self, usize), NotOneObject> {
        let answer = std::str::from_utf8(answer).map_err(|_| NotOneObject)?;
        let filtered = filter_text(answer)?;
        let view = match filtered.rest {
            _ if filtered.is_empty => Self::empty(),
            Some(rest) => Self::reopen(rest.into_bytes()).ok_or(NotOneObject)?,
            None => Self(answer.to_owned()),
        };
        Ok((view, filtered.dropped))
    }

    /// That nothing is readable.
    #[must_use]
    pub fn empty() -> Self {
        Self("{}".to_owned())
    }

    /// The JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Whether nothing is readable: the empty map.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == "{}"
    }
}

impl AsRef<[u8]> for PublicView {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Printed by its length alone.
impl fmt::Debug for PublicView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicView").field("bytes", &self.0.len()).finish()
    }
}

impl Drop for PublicView {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.0).into_bytes());
    }
}

#[cfg(all(test, feature = "json"))]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_answer_is_shown_as_it_came_but_for_what_must_not_leave() {
        let view = |text: &str| {
            let (view, dropped) = PublicView::of_foreign(text.as_bytes()).unwrap();
            (view.as_json().to_owned(), view.is_empty(), dropped)
        };
        assert_eq!(view(r#"{ "a" : 1.50 }"#), (r#"{ "a" : 1.50 }"#.to_owned(), false, 0));
        assert_eq!(view(r#"{"a":1,"private.b":2}"#), (r#"{"a":1}"#.to_owned(), false, 1));
        assert_eq!(view(r#"{"private.b":2}"#), ("{}".to_owned(), true, 1));
        assert_eq!(view("{ }"), ("{}".to_owned(), true, 0));
        assert_eq!(PublicView::of_foreign(b"[]").err(), Some(NotOneObject));
    }
}
