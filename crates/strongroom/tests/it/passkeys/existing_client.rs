//! A client written from the contract alone, as pages have it: `fetch` under `/v1` with preflights, a token on every request if
//! one is there, and no header that names a tenant.

use serde_json::{Value, json};

use super::{Device, PAGE, text, world};
use crate::support::Answer;
use crate::support::wire::Client;

/// `fetch` of a page: what a browser asks first, adds, and then lets the page read.
struct Page {
    client: Client,
    token: Option<String>,
}

impl Page {
    fn fetch(&mut self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let asked = if body.is_some() { "authorization,content-type" } else { "authorization" };
        let preflight = [
            ("Origin", PAGE),
            ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", asked),
        ];
        let allowed = self.client.request("OPTIONS", path, &preflight, "");
        assert_eq!(allowed.header("access-control-allow-origin"), Some(PAGE), "{method} {path}");
        let lists = |name: &str, item: &str| {
            let list = allowed.header(name).unwrap_or_default().to_owned();
            list.split(',').any(|one| one.trim().eq_ignore_ascii_case(item))
        };
        assert!(lists("access-control-allow-methods", method), "{method} {path}");
        assert!(asked.split(',').all(|name| lists("access-control-allow-headers", name)), "{method} {path}");

        let bearer = format!("Bearer {}", self.token.as_deref().unwrap_or("undefined"));
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut headers = vec![
            ("Origin", PAGE),
            ("Referer", "http://localhost:3000/"),
            ("Sec-Fetch-Site", "same-site"),
            ("Sec-Fetch-Mode", "cors"),
            ("Accept", "*/*"),
            ("Authorization", &bearer),
        ];
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        let answer = self.client.request(method, path, &headers, &body);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some(PAGE),
            "{method} {path}: the page may read it"
        );
        answer
    }

    fn json(&mut self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.fetch(method, path, body);
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        answer.json()
    }
}

#[test]
fn a_page_that_knows_the_contract_alone_works_unchanged_under_v1() {
    let world = world();
    let safe = world.serve();
    let mut page = Page { client: safe.connect(), token: None };
    let mut device = Device::at(PAGE);

    let offer = page.json("GET", "/v1/auth/sign-up?userName=jane&userDisplayName=Jane&keyName=k", None);
    assert_eq!(offer["emailValidationRequired"], false);
    let options = &offer["credentialRequestOptions"];
    assert!(options.get("extensions").is_none() && options["excludeCredentials"] == json!([]), "{options}");
    assert_eq!(options["rp"]["id"], "localhost");
    assert_eq!(
        options["authenticatorSelection"],
        json!({ "residentKey": "required", "userVerification": "required" })
    );
    let credential = device.make(options);
    let body = json!({ "credential": credential, "chainId": 1, "keyName": "k", "keyDisplayName": "K" });
    let signed_up = page.json("POST", "/v1/auth/sign-up", Some(&body));
    assert_eq!(
        json!([signed_up["keyName"], signed_up["keyDisplayName"], signed_up["chainId"]]),
        json!(["k", "K", 1])
    );
    page.token = Some(text(&signed_up["access_token"]).to_owned());

    let person = text(&signed_up["subject"]);
    let write = json!({ "externalUserId": person, "data": { "language": "en", "private.pin": "1" } });
    assert_eq!(page.json("POST", "/v1/ibexsafe/userdata", Some(&write)), json!({ "success": true }));
    let read = format!("/v1/ibexsafe/userdata/external/{person}");
    assert_eq!(page.json("GET", &read, None), json!({ "language": "en" }));

    // A stale token goes along with what needs none.
    page.token = Some("stale".to_owned());
    let offer = page.json("GET", "/v1/auth/sign-in", None);
    let credential = device.show(&offer["credentialRequestOptions"]);
    let body = json!({ "credential": credential, "chainId": "1", "includeUserdata": true });
    let signed_in = page.json("POST", "/v1/auth/sign-in", Some(&body));
    assert_eq!(signed_in["userdata"], json!({ "language": "en" }));
    let refresh = json!({ "refresh_token": signed_in["refresh_token"] });
    let refreshed = page.json("POST", "/v1/auth/refresh", Some(&refresh));
    page.token = Some(text(&refreshed["access_token"]).to_owned());

    assert_eq!(page.json("GET", "/v1/auth/passkeys", None)["passkeys"][0]["keyName"], "k");
    let sessions = page.json("GET", "/v1/auth/sessions", None);
    let other = sessions["sessions"].as_array().unwrap().iter().find(|session| session["current"] == false);
    let other = format!("/v1/auth/sessions/{}", text(&other.unwrap()["id"]));
    assert_eq!(page.fetch("DELETE", &other, None).status, 204);
    assert_eq!(page.fetch("DELETE", &read, None).status, 204);
    assert_eq!(page.json("POST", "/v1/auth/sign-out", None), json!({ "success": true }));
    let refused = page.fetch("GET", "/v1/auth/sessions", None);
    assert!(refused.status == 401 && text(&refused.json()["message"]).contains("Unauthorized"));
}
