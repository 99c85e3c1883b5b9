//! What is served where, and by which methods.

use super::*;

fn action(method: &Method, path: &str) -> Result<Action, Problem> {
    Router::new(Role::Safe, Verbs::default()).unwrap().find(path)?.action(method)
}

#[test]
fn a_gateway_has_verbs_and_a_safe_has_sessions() {
    let verbs = Verbs::parse(["POST validateEmail"]).unwrap();
    let gateway = Router::new(Role::Gateway { has_identity: false }, verbs).unwrap();
    let find = |method: &Method, path: &str| gateway.find(path)?.action(method);
    assert_eq!(find(&Method::POST, "/v1.2/ibexsafe/validateEmail"), Ok(Action::CallVerb));
    assert_eq!(find(&Method::POST, "/v1/ibexsafe/userdata"), Ok(Action::WriteUserData));
    for path in [
        "/v1/ibexsafe/other",
        "/v1/ibexsafe/validateEmail/",
        "/v2/ibexsafe/validateEmail",
        "/v1/auth/sign-up",
        "/v1/auth/refresh",
        "/v1/auth/sign-out",
        "/v1/auth/sign-in",
        "/v1/auth/sessions",
        "/.well-known/jwks.json",
    ] {
        assert_eq!(find(&Method::POST, path), Err(Problem::NotFound), "{path}");
    }
    for path in ["/v1/users/me/validate-email", "/v1/users/me/confirm-email"] {
        assert_eq!(find(&Method::POST, path), Err(Problem::NotFound), "{path}");
        assert!(action(&Method::POST, path).is_ok(), "{path}");
    }
    assert_eq!(find(&Method::POST, "/v1/users/me"), Ok(Action::WriteOwnUserData));
    assert_eq!(action(&Method::POST, "/v1/ibexsafe/validateEmail"), Ok(Action::ValidateEmail));
    assert_eq!(action(&Method::POST, "/v1/ibexsafe/wallet"), Err(Problem::NotFound));
}

#[test]
fn a_gateway_with_an_identity_service_has_every_route_of_auth_and_no_keys_of_its_own() {
    let gateway = Router::new(Role::Gateway { has_identity: true }, Verbs::default()).unwrap();
    let find = |method: &Method, path: &str| gateway.find(path)?.action(method);
    for version in VERSIONS {
        for (method, path, expected) in [
            (Method::GET, "sign-up", Action::SignUp),
            (Method::POST, "sign-up", Action::RegisterPasskey),
            (Method::GET, "sign-in", Action::OfferSignIn),
            (Method::POST, "sign-in", Action::SignIn),
            (Method::POST, "refresh", Action::Refresh),
            (Method::POST, "sign-out", Action::SignOut),
            (Method::GET, "sessions", Action::ListSessions),
            (Method::HEAD, "sessions", Action::ListSessions),
            (Method::DELETE, "sessions/x", Action::EndSession),
            (Method::GET, "passkeys", Action::ListPasskeys),
            (Method::DELETE, "passkeys/x", Action::RemovePasskey),
        ] {
            let path = format!("/{version}/auth/{path}");
            assert_eq!(find(&method, &path), Ok(expected), "{method} {path}");
            assert_eq!(action(&method, &path), Ok(expected), "{method} {path} of a safe");
        }
        let account = format!("/{version}/users/me");
        assert_eq!(find(&Method::DELETE, &account), Ok(Action::CloseAccount));
        assert_eq!(action(&Method::DELETE, &account), Ok(Action::CloseAccount));
    }
    for path in ["/.well-known/jwks.json", "/v1/auth/other", "/v1/auth/sessions/x/y", "/v1/auth"] {
        assert_eq!(find(&Method::GET, path), Err(Problem::NotFound), "{path}");
    }
    let not_allowed = Err(Problem::MethodNotAllowed { allow: "GET, POST, OPTIONS".into() });
    assert_eq!(find(&Method::HEAD, "/v1/auth/sign-in"), not_allowed, "a HEAD asks for no challenge");
}

