//! What a gateway adds to the answer of an identity service, and what it takes away.

use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::FutureExt;
use serde_json::json;
use strongroom_domain::PublicView;
use strongroom_ports::{PassedOn, RemoteSafe, Snapshot, UpstreamError, VerbAnswer, VerbCall};
use strongroom_testkit::fake::RecordingRemoteIdentity;
use strongroom_testkit::mock::MockUpstream;

use super::identity::gateway_between;
use super::passkeys::{IN, post};
use super::*;

/// A safe that remembers by which tokens it was read and erased, and reads as it is told: `None` is a failure.
#[derive(Debug)]
struct ToldSafe {
    view: Option<&'static str>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl RemoteSafe for ToldSafe {
    fn on_behalf<'a>(&'a self, request: PassedOn<'a>) -> Box<dyn Upstream + 'a> {
        self.asked.lock().unwrap().push(request.token.to_owned());
        let mut upstream = MockUpstream::new();
        let view = self.view;
        upstream.expect_read().returning(move |_| match view {
            Some("") => Ok(None),
            Some(view) => {
                let view = PublicView::of_foreign(view.as_bytes()).unwrap().0;
                Ok(Some(Snapshot { view, tag: None }))
            }
            None => Err(UpstreamError::TooSlow),
        });
        upstream.expect_erase().returning(move |_, _| view.map(|_| ()).ok_or(UpstreamError::Failed));
        Box::new(upstream)
    }

    async fn call(&self, _: PassedOn<'_>, _: &Caller, _: VerbCall<'_>) -> Result<VerbAnswer, UpstreamError> {
        Err(UpstreamError::NotThere)
    }

    async fn is_ready(&self) -> bool {
        true
    }
}

struct Between {
    surface: Exchange,
    safe: Arc<ToldSafe>,
    identity: Arc<RecordingRemoteIdentity>,
}

/// A gateway between a safe with this view and a service that answers everything so.
fn between(view: Option<&'static str>, status: u16, answer: &'static str) -> Between {
    let safe = Arc::new(ToldSafe { view, asked: Mutex::default() });
    let body = Bytes::from_static(answer.as_bytes());
    let answer = VerbAnswer { status, body, is_problem: status >= 400, retry_after_s: None };
    let identity = Arc::new(RecordingRemoteIdentity::answering(Ok(answer)));
    Between { surface: gateway_between(safe.clone(), identity.clone(), HTTP_LIMITS), safe, identity }
}

impl Between {
    async fn sign_in(&self, body: &'static str) -> Answer {
        send(&self.surface, post(IN), body).await
    }
}

const ASKS: &str = r#"{"credential" : {"id":"a"},"includeUserdata":true, "chainId":1}"#;
const SIGNED_IN: &str = r#"{"access_token":"jane","hasPasskey":true}"#;

