//! The one table of routes. The router, the `Allow` header and the labels of logs all come from it.

use http::Method;

use crate::problem::Problem;
use crate::verbs::Verbs;

/// The API's versions: three names of one API (the guide writes `/v1.1/ibexsafe/…` and `/v1.2/auth/…`).
const VERSIONS: [&str; 3] = ["v1", "v1.1", "v1.2"];

/// What a route does for a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    ReadUserData,
    WriteUserData,
    EraseUserData,
    ExportUserData,
    ShowLimits,
    SignUp,
    Refresh,
    SignOut,
    ShowHealth,
    ShowKeySet,
    CallVerb,
}

/// One route: a template in `matchit`'s syntax, and its methods. `HEAD` is answered wherever `GET` only reads.
pub(crate) struct Route {
    pub(crate) template: &'static str,
    methods: &'static [(Method, Action)],
}

/// `{v}` is a version, checked after the match; `{id}` is an `externalUserId` as it stands in the path.
const ROUTES: &[Route] = &[
    Route { template: "/{v}/ibexsafe/userdata", methods: &[(Method::POST, Action::WriteUserData)] },
    Route {
        template: "/{v}/ibexsafe/userdata/external/{id}",
        methods: &[(Method::GET, Action::ReadUserData), (Method::DELETE, Action::EraseUserData)],
    },
    Route {
        template: "/{v}/ibexsafe/userdata/external/{id}/export",
        methods: &[(Method::GET, Action::ExportUserData)],
    },
    Route { template: "/{v}/ibexsafe/limits", methods: &[(Method::GET, Action::ShowLimits)] },
    Route { template: "/{v}/auth/sign-up", methods: &[(Method::GET, Action::SignUp)] },
    Route { template: "/{v}/auth/refresh", methods: &[(Method::POST, Action::Refresh)] },
    Route { template: "/{v}/auth/sign-out", methods: &[(Method::POST, Action::SignOut)] },
    Route {
        template: "/{v}/ibexsafe/{*verb}",
        methods: &[(Method::GET, Action::CallVerb), (Method::POST, Action::CallVerb)],
    },
    Route { template: "/health", methods: &[(Method::GET, Action::ShowHealth)] },
    Route { template: "/.well-known/jwks.json", methods: &[(Method::GET, Action::ShowKeySet)] },
];

impl Route {
    /// What the route does for a method.
    pub(crate) fn action(&self, method: &Method) -> Result<Action, Problem> {
        let answers = |(own, action): &&(Method, Action)| {
            own == method || (*method == Method::HEAD && answers_head(own, *action))
        };
        let found = self.methods.iter().find(answers);
        found.map(|(_, action)| *action).ok_or_else(|| Problem::MethodNotAllowed { allow: self.allow() })
    }

    /// Whether it is served: sessions and their keys are where the safe is, verbs are where it is not.
    fn is_served(&self, is_remote: bool) -> bool {
        self.methods.iter().all(|(_, action)| match action {
            Action::SignUp | Action::Refresh | Action::SignOut | Action::ShowKeySet => !is_remote,
            Action::CallVerb => is_remote,
            _ => true,
        })
    }

    /// The methods, as the `Allow` header lists them.
    pub(crate) fn allow(&self) -> String {
        let mut methods = Vec::new();
        for (method, action) in self.methods {
            methods.push(method.as_str());
            if answers_head(method, *action) {
                methods.push(Method::HEAD.as_str());
            }
        }
        methods.push(Method::OPTIONS.as_str());
        methods.join(", ")
    }
}

/// A GET that makes an account is none that a HEAD may stand for, and what a verb's does is the safe's to say.
fn answers_head(method: &Method, action: Action) -> bool {
    *method == Method::GET && !matches!(action, Action::SignUp | Action::CallVerb)
}

/// The templates of the table, in its order, which numbers them.
pub(crate) fn templates() -> impl ExactSizeIterator<Item = &'static str> {
    ROUTES.iter().map(|route| route.template)
}

/// The router over the table: a route and its number; and the verbs of a remote safe.
pub(crate) struct Router {
    table: matchit::Router<(usize, &'static Route)>,
    verbs: Option<Verbs>,
}

/// A route that was found, its number, and the `{id}` or `{*verb}` of its path as it stands there.
pub(crate) struct Found<'p> {
    pub(crate) route: &'static Route,
    pub(crate) number: usize,
    pub(crate) id: Option<&'p str>,
    pub(crate) rest: Option<&'p str>,
}

