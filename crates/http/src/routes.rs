//! The one table of routes. The router, the `Allow` header and the labels of logs all come from it.

use http::Method;

use crate::console;
use crate::problem::Problem;
use crate::verbs::{VerbMethods, Verbs};

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
    RegisterPasskey,
    OfferSignIn,
    SignIn,
    Refresh,
    SignOut,
    ListSessions,
    EndSession,
    ListPasskeys,
    RemovePasskey,
    WriteOwnUserData,
    ValidateEmail,
    ValidateOwnEmail,
    ConfirmEmail,
    ConfirmOwnEmail,
    CloseAccount,
    ShowHealth,
    ShowKeySet,
    ShowConsole,
    OpenSocket,
    CallVerb,
}

/// What a process is, which decides what of the table it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It has the safe, and with it sessions and the keys that sign our own tokens.
    Safe,
    /// It is the gateway of a safe elsewhere, and of an identity service if it has one.
    Gateway { has_identity: bool },
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
    Route {
        template: "/{v}/auth/sign-up",
        methods: &[(Method::GET, Action::SignUp), (Method::POST, Action::RegisterPasskey)],
    },
    Route {
        template: "/{v}/auth/sign-in",
        methods: &[(Method::GET, Action::OfferSignIn), (Method::POST, Action::SignIn)],
    },
    Route { template: "/{v}/auth/refresh", methods: &[(Method::POST, Action::Refresh)] },
    Route { template: "/{v}/auth/sign-out", methods: &[(Method::POST, Action::SignOut)] },
    Route { template: "/{v}/auth/sessions", methods: &[(Method::GET, Action::ListSessions)] },
    Route { template: "/{v}/auth/sessions/{id}", methods: &[(Method::DELETE, Action::EndSession)] },
    Route { template: "/{v}/auth/passkeys", methods: &[(Method::GET, Action::ListPasskeys)] },
    Route { template: "/{v}/auth/passkeys/{id}", methods: &[(Method::DELETE, Action::RemovePasskey)] },
    Route { template: "/{v}/ibexsafe/validateEmail", methods: &[(Method::POST, Action::ValidateEmail)] },
    Route { template: "/{v}/ibexsafe/confirmEmail", methods: &[(Method::POST, Action::ConfirmEmail)] },
    Route {
        template: "/{v}/users/me",
        methods: &[(Method::POST, Action::WriteOwnUserData), (Method::DELETE, Action::CloseAccount)],
    },
    Route { template: "/{v}/users/me/validate-email", methods: &[(Method::POST, Action::ValidateOwnEmail)] },
    Route { template: "/{v}/users/me/confirm-email", methods: &[(Method::POST, Action::ConfirmOwnEmail)] },
    Route {
        template: "/{v}/ibexsafe/{*verb}",
        methods: &[(Method::GET, Action::CallVerb), (Method::POST, Action::CallVerb)],
    },
    Route { template: "/ws", methods: &[(Method::GET, Action::OpenSocket)] },
    Route { template: "/health", methods: &[(Method::GET, Action::ShowHealth)] },
    Route { template: "/.well-known/jwks.json", methods: &[(Method::GET, Action::ShowKeySet)] },
    Route { template: "/console", methods: &[(Method::GET, Action::ShowConsole)] },
    Route { template: "/console/{file}", methods: &[(Method::GET, Action::ShowConsole)] },
];

impl Action {
    /// Whether it is an identity service's to do, where one is behind this gateway.
    pub(crate) fn is_of_identity(self) -> bool {
        matches!(
            self,
            Self::SignUp
                | Self::RegisterPasskey
                | Self::OfferSignIn
                | Self::SignIn
                | Self::Refresh
                | Self::SignOut
                | Self::ListSessions
                | Self::EndSession
                | Self::ListPasskeys
                | Self::RemovePasskey
                | Self::CloseAccount
        )
    }

    /// Whether a process of this kind does it.
    fn is_served(self, role: Role) -> bool {
        match self {
            _ if self.is_of_identity() => role != Role::Gateway { has_identity: false },
            Self::ShowKeySet | Self::ShowConsole => role == Role::Safe,
            // At a gateway two of them are verbs like any other, and their aliases are not there.
            Self::ValidateEmail | Self::ConfirmEmail | Self::ValidateOwnEmail | Self::ConfirmOwnEmail => {
                role == Role::Safe
            }
            Self::CallVerb => role != Role::Safe,
            _ => true,
        }
    }
}

impl Route {
    /// What of it is served.
    fn served(&self, role: Role) -> impl Iterator<Item = &(Method, Action)> {
        self.methods.iter().filter(move |(_, action)| action.is_served(role))
    }
}

/// A GET that makes something, an account or a challenge, is none that a HEAD may stand for, and what a verb's does is the
/// safe's to say.
fn answers_head(method: &Method, action: Action) -> bool {
    *method == Method::GET
        && !matches!(action, Action::SignUp | Action::OfferSignIn | Action::CallVerb | Action::OpenSocket)
}

