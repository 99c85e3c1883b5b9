//! What requests to an identity service are counted as: the routes of the guide.

use http::Method;

use crate::figures::Figures;

/// Methods, and templates below the service's address. Each of the last takes what is none of those before.
const ROUTES: [(&str, &str); 14] = [
    ("GET", "/{v}/auth/sign-up"),
    ("POST", "/{v}/auth/sign-up"),
    ("GET", "/{v}/auth/sign-in"),
    ("POST", "/{v}/auth/sign-in"),
    ("POST", "/{v}/auth/refresh"),
    ("POST", "/{v}/auth/sign-out"),
    ("GET", "/{v}/auth/sessions"),
    ("DELETE", "/{v}/auth/sessions/{id}"),
    ("GET", "/{v}/auth/passkeys"),
    ("DELETE", "/{v}/auth/passkeys/{id}"),
    ("DELETE", "/{v}/users/me"),
    ("GET", "/{*path}"),
    ("POST", "/{*path}"),
    ("DELETE", "/{*path}"),
];

pub(crate) fn figures() -> Figures {
    Figures::new("identity", ROUTES)
}

/// The number of a route. `path`: without the first slash.
pub(crate) fn of(method: &Method, path: &str) -> usize {
    let fits = |template: &str| {
        let mut segments = path.split('/');
        let mut parts = template.trim_start_matches('/').split('/');
        parts.all(|part| match part {
            "{*path}" => segments.by_ref().last().is_some(),
            "{v}" | "{id}" => segments.next().is_some(),
            name => segments.next() == Some(name),
        }) && segments.next().is_none()
    };
    let found = ROUTES.iter().position(|(name, template)| *name == method.as_str() && fits(template));
    found.unwrap_or(ROUTES.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_by_its_template_in_every_version() {
        for (method, path, template) in [
            (Method::GET, "v1/auth/sign-up", "/{v}/auth/sign-up"),
            (Method::POST, "v1.2/auth/refresh", "/{v}/auth/refresh"),
            (Method::DELETE, "v1.1/auth/passkeys/a-1", "/{v}/auth/passkeys/{id}"),
            (Method::DELETE, "v1/users/me", "/{v}/users/me"),
            (Method::GET, "v1/auth/sessions", "/{v}/auth/sessions"),
            (Method::GET, "v1/auth/sessions/a-1", "/{*path}"),
            (Method::POST, "v1/auth/other", "/{*path}"),
            (Method::DELETE, "v1/auth/passkeys/a/b", "/{*path}"),
        ] {
            assert_eq!(ROUTES[of(&method, path)], (method.as_str(), template), "{path}");
        }
    }
}
