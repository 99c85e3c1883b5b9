//! Tenants, origins and foreign tokens, as `serve` has them from its configuration.

use crate::support::{Safe, World, foreign_token};

fn serve() -> (World, Safe) {
    let world = World::new("");
    let safe = world.serve();
    (world, safe)
}

#[test]
fn a_foreign_token_speaks_for_its_subject_in_its_issuers_tenant() {
    let (_world, safe) = serve();
    let token = foreign_token("jane");
    let mut client = safe.connect();
    let body = r#"{"externalUserId":"jane","data":{"language":"en"}}"#;
    assert_eq!(client.authorized(&token, "POST", "/v1/ibexsafe/userdata", body).status, 200);
    let read = client.authorized(&token, "GET", "/v1/ibexsafe/userdata/external/jane", "");
    assert_eq!((read.status, read.body.as_str()), (200, r#"{"language":"en"}"#));
    let problem = client.authorized(&token, "POST", "/v1/auth/sign-out", "");
    assert_eq!((problem.status, problem.json()["code"].as_str()), (400, Some("no_session")));
    let mut tampered = token.clone();
    tampered.pop();
    assert_eq!(client.authorized(&tampered, "GET", "/v1/ibexsafe/userdata/external/jane", "").status, 401);
}

#[test]
fn the_same_id_in_two_tenants_is_two_people() {
    let (_world, safe) = serve();
    let mut client = safe.connect();
    let own = client.request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
    let (person, token) = (own["subject"].as_str().unwrap(), own["access_token"].as_str().unwrap());
    let body = format!(r#"{{"externalUserId":"{person}","data":{{"a":1}}}}"#);
    assert_eq!(client.authorized(token, "POST", "/v1/ibexsafe/userdata", &body).status, 200);
    let path = format!("/v1/ibexsafe/userdata/external/{person}");
    assert_eq!(client.authorized(&foreign_token(person), "GET", &path, "").status, 204);
    assert_eq!(client.authorized(&foreign_token(person), "DELETE", &path, "").status, 204);
    assert_eq!(client.authorized(token, "GET", &path, "").body, r#"{"a":1}"#);
}

#[test]
fn a_tenant_that_wants_passkeys_gives_no_account_without() {
    let (_world, safe) = serve();
    let headers = [("X-RpId", "www.shop.example")];
    let answer = safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &headers, "");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("passkey_required")));
}

#[test]
fn the_tenant_of_a_request_without_a_token_comes_from_its_first_name() {
    let (_world, safe) = serve();
    for (path, headers, tenant) in [
        ("?passkeys=FALSE&rpId=localhost", &[("X-RpId", "shop.example")][..], Some("localhost")),
        ("?passkeys=FALSE", &[("X-Rp-Id", "localhost"), ("Host", "shop.example")], Some("localhost")),
        (
            "?passkeys=FALSE",
            &[("Origin", "http://localhost:3000"), ("Host", "shop.example")],
            Some("localhost"),
        ),
        (
            "?passkeys=FALSE",
            &[("Referer", "http://localhost:9/x?y"), ("Host", "shop.example")],
            Some("localhost"),
        ),
        ("?passkeys=FALSE", &[("Host", "LOCALHOST:8080")], Some("localhost")),
        ("?passkeys=FALSE", &[("Host", "unknown.example")], None),
        ("?passkeys=FALSE&rpId=localhost", &[("Host", "127.0.0.1:8080")], Some("localhost")),
        ("?passkeys=FALSE&rpId=localhost", &[("Host", "rebound.example")], None),
        ("?passkeys=FALSE", &[("Host", "127.0.0.1")], None),
        ("?passkeys=FALSE", &[("Origin", "http://localhost:3001"), ("Host", "localhost")], None),
        ("?passkeys=FALSE&rpId=unknown.example", &[("Host", "localhost")], None),
    ] {
        let answer = safe.connect().request("GET", &format!("/v1/auth/sign-up{path}"), headers, "");
        match tenant {
            Some(tenant) => assert_eq!(answer.json()["issuer"].as_str(), Some(tenant), "{path} {headers:?}"),
            None => assert_eq!(
                answer.json()["message"].as_str(),
                Some("Unknown domain/rpId"),
                "{path} {headers:?}"
            ),
        }
    }
}

#[test]
fn a_page_of_a_registered_origin_may_read_answers_and_errors_and_others_neither() {
    let (_world, safe) = serve();
    let token = format!("Bearer {}", foreign_token("jane"));
    let origin = ("Origin", "https://www.shop.example");
    let path = "/v1/ibexsafe/userdata/external/jane";
    let mut client = safe.connect();
    for (path, headers, status) in [
        (path, &[("Authorization", token.as_str()), origin][..], 204),
        (path, &[origin], 401),
        ("/v1/none", &[origin], 404),
        ("/v1/ibexsafe/limits", &[origin], 200),
    ] {
        let answer = client.request("GET", path, headers, "");
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin.1), "{path}");
        let exposed = "ETag, Retry-After, WWW-Authenticate, X-Request-Id";
        assert_eq!(answer.header("access-control-expose-headers"), Some(exposed));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    // A page of another tenant, and one of nobody.
    let foreign_page =
        client.request("GET", path, &[("Authorization", &token), ("Origin", "http://localhost:3000")], "");
    assert_eq!((foreign_page.status, foreign_page.json()["code"].as_str()), (401, Some("tenant_mismatch")));
    assert_eq!(foreign_page.header("access-control-allow-origin"), None);
    let stranger =
        client.request("GET", path, &[("Authorization", &token), ("Origin", "https://shop.example")], "");
    assert_eq!((stranger.status, stranger.header("access-control-allow-origin")), (400, None));
}

#[test]
fn a_preflight_is_answered_for_any_tenants_origin() {
    let (_world, safe) = serve();
    for origin in ["https://www.shop.example", "http://localhost:3000"] {
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization,content-type"),
        ];
        let answer = safe.connect().request("OPTIONS", "/v1.1/ibexsafe/userdata", &headers, "");
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-methods"), Some("POST, OPTIONS"));
        let allowed = answer.header("access-control-allow-headers").unwrap();
        for name in [
            "authorization",
            "content-type",
            "if-match",
            "if-none-match",
            "idempotency-key",
            "traceparent",
            "x-rpid",
            "x-rp-id",
            "x-ibex-auth",
            "x-blockchain-id",
            "x-request-id",
        ] {
            assert!(allowed.split(", ").any(|header| header == name), "{name}");
        }
    }
}
