//! Tenants: a walk over every route and method there is, with a namesake's token of another tenant. Nothing of the one is seen
//! or touched from the other. The walk is made from the table of routes, so that a route which comes later is walked too.

use http::Method;
use serde_json::json;

use super::passkeys::{IN, UP, challenge};
use super::*;
use crate::routes::{Action, every_route};

const OWN: [(&str, &str); 4] =
    [("GET", READ), ("GET", "/v1/auth/passkeys"), ("GET", "/v1/auth/sessions"), ("GET", EXPORT)];
const EXPORT: &str = "/v1/ibexsafe/userdata/external/c76302cb-f845-40f4-9c56-29710323afba/export";

/// A surface that knows the token of the guide's person, and that of a namesake in another tenant.
fn surface_of_namesakes() -> Exchange {
    let namesake = Caller { tenant: sample::tenant(sample::OTHER_TENANT), ..sample::caller() };
    let authenticator = StaticAuthenticator::new()
        .with("jane", principal(sample::caller()))
        .with("shop", principal(namesake));
    surface_of(InMemoryUpstream::new(), authenticator, HTTP_LIMITS)
}

async fn seen_by_jane(surface: &Exchange) -> Vec<String> {
    let mut seen = Vec::new();
    for (method, path) in OWN {
        let answer = send(surface, request(method, path), "").await;
        assert_eq!(answer.status, 200, "{path}");
        seen.push(answer.text);
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_tenant_is_seen_or_touched_with_a_token_of_another() {
    let surface = surface_of_namesakes();
    send(&surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    let credential =
        json!({ "challenge": challenge(&surface, UP, sample::TENANT).await, "id": "jane's", "counter": 0 });
    let body = json!({ "credential": credential, "externalUserId": sample::EXTERNAL_USER_ID });
    assert_eq!(send(&surface, request("POST", UP), body.to_string()).await.status, 200);
    let before = seen_by_jane(&surface).await;
    let sessions: Value = serde_json::from_str(&before[2]).unwrap();
    let (session, passkey) = (sessions["sessions"][0]["id"].as_str().unwrap(), "amFuZSdz");
    assert!(before[1].contains(passkey), "{}", before[1]);

    let mut walked = 0;
    for (template, method, action) in every_route() {
        let id = match action {
            Action::EndSession => session,
            Action::RemovePasskey => passkey,
            _ => sample::EXTERNAL_USER_ID,
        };
        let path = template.replace("{v}", "v1").replace("{id}", id).replace("{*verb}", "wallet");
        let as_shop = || {
            Request::builder()
                .method(method.as_str())
                .uri(&path)
                .header(HOST, sample::OTHER_TENANT)
                .header(AUTHORIZATION, "Bearer shop")
                .header(CONTENT_TYPE, "application/json")
        };
        // Whoever registers one of the same id here has one of their own.
        let (ceremony, passkey) = if action == Action::SignIn { (IN, "jane's") } else { (UP, "another") };
        let challenge = challenge(&surface, ceremony, sample::OTHER_TENANT).await;
        let shown = json!({ "challenge": challenge, "id": passkey, "counter": 0 });
        // Whatever a route reads of a body stands in one of these.
        for body in [
            json!({}),
            json!({ "externalUserId": sample::EXTERNAL_USER_ID, "data": {} }),
            json!({ "externalUserId": sample::EXTERNAL_USER_ID, "data": { "email": "x" } }),
            json!({ "credential": shown, "includeUserdata": true }),
        ] {
            let answer = send(
                &surface,
                as_shop(),
                if *method == Method::POST { body.to_string() } else { String::new() },
            )
            .await;
            for mark in ["jane.doe@foo.domain", session] {
                assert!(!answer.text.contains(mark), "{method} {template}: {}", answer.text);
            }
            if matches!(action, Action::SignIn | Action::EndSession | Action::RemovePasskey) {
                assert!(answer.status.is_client_error(), "{method} {template}: {}", answer.text);
            }
            // The token of one tenant beside the name of the other.
            let beside = as_shop().header("X-RpId", sample::TENANT);
            let answer = send(&surface, beside, String::new()).await;
            let is_for_tokens = !matches!(
                action,
                Action::ShowHealth
                    | Action::ShowKeySet
                    | Action::ShowLimits
                    | Action::OfferSignIn
                    | Action::SignUp
                    | Action::RegisterPasskey
                    | Action::SignIn
                    | Action::Refresh
                    | Action::CallVerb
            );
            if is_for_tokens {
                assert_eq!(answer.problem(), (401, "tenant_mismatch".to_owned()), "{method} {template}");
            }
        }
        walked += 1;
    }
    assert!(walked > 15, "the table was walked");
    assert_eq!(seen_by_jane(&surface).await, before);
}
