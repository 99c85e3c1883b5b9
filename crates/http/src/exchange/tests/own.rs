//! What people see and end of their own: sessions, passkeys, the whole account.

use serde_json::json;

use super::passkeys::{UP, challenge};
use super::*;

/// The surface with two passkeys and a session of the guide's person; gives the session's id.
async fn surface_of_jane() -> (Exchange, String) {
    let surface = surface();
    for id in ["a", "b"] {
        let credential =
            json!({ "challenge": challenge(&surface, UP, sample::TENANT).await, "id": id, "counter": 0 });
        let body =
            json!({ "credential": credential, "externalUserId": sample::EXTERNAL_USER_ID, "keyName": id });
        assert_eq!(send(&surface, request("POST", UP), body.to_string()).await.status, 200);
    }
    let sessions = send(&surface, request("GET", "/v1/auth/sessions"), "").await.json();
    let id = sessions["sessions"][0]["id"].as_str().unwrap().to_owned();
    (surface, id)
}

#[tokio::test(start_paused = true)]
async fn passkeys_are_listed_and_removed_but_for_the_last() {
    let (surface, _) = surface_of_jane().await;
    let path = "/v1/auth/passkeys";
    let entry = |id: &str, name: &str| json!({ "id": id, "keyName": name, "keyDisplayName": null, "createdAt": "2026-01-01T00:00:00.000Z", "current": false });
    let listed = send(&surface, request("GET", path), "").await.json();
    let mut expected = json!({ "passkeys": [entry("YQ", "a"), entry("Yg", "b")] });
    for (at, passkey) in expected["passkeys"].as_array_mut().unwrap().iter_mut().enumerate() {
        passkey["createdAt"] = listed["passkeys"][at]["createdAt"].clone();
        assert!(passkey["createdAt"].as_str().unwrap().ends_with('Z'));
    }
    assert_eq!(listed, expected);
    let remove = async |id: &str| send(&surface, request("DELETE", &format!("{path}/{id}")), "").await;
    for id in ["YQ==", "Y", "eg", "a%20b"] {
        assert_eq!(remove(id).await.problem(), (404, "unknown_passkey".to_owned()), "{id}");
    }
    let removed = remove("YQ").await;
    assert_eq!((removed.status.as_u16(), removed.text.as_str()), (204, ""));
    assert_eq!(remove("YQ").await.problem(), (404, "unknown_passkey".to_owned()));
    assert_eq!(remove("Yg").await.problem(), (409, "last_passkey".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn sessions_are_listed_and_ended() {
    let (surface, id) = surface_of_jane().await;
    let path = "/v1.1/auth/sessions";
    let listed = send(&surface, request("GET", path), "").await.json();
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        let mut members: Vec<_> = session.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, ["createdAt", "current", "expiresAt", "id"], "never refreshed");
        assert_eq!(session["current"], false, "the token that asks is of none of them");
    }
    let end = async |id: &str| send(&surface, request("DELETE", &format!("{path}/{id}")), "").await;
    let unknown = (404, "unknown_session".to_owned());
    for other in ["x", "00000000000000000000000000000000", &id.to_uppercase()] {
        if other != id {
            assert_eq!(end(other).await.problem(), unknown, "{other}");
        }
    }
    assert_eq!(end(&id).await.status, 204);
    assert_eq!(end(&id).await.problem(), unknown);
    let left = send(&surface, request("GET", path), "").await.json();
    assert_eq!(left["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_is_closed_with_all_that_is_in_it_and_again() {
    let (surface, _) = surface_of_jane().await;
    send(&surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    for _ in 0..2 {
        let closed = send(&surface, request("DELETE", "/v1.2/users/me"), "").await;
        assert_eq!((closed.status.as_u16(), closed.text.as_str()), (204, ""));
    }
    assert_eq!(send(&surface, request("GET", READ), "").await.status, 204);
    for (path, name) in [("/v1/auth/passkeys", "passkeys"), ("/v1/auth/sessions", "sessions")] {
        assert_eq!(send(&surface, request("GET", path), "").await.json()[name], json!([]), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_ones_own_takes_a_token_of_the_tenant_that_is_named() {
    let surface = surface();
    for (method, path) in [
        ("GET", "/v1/auth/sessions"),
        ("GET", "/v1/auth/passkeys"),
        ("DELETE", "/v1/auth/sessions/00000000000000000000000000000000"),
        ("DELETE", "/v1/auth/passkeys/YQ"),
        ("DELETE", "/v1/users/me"),
    ] {
        for (request, code) in [
            (anonymous(method, path), "token_missing"),
            (anonymous(method, path).header(AUTHORIZATION, "Bearer other"), "token_invalid"),
            (request(method, path).header("X-RpId", sample::OTHER_TENANT), "tenant_mismatch"),
        ] {
            assert_eq!(
                send(&surface, request, "").await.problem(),
                (401, code.to_owned()),
                "{method} {path}"
            );
        }
    }
}