/// Whether a verb of this path would never be called, since at a gateway a route of its own has the path: each segment as
/// text, or `None` where it may be anything.
pub(crate) fn has_its_own_route(verb: &[Option<&str>]) -> bool {
    let gateway = Role::Gateway { has_identity: true };
    let own = |route: &&Route| route.served(gateway).any(|(_, action)| *action != Action::CallVerb);
    let below = |route: &'static Route| route.template.strip_prefix(VERBS);
    ROUTES.iter().filter(own).filter_map(below).any(|template| {
        template.split('/').count() == verb.len()
            && template.split('/').zip(verb).all(|(own, part)| own.starts_with('{') || *part == Some(own))
    })
}

/// What requests are counted and logged as: the templates of the table in its order, which numbers them, and behind them those
/// of the verbs, as the operator has written them. Never a path that a client has sent.
pub(crate) fn templates(verbs: &Verbs) -> Vec<Box<str>> {
    let of_verbs = verbs.templates().map(|path| [VERBS, path].concat().into());
    ROUTES.iter().map(|route| route.template.into()).chain(of_verbs).collect()
}

/// What stands before a verb.
const VERBS: &str = "/{v}/ibexsafe/";

/// The router over the table: a route and its number; and the verbs of a remote safe.
pub(crate) struct Router {
    table: matchit::Router<(usize, &'static Route)>,
    role: Role,
    verbs: Verbs,
    has_console: bool,
}

/// A route that was found, its number, and the `{id}` or `{*verb}` of its path as it stands there.
pub(crate) struct Found<'p> {
    pub(crate) route: &'static Route,
    role: Role,
    pub(crate) number: usize,
    pub(crate) id: Option<&'p str>,
    pub(crate) rest: Option<&'p str>,
    /// Of the console, which file; the page itself has none.
    pub(crate) file: Option<&'p str>,
    /// Of a verb, by which methods it is listed.
    listed: Option<VerbMethods>,
}

impl Found<'_> {
    /// What is done for a method.
    pub(crate) fn action(&self, method: &Method) -> Result<Action, Problem> {
        let answers = |(own, action): &&(Method, Action)| {
            own == method || (*method == Method::HEAD && answers_head(own, *action))
        };
        let found = self.methods().find(answers);
        found.map(|(_, action)| *action).ok_or_else(|| Problem::MethodNotAllowed { allow: self.allow() })
    }

    /// The methods, as the `Allow` header lists them.
    pub(crate) fn allow(&self) -> String {
        let mut methods = Vec::new();
        for (method, action) in self.methods() {
            methods.push(method.as_str());
            if answers_head(method, *action) {
                methods.push(Method::HEAD.as_str());
            }
        }
        methods.push(Method::OPTIONS.as_str());
        methods.join(", ")
    }

    fn methods(&self) -> impl Iterator<Item = &'static (Method, Action)> {
        let listed = self.listed;
        let is_listed = move |method: &Method| listed.is_none_or(|listed| listed.include(method));
        self.route.served(self.role).filter(move |(method, _)| is_listed(method))
    }
}

impl Router {
    /// Builds it. `verbs` are a gateway's.
    ///
    /// # Errors
    ///
    /// When two templates of the table contradict each other, which a test rules out.
    pub(crate) fn new(role: Role, verbs: Verbs) -> Result<Self, matchit::InsertError> {
        let mut table = matchit::Router::new();
        for (number, route) in ROUTES.iter().enumerate() {
            if route.served(role).next().is_some() {
                table.insert(route.template, (number, route))?;
            }
        }
        Ok(Self { table, role, verbs, has_console: false })
    }

    /// The same, with the console or without it, which is how it begins.
    pub(crate) fn with_console(self, has_console: bool) -> Self {
        Self { has_console, ..self }
    }

    /// The place among the [`templates`] of what a request is counted as.
    pub(crate) fn template_of(&self, found: &Found<'_>, method: &Method) -> usize {
        let of_verb = found.rest.and_then(|path| self.verbs.template_of(method, path));
        of_verb.map_or(found.number, |place| ROUTES.len() + place)
    }

    /// Finds the route of a path; a verb that is listed by no method has none, and so has what the console does not have. A
    /// trailing slash is another path, and so is another version.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Result<Found<'p>, Problem> {
        let found = self.table.at(path).map_err(|_| Problem::NotFound)?;
        let is_version = found.params.get("v").is_none_or(|version| VERSIONS.contains(&version));
        let rest = found.params.get("verb");
        let listed = rest.and_then(|verb| self.verbs.methods(verb));
        let (number, route) = *found.value;
        let file = found.params.get("file");
        let is_console = route.methods.iter().any(|(_, action)| *action == Action::ShowConsole);
        let is_missing = is_console && !(self.has_console && console::has(file));
        if !is_version || rest.is_some() != listed.is_some() || is_missing {
            return Err(Problem::NotFound);
        }
        Ok(Found { route, role: self.role, number, id: found.params.get("id"), rest, file, listed })
    }
}

/// Every route of the table by every method of its own: for walks that must leave none out.
#[cfg(test)]
pub(crate) fn every_route() -> impl Iterator<Item = (&'static str, &'static Method, Action)> {
    let of = |route: &'static Route| route.methods.iter().map(|(method, act)| (route.template, method, *act));
    ROUTES.iter().flat_map(of)
}

#[cfg(test)]
mod tests;
