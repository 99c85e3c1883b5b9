//! The address of a safe or an identity service: an endpoint that the paths of its routes are put behind.

use std::fmt;

use crate::endpoint::{Endpoint, is_plain_path};

/// An endpoint whose own path is of plain segments, without a query. Read once, and never refused later.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseAddress {
    endpoint: Endpoint,
}

impl BaseAddress {
    /// `None` for an endpoint that no path can be put behind.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Option<Self> {
        is_plain_path(without_slash(endpoint.target())).then_some(Self { endpoint })
    }

    /// Where it is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The value of `Host`.
    pub(crate) fn host(&self) -> &str {
        self.endpoint.authority()
    }

    /// What stands before the path of a route, without a slash behind.
    pub(crate) fn path(&self) -> &str {
        without_slash(self.endpoint.target())
    }
}

fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// Printed by its kind alone.
impl fmt::Debug for BaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BaseAddress")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> Option<BaseAddress> {
        BaseAddress::new(Endpoint::parse(url).unwrap())
    }

    #[test]
    fn an_address_has_plain_segments_and_paths_stand_behind_them() {
        for (url, path) in [
            ("https://a.example", ""),
            ("https://a.example/", ""),
            ("https://a.example/v1/ibexsafe", "/v1/ibexsafe"),
            ("https://a.example/v1/", "/v1"),
        ] {
            assert_eq!(address(url).unwrap().path(), path, "{url}");
        }
        for other in [
            "https://a.example/?a",
            "https://a.example//",
            "https://a.example/a//b",
            "https://a.example/a/..",
            "https://a.example/%61",
        ] {
            assert_eq!(address(other), None, "{other}");
        }
    }

    #[test]
    fn an_address_is_not_printed() {
        assert_eq!(format!("{:?}", address("https://hush.example/").unwrap()), "BaseAddress");
    }
}
