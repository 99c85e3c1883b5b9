//! Whether an answer says that it is JSON, and which.

/// How an answer says that it is JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonKind {
    Plain,
    Problem,
}

/// Reads a media type.
pub(crate) fn json_kind(field: &[u8]) -> Option<JsonKind> {
    // As nearly every answer has it.
    if field == b"application/json" {
        return Some(JsonKind::Plain);
    }
    let field = std::str::from_utf8(field).ok().filter(|field| field.is_ascii())?;
    let essence = field.split(';').next()?.trim();
    let (kind, form) = essence.split_at_checked("application/".len())?;
    if !kind.eq_ignore_ascii_case("application/") {
        return None;
    }
    let suffix = form.len().checked_sub("+json".len()).and_then(|at| form.get(at..));
    if form.eq_ignore_ascii_case("problem+json") {
        Some(JsonKind::Problem)
    } else if form.eq_ignore_ascii_case("json") || suffix.is_some_and(|it| it.eq_ignore_ascii_case("+json")) {
        Some(JsonKind::Plain)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_by_its_type_in_any_case_and_by_the_suffix_of_a_type_of_its_own() {
        let kind = |field: &str| json_kind(field.as_bytes());
        for plain in [
            "application/json",
            "Application/JSON ; charset=utf-8",
            "application/vnd.api+json",
            "application/x+JSON;v=1",
        ] {
            assert!(kind(plain) == Some(JsonKind::Plain), "{plain}");
        }
        for problem in ["application/problem+json", "APPLICATION/Problem+JSON; charset=utf-8"] {
            assert!(kind(problem) == Some(JsonKind::Problem), "{problem}");
        }
        for other in [
            "",
            "application/",
            "application/jsonp",
            "application/json+xml",
            "text/json",
            "json",
            "text/x+json",
        ] {
            assert!(kind(other).is_none(), "{other}");
        }
    }
}
