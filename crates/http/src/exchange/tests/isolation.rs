//! Tenants: a walk over every route and method there is, with a namesake's token of another tenant. Nothing of the one is seen
//! or touched from the other. The walk is made from the table of routes, so that a route which comes later is walked too, and fails
//! until there is a body here that it reads.

use http::Method;
use serde_json::json;

use super::email::{CONFIRM_OWN, VALIDATE_OWN, World};
use super::passkeys::{IN, UP, challenge};
use super::verbs::gateway;
use super::*;
use crate::routes::{Action, every_route};

const OWN: [(&str, &str); 4] =
    [("GET", READ), ("GET", "/v1/auth/passkeys"), ("GET", "/v1/auth/sessions"), ("GET", EXPORT)];
const EMAIL: &str = "jane@foo.domain";
const EXPORT: &str = "/v1/ibexsafe/userdata/external/c76302cb-f845-40f4-9c56-29710323afba/export";

/// The codes of bodies that say nothing a route could act upon.
const UNREAD: [&str; 7] = [
    "json_malformed",
    "json_shape",
    "json_duplicate",
    "malformed_request",
    "media_type",
    "credential_malformed",
    "email_malformed",
];

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

/// A path that exists, of the one thing that a route is about.
fn path_of(template: &str, id: &str) -> String {
    template.replace("{v}", "v1").replace("{id}", id).replace("{*verb}", "wallet")
}

/// A request of the namesake's, of a page of this tenant's.
fn as_shop(method: &Method, path: &str, tenant: &str) -> request::Builder {
    Request::builder()
        .method(method.as_str())
        .uri(path)
        .header(HOST, sample::OTHER_TENANT)
        .header("X-RpId", tenant)
        .header(AUTHORIZATION, "Bearer shop")
        .header(CONTENT_TYPE, "application/json")
}

fn reads_the_token(action: Action) -> bool {
    !matches!(
        action,
        Action::ShowHealth
            | Action::ShowKeySet
            | Action::ShowLimits
            | Action::ShowConsole
            | Action::OfferSignIn
            | Action::SignUp
            | Action::RegisterPasskey
            | Action::SignIn
            | Action::Refresh
            // A socket's comes in its first message.
            | Action::OpenSocket
    )
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_tenant_is_seen_or_touched_with_a_token_of_another() {
    let world = World::over(surface_of_namesakes());
    let surface = &world.surface;
    send(surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    let credential =
        json!({ "challenge": challenge(surface, UP, sample::TENANT).await, "id": "jane's", "counter": 0 });
    let body = json!({ "credential": credential, "externalUserId": sample::EXTERNAL_USER_ID });
    let signed_up = send(surface, request("POST", UP), body.to_string()).await;
    assert_eq!(signed_up.status, 200);
    let refresh_token = signed_up.json()["refresh_token"].as_str().unwrap().to_owned();
    let asked = send(surface, request("POST", VALIDATE_OWN), json!({ "email": EMAIL }).to_string()).await;
    assert_eq!(asked.status, 200);
    let [code] = &world.codes().await[..] else { panic!("one code") };
    let before = seen_by_jane(surface).await;
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
        let path = path_of(template, id);
        // Whoever registers one of the same id here has one of their own.
        let (ceremony, passkey) = if action == Action::SignIn { (IN, "jane's") } else { (UP, "another") };
        let challenge = challenge(surface, ceremony, sample::OTHER_TENANT).await;
        let shown = json!({ "challenge": challenge, "id": passkey, "counter": 0 });
        let mut is_read = false;
        // Whatever a route reads of a body stands in one of these.
        for body in [
            json!({}),
            json!({ "externalUserId": sample::EXTERNAL_USER_ID, "data": {} }),
            json!({ "externalUserId": sample::EXTERNAL_USER_ID, "data": { "email": "x" } }),
            json!({ "externalUserId": sample::EXTERNAL_USER_ID, "email": EMAIL, "code": code }),
            json!({ "refresh_token": refresh_token }),
            json!({ "credential": shown, "includeUserdata": true }),
        ] {
            let body = if *method == Method::POST { body.to_string() } else { String::new() };
            let answer = send(surface, as_shop(method, &path, sample::OTHER_TENANT), body.clone()).await;
            is_read |= answer.status.is_success() || !UNREAD.contains(&answer.problem().1.as_str());
            for mark in ["jane.doe@foo.domain", session, refresh_token.as_str(), code.as_str()] {
                assert!(!answer.text.contains(mark), "{method} {template}: {}", answer.text);
            }
            if matches!(
                action,
                Action::SignIn
                    | Action::Refresh
                    | Action::EndSession
                    | Action::RemovePasskey
                    | Action::ConfirmEmail
                    | Action::ConfirmOwnEmail
            ) {
                assert!(answer.status.is_client_error(), "{method} {template}: {}", answer.text);
            }
            // The token of one tenant beside the name of the other; a safe of its own has no verbs.
            if reads_the_token(action) && action != Action::CallVerb {
                let answer = send(surface, as_shop(method, &path, sample::TENANT), body).await;
                assert_eq!(answer.problem(), (401, "tenant_mismatch".to_owned()), "{method} {template}");
            }
        }
        assert!(is_read, "no body above is one that {method} {template} acts upon");
        walked += 1;
    }
    assert!(walked > 15, "the table was walked");
    assert_eq!(seen_by_jane(surface).await, before);
    // What was shown elsewhere is still jane's to use.
    let body = json!({ "email": EMAIL, "code": code }).to_string();
    assert_eq!(send(surface, request("POST", CONFIRM_OWN), body).await.status, 200);
    let body = json!({ "refresh_token": refresh_token }).to_string();
    assert_eq!(send(surface, request("POST", REFRESH), body).await.status, 200);
}

#[tokio::test]
async fn a_gateway_passes_nothing_on_for_a_token_of_one_tenant_beside_the_name_of_another() {
    let (surface, recorder) = gateway(&["GET wallet", "POST wallet"]);
    let mut refused = 0;
    for (template, method, action) in every_route() {
        let path = path_of(template, sample::EXTERNAL_USER_ID);
        let answer = send(&surface, as_shop(method, &path, sample::TENANT), sample::GUIDE_WRITE).await;
        // What it does not serve is not there, whoever asks.
        if reads_the_token(action) && !matches!(answer.status.as_u16(), 404 | 405) {
            assert_eq!(answer.problem(), (401, "tenant_mismatch".to_owned()), "{method} {template}");
            refused += 1;
        }
    }
    assert!(refused > 5, "the table was walked");
    assert!(recorder.calls().is_empty());
}
