//! What goes on to an identity service, and what does not.

use strongroom_ports::{IdentityCallError, RemoteIdentity, RemoteSafe, VerbAnswer};
use strongroom_testkit::fake::{RecordedIdentityCall, RecordingRemoteIdentity, RecordingRemoteSafe};

use super::*;
use crate::verbs::Verbs;

const ID: &str = sample::EXTERNAL_USER_ID;

fn gateway() -> (Exchange, Arc<RecordingRemoteIdentity>) {
    gateway_of(RecordingRemoteIdentity::new(), HTTP_LIMITS)
}

fn gateway_of(
    identity: RecordingRemoteIdentity,
    http_limits: HttpLimits,
) -> (Exchange, Arc<RecordingRemoteIdentity>) {
    let identity = Arc::new(identity);
    (gateway_to(identity.clone(), http_limits), identity)
}

/// A gateway to any identity service.
pub(super) fn gateway_to(identity: Arc<dyn RemoteIdentity>, http_limits: HttpLimits) -> Exchange {
    gateway_between(Arc::new(RecordingRemoteSafe::new()), identity, http_limits)
}

/// A gateway between any safe and any identity service.
pub(super) fn gateway_between(
    safe: Arc<dyn RemoteSafe>,
    identity: Arc<dyn RemoteIdentity>,
    http_limits: HttpLimits,
) -> Exchange {
    let (verbs, identity) = (Verbs::default(), Some(identity));
    let safe = Safe::Remote { safe, verbs, identity, doorbells: Arc::default() };
    let tenant = |id: &str, origin: &str| Tenant {
        id: sample::tenant(id),
        name: String::new(),
        origins: vec![Origin::new(origin.to_owned())],
        sign_up_without_passkey: false,
    };
    let tenants =
        vec![tenant(sample::TENANT, ORIGIN_OF_TENANT), tenant(sample::OTHER_TENANT, ORIGIN_OF_OTHER_TENANT)];
    let api = Api::new(
        safe,
        Arc::new(StaticAuthenticator::new().with_caller("jane", sample::caller())),
        Arc::new(TransparentSealer::new()),
        Tenants::new(tenants, true),
        Arc::new(ManualClock::default()),
        LIMITS,
        http_limits,
        TrustedProxies::default(),
        7,
    );
    let metrics = Arc::new(Metrics::new(api.places.clone(), &api.safe.verbs()));
    Exchange::new(Arc::new(api), metrics).unwrap()
}

fn call(act: &str, target: &str) -> RecordedIdentityCall {
    let tenant = Some(sample::TENANT.to_owned());
    RecordedIdentityCall {
        act: act.to_owned(),
        target: target.to_owned(),
        tenant,
        client: Some(PEER.address),
        ..Default::default()
    }
}

fn post(path: &str) -> request::Builder {
    anonymous("POST", path).header(CONTENT_TYPE, "application/json")
}

