//! What goes on to a remote safe as a verb, and what does not.

use futures_util::FutureExt;
use strongroom_ports::{UpstreamError, VerbAnswer};
use strongroom_testkit::fake::RecordingRemoteSafe;

use super::*;
use crate::verbs::Verbs;

const ID: &str = sample::EXTERNAL_USER_ID;

pub(super) fn gateway(verbs: &[&str]) -> (Exchange, Arc<RecordingRemoteSafe>) {
    let recorder = Arc::new(RecordingRemoteSafe::new());
    let verbs = Verbs::parse(verbs.iter().copied()).unwrap();
    let safe = Safe::Remote { safe: recorder.clone(), verbs, identity: None, doorbells: Arc::default() };
    let namesake = Caller { tenant: sample::tenant(sample::OTHER_TENANT), ..sample::caller() };
    let authenticator =
        StaticAuthenticator::new().with_caller("jane", sample::caller()).with_caller("shop", namesake);
    let tenants = [sample::TENANT, sample::OTHER_TENANT].map(|id| Tenant {
        id: sample::tenant(id),
        name: String::new(),
        origins: Vec::new(),
        sign_up_without_passkey: false,
    });
    let api = Api::new(
        safe,
        Arc::new(authenticator),
        Arc::new(TransparentSealer::new()),
        Tenants::new(tenants.into(), true),
        Arc::new(ManualClock::default()),
        LIMITS,
        HTTP_LIMITS,
        TrustedProxies::default(),
        7,
    );
    let metrics = Arc::new(Metrics::new(api.places.clone(), &api.safe.verbs()));
    (Exchange::new(Arc::new(api), metrics).unwrap(), recorder)
}

