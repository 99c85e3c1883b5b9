//! What a state of a record is called (RFC 9110, section 8.8.3): a revision of ours, or a remote safe's own word for it.

use std::fmt;

use thiserror::Error;

use crate::revision::Revision;

/// The longest tag of a remote safe that is passed on: those in use are hashes and version numbers.
pub const MAX_ENTITY_TAG_BYTES: usize = 256;

/// The name of a state. A safe of ours knows revisions; what another safe calls its states is passed to and fro as it is.
#[derive(Clone, PartialEq, Eq)]
pub enum EntityTag {
    /// A state that a safe of ours has named.
    Revision(Revision),
    /// Any other tag, weak or strong.
    Foreign(ForeignTag),
}

/// A tag that is no revision of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignTag {
    opaque: Box<str>,
    is_weak: bool,
}

impl EntityTag {
    /// Reads a tag as a header holds it: `"…"` or `W/"…"`. A revision is a strong tag and nothing else.
    ///
    /// # Errors
    ///
    /// [`EntityTagError`]: another form, a longer one, or one with anything but visible ASCII.
    pub fn parse(text: &str) -> Result<Self, EntityTagError> {
        let (is_weak, quoted) = match text.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, text),
        };
        let opaque =
            quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(EntityTagError)?;
        Self::of(opaque, is_weak)
    }

    /// The strong tag of what stands between the quotes.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn strong(opaque: &str) -> Result<Self, EntityTagError> {
        Self::of(opaque, false)
    }

    fn of(opaque: &str, is_weak: bool) -> Result<Self, EntityTagError> {
        let fits = || {
            opaque.len() <= MAX_ENTITY_TAG_BYTES && opaque.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x7e))
        };
        match Revision::parse(opaque) {
            Ok(revision) if !is_weak => Ok(Self::Revision(revision)),
            _ if fits() => Ok(Self::Foreign(ForeignTag { opaque: opaque.into(), is_weak })),
            _ => Err(EntityTagError),
        }
    }

    /// The revision, where it is one of ours.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        match self {
            Self::Revision(revision) => Some(*revision),
            Self::Foreign(_) => None,
        }
    }

    /// The tag as a header holds it: `"…"` or `W/"…"`.
    #[must_use]
    pub fn to_field(&self) -> String {
        // Room for just that: with any more, a header would need a piece of memory to say so.
        match self {
            Self::Revision(revision) => {
                let mut field = String::with_capacity(revision.text_bytes() + 2);
                field.push('"');
                revision.write_onto(&mut field);
                field.push('"');
                field
            }
            Self::Foreign(tag) => [if tag.is_weak { "W/\"" } else { "\"" }, &tag.opaque, "\""].concat(),
        }
    }

    /// Whether both name one state, weak tags counted like strong ones.
    #[must_use]
    pub fn matches_weakly(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Revision(one), Self::Revision(other)) => one == other,
            (Self::Foreign(one), Self::Foreign(other)) => one.opaque == other.opaque,
            (Self::Revision(revision), Self::Foreign(tag))
            | (Self::Foreign(tag), Self::Revision(revision)) => {
                tag.is_weak && *tag.opaque == *revision.to_string()
            }
        }
    }
}

impl From<Revision> for EntityTag {
    fn from(revision: Revision) -> Self {
        Self::Revision(revision)
    }
}

/// A stranger's text is not for logs.
impl fmt::Debug for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revision(revision) => write!(f, "EntityTag({revision})"),
            Self::Foreign(tag) => write!(f, "EntityTag(foreign, {} bytes)", tag.opaque.len()),
        }
    }
}

/// Printed by its length, as above.
impl fmt::Debug for ForeignTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignTag").field("bytes", &self.opaque.len()).finish_non_exhaustive()
    }
}

/// Not an entity tag that is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an entity tag")]
pub struct EntityTagError;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::Generation;

    #[test]
    fn a_tag_is_written_as_it_was_read() {
        let revision = Revision::first(Generation::from_bytes([1; 16]));
        for text in
            ["\"\"", "\"a\"", "W/\"a\"", "\"a,b\"", &format!("\"{revision}\""), &format!("W/\"{revision}\"")]
        {
            assert_eq!(EntityTag::parse(text).unwrap().to_field(), text);
        }
        assert_eq!(EntityTag::parse(&format!("\"{revision}\"")).unwrap().revision(), Some(revision));
    }

    #[test]
    fn any_other_text_is_no_tag() {
        let long = format!("\"{}\"", "a".repeat(MAX_ENTITY_TAG_BYTES + 1));
        for text in ["", "\"", "a", "w/\"a\"", "\"a", "\"a\"b\"", "\"a b\"", "\"a\r\nX: y\"", "\"é\"", &long]
        {
            assert_eq!(EntityTag::parse(text), Err(EntityTagError), "{text}");
        }
    }

    #[test]
    fn a_weak_tag_matches_the_strong_one_weakly_and_no_other() {
        let revision = Revision::first(Generation::from_bytes([1; 16]));
        let tag = |text: &str| EntityTag::parse(text).unwrap();
        let (strong, weak) = (tag(&format!("\"{revision}\"")), tag(&format!("W/\"{revision}\"")));
        assert!(strong.matches_weakly(&weak) && weak.matches_weakly(&strong));
        assert!(tag("\"a\"").matches_weakly(&tag("W/\"a\"")));
        assert!(!tag("\"a\"").matches_weakly(&tag("\"b\"")) && !strong.matches_weakly(&tag("W/\"b\"")));
    }

    #[test]
    fn a_stranger_s_tag_is_not_printed() {
        assert!(!format!("{:?}", EntityTag::parse("\"hush\"").unwrap()).contains("hush"));
    }
}