#[tokio::test(start_paused = true)]
async fn who_asks_for_data_gets_what_the_safe_lets_be_read_and_the_service_is_not_asked_for_it() {
    let between = between(Some(r#"{"a":1,"private.b":"x"}"#), 200, SIGNED_IN);
    let answer = between.sign_in(ASKS).await;
    assert_eq!(answer.text, r#"{"access_token":"jane","hasPasskey":true,"userdata":{"a":1}}"#);
    assert_eq!(*between.safe.asked.lock().unwrap(), ["jane"], "on behalf of the new token");
    let asked = between.identity.calls().remove(0).body.unwrap();
    assert_eq!(asked, r#"{"credential":{"id":"a"},"chainId":1}"#.as_bytes());
}

#[tokio::test(start_paused = true)]
async fn a_person_without_data_has_an_empty_map() {
    for view in ["", "{}"] {
        let answer = between(Some(view), 201, SIGNED_IN).sign_in(ASKS).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["userdata"]), (201, &json!({})), "{view}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_ask_gets_none_whatever_the_service_calls_data() {
    let theirs = r#"{"access_token":"jane","userdata":{"private.x":1},"n":1}"#;
    for body in [r#"{"credential":{}}"#, r#"{"credential":{},"includeUserdata":false}"#] {
        let between = between(Some("{}"), 200, theirs);
        let answer = between.sign_in(body).await;
        assert_eq!(answer.text, r#"{"access_token":"jane","n":1}"#, "{body}");
        assert_eq!(between.safe.asked.lock().unwrap().len(), 0);
        assert_eq!(between.identity.calls().remove(0).body.unwrap(), body.as_bytes(), "as it came");
    }
    let answer = between(Some(r#"{"a":1}"#), 200, theirs).sign_in(ASKS).await;
    assert_eq!(answer.text, r#"{"access_token":"jane","n":1,"userdata":{"a":1}}"#, "ours, and once");
}

#[tokio::test(start_paused = true)]
async fn data_that_cannot_be_read_is_a_warning_and_no_refusal() {
    for (view, answer) in [
        (None, SIGNED_IN),
        // A token that our own authenticator does not know, that is none, and that is two.
        (Some("{}"), r#"{"access_token":"other","hasPasskey":true}"#),
        (Some("{}"), r#"{"access_token":7,"hasPasskey":true}"#),
        (Some("{}"), r#"{"access_token":"jane","access_token":"jane"}"#),
        (Some("{}"), r#"{"access_token":"other","userdata":{"theirs":1},"warnings":["theirs"]}"#),
    ] {
        let answer = between(view, 200, answer).sign_in(ASKS).await;
        assert_eq!(answer.status, 200);
        let json = answer.json();
        assert_eq!(json["warnings"], json!(["userdata_unavailable"]), "{}", answer.text);
        assert!(json.get("userdata").is_none() && json.get("access_token").is_some(), "{}", answer.text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_tenant_than_the_sign_ins_reads_nothing() {
    let between = between(Some(r#"{"a":1}"#), 200, SIGNED_IN);
    let request = post(IN).header("X-RpId", sample::OTHER_TENANT);
    let answer = send(&between.surface, request, ASKS).await;
    assert_eq!(answer.json()["warnings"], json!(["userdata_unavailable"]));
    assert_eq!(between.safe.asked.lock().unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_and_what_names_no_token_go_back_as_they_came() {
    for (status, answer) in [(401, r#"{"access_token":"jane"}"#), (202, r#"{"next":"step"}"#), (200, "[1]")] {
        let between = between(Some("{}"), status, answer);
        let passed = between.sign_in(ASKS).await;
        assert_eq!((passed.status.as_u16(), passed.text.as_str()), (status, answer));
        assert_eq!(between.safe.asked.lock().unwrap().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_boolean_asks() {
    for (body, code) in [
        (r#"{"includeUserdata":null}"#, "json_shape"),
        (r#"{"includeUserdata":"true"}"#, "json_shape"),
        (r#"{"includeUserdata":true,"include\u0055serdata":true}"#, "json_duplicate"),
    ] {
        let between = between(Some("{}"), 200, SIGNED_IN);
        assert_eq!(between.sign_in(body).await.problem(), (400, code.to_owned()), "{body}");
        assert_eq!(between.identity.calls(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn who_closes_an_account_has_the_record_erased_before_the_service_hears_of_it() {
    let delete = || request("DELETE", "/v1/users/me");
    let whole = between(Some("{}"), 204, "");
    assert_eq!(send(&whole.surface, delete(), "").await.status, 204);
    assert_eq!(*whole.safe.asked.lock().unwrap(), ["jane"]);
    let call = whole.identity.calls().remove(0);
    assert_eq!(
        (call.act.as_str(), call.target.as_str(), call.token.as_deref()),
        ("Remove", "v1/users/me", Some("jane"))
    );
    let broken = between(None, 204, "");
    assert_eq!(send(&broken.surface, delete(), "").await.problem(), (502, "bad_gateway".to_owned()));
    assert_eq!(broken.identity.calls(), [], "an account is never gone while its data stays");
}

#[tokio::test(start_paused = true)]
async fn the_sockets_of_an_account_end_when_the_service_has_closed_it_and_not_when_it_has_refused() {
    for (status, is_sent_away) in [(204, true), (409, false)] {
        let between = between(Some("{}"), status, "");
        let Safe::Remote { doorbells, .. } = &between.surface.api.safe else { panic!("a gateway") };
        let mut listening = doorbells.listen(&between.surface.api.people.record_id(&sample::caller()));
        assert_eq!(send(&between.surface, request("DELETE", "/v1/users/me"), "").await.status, status);
        // The record is gone either way.
        let rung = listening.rung().now_or_never().unwrap();
        assert_eq!(rung.is_last(), is_sent_away, "{status}");
    }
}
