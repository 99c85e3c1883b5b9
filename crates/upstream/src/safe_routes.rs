//! What requests to a safe are counted as: the routes of the guide, and the verbs that are listed.

use http::Method;
use strongroom_ports::VerbCall;

use crate::figures::Figures;

pub(crate) const READ: usize = 0;
pub(crate) const WRITE: usize = 1;
pub(crate) const ERASE: usize = 2;
pub(crate) const EXPORT: usize = 3;
pub(crate) const HEALTH: usize = 4;
const ANY_GET: usize = 5;
const ANY_POST: usize = 6;

/// Methods and templates below the safe's address, in the order of the numbers above; the health URL is the operator's, and not
/// told.
const ROUTES: [(&str, &str); 7] = [
    ("GET", "/userdata/external/{id}"),
    ("POST", "/userdata"),
    ("DELETE", "/userdata/external/{id}"),
    ("GET", "/userdata/external/{id}/export"),
    ("GET", "health"),
    ("GET", "/{*verb}"),
    ("POST", "/{*verb}"),
];

/// Counts for a safe with these verbs: methods, and paths without the first slash.
pub(crate) fn figures<'v>(verbs: impl IntoIterator<Item = (&'v Method, &'v str)>) -> Figures {
    let verbs: Vec<_> =
        verbs.into_iter().map(|(method, path)| (method.as_str(), ["/", path].concat())).collect();
    let of_verbs = verbs.iter().map(|(method, path)| (*method, path.as_str()));
    Figures::new("safe", ROUTES.into_iter().chain(of_verbs))
}

/// The number of a verb's route.
pub(crate) fn of_verb(call: &VerbCall<'_>) -> usize {
    match (call.listed, call.body) {
        (Some(place), _) => ROUTES.len().saturating_add(place),
        (None, None) => ANY_GET,
        (None, Some(_)) => ANY_POST,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::StatusCode;

    use super::*;

    #[test]
    fn a_verb_is_counted_as_it_is_listed_and_any_other_as_any() {
        let verbs = [(&Method::POST, "a/{id}"), (&Method::GET, "a/{id}")];
        let figures = figures(verbs);
        let body = Bytes::new();
        for (listed, body) in [(Some(1), None), (Some(0), Some(&body)), (None, None), (None, Some(&body))] {
            let timing = figures.begin(of_verb(&VerbCall { path: "a/jane", body, listed }));
            timing.end(crate::outcome::Outcome::of(Ok(StatusCode::OK)));
        }
        let counted: Vec<_> = figures.requests().map(|it| (it.method, it.route)).collect();
        assert_eq!(
            counted,
            [("GET", "/{*verb}"), ("POST", "/{*verb}"), ("POST", "/a/{id}"), ("GET", "/a/{id}")]
        );
    }
}
