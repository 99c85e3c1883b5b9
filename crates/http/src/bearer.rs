//! The bearer token of a request (RFC 6750, section 2.1).

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use strongroom_ports::{Authenticator, Principal, Verdict};

use crate::problem::Problem;
use crate::safe_time::in_safe_time;

/// The text behind `Bearer `, the scheme in any case.
///
/// Another scheme, or none, is no token; a token with anything but visible characters is an invalid one.
pub(crate) fn token(headers: &HeaderMap) -> Result<&str, Problem> {
    let field = headers.get(AUTHORIZATION).ok_or(Problem::TokenMissing)?;
    let bytes = field.as_bytes();
    let (scheme, rest) = match bytes.iter().position(|b| *b == b' ') {
        Some(at) => bytes.split_at(at),
        None => (bytes, &b""[..]),
    };
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(Problem::TokenMissing);
    }
    let token = std::str::from_utf8(rest.trim_ascii()).map_err(|_| Problem::TokenInvalid)?;
    if token.is_empty() || !is_visible(token.as_bytes()) {
        return Err(Problem::TokenInvalid);
    }
    Ok(token)
}

/// For whom a token speaks now; for nobody is 401.
pub(crate) async fn judge(authenticator: &dyn Authenticator, token: &str) -> Result<Arc<Principal>, Problem> {
    match in_safe_time(authenticator.authenticate(token)).await? {
        Verdict::Known(principal) => Ok(principal),
        Verdict::Refused(refusal) => Err(refusal.into()),
        Verdict::NotMine => Err(Problem::TokenInvalid),
    }
}

/// Without an early end, so that sixteen bytes are looked at in one go: tokens are long, and are read with every request.
fn is_visible(token: &[u8]) -> bool {
    token.iter().fold(true, |so_far, b| so_far & b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_scheme_may_be_in_any_case_and_must_be_bearer() {
        let read = |field: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_bytes(field.as_bytes()).unwrap());
            token(&headers).map(str::to_owned)
        };
        assert_eq!(read("Bearer abc"), Ok("abc".into()));
        assert_eq!(read("bEARER   abc "), Ok("abc".into()));
        assert_eq!(read("Basic abc"), Err(Problem::TokenMissing));
        assert_eq!(read("abc"), Err(Problem::TokenMissing));
        assert_eq!(read("Bearerabc"), Err(Problem::TokenMissing));
        assert_eq!(read("Bearer"), Err(Problem::TokenInvalid));
        assert_eq!(read("Bearer a b"), Err(Problem::TokenInvalid));
        assert_eq!(read("Bearer é"), Err(Problem::TokenInvalid));
        assert_eq!(token(&HeaderMap::new()), Err(Problem::TokenMissing));
    }
}
