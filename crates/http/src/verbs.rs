//! The table of verbs of a remote safe: which there are, by which methods, and whose paths they are.
//!
//! Nothing here knows what a verb means.

use http::Method;
use strongroom_domain::ExternalUserId;
use thiserror::Error;

use crate::problem::Problem;
use crate::routes;

/// The deepest path of a verb.
const MAX_SEGMENTS: usize = 8;
/// The longest part of one.
const MAX_SEGMENT_BYTES: usize = 128;
/// The most verbs of a safe.
const MAX_VERBS: usize = 256;
/// What a path says before a person's id, wherever a safe has one (guide, section 2).
const BEFORE_PERSON: &str = "external";

/// The table of verbs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verbs {
    listed: Vec<Verb>,
    /// The paths as they are written in the table, each once: what logs and metrics call a verb.
    templates: Vec<Box<str>>,
    takes_any: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Verb {
    method: Method,
    path: Vec<Part>,
    /// Its place among the templates.
    template: usize,
}

/// One segment of a verb's path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// As it is.
    Is(Box<str>),
    /// `{id}` or `{externalUserId}`: the caller's own `externalUserId`.
    Person,
    /// `{any}` or `{any:…}`: any one segment.
    Any,
}

impl Verbs {
    /// Reads a table: `GET path` or `POST path`, with `{id}` where the caller's id stands, and `{any}` or
    /// `{any:name}` where any one segment may; `*` for every verb there is.
    ///
    /// # Errors
    ///
    /// [`VerbError`], with the place in the list.
    pub fn parse<'t>(lines: impl IntoIterator<Item = &'t str>) -> Result<Self, (usize, VerbError)> {
        let mut verbs = Self::default();
        for (at, line) in lines.into_iter().enumerate() {
            if at >= MAX_VERBS {
                return Err((at, VerbError::TooMany));
            }
            if line == "*" {
                verbs.takes_any = true;
                continue;
            }
            let (method, path) = read_line(line).map_err(|error| (at, error))?;
            if verbs.listed.iter().any(|verb| verb.method == method && verb.path == path) {
                return Err((at, VerbError::Twice));
            }
            let written = line.split_once(' ').map_or("", |(_, path)| path);
            let template = verbs.template(written);
            verbs.listed.push(Verb { method, path, template });
        }
        Ok(verbs)
    }

    /// The verbs that are listed, in their order: method and path, as they are written in the table.
    pub fn listed(&self) -> impl Iterator<Item = (&Method, &str)> {
        self.listed
            .iter()
            .map(|verb| (&verb.method, self.templates.get(verb.template).map_or("", |path| &**path)))
    }

    /// The paths of the table, each once.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &str> {
        self.templates.iter().map(|path| &**path)
    }

    /// The place in [`Self::listed`] of the verb that a call is counted as: the first that fits.
    pub(crate) fn place(&self, method: &Method, path: &str) -> Option<usize> {
        self.listed.iter().position(|verb| verb.method == *method && verb.fits(path))
    }

    /// The place in [`Self::templates`] of what a request is counted as, whatever its method; `None` where only `*` takes it.
    pub(crate) fn template_of(&self, method: &Method, path: &str) -> Option<usize> {
        let by_path = || self.listed.iter().position(|verb| verb.fits(path));
        let place = self.place(method, path).or_else(by_path)?;
        self.listed.get(place).map(|verb| verb.template)
    }

    /// The place of a template, which is added where it is new.
    fn template(&mut self, written: &str) -> usize {
        self.templates.iter().position(|known| **known == *written).unwrap_or_else(|| {
            self.templates.push(written.into());
            self.templates.len() - 1
        })
    }

    /// Whether every verb is one, listed or not.
    #[must_use]
    pub fn take_any(&self) -> bool {
        self.takes_any
    }

    /// By which methods a path is a verb's; `None` where it is none.
    pub(crate) fn methods(&self, path: &str) -> Option<VerbMethods> {
        let found = VerbMethods { get: self.has(&Method::GET, path), post: self.has(&Method::POST, path) };
        (found.get || found.post).then_some(found)
    }

    fn has(&self, method: &Method, path: &str) -> bool {
        is_canonical(path)
            && (self.takes_any || self.listed.iter().any(|verb| verb.method == *method && verb.fits(path)))
    }

    /// Ownership of a path: every id in it is the caller's.
    pub(crate) fn check(&self, method: &Method, path: &str, caller: &ExternalUserId) -> Result<(), Problem> {
        let mut before = "";
        for segment in path.split('/') {
            if before.eq_ignore_ascii_case(BEFORE_PERSON) {
                ExternalUserId::parse(segment)?.must_be(caller)?;
            }
            before = segment;
        }
        for verb in self.listed.iter().filter(|verb| verb.method == *method && verb.fits(path)) {
            for (_, segment) in
                verb.path.iter().zip(path.split('/')).filter(|(part, _)| **part == Part::Person)
            {
                ExternalUserId::parse(segment)?.must_be(caller)?;
            }
        }
        Ok(())
    }
}

