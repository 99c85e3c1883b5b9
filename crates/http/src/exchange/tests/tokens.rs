//! Whose token it is, and for which tenant: over the routes that take one and those that give one.

use http::header::{ACCEPT, HOST, ORIGIN, REFERER};

use super::*;

/// The surface with a token of each tenant, `jane` and `shop`, of namesakes.
fn surface_of_two() -> Exchange {
    let namesake = Caller { tenant: sample::tenant(sample::OTHER_TENANT), ..sample::caller() };
    let authenticator = StaticAuthenticator::new()
        .with("jane", principal(sample::caller()))
        .with("shop", principal(namesake));
    surface_of(InMemoryUpstream::new(), authenticator, HTTP_LIMITS)
}

#[tokio::test(start_paused = true)]
async fn without_a_token_the_answer_asks_for_one() {
    for request in [anonymous("GET", READ), anonymous("GET", READ).header(AUTHORIZATION, "Basic amFuZQ==")] {
        let answer = send(&surface(), request, "").await;
        assert_eq!(answer.problem(), (401, "token_missing".to_owned()));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_beside_the_name_or_origin_of_another_tenant_is_a_401() {
    let surface = surface_of_two();
    let beside = |name: &str, value: &str| request("GET", READ).header(name, value);
    let query = format!("{READ}?rpId={}", sample::OTHER_TENANT);
    let own_query = format!("{READ}?rpId={}", sample::TENANT);
    for foreign in [
        beside("origin", ORIGIN_OF_OTHER_TENANT),
        beside("x-rpid", sample::OTHER_TENANT),
        beside("x-rp-id", "unknown.example"),
        request("GET", &query),
        // One that agrees does not speak for one that does not.
        request("GET", &own_query).header("x-rp-id", sample::OTHER_TENANT),
        beside("x-rpid", sample::TENANT).header("x-rp-id", sample::OTHER_TENANT),
    ] {
        let answer = send(&surface, foreign, "").await;
        assert_eq!(answer.problem(), (401, "tenant_mismatch".to_owned()));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
    for own in [
        beside("origin", ORIGIN_OF_TENANT),
        beside("x-rpid", "LOCALHOST"),
        // With a token, neither names a tenant.
        beside("referer", "https://www.shop.example/"),
    ] {
        assert_eq!(send(&surface, own, "").await.status, 204);
    }
}

#[tokio::test(start_paused = true)]
async fn namesakes_of_two_tenants_do_not_see_each_other() {
    let surface = surface_of_two();
    send(&surface, request("POST", WRITE), sample::GUIDE_WRITE).await;
    let of_shop = anonymous("GET", READ).header(AUTHORIZATION, "Bearer shop");
    assert_eq!(send(&surface, of_shop, "").await.status, 204);
    assert_eq!(send(&surface, request("GET", READ), "").await.text, sample::GUIDE_VIEW);
}

#[tokio::test(start_paused = true)]
async fn another_persons_id_is_a_400_with_one_text_whether_or_not_there_is_such_a_person() {
    let authenticator = StaticAuthenticator::new()
        .with_caller("jane", sample::caller())
        .with_caller("john", Caller { person: sample::person("john"), ..sample::caller() });
    let surface = surface_of(InMemoryUpstream::new(), authenticator, HTTP_LIMITS);
    let johns = r#"{"externalUserId":"john","data":{"a":"1"}}"#;
    let of_john = anonymous("POST", WRITE)
        .header(AUTHORIZATION, "Bearer john")
        .header(CONTENT_TYPE, "application/json");
    assert_eq!(send(&surface, of_john, johns).await.status, 200);
    let mut texts = Vec::new();
    for person in ["john", "nobody"] {
        let path = format!("/v1/ibexsafe/userdata/external/{person}");
        for (method, path) in
            [("GET", path.clone()), ("DELETE", path.clone()), ("GET", format!("{path}/export"))]
        {
            let answer = send(&surface, request(method, &path), "").await;
            assert_eq!(answer.problem(), (400, "not_owner".to_owned()), "{method} {path}");
            texts.push(answer.text);
        }
        let body = format!(r#"{{"externalUserId":"{person}","data":{{}}}}"#);
        texts.push(send(&surface, request("POST", WRITE), body).await.text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sign_up_goes_to_the_tenant_that_the_request_names() {
    let shop = anonymous("GET", SIGN_UP).header("x-rpid", "a.shop.example");
    let answer = send(&surface(), shop, "").await;
    assert_eq!(answer.problem(), (400, "passkey_required".to_owned()));
    let host = Request::builder().uri(SIGN_UP).header(HOST, "127.0.0.1:8080");
    assert_eq!(send(&surface(), host, "").await.json()["issuer"], sample::TENANT);
    let referer = anonymous("GET", SIGN_UP).header(REFERER, "https://www.shop.example/page?x=1");
    let answer = send(&surface(), referer, "").await;
    assert_eq!(answer.problem(), (400, "passkey_required".to_owned()));
    let unknown = Request::builder().uri(SIGN_UP).header(HOST, "unknown.example");
    let answer = send(&surface(), unknown, "").await;
    assert_eq!(answer.problem(), (400, "unknown_tenant".to_owned()));
    assert_eq!(answer.json()["message"], "Unknown domain/rpId");
}

#[tokio::test(start_paused = true)]
async fn a_sign_up_gives_tokens_to_no_page_of_another_site_and_no_more_often_than_the_hour_allows() {
    let surface = surface();
    let cross_site = anonymous("GET", SIGN_UP).header("sec-fetch-site", "cross-site");
    assert_eq!(send(&surface, cross_site, "").await.problem(), (400, "cross_site".to_owned()));
    let answer = send(&surface, anonymous("GET", SIGN_UP).header(ORIGIN, ORIGIN_OF_TENANT), "").await;
    let document = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(document["token_type"], "Bearer");
    assert_eq!(document["expires_in"], 3600);
    assert_eq!(document["roles"], serde_json::json!(["USER"]));
    assert_eq!(document["hasPasskey"], false);
    assert_eq!(document["safeAddress"], serde_json::json!({}));
    let again = send(&surface, anonymous("GET", SIGN_UP), "").await;
    assert_eq!(again.problem(), (429, "too_many_sign_ups".to_owned()));
    assert_eq!(again.header("retry-after"), Some("3600"));
}

#[tokio::test(start_paused = true)]
async fn a_head_makes_no_account() {
    let surface = surface();
    let head = send(&surface, anonymous("HEAD", SIGN_UP), "").await;
    assert_eq!((head.status.as_u16(), head.header("allow")), (405, Some("GET, POST, OPTIONS")));
    let only_one_of_the_hour = send(&surface, anonymous("GET", SIGN_UP), "").await;
    assert_eq!(only_one_of_the_hour.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_parameter_given_twice_is_refused() {
    for doubled in [format!("{SIGN_UP}&passkeys=true"), format!("{SIGN_UP}&rpId=localhost&rpId=shop.example")]
    {
        let answer = send(&surface(), anonymous("GET", &doubled), "").await;
        assert_eq!(answer.problem(), (400, "malformed_request".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_of_another_tenant_than_the_origins_is_refused_and_stays_unspent() {
    let surface = surface();
    let signed_up = send(&surface, anonymous("GET", SIGN_UP), "").await.json();
    let body = serde_json::json!({ "refresh_token": signed_up["refresh_token"] }).to_string();
    let refresh = || anonymous("POST", REFRESH).header(CONTENT_TYPE, "application/json");
    let answer = send(&surface, refresh().header(ORIGIN, ORIGIN_OF_OTHER_TENANT), body.clone()).await;
    assert_eq!(answer.problem(), (401, "tenant_mismatch".to_owned()));
    let answer = send(&surface, refresh().header(ORIGIN, ORIGIN_OF_TENANT), body.clone()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["subject"]), (200, &signed_up["subject"]));
    let replay = send(&surface, refresh(), body).await;
    assert_eq!(replay.problem(), (401, "token_invalid".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_of_anything_else_than_a_refresh_token_is_refused() {
    for (body, status, code) in [
        (r#"{"refresh_token":"canary"}"#, 401, "token_invalid"),
        (r#"{"refresh_token":1}"#, 400, "json_shape"),
        ("{}", 400, "json_shape"),
        ("{", 400, "json_malformed"),
        (r#"{"refresh_token":"canary"} {}"#, 400, "json_malformed"),
        (r#"{"refresh_token":"canary","refresh_token":"canary"}"#, 400, "json_duplicate"),
        (r#"{"refresh_token":"canary","a":1,"a":2}"#, 400, "json_duplicate"),
    ] {
        let refresh = anonymous("POST", REFRESH).header(CONTENT_TYPE, "application/json");
        let answer = send(&surface(), refresh.header(ACCEPT, "*/*"), body).await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{body}");
        assert!(!answer.text.contains("canary"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_a_session_cannot_sign_out() {
    let answer = send(&surface(), request("POST", "/v1/auth/sign-out"), "").await;
    assert_eq!(answer.problem(), (400, "no_session".to_owned()));
}