#[tokio::test]
async fn every_route_goes_on_under_its_version_with_its_tenant_and_no_more_than_it_reads() {
    let (surface, identity) = gateway();
    let token = Some("jane".to_owned());
    let body = Some(Bytes::from_static(br#"{ "credential" : {"id":"a"} }"#));
    for version in ["v1", "v1.1", "v1.2"] {
        let at = |path: &str| format!("{version}/auth/{path}");
        for (method, path, expected) in [
            ("GET", "sign-up", call("Make", &at("sign-up"))),
            ("POST", "sign-up", RecordedIdentityCall { body: body.clone(), ..call("Send", &at("sign-up")) }),
            ("GET", "sign-in", call("Make", &at("sign-in"))),
            ("POST", "sign-in", RecordedIdentityCall { body: body.clone(), ..call("Send", &at("sign-in")) }),
            (
                "POST",
                "refresh",
                RecordedIdentityCall { body: body.clone(), tenant: None, ..call("Send", &at("refresh")) },
            ),
            (
                "POST",
                "sign-out",
                RecordedIdentityCall { token: token.clone(), ..call("Send", &at("sign-out")) },
            ),
            (
                "GET",
                "sessions",
                RecordedIdentityCall { token: token.clone(), ..call("Read", &at("sessions")) },
            ),
            (
                "HEAD",
                "passkeys",
                RecordedIdentityCall { token: token.clone(), ..call("Read", &at("passkeys")) },
            ),
            (
                "DELETE",
                "sessions/a-1",
                RecordedIdentityCall { token: token.clone(), ..call("Remove", &at("sessions/a-1")) },
            ),
            (
                "DELETE",
                "passkeys/_x",
                RecordedIdentityCall { token: token.clone(), ..call("Remove", &at("passkeys/_x")) },
            ),
        ] {
            // A token that the route does not read is there all the same.
            let request = request(method, &format!("/{}", at(path))).header("X-User", "john");
            let text = if expected.body.is_some() { body.clone().unwrap() } else { Bytes::new() };
            let answer = send(&surface, request, text).await;
            assert_eq!(
                (answer.status.as_u16(), answer.text.as_str()),
                (200, r#"{"success":true}"#),
                "{path}"
            );
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(identity.calls(), [expected], "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_query_goes_on_where_it_is_known_in_one_spelling_and_what_names_the_tenant_is_said_once() {
    let (surface, identity) = gateway();
    let path = "/v1/auth/sign-up?passkeys=%46ALSE&user.name=J%C3%A4ne+D&externalUserId=john&rpId=app.shop.example&a=b";
    let request = anonymous("GET", path)
        .header("Origin", ORIGIN_OF_OTHER_TENANT)
        .header("Referer", "http://localhost/")
        .header("Sec-Fetch-Site", "cross-site");
    assert_eq!(send(&surface, request, "").await.status, 200);
    let expected = RecordedIdentityCall {
        tenant: Some(sample::OTHER_TENANT.to_owned()),
        origin: Some(ORIGIN_OF_OTHER_TENANT.to_owned()),
        fetch_site: Some("cross-site"),
        ..call("Make", "v1/auth/sign-up?passkeys=FALSE&user.name=J%C3%A4ne+D")
    };
    assert_eq!(identity.calls(), [expected]);
    for (path, expected) in [
        ("/v1/auth/sign-in?passkeys=FALSE&rpId=localhost", "v1/auth/sign-in"),
        ("/v1/auth/sign-up?", "v1/auth/sign-up"),
    ] {
        let odd = anonymous("GET", path).header("Sec-Fetch-Site", "moon");
        assert_eq!(send(&surface, odd, "").await.status, 200, "{path}");
        assert_eq!(identity.calls(), [call("Make", expected)], "{path}");
    }
}

#[tokio::test]
async fn a_sign_up_for_somebody_shows_their_own_token_and_any_other_shows_none() {
    let (surface, identity) = gateway();
    let path = "/v1.2/auth/sign-up";
    let own = format!(r#"{{"credential":{{}},"externalUserId":"{ID}"}}"#);
    assert_eq!(send(&surface, request("POST", path), own.clone()).await.status, 200);
    let shown = RecordedIdentityCall {
        token: Some("jane".to_owned()),
        body: Some(own.clone().into()),
        ..call("Send", "v1.2/auth/sign-up")
    };
    assert_eq!(identity.calls(), [shown]);
    let absent = r#"{"externalUserId":null}"#;
    assert_eq!(send(&surface, request("POST", path), absent).await.status, 200);
    assert_eq!(identity.calls()[0].token, None);
    for (request, body, status, code) in [
        (post(path), own.as_str(), 401, "token_missing"),
        (post(path), r#"{"externaluserid":"john"}"#, 401, "token_missing"),
        (post(path), r#"{"user":{"externalUserId":"john"}}"#, 401, "token_missing"),
        (post(path).header(AUTHORIZATION, "Bearer other"), own.as_str(), 401, "token_invalid"),
        (request("POST", path), r#"{"externalUserId":"john"}"#, 400, "not_owner"),
        (request("POST", path), r#"{"externalUserId":7}"#, 400, "json_shape"),
        (request("POST", path).header("X-RpId", sample::OTHER_TENANT), own.as_str(), 401, "tenant_mismatch"),
    ] {
        let answer = send(&surface, request, body.to_owned()).await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{body}");
    }
    let twice = format!(r#"{{"externalUserId":"{ID}","EXTERNALUSERID":"{ID}"}}"#);
    assert_eq!(send(&surface, request("POST", path), twice).await.problem().1, "json_duplicate");
    assert_eq!(identity.calls(), []);
}

#[tokio::test]
async fn a_refresh_says_what_tenant_is_named_beside_it_and_names_none_by_its_host() {
    let (surface, identity) = gateway();
    let body = r#"{"refresh_token":"r"}"#;
    let refresh = || post(REFRESH).header(AUTHORIZATION, "Bearer jane");
    for (request, tenant) in [
        (refresh(), None),
        (refresh().header("X-Rp-Id", "app.shop.example"), Some(sample::OTHER_TENANT)),
        (refresh().header("Origin", ORIGIN_OF_TENANT), Some(sample::TENANT)),
    ] {
        assert_eq!(send(&surface, request, body).await.status, 200);
        let calls = identity.calls();
        assert_eq!((calls[0].tenant.as_deref(), calls[0].token.as_deref()), (tenant, None));
    }
    for (request, status, code) in [
        (refresh().header("Origin", "https://evil.example"), 400, "unknown_tenant"),
        (refresh().header("X-RpId", "evil.example"), 401, "tenant_mismatch"),
        (refresh().header("X-RpId", "localhost").header("X-Rp-Id", "shop.example"), 401, "tenant_mismatch"),
    ] {
        assert_eq!(send(&surface, request, body).await.problem(), (status, code.to_owned()));
    }
    assert_eq!(identity.calls(), []);
}

#[tokio::test(start_paused = true)]
async fn the_tenant_that_a_refresh_names_is_checked_before_its_body_is_waited_for() {
    let (surface, identity) = gateway();
    for request in [post(REFRESH), anonymous("POST", REFRESH)] {
        let request = request.header("X-RpId", "evil.example");
        let answer = send_body(&surface, request, ScriptedBody::from([Step::Never])).await;
        assert_eq!(answer.problem(), (401, "tenant_mismatch".to_owned()));
    }
    assert_eq!(identity.calls(), []);
}

#[tokio::test]
async fn what_is_unknown_malformed_or_of_nobody_goes_nowhere() {
    let (surface, identity) = gateway();
    let long = format!("/v1/auth/sessions/{}", "x".repeat(1365));
    for (request, body, status, code) in [
        (anonymous("GET", "/v1/auth/sign-in?rpId=evil.example"), "", 400, "unknown_tenant"),
        (
            anonymous("GET", "/v1/auth/sign-in").header("Origin", "https://evil.example"),
            "",
            400,
            "unknown_tenant",
        ),
        (anonymous("GET", "/v1/auth/sign-up?passkeys=A&passkeys=B"), "", 400, "malformed_request"),
        (post("/v1/auth/sign-in"), "[]", 400, "json_shape"),
        (post("/v1/auth/sign-in"), "{", 400, "json_malformed"),
        (post("/v1/auth/refresh"), "{}{}", 400, "json_malformed"),
        (anonymous("POST", "/v1/auth/sign-in"), "{}", 415, "media_type"),
        (anonymous("POST", "/v1/auth/sign-out"), "", 401, "token_missing"),
        (anonymous("GET", "/v1/auth/sessions"), "", 401, "token_missing"),
        (anonymous("DELETE", "/v1/auth/passkeys/a"), "", 401, "token_missing"),
        (request("GET", "/v1/auth/sessions?rpId=shop.example"), "", 401, "tenant_mismatch"),
        (request("DELETE", "/v1/auth/sessions/a%20b"), "", 404, "not_found"),
        (request("DELETE", "/v1/auth/sessions/a;b"), "", 404, "not_found"),
        (request("DELETE", &long), "", 404, "not_found"),
        (request("GET", "/v1/auth/other"), "", 404, "not_found"),
        (request("GET", "/v3/auth/sessions"), "", 404, "not_found"),
        (request("GET", "/.well-known/jwks.json"), "", 404, "not_found"),
        (request("PUT", "/v1/auth/sessions"), "", 405, "method_not_allowed"),
        (request("HEAD", "/v1/auth/sign-in"), "", 405, "method_not_allowed"),
    ] {
        let answer = send(&surface, request, body).await;
        assert_eq!(answer.problem(), (status, code.to_owned()));
    }
    let rebound =
        Request::builder().method("GET").uri("/v1/auth/sign-in?rpId=localhost").header(HOST, "evil.example");
    assert_eq!(send(&surface, rebound, "").await.problem(), (400, "unknown_tenant".to_owned()));
    assert_eq!(identity.calls(), []);
}

#[tokio::test]
async fn what_the_service_says_and_what_it_does_not_have_an_answer_each() {
    let problem = VerbAnswer {
        status: 429,
        body: Bytes::from_static(br#"{"code":"theirs"}"#),
        is_problem: true,
        retry_after_s: Some(7),
    };
    let (surface, _) = gateway_of(RecordingRemoteIdentity::answering(Ok(problem)), HTTP_LIMITS);
    let answer = send(&surface, anonymous("GET", "/v1/auth/sign-in"), "").await;
    assert_eq!(answer.problem(), (429, "theirs".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    for (error, status, code) in [
        (IdentityCallError::Unauthorized, 401, "token_invalid"),
        (IdentityCallError::Refused, 400, "refused_by_identity"),
        (IdentityCallError::Busy { retry_after_s: 9 }, 429, "identity_busy"),
        (IdentityCallError::Failed, 502, "bad_gateway"),
        (IdentityCallError::TooSlow, 504, "gateway_timeout"),
    ] {
        let (surface, _) = gateway_of(RecordingRemoteIdentity::answering(Err(error)), HTTP_LIMITS);
        let answer = send(&surface, anonymous("GET", "/v1/auth/sign-in"), "").await;
        assert_eq!(answer.problem(), (status, code.to_owned()));
        assert_eq!(answer.header("retry-after"), (status == 429).then_some("9"));
    }
}

#[tokio::test]
async fn what_changes_something_without_room_for_its_answer_is_not_sent_and_what_was_sent_is_answered() {
    let room = HTTP_LIMITS.requests_in_flight * HTTP_LIMITS.body_bytes;
    let body = Bytes::from(vec![b'7'; room - HTTP_LIMITS.body_bytes + 1]);
    let said = VerbAnswer { status: 200, body, is_problem: false, retry_after_s: None };
    let (surface, identity) = gateway_of(RecordingRemoteIdentity::answering(Ok(said)), HTTP_LIMITS);
    let ask = async |request: request::Builder| {
        surface.answer_to(request.body(Full::from("{}")).unwrap(), Ok(()), PEER).await
    };
    let changes = || {
        [
            post(REFRESH),
            anonymous("GET", SIGN_UP),
            post("/v1/auth/sign-in"),
            request("DELETE", "/v1/auth/sessions/a"),
        ]
    };
    for change in changes() {
        let unread = ask(change).await;
        assert_eq!((unread.status(), identity.calls().len()), (StatusCode::OK, 1));
        for change in changes() {
            assert_eq!(ask(change).await.status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        assert_eq!(identity.calls(), [], "what is refused was not done");
        drop(unread);
    }
    let _unread = surface.api.places.hold(vec![b'7'; room - HTTP_LIMITS.body_bytes]).unwrap();
    assert_eq!(ask(post(REFRESH)).await.status(), StatusCode::OK, "its answer was longer than what was left");
}

#[tokio::test]
async fn a_preflight_is_answered_here_for_every_route() {
    let (surface, identity) = gateway();
    for (path, methods) in [
        ("sign-up", "GET, POST, OPTIONS"),
        ("sign-in", "GET, POST, OPTIONS"),
        ("refresh", "POST, OPTIONS"),
        ("sign-out", "POST, OPTIONS"),
        ("sessions", "GET, HEAD, OPTIONS"),
        ("sessions/a", "DELETE, OPTIONS"),
        ("passkeys", "GET, HEAD, OPTIONS"),
        ("passkeys/a", "DELETE, OPTIONS"),
        ("../users/me", "POST, DELETE, OPTIONS"),
    ] {
        let path = format!("/v1.2/auth/{path}").replace("auth/../", "");
        let request = anonymous("OPTIONS", &path).header("Origin", ORIGIN_OF_TENANT);
        let answer = send(&surface, request, "").await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN_OF_TENANT));
        assert_eq!(answer.header("access-control-allow-methods"), Some(methods));
    }
    assert_eq!(identity.calls(), []);
}

#[tokio::test]
async fn a_person_who_asks_too_often_is_told_so_here() {
    let limits = HttpLimits { rate_per_person_per_s: 1, ..HTTP_LIMITS };
    let (surface, identity) = gateway_of(RecordingRemoteIdentity::new(), limits);
    tokio::time::pause();
    assert_eq!(send(&surface, request("GET", "/v1/auth/sessions"), "").await.status, 200);
    let second = send(&surface, request("GET", "/v1/auth/sessions"), "").await;
    assert_eq!(second.problem(), (429, "too_many_requests".to_owned()));
    assert_eq!(identity.calls().len(), 1);
}