/// By which methods a path is a verb's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VerbMethods {
    get: bool,
    post: bool,
}

impl VerbMethods {
    pub(crate) fn include(self, method: &Method) -> bool {
        (self.get && *method == Method::GET) || (self.post && *method == Method::POST)
    }
}

fn read_line(line: &str) -> Result<(Method, Vec<Part>), VerbError> {
    let (method, path) = line.split_once(' ').ok_or(VerbError::Form)?;
    let method = match method {
        "GET" => Method::GET,
        "POST" => Method::POST,
        _ => return Err(VerbError::Method),
    };
    let parts: Result<Vec<_>, _> = path.split('/').map(Part::parse).collect();
    let parts = parts?;
    if parts.len() > MAX_SEGMENTS {
        return Err(VerbError::Path);
    }
    let texts: Vec<_> = parts.iter().map(Part::text).collect();
    if routes::has_its_own_route(&texts) {
        return Err(VerbError::OwnRoute);
    }
    Ok((method, parts))
}

impl Verb {
    fn fits(&self, path: &str) -> bool {
        path.split('/').count() == self.path.len()
            && self.path.iter().zip(path.split('/')).all(|(part, segment)| match part {
                Part::Is(text) => **text == *segment,
                Part::Person | Part::Any => true,
            })
    }
}

impl Part {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Is(text) => Some(text),
            Self::Person | Self::Any => None,
        }
    }

    fn parse(text: &str) -> Result<Self, VerbError> {
        match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some("id" | "externalUserId") => Ok(Self::Person),
            Some("any") => Ok(Self::Any),
            Some(text) if text.strip_prefix("any:").is_some_and(is_segment) => Ok(Self::Any),
            // `{userId}` for any segment would let each caller have everybody's.
            Some(_) => Err(VerbError::Placeholder),
            None if is_segment(text) => Ok(Self::Is(text.into())),
            _ => Err(VerbError::Path),
        }
    }
}

/// One spelling, which nobody decodes, normalises or cuts.
fn is_canonical(path: &str) -> bool {
    path.split('/').count() <= MAX_SEGMENTS && path.split('/').all(is_segment)
}

fn is_segment(text: &str) -> bool {
    text.len() <= MAX_SEGMENT_BYTES && is_plain_segment(text)
}

/// A segment that has one spelling, and goes nowhere else.
pub(crate) fn is_plain_segment(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-');
    !text.is_empty() && text.bytes().all(unreserved) && text != "." && text != ".."
}

