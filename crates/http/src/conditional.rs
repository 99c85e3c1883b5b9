//! `ETag`, `If-Match` and `If-None-Match` (RFC 9110, sections 8.8.3 and 13.1).

use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName};
use strongroom_domain::{EntityTag, Precondition, Tags};

use crate::problem::Problem;

/// More tags than this in one request are malformed: nobody holds so many states of one record.
const MAX_TAGS: usize = 64;

/// What a write or an erasure demands of the record.
pub(crate) fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    let tags = |name, comparison| match parse(headers, &name, comparison) {
        Ok(tags) => Ok(tags),
        Err(Malformed) => Err(Problem::ConditionMalformed),
    };
    Ok(Precondition {
        if_match: tags(IF_MATCH, Comparison::Strong)?,
        if_none_match: tags(IF_NONE_MATCH, Comparison::Weak)?,
    })
}

/// Whether a reader holds this state already. A malformed header asks nothing.
pub(crate) fn is_not_modified(headers: &HeaderMap, current: &EntityTag) -> bool {
    match parse(headers, &IF_NONE_MATCH, Comparison::Weak) {
        Ok(Some(Tags::Any)) => true,
        Ok(Some(Tags::These(tags))) => tags.iter().any(|tag| tag.matches_weakly(current)),
        Ok(None) | Err(Malformed) => false,
    }
}

/// How a weak tag (`W/"…"`) counts.
#[derive(Clone, Copy, PartialEq)]
enum Comparison {
    /// A weak tag matches nothing.
    Strong,
    /// A weak tag counts like a strong one.
    Weak,
}

struct Malformed;

/// `None` when the header is absent. Several fields count as one list.
fn parse(headers: &HeaderMap, name: &HeaderName, comparison: Comparison) -> Result<Option<Tags>, Malformed> {
    let fields: Vec<&[u8]> = headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
    if fields.is_empty() {
        return Ok(None);
    }
    let list = fields.join(&b", "[..]);
    let list = list.trim_ascii();
    if list == b"*" {
        return Ok(Some(Tags::Any));
    }
    let mut tags = Vec::new();
    let mut rest = list;
    for _ in 0..MAX_TAGS {
        let (weak, opaque) = match rest.strip_prefix(b"W/") {
            Some(opaque) => (true, opaque),
            None => (false, rest),
        };
        let quoted = opaque.strip_prefix(b"\"").ok_or(Malformed)?;
        let end = quoted.iter().position(|b| *b == b'"').ok_or(Malformed)?;
        let (tag, after) = (&quoted[..end], quoted[end + 1..].trim_ascii_start());
        if !tag.iter().all(|b| matches!(b, 0x21 | 0x23..=0x7e | 0x80..)) {
            return Err(Malformed);
        }
        // One that is longer than any that was given out, or not in ASCII, is well-formed and names no state.
        let tag = std::str::from_utf8(tag).ok().and_then(|tag| EntityTag::strong(tag).ok());
        if !(weak && comparison == Comparison::Strong) {
            tags.extend(tag);
        }
        match after.strip_prefix(b",") {
            Some(more) => rest = more.trim_ascii_start(),
            None if after.is_empty() => return Ok(Some(Tags::These(tags))),
            None => return Err(Malformed),
        }
    }
    Err(Malformed)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use strongroom_domain::{Generation, Revision};

    use super::*;

    fn read(name: &HeaderName, fields: &[&str]) -> Result<Precondition, Problem> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(name, HeaderValue::from_bytes(field.as_bytes()).unwrap());
        }
        precondition(&headers)
    }

    #[test]
    fn tags_are_read_as_rfc_9110_writes_them() {
        let one = Revision::first(Generation::from_bytes([1; 16]));
        let two = one.next();
        let both = format!("\"{one}\" ,  \"{two}\"");
        let these = |revisions: &[Revision]| {
            Some(Tags::These(revisions.iter().copied().map(EntityTag::from).collect()))
        };
        let foreign = |tag: &str| Some(Tags::These(vec![EntityTag::strong(tag).unwrap()]));
        assert_eq!(read(&IF_MATCH, &["*"]).unwrap().if_match, Some(Tags::Any));
        assert_eq!(read(&IF_MATCH, &[&both]).unwrap().if_match, these(&[one, two]));
        let two_fields = read(&IF_MATCH, &["\"a,b\"", &format!("\"{two}\"")]).unwrap().if_match;
        assert_eq!(two_fields, Some(Tags::These(vec![EntityTag::strong("a,b").unwrap(), two.into()])));
        assert_eq!(read(&IF_MATCH, &[&format!("W/\"{one}\"")]).unwrap().if_match, these(&[]));
        assert_eq!(read(&IF_NONE_MATCH, &[&format!("W/\"{one}\"")]).unwrap().if_none_match, these(&[one]));
        assert_eq!(read(&IF_MATCH, &["\"\""]).unwrap().if_match, foreign(""));
        assert_eq!(read(&IF_MATCH, &["\"v7\""]).unwrap().if_match, foreign("v7"));
        assert_eq!(read(&IF_MATCH, &["W/\"v7\""]).unwrap().if_match, these(&[]));
        assert_eq!(read(&IF_MATCH, &["\"\u{e9}\""]).unwrap().if_match, these(&[]));
    }

    #[test]
    fn anything_else_is_malformed() {
        for field in [
            "",
            "abc",
            "\"abc",
            "abc\"",
            "\"a\" \"b\"",
            "\"a\",",
            ",\"a\"",
            "w/\"a\"",
            "W/ \"a\"",
            "*, \"a\"",
            "**",
            "\"a b\"",
        ] {
            assert_eq!(read(&IF_MATCH, &[field]), Err(Problem::ConditionMalformed), "{field}");
        }
        let many = vec!["\"a\""; MAX_TAGS + 1].join(",");
        assert_eq!(read(&IF_MATCH, &[&many]), Err(Problem::ConditionMalformed));
    }
}
