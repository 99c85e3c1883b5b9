//! Conditional writes: `If-Match` and `If-None-Match` as plain values (RFC 9110, section 13).

use thiserror::Error;

use crate::entity_tag::EntityTag;
use crate::revision::Revision;

/// What must hold of the record for a write or an erasure to happen. The default holds always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Precondition {
    /// `If-Match`: the record exists and is one of these.
    pub if_match: Option<Tags>,
    /// `If-None-Match`: the record does not exist, or is none of these.
    pub if_none_match: Option<Tags>,
}

/// The tags of one header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// `*`: any record there is.
    Any,
    /// These. A tag that is none of ours names no state of ours.
    These(Vec<EntityTag>),
}

impl Tags {
    /// Whether a record in this state is named; no record never is.
    #[must_use]
    pub fn name(&self, current: Option<&EntityTag>) -> bool {
        match (self, current) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::These(tags), Some(current)) => tags.contains(current),
        }
    }
}

impl Precondition {
    /// Checks the state of the record, `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`PreconditionFailed`]; nothing may be written then.
    pub fn check(&self, current: Option<Revision>) -> Result<(), PreconditionFailed> {
        self.check_tag(current.map(EntityTag::from).as_ref())
    }

    /// The same, of a record whose state has any name.
    ///
    /// # Errors
    ///
    /// [`PreconditionFailed`].
    pub fn check_tag(&self, current: Option<&EntityTag>) -> Result<(), PreconditionFailed> {
        let matched = self.if_match.as_ref().is_none_or(|tags| tags.name(current));
        let none_matched = self.if_none_match.as_ref().is_none_or(|tags| !tags.name(current));
        if matched && none_matched { Ok(()) } else { Err(PreconditionFailed) }
    }
}

/// The record is not in the state that the caller named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the record is not in the state that the request names")]
pub struct PreconditionFailed;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::Generation;

    #[test]
    fn if_match_needs_the_record_and_if_none_match_star_needs_its_absence() {
        let one = Revision::first(Generation::from_bytes([1; 16]));
        let table = [
            // if-match, if-none-match, current, holds
            (None, None, None, true),
            (None, None, Some(one), true),
            (Some(Tags::Any), None, None, false),
            (Some(Tags::Any), None, Some(one), true),
            (Some(Tags::These(vec![one.into()])), None, Some(one), true),
            (Some(Tags::These(vec![one.into()])), None, Some(one.next()), false),
            (Some(Tags::These(vec![])), None, Some(one), false),
            (None, Some(Tags::Any), None, true),
            (None, Some(Tags::Any), Some(one), false),
            (None, Some(Tags::These(vec![one.into()])), Some(one), false),
            (None, Some(Tags::These(vec![one.into()])), Some(one.next()), true),
        ];
        for (if_match, if_none_match, current, holds) in table {
            let precondition = Precondition { if_match, if_none_match };
            assert_eq!(precondition.check(current).is_ok(), holds, "{precondition:?} {current:?}");
        }
    }
}