/// Why a line of the table is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerbError {
    /// Not a method, a space and a path.
    #[error(r#"expected a method and a path, such as "POST validateEmail", or "*""#)]
    Form,
    /// Neither GET nor POST.
    #[error("expected GET or POST")]
    Method,
    /// Not a path of plain segments.
    #[error(
        "expected up to {MAX_SEGMENTS} segments of A-Z a-z 0-9 . _ ~ - or a placeholder, without a slash before or behind"
    )]
    Path,
    /// Braces around something that is not said to be the caller's id, nor to be anything.
    #[error("expected {{id}} for the caller's own id, or {{any}} or {{any:name}} for any one segment")]
    Placeholder,
    /// User data and limits, which have routes of their own: as a verb it would never be called.
    #[error("a route of its own, which is always there")]
    OwnRoute,
    /// It is there already.
    #[error("named twice")]
    Twice,
    /// More than a safe has.
    #[error("more than {MAX_VERBS} verbs")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verbs(lines: &[&str]) -> Verbs {
        Verbs::parse(lines.iter().copied()).unwrap()
    }

    #[test]
    fn a_verb_is_known_by_its_method_and_its_very_path() {
        let verbs = verbs(&["POST validateEmail", "GET wallet/{id}/chain/{any:chain}"]);
        assert!(verbs.has(&Method::POST, "validateEmail") && verbs.methods("validateEmail").is_some());
        assert!(verbs.has(&Method::GET, "wallet/jane/chain/1"));
        for path in [
            "",
            "validateemail",
            "validateEmail/",
            "/validateEmail",
            "validateEmail/x",
            "wallet/jane/chain",
            "wallet/jane/chain/..",
            "wallet/jane/chain/%31",
        ] {
            assert_eq!(verbs.methods(path), None, "{path}");
        }
        assert!(!verbs.has(&Method::GET, "validateEmail"));
    }

    #[test]
    fn a_verb_is_counted_as_it_is_written_in_the_table_and_by_its_own_method_first() {
        let verbs = verbs(&["GET a/{id}", "POST a/{any:x}", "POST a/b", "POST a/{id}", "*"]);
        assert_eq!(verbs.templates().collect::<Vec<_>>(), ["a/{id}", "a/{any:x}", "a/b"]);
        for (method, path, template) in [
            (Method::GET, "a/b", Some(0)),
            (Method::POST, "a/b", Some(1)),
            (Method::OPTIONS, "a/c", Some(0)),
            (Method::GET, "b", None),
        ] {
            assert_eq!(verbs.template_of(&method, path), template, "{method} {path}");
        }
        let listed: Vec<_> = verbs.listed().map(|(method, path)| format!("{method} {path}")).collect();
        assert_eq!(listed, ["GET a/{id}", "POST a/{any:x}", "POST a/b", "POST a/{id}"]);
    }

    #[test]
    fn any_verb_is_one_only_where_it_is_asked_for_and_of_plain_segments() {
        assert_eq!(Verbs::default().methods("anything"), None);
        let any = verbs(&["*"]);
        assert!(any.methods("anything/at/all").is_some());
        let long = "a".repeat(MAX_SEGMENT_BYTES + 1);
        for path in
            ["", "a//b", "a/", "..", "a/../b", "a/.", "a%2fb", "a;b", "a b", "1/2/3/4/5/6/7/8/9", &long]
        {
            assert_eq!(any.methods(path), None, "{path}");
        }
    }

    #[test]
    fn a_verb_may_stand_beside_the_routes_that_are_always_there() {
        verbs(&["GET userdata/history", "GET {any}", "POST userdata/external/{id}/sign", "GET limits/{any}"]);
    }

    #[test]
    fn an_id_in_a_path_must_be_the_caller_s() {
        let jane = ExternalUserId::parse("jane").unwrap();
        let verbs = verbs(&["*", "GET wallet/{id}"]);
        assert_eq!(verbs.check(&Method::GET, "wallet/jane", &jane), Ok(()));
        assert_eq!(verbs.check(&Method::GET, "wallet/john", &jane), Err(Problem::NotOwner));
        assert_eq!(verbs.check(&Method::GET, "a/external/jane/b", &jane), Ok(()));
        assert_eq!(verbs.check(&Method::GET, "a/external/john/b", &jane), Err(Problem::NotOwner));
        assert_eq!(verbs.check(&Method::POST, "a/EXTERNAL/john", &jane), Err(Problem::NotOwner));
        assert_eq!(verbs.check(&Method::GET, "external/external/jane", &jane), Err(Problem::NotOwner));
    }

    #[test]
    fn what_may_be_any_segment_is_said_to_be_so_and_never_taken_for_granted() {
        for name in [
            "externalUserID",
            "externaluserid",
            "userId",
            "Id",
            "ID",
            "user",
            "sub",
            "x",
            "ANY",
            " id",
            "id ",
        ] {
            let line = format!("GET wallet/{{{name}}}");
            assert_eq!(Verbs::parse([line.as_str()]), Err((0, VerbError::Placeholder)), "{name}");
        }
        let jane = ExternalUserId::parse("jane").unwrap();
        let verbs = verbs(&["GET a/{any}", "GET b/{any:chain}", "GET c/{externalUserId}"]);
        for (path, expected) in
            [("a/john", Ok(())), ("b/john", Ok(())), ("c/john", Err(Problem::NotOwner)), ("c/jane", Ok(()))]
        {
            assert!(verbs.methods(path).is_some());
            assert_eq!(verbs.check(&Method::GET, path, &jane), expected, "{path}");
        }
    }

    #[test]
    fn a_line_that_is_no_verb_is_refused_with_its_place() {
        for (line, error) in [
            ("", VerbError::Form),
            ("GET", VerbError::Form),
            ("get a", VerbError::Method),
            ("PUT a", VerbError::Method),
            ("GET ", VerbError::Path),
            ("GET /a", VerbError::Path),
            ("GET a/", VerbError::Path),
            ("GET a b", VerbError::Path),
            ("GET a/..", VerbError::Path),
            ("GET a/{}", VerbError::Placeholder),
            ("GET a/{any:}", VerbError::Placeholder),
            ("GET a/{any:b/c}", VerbError::Path),
            ("GET a/{any", VerbError::Path),
            ("GET a?b", VerbError::Path),
            ("GET ok", VerbError::Twice),
            ("POST userdata", VerbError::OwnRoute),
            ("GET userdata", VerbError::OwnRoute),
            ("GET userdata/external/{id}", VerbError::OwnRoute),
            ("GET userdata/external/{any}/export", VerbError::OwnRoute),
            ("GET limits", VerbError::OwnRoute),
        ] {
            assert_eq!(Verbs::parse(["GET ok", line]), Err((1, error)), "{line}");
        }
    }
}
