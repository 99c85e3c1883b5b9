//! Signing up and in with a passkey: what is offered, what is taken, and the whole of the answer.

use serde_json::json;
use strongroom_ports::UpstreamError;
use strongroom_testkit::mock::MockUpstream;

use super::*;

pub(super) const UP: &str = "/v1/auth/sign-up";
pub(super) const IN: &str = "/v1.2/auth/sign-in";

pub(super) fn post(path: &str) -> request::Builder {
    anonymous("POST", path).header(CONTENT_TYPE, "application/json")
}

/// A challenge, of the tenant that the headers name.
pub(super) async fn challenge(surface: &Exchange, path: &str, tenant: &str) -> Value {
    let offer = send(surface, anonymous("GET", path).header("X-RpId", tenant), "").await;
    assert_eq!(offer.status, 200, "{}", offer.text);
    offer.json()["credentialRequestOptions"]["challenge"].clone()
}

/// A sign-up of a new person with a passkey of this id.
pub(super) async fn sign_up(surface: &Exchange, id: &str) -> Answer {
    let credential =
        json!({ "challenge": challenge(surface, UP, sample::TENANT).await, "id": id, "counter": 0 });
    send(surface, post(UP), json!({ "credential": credential }).to_string()).await
}

/// A sign-in by it, with more members beside the credential.
async fn sign_in(surface: &Exchange, id: &str, more: &Value) -> Answer {
    let credential =
        json!({ "challenge": challenge(surface, IN, sample::TENANT).await, "id": id, "counter": 0 });
    let mut body = json!({ "credential": credential });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    send(surface, post(IN), body.to_string()).await
}