impl Router {
    /// Builds it: with verbs, the safe is a remote one.
    ///
    /// # Errors
    ///
    /// When two templates of the table contradict each other, which a test rules out.
    pub(crate) fn new(verbs: Option<Verbs>) -> Result<Self, matchit::InsertError> {
        let mut table = matchit::Router::new();
        for (number, route) in ROUTES.iter().enumerate().filter(|(_, route)| route.is_served(verbs.is_some()))
        {
            table.insert(route.template, (number, route))?;
        }
        Ok(Self { table, verbs })
    }

    /// Finds the route of a path. A trailing slash is another path, and so is another version.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Result<Found<'p>, Problem> {
        let found = self.table.at(path).map_err(|_| Problem::NotFound)?;
        let is_version = found.params.get("v").is_none_or(|version| VERSIONS.contains(&version));
        let rest = found.params.get("verb");
        let is_verb = rest.is_none_or(|verb| self.verbs.as_ref().is_some_and(|verbs| verbs.know(verb)));
        if !is_version || !is_verb {
            return Err(Problem::NotFound);
        }
        let (number, route) = *found.value;
        Ok(Found { route, number, id: found.params.get("id"), rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(method: &Method, path: &str) -> Result<Action, Problem> {
        Router::new(None).unwrap().find(path)?.route.action(method)
    }

    #[test]
    fn a_gateway_has_verbs_and_a_safe_has_sessions() {
        let gateway = Router::new(Some(Verbs::parse(["POST validateEmail"]).unwrap())).unwrap();
        let find = |method: &Method, path: &str| gateway.find(path)?.route.action(method);
        assert_eq!(find(&Method::POST, "/v1.2/ibexsafe/validateEmail"), Ok(Action::CallVerb));
        assert_eq!(find(&Method::POST, "/v1/ibexsafe/userdata"), Ok(Action::WriteUserData));
        for path in [
            "/v1/ibexsafe/other",
            "/v1/ibexsafe/validateEmail/",
            "/v2/ibexsafe/validateEmail",
            "/v1/auth/sign-up",
            "/v1/auth/refresh",
            "/v1/auth/sign-out",
            "/.well-known/jwks.json",
        ] {
            assert_eq!(find(&Method::POST, path), Err(Problem::NotFound), "{path}");
        }
        assert_eq!(action(&Method::POST, "/v1/ibexsafe/validateEmail"), Err(Problem::NotFound));
    }

    #[test]
    fn every_version_is_the_same_api() {
        for version in VERSIONS {
            let path = format!("/{version}/ibexsafe/userdata");
            assert_eq!(action(&Method::POST, &path), Ok(Action::WriteUserData));
        }
        assert_eq!(action(&Method::POST, "/v2/ibexsafe/userdata"), Err(Problem::NotFound));
        assert_eq!(action(&Method::POST, "/v1.10/ibexsafe/userdata"), Err(Problem::NotFound));
    }

    #[test]
    fn a_trailing_slash_is_another_path() {
        for path in [
            "/",
            "/health/",
            "/v1/ibexsafe/userdata/",
            "/v1/ibexsafe/userdata/external/",
            "/v1/ibexsafe/userdata/external/u/",
            "//health",
            "/v1//ibexsafe/userdata",
        ] {
            assert_eq!(action(&Method::GET, path), Err(Problem::NotFound), "{path}");
        }
    }

    #[test]
    fn head_is_answered_wherever_get_is_and_another_method_is_told_which_there_are() {
        assert_eq!(action(&Method::HEAD, "/health"), Ok(Action::ShowHealth));
        assert_eq!(
            action(&Method::PUT, "/v1/ibexsafe/userdata/external/u"),
            Err(Problem::MethodNotAllowed { allow: "GET, HEAD, DELETE, OPTIONS".into() })
        );
        assert_eq!(
            action(&Method::HEAD, "/v1/ibexsafe/userdata"),
            Err(Problem::MethodNotAllowed { allow: "POST, OPTIONS".into() })
        );
        assert_eq!(
            action(&Method::HEAD, "/v1/auth/sign-up"),
            Err(Problem::MethodNotAllowed { allow: "GET, OPTIONS".into() }),
            "a HEAD makes no account"
        );
    }
}