#[test]
fn the_console_is_a_page_and_its_files_and_is_nothing_where_it_is_off_or_at_a_gateway() {
    let safe = |has_console| Router::new(Role::Safe, Verbs::default()).unwrap().with_console(has_console);
    let gateway = Router::new(Role::Gateway { has_identity: true }, Verbs::default()).unwrap();
    let (on, off, gateway) = (safe(true), safe(false), gateway.with_console(true));
    for path in ["/console", "/console/app.js", "/console/tokens.css"] {
        for method in [Method::GET, Method::HEAD] {
            let found = on.find(path).and_then(|found| found.action(&method));
            assert_eq!(found, Ok(Action::ShowConsole), "{method} {path}");
        }
        let refused = on.find(path).and_then(|found| found.action(&Method::POST));
        let allow = "GET, HEAD, OPTIONS".into();
        assert_eq!(refused, Err(Problem::MethodNotAllowed { allow }), "{path}");
        for router in [&off, &gateway] {
            assert_eq!(router.find(path).err(), Some(Problem::NotFound), "{path}");
        }
    }
    for path in ["/console/", "/console/index.html", "/console/other.js", "/console/app.js/", "/v1/console"] {
        assert_eq!(on.find(path).err(), Some(Problem::NotFound), "{path}");
    }
}

#[test]
fn a_verb_has_the_methods_that_it_is_listed_by() {
    let listed = Verbs::parse(["POST validateEmail", "GET wallet/{id}", "POST wallet/{id}"]).unwrap();
    let gateway = Router::new(Role::Gateway { has_identity: false }, listed).unwrap();
    for (path, takes, refuses, allow) in [
        ("/v1/ibexsafe/validateEmail", Method::POST, Method::GET, "POST, OPTIONS"),
        ("/v1/ibexsafe/wallet/jane", Method::GET, Method::HEAD, "GET, POST, OPTIONS"),
    ] {
        let found = gateway.find(path).unwrap();
        assert_eq!(found.action(&takes), Ok(Action::CallVerb), "{path}");
        for method in [refuses, Method::PUT] {
            let refused = Err(Problem::MethodNotAllowed { allow: allow.to_owned() });
            assert_eq!(found.action(&method), refused, "{method} {path}");
        }
    }
}

#[test]
fn a_verb_that_is_listed_is_counted_under_its_own_template_and_any_other_under_one() {
    let verbs = Verbs::parse(["GET wallet/{id}", "*"]).unwrap();
    let router = Router::new(Role::Gateway { has_identity: false }, verbs.clone()).unwrap();
    let templates = templates(&verbs);
    for (path, template) in [
        ("/v1/ibexsafe/wallet/jane", "/{v}/ibexsafe/wallet/{id}"),
        ("/v1.2/ibexsafe/wallet/john", "/{v}/ibexsafe/wallet/{id}"),
        ("/v1/ibexsafe/wallet", "/{v}/ibexsafe/{*verb}"),
        ("/v1/ibexsafe/userdata", "/{v}/ibexsafe/userdata"),
    ] {
        let found = router.find(path).unwrap();
        assert_eq!(&*templates[router.template_of(&found, &Method::GET)], template, "{path}");
    }
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
        Err(Problem::MethodNotAllowed { allow: "GET, POST, OPTIONS".into() }),
        "a HEAD makes no account"
    );
}

#[test]
fn a_socket_is_opened_at_a_safe_and_at_a_gateway_alike_and_by_nothing_but_get() {
    for role in [Role::Safe, Role::Gateway { has_identity: false }] {
        let router = Router::new(role, Verbs::default()).unwrap();
        let find = |method: &Method| router.find("/ws")?.action(method);
        assert_eq!(find(&Method::GET), Ok(Action::OpenSocket), "{role:?}");
        let not_allowed = Err(Problem::MethodNotAllowed { allow: "GET, OPTIONS".into() });
        assert_eq!(find(&Method::HEAD), not_allowed, "{role:?}");
        assert_eq!(find(&Method::POST), not_allowed, "{role:?}");
    }
}