#[tokio::test(start_paused = true)]
async fn what_is_offered_is_what_the_ceremony_says() {
    let surface = surface();
    for (query, name) in [
        ("", "glass"),
        ("?user.name=J%C3%A4ne&user.displayname=D", "Jäne"),
        ("?userName=jane&passkeys=TRUE", "jane"),
        ("?userName=second&user.name=first", "first"),
    ] {
        let answer = send(&surface, request("GET", &format!("{UP}{query}")), "").await;
        let options = &answer.json()["credentialRequestOptions"];
        assert_eq!((answer.status.as_u16(), &options["user"]["name"]), (200, &json!(name)), "{query}");
        assert_eq!(answer.json()["emailValidationRequired"], false);
    }
    let answer = send(&surface, request("GET", IN), "").await.json();
    assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["credentialRequestOptions"]);
    assert_eq!(answer["credentialRequestOptions"]["rpId"], "localhost");
    let twice = send(&surface, anonymous("GET", &format!("{UP}?userName=a&userName=b")), "").await;
    assert_eq!(twice.problem(), (400, "malformed_request".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_passkey_is_called_what_its_registration_began_with_unless_the_body_says_otherwise() {
    let surface = surface();
    let up = format!("{UP}?keyName=phone&keyDisplayName=My%20phone");
    for (id, more, expected) in [
        ("a", json!({}), ["phone", "My phone"]),
        ("b", json!({ "keyName": "laptop", "keyDisplayName": null }), ["laptop", "My phone"]),
    ] {
        let credential =
            json!({ "challenge": challenge(&surface, &up, sample::TENANT).await, "id": id, "counter": 0 });
        let mut body = json!({ "credential": credential });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = send(&surface, post(UP), body.to_string()).await.json();
        assert_eq!(json!([answer["keyName"], answer["keyDisplayName"]]), json!(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_up_and_a_sign_in_are_answered_whole() {
    let surface = surface();
    let mut answers = Vec::new();
    let credential =
        json!({ "challenge": challenge(&surface, UP, sample::TENANT).await, "id": "a", "counter": 0 });
    let body = json!({ "credential": credential, "chainId": 100, "keyName": "phone", "other": [null] });
    answers.push(send(&surface, request("POST", UP), body.to_string()).await.json());
    answers.push(sign_in(&surface, "a", &json!({ "chainId": "100" })).await.json());
    for answer in &answers {
        let mut answer = answer.clone();
        let members = answer.as_object_mut().unwrap();
        for name in ["access_token", "refresh_token", "subject"] {
            assert!(members.remove(name).is_some_and(|value| value.is_string()), "{name}");
        }
        let expected = json!({
            "token_type": "Bearer", "expires_in": 3600, "issuer": "localhost", "audience": "localhost",
            "roles": ["USER"], "authMethod": "PASSKEY", "hasPasskey": true, "keyName": "phone",
            "keyDisplayName": null, "chainId": 100, "safeAddress": {},
        });
        assert_eq!(answer, expected);
    }
    assert_eq!(answers[0]["subject"], answers[1]["subject"]);
    assert_ne!(answers[0]["subject"], sample::EXTERNAL_USER_ID, "nobody who has shown a token is meant");
}

#[tokio::test(start_paused = true)]
async fn the_wallets_of_the_passkey_are_named_by_decimal_chain_ids_where_its_tenant_has_chains() {
    let surface = surface();
    let mut seen = Vec::new();
    for (path, id, counter) in [(UP, "jane's", 0), (IN, "jane's", 1), (UP, "john's", 0)] {
        let challenge = challenge(&surface, path, sample::OTHER_TENANT).await;
        let credential = json!({ "challenge": challenge, "id": id, "counter": counter });
        let request = anonymous("POST", path).header("X-RpId", sample::OTHER_TENANT);
        let request = request.header(CONTENT_TYPE, "application/json");
        let answer = send(&surface, request, json!({ "credential": credential }).to_string()).await;
        // In the order of numbers, as it was written.
        let at = ["\"1\":\"0x", "\"10\":\"0x", "\"8453\":\"0x"].map(|chain| answer.text.find(chain).unwrap());
        assert!(at.is_sorted(), "{}", answer.text);
        let addresses = answer.json()["safeAddress"].clone();
        assert_eq!(addresses.as_object().unwrap().len(), 3);
        assert!(addresses.as_object().unwrap().values().all(|address| address.as_str().unwrap().len() == 42));
        seen.push(addresses);
    }
    assert_eq!(seen[0], seen[1], "a passkey keeps its wallets");
    assert_ne!(seen[0], seen[2], "and no other passkey has them");
}

#[tokio::test(start_paused = true)]
async fn data_is_in_the_answer_only_where_it_is_asked_for_and_is_an_empty_map_without_any() {
    let surface = surface();
    let credential =
        json!({ "challenge": challenge(&surface, UP, sample::TENANT).await, "id": "jane's", "counter": 0 });
    let body = json!({ "credential": credential, "externalUserId": sample::EXTERNAL_USER_ID });
    assert_eq!(send(&surface, request("POST", UP), body.to_string()).await.status, 200);
    let asks = json!({ "includeUserdata": true });
    assert_eq!(sign_in(&surface, "jane's", &asks).await.json()["userdata"], json!({}));
    send(&surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    let answer = sign_in(&surface, "jane's", &asks).await;
    assert!(answer.text.contains(&format!(r#""userdata":{}"#, sample::GUIDE_VIEW)), "{}", answer.text);
    assert!(!answer.text.contains("private"), "{}", answer.text);
    assert!(answer.json().get("warnings").is_none());
    for other in [json!({}), json!({ "includeUserdata": false }), json!({ "includeuserdata": true })] {
        let answer = sign_in(&surface, "jane's", &other).await;
        assert_eq!((answer.status.as_u16(), answer.json().get("userdata")), (200, None), "{other}");
    }
    for other in [json!(null), json!("true"), json!(1)] {
        let answer = sign_in(&surface, "jane's", &json!({ "includeUserdata": other })).await;
        assert_eq!(answer.problem(), (400, "json_shape".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_succeeds_where_the_safe_does_not_answer_and_says_so() {
    for error in [UpstreamError::Unavailable, UpstreamError::Damaged] {
        let mut upstream = MockUpstream::new();
        upstream.expect_read().returning(move |_| Err(error));
        let surface = surface_over(upstream);
        sign_up(&surface, "a").await;
        let answer = sign_in(&surface, "a", &json!({ "includeUserdata": true })).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["warnings"], json!(["userdata_unavailable"]));
        assert!(answer.json().get("userdata").is_none() && answer.json()["access_token"].is_string());
    }
}

#[tokio::test(start_paused = true)]
async fn each_refusal_of_a_credential_has_its_answer() {
    let surface = surface();
    assert_eq!(sign_up(&surface, "a").await.status, 200);
    assert_eq!(sign_up(&surface, "a").await.problem(), (409, "passkey_known".to_owned()));
    let refused = (401, "credential_refused".to_owned());
    assert_eq!(sign_in(&surface, "unknown", &json!({})).await.problem(), refused);
    let spent =
        json!({ "challenge": challenge(&surface, IN, sample::TENANT).await, "id": "a", "counter": 0 });
    let body = json!({ "credential": spent }).to_string();
    assert_eq!(send(&surface, post(IN), body.clone()).await.status, 200);
    let replay = send(&surface, post(IN), body).await;
    assert_eq!(replay.problem(), refused);
    assert_eq!(replay.header("www-authenticate"), Some("Bearer"));
    let of_another =
        json!({ "challenge": challenge(&surface, IN, sample::OTHER_TENANT).await, "id": "a", "counter": 0 });
    let body = json!({ "credential": of_another }).to_string();
    assert_eq!(send(&surface, post(IN), body).await.problem(), refused);
    for (path, body, status, code) in [
        (IN, r#"{"credential":{}}"#, 400, "credential_malformed"),
        (UP, r#"{"credential":null}"#, 400, "credential_malformed"),
        (UP, r#"{"credential":"x"}"#, 400, "credential_malformed"),
        (IN, "{}", 400, "json_shape"),
        (UP, r#"{"credential":{},"keyName":7}"#, 400, "json_shape"),
        (UP, r#"{"credential":{},"credential":{}}"#, 400, "json_duplicate"),
        (IN, "[]", 400, "json_shape"),
        (IN, "{", 400, "json_malformed"),
    ] {
        assert_eq!(send(&surface, post(path), body).await.problem(), (status, code.to_owned()), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_passkey_is_added_only_to_the_account_of_the_token_that_is_shown() {
    let surface = surface();
    let offer = async |id: &str, person: &Value| {
        let credential =
            json!({ "challenge": challenge(&surface, UP, sample::TENANT).await, "id": id, "counter": 0 });
        json!({ "credential": credential, "externalUserId": person }).to_string()
    };
    let jane = json!(sample::EXTERNAL_USER_ID);
    let added = send(&surface, request("POST", UP), offer("a", &jane).await).await;
    assert_eq!((added.status.as_u16(), &added.json()["subject"]), (200, &jane));
    for (request, person, status, code) in [
        (post(UP), jane.clone(), 401, "token_missing"),
        (post(UP).header(AUTHORIZATION, "Bearer other"), jane.clone(), 401, "token_invalid"),
        (request("POST", UP), json!(sample::OTHER_USER_ID), 400, "not_owner"),
        (request("POST", UP), json!(7), 400, "json_shape"),
        (request("POST", UP).header("X-RpId", sample::OTHER_TENANT), jane.clone(), 401, "tenant_mismatch"),
    ] {
        let answer = send(&surface, request, offer("b", &person).await).await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{person}");
    }
    let nobody = send(&surface, request("POST", UP), offer("c", &json!(null)).await).await;
    assert_eq!(nobody.status, 200, "{}", nobody.text);
    assert_ne!(nobody.json()["subject"], jane, "whom nobody names is new, whatever token is there");
}

#[tokio::test(start_paused = true)]
async fn a_token_beside_a_ceremony_is_not_looked_at() {
    let surface = surface();
    sign_up(&surface, "a").await;
    for token in ["Bearer other", "Bearer jane", "Basic x", "nonsense"] {
        let get = |path| anonymous("GET", path).header(AUTHORIZATION, token);
        for path in [UP, IN] {
            assert_eq!(send(&surface, get(path), "").await.status, 200, "{token}");
        }
        let credential =
            json!({ "challenge": challenge(&surface, IN, sample::TENANT).await, "id": "a", "counter": 0 });
        let body = json!({ "credential": credential }).to_string();
        assert_eq!(send(&surface, post(IN).header(AUTHORIZATION, token), body).await.status, 200, "{token}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_tenant_of_a_ceremony_is_that_which_the_request_names() {
    let surface = surface();
    for (request, status, code) in [
        (anonymous("GET", IN).header("X-RpId", "evil.example"), 400, "unknown_tenant"),
        (anonymous("GET", UP).header("Origin", "https://evil.example"), 400, "unknown_tenant"),
        (post(IN).header("X-RpId", "evil.example"), 400, "unknown_tenant"),
        (post(UP).header("Origin", "https://evil.example"), 400, "unknown_tenant"),
        (post(IN).header("Origin", ORIGIN_OF_TENANT).header("X-RpId", "shop.example"), 400, "unknown_tenant"),
    ] {
        let answer = send(&surface, request, r#"{"credential":{}}"#).await;
        assert_eq!(answer.problem(), (status, code.to_owned()));
    }
    let rebound = Request::builder().method("GET").uri(IN).header(HOST, "evil.example");
    assert_eq!(send(&surface, rebound, "").await.problem(), (400, "unknown_tenant".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn accounts_with_a_passkey_are_made_no_more_often_than_the_hour_allows() {
    let surface = surface();
    for number in 0..PASSKEY_SIGN_UPS_PER_HOUR {
        assert_eq!(sign_up(&surface, &number.to_string()).await.status, 200);
    }
    let again = sign_up(&surface, "more").await;
    assert_eq!(again.problem(), (429, "too_many_sign_ups".to_owned()));
    assert_eq!(again.header("retry-after"), Some("3600"));
}
