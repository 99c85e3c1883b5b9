//! The guide, through both.

use super::{House, story};
use crate::support::http2::Http2Client;
use crate::support::world::{files_below, foreign_token};

const WRITE: &str = "/v1.1/ibexsafe/userdata";
const READ: &str = "/v1.1/ibexsafe/userdata/external/jane";

fn write(data: &str) -> String {
    format!(r#"{{"externalUserId":"jane","data":{data}}}"#)
}

#[test]
fn the_guide_s_walk_through_goes_through_a_gateway_as_it_does_to_a_safe() {
    let house = House::new();
    let token = foreign_token("jane");
    let mut client = house.gateway.connect();
    let mut ask = |method: &str, path: &str, body: &str| client.authorized(&token, method, path, body);

    assert_eq!(ask("GET", READ, "").status, 204, "nobody has written yet");
    let data = r#"{"language":"en","optin.newsletter":true,"n":0.1,"private.apiKey":"secret-api-key-12345"}"#;
    let written = ask("POST", WRITE, &write(data));
    assert_eq!((written.status, written.body.as_str()), (200, r#"{"success":true}"#));
    let tag = written.header("etag").unwrap().to_owned();
    let read = ask("GET", READ, "");
    assert_eq!(
        (read.status, read.body.as_str()),
        (200, r#"{"language":"en","n":0.1,"optin.newsletter":true}"#)
    );
    assert_eq!(read.header("etag"), Some(tag.as_str()));
    assert_eq!(ask("POST", WRITE, &write("{}")).body, read.body, "a POST-read");
    assert_eq!(ask("HEAD", READ, "").status, 200);
    assert_eq!(ask("POST", WRITE, &write(r#"{"n":null,"language":"fr"}"#)).status, 200);
    assert_eq!(ask("GET", READ, "").body, r#"{"language":"fr","optin.newsletter":true}"#);

    let export = ask("GET", &format!("{READ}/export"), "").json();
    assert_eq!(export["writeOnly"], serde_json::json!(["private.apiKey"]));
    assert_eq!(export["data"]["language"], "fr");
    assert_eq!(ask("GET", "/v1.1/ibexsafe/userdata/external/john", "").status, 400);
    assert_eq!(ask("POST", WRITE, &write(r#"{"a":[1]}"#)).json()["code"], "json_nested");
    assert_eq!(ask("DELETE", READ, "").status, 204);
    assert_eq!(ask("GET", READ, "").status, 204);

    // The same person, asked for at the safe itself.
    assert_eq!(house.safe.connect().authorized(&token, "GET", READ, "").status, 204);
}

#[test]
fn the_guide_and_a_browser_s_page_are_answered_by_a_gateway_as_by_a_safe() {
    let house = House::new();
    story::tell("jane", || house.gateway.connect());
    story::tell("john", || Http2Client::connect(house.gateway.address));
}

#[test]
fn conditions_and_limits_are_the_safe_s_and_reach_the_caller() {
    let house = House::new();
    let token = foreign_token("jane");
    let authorization = format!("Bearer {token}");
    let mut client = house.gateway.connect();
    let mut ask = |method: &str, path: &str, extra: (&str, &str), body: &str| {
        let headers =
            [("Authorization", authorization.as_str()), ("Content-Type", "application/json"), extra];
        client.request(method, path, &headers, body)
    };
    let none = ("Accept", "application/json");
    let created = ask("POST", WRITE, ("If-None-Match", "*"), &write(r#"{"a":1}"#));
    assert_eq!(created.status, 200);
    let tag = created.header("etag").unwrap().to_owned();
    assert_eq!(ask("POST", WRITE, ("If-None-Match", "*"), &write(r#"{"a":2}"#)).status, 412);
    assert_eq!(ask("POST", WRITE, ("If-Match", "\"other\""), &write(r#"{"a":2}"#)).status, 412);
    assert_eq!(ask("GET", READ, ("If-None-Match", &tag), "").status, 304);
    assert_eq!(ask("POST", WRITE, ("If-Match", &tag), &write(r#"{"a":2}"#)).status, 200);
    assert_eq!(ask("DELETE", READ, ("If-Match", &tag), "").status, 412);
    let long = write(&format!(r#"{{"a":"{}"}}"#, "x".repeat(8193)));
    let refused = ask("POST", WRITE, none, &long);
    assert_eq!(
        (refused.status, &refused.json()["code"], &refused.json()["limit_bytes"]),
        (422, &"value_too_long".into(), &8192.into())
    );
}

#[test]
fn a_page_of_a_registered_origin_may_read_what_a_gateway_answers() {
    let house = House::new();
    let authorization = format!("Bearer {}", foreign_token("jane"));
    let origin = "https://www.shop.example";
    let mut client = house.gateway.connect();
    let preflight = [("Origin", origin), ("Access-Control-Request-Method", "GET")];
    let answer = client.request("OPTIONS", READ, &preflight, "");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, Some(origin)));
    let read = client.request("GET", READ, &[("Origin", origin), ("Authorization", &authorization)], "");
    assert_eq!((read.status, read.header("access-control-allow-origin")), (204, Some(origin)));
    let stranger = [("Origin", "https://evil.example"), ("Authorization", authorization.as_str())];
    let refused = client.request("GET", READ, &stranger, "");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (400, None));
}

#[test]
fn a_gateway_takes_no_token_but_its_issuers_and_no_session() {
    let house = House::new();
    let own = house.safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
    let own = own["access_token"].as_str().unwrap().to_owned();
    let mut client = house.gateway.connect();
    assert_eq!(client.authorized(&own, "GET", READ, "").status, 401, "a token of the safe");
    assert_eq!(client.request("GET", READ, &[], "").status, 401);
    for (method, path) in [
        ("GET", "/v1/auth/sign-up?passkeys=FALSE"),
        ("POST", "/v1/auth/refresh"),
        ("POST", "/v1/auth/sign-out"),
        ("GET", "/.well-known/jwks.json"),
        ("POST", "/v1/ibexsafe/other"),
    ] {
        assert_eq!(client.request(method, path, &[], "").status, 404, "{path}");
    }
    assert_eq!(client.request("GET", "/v1/ibexsafe/limits", &[], "").status, 200);
    assert_eq!(client.request("GET", "/health", &[], "").status, 200);
}

#[test]
fn a_gateway_touches_no_disk_and_says_502_while_its_safe_is_gone() {
    let House { world, safe, gateway } = House::new();
    let before: Vec<_> = files_below(&world.path("")).into_iter().map(|(path, _)| path).collect();
    let token = foreign_token("jane");
    let mut client = gateway.connect();
    assert_eq!(client.authorized(&token, "GET", READ, "").status, 204);
    safe.kill();
    let gone = client.authorized(&token, "GET", READ, "");
    assert_eq!((gone.status, &gone.json()["code"]), (502, &"bad_gateway".into()));
    let gone = client.authorized(&token, "POST", WRITE, &write(r#"{"a":1}"#));
    assert_eq!((gone.status, &gone.json()["code"]), (502, &"bad_gateway".into()));
    let after: Vec<_> = files_below(&world.path("")).into_iter().map(|(path, _)| path).collect();
    let new: Vec<_> = after.iter().filter(|path| !before.contains(path)).collect();
    assert_eq!(new, Vec::<&std::path::PathBuf>::new());
    drop(client);
    let (status, log) = gateway.stop();
    assert!(status.success(), "{log}");
    assert!(!log.contains("jane"), "nobody is named");
}