#[tokio::test]
async fn a_listed_verb_goes_on_as_it_was_checked_and_its_answer_comes_back() {
    let (surface, recorder) = gateway(&["POST validateEmail", "GET wallet/{id}"]);
    let body = format!(r#"{{ "email":"a@b.example", "externalUserId":"{ID}" }}"#);
    let answer =
        send(&surface, request("POST", "/v1.2/ibexsafe/validateEmail?rpId=localhost"), body.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (202, r#"{"success":true}"#));
    let path = format!("/v1/ibexsafe/wallet/{ID}");
    assert_eq!(send(&surface, request("GET", &path), "").await.status, 202);
    let calls = recorder.calls();
    assert_eq!(
        calls,
        [("validateEmail".to_owned(), Some(Bytes::from(body))), (format!("wallet/{ID}"), None)]
    );
}

#[tokio::test]
async fn what_is_not_listed_or_about_somebody_else_goes_nowhere() {
    let (surface, recorder) = gateway(&["POST validateEmail", "GET wallet/{id}"]);
    let verb = "/v1/ibexsafe/validateEmail";
    let own = format!(r#"{{"externalUserId":"{ID}"}}"#);
    let duplicate = format!(r#"{{"externalUserId":"{ID}","externalUserId":"{ID}"}}"#);
    for (request, body, status, expected) in [
        (request("POST", "/v1/ibexsafe/other"), own.as_str(), 404, "not_found"),
        (anonymous("POST", "/v1/ibexsafe/other"), own.as_str(), 404, "not_found"),
        (request("GET", verb), "", 405, "method_not_allowed"),
        (anonymous("GET", verb), "", 405, "method_not_allowed"),
        (request("PUT", verb), own.as_str(), 405, "method_not_allowed"),
        (request("HEAD", "/v1/ibexsafe/wallet/x"), "", 405, "method_not_allowed"),
        (anonymous("POST", verb), own.as_str(), 401, "token_missing"),
        (request("POST", &format!("{verb}?externalUserId=john")), own.as_str(), 400, "query_refused"),
        (request("POST", verb), r#"{"externalUserId":"john"}"#, 400, "not_owner"),
        (request("POST", verb), r#"{"a":[{"externalUserId":"john"}]}"#, 400, "not_owner"),
        (request("POST", verb), duplicate.as_str(), 400, "json_duplicate"),
        (request("POST", verb), "[]", 400, "json_shape"),
        (request("POST", verb), "", 400, "json_malformed"),
        (request("GET", "/v1/ibexsafe/wallet/john"), "", 400, "not_owner"),
    ] {
        let answer = send(&surface, request, body.to_owned()).await;
        assert_eq!(answer.problem(), (status, expected.to_owned()), "{body}");
    }
    assert!(recorder.calls().is_empty());
}

#[tokio::test]
async fn a_problem_of_the_safe_s_keeps_its_type_for_whoever_takes_it() {
    let (surface, safe) = gateway(&["GET wallet"]);
    let body = Bytes::from_static(br#"{"code":"no_wallet"}"#);
    safe.answer_with(Ok(VerbAnswer { status: 400, body, is_problem: true, retry_after_s: None }));
    for (accept, media_type) in [
        (None, "application/problem+json"),
        (Some("*/*"), "application/problem+json"),
        (Some("application/json, application/problem+json"), "application/problem+json"),
        (Some("application/json"), "application/json"),
    ] {
        let mut request = request("GET", "/v1/ibexsafe/wallet");
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let answer = send(&surface, request, "").await;
        assert_eq!(answer.header("content-type"), Some(media_type), "{accept:?}");
        assert_eq!(answer.text, r#"{"code":"no_wallet"}"#);
    }
}

#[tokio::test]
async fn a_client_is_told_when_the_safe_takes_a_verb_again() {
    let (surface, safe) = gateway(&["GET wallet"]);
    let body = Bytes::from_static(b"{}");
    safe.answer_with(Ok(VerbAnswer { status: 429, body, is_problem: false, retry_after_s: Some(9) }));
    let answer = send(&surface, request("GET", "/v1/ibexsafe/wallet"), "").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, Some("9")));
}

#[tokio::test]
async fn a_refusal_of_the_safe_s_that_cannot_be_shown_is_a_problem_of_ours() {
    let (surface, safe) = gateway(&["GET wallet"]);
    for (error, status, code) in [
        (UpstreamError::TokenRefused, 401, "token_invalid"),
        (UpstreamError::NotThere, 404, "not_found"),
        (UpstreamError::Refused, 400, "refused_by_safe"),
        (UpstreamError::Failed, 502, "bad_gateway"),
    ] {
        safe.answer_with(Err(error));
        let answer = send(&surface, request("GET", "/v1/ibexsafe/wallet"), "").await;
        assert_eq!(answer.problem(), (status, code.to_owned()));
    }
}

#[tokio::test]
async fn answers_that_nobody_has_taken_yet_leave_no_room_for_more() {
    let (surface, safe) = gateway(&["GET wallet"]);
    // As much as all of them may take.
    let body = Bytes::from(vec![b'7'; HTTP_LIMITS.requests_in_flight * HTTP_LIMITS.body_bytes]);
    safe.answer_with(Ok(VerbAnswer { status: 200, body, is_problem: false, retry_after_s: None }));
    let ask = || async {
        let request = request("GET", "/v1/ibexsafe/wallet").body(Full::new(Bytes::new())).unwrap();
        surface.answer_to(request, Ok(()), PEER).await
    };
    let unread = ask().await;
    assert_eq!(unread.status(), 200);
    assert_eq!(ask().await.status(), 503);
    drop(unread);
    assert_eq!(ask().await.status(), 200);
}

#[tokio::test]
async fn a_post_without_room_for_its_answer_is_not_sent_and_one_that_was_sent_is_answered() {
    let (surface, safe) = gateway(&["POST pay"]);
    let room = HTTP_LIMITS.requests_in_flight * HTTP_LIMITS.body_bytes;
    let answer = |length| {
        let body = Bytes::from(vec![b'7'; length]);
        safe.answer_with(Ok(VerbAnswer { status: 200, body, is_problem: false, retry_after_s: None }));
    };
    let ask = || async {
        let request = request("POST", "/v1/ibexsafe/pay").body(Full::from("{}")).unwrap();
        surface.answer_to(request, Ok(()), PEER).await
    };
    answer(room - HTTP_LIMITS.body_bytes);
    let unread = ask().await;
    answer(HTTP_LIMITS.body_bytes + 1);
    let longer = ask().await;
    assert_eq!((longer.status(), safe.calls().len()), (StatusCode::OK, 2), "it was done");
    assert_eq!((ask().await.status(), safe.calls().len()), (StatusCode::SERVICE_UNAVAILABLE, 2));
    drop((unread, longer));
    assert_eq!((ask().await.status(), safe.calls().len()), (StatusCode::OK, 3));
}

/// Whose sockets look at the safe is nobody's to decide who was refused here.
#[tokio::test]
async fn the_bell_of_a_person_is_rung_for_what_was_sent_on_and_may_have_changed_something() {
    let (surface, _safe) = gateway(&["POST validateEmail", "GET wallet"]);
    let Safe::Remote { doorbells, .. } = &surface.api.safe else { panic!("a gateway") };
    let mut listening = doorbells.listen(&surface.api.people.record_id(&sample::caller()));
    let own = format!(r#"{{"externalUserId":"{ID}"}}"#);
    let read = format!("/v1/ibexsafe/userdata/external/{ID}");
    for (method, path, body, is_rung) in [
        ("POST", "/v1/ibexsafe/validateEmail", r#"{"externalUserId":"john"}"#.to_owned(), false),
        ("POST", "/v1/ibexsafe/validateEmail", own.clone(), true),
        ("GET", "/v1/ibexsafe/wallet", String::new(), false),
        ("POST", WRITE, r#"{"externalUserId":"john","data":{"a":1}}"#.to_owned(), false),
        ("POST", WRITE, write_of("{}"), false),
        ("POST", WRITE, write_of(r#"{"a":1}"#), true),
        ("GET", &read, String::new(), false),
        ("DELETE", "/v1/ibexsafe/userdata/external/john", String::new(), false),
        ("DELETE", &read, String::new(), true),
    ] {
        send(&surface, request(method, path), body.clone()).await;
        let rung = listening.rung().now_or_never();
        assert_eq!(rung.map(|rung| rung.is_last()), is_rung.then_some(false), "{method} {path} {body}");
    }
}
