//! The guide's walk-through, and what a page in a browser adds to it: the same story over whatever leads to a gateway.

use crate::support::foreign_token;
use crate::support::wire::Exchanges;
use crate::transcripts::play;

const GUIDE: &str = include_str!("../transcripts/guide.http");
const ORIGIN: &str = "https://www.shop.example";
const WRITE: &str = "/v1.1/ibexsafe/userdata";

/// Tells it of a person who has no record, and leaves none.
pub(super) fn tell<C: Exchanges>(person: &str, connect: impl Fn() -> C) {
    let token = foreign_token(person);
    play(GUIDE, &[("id", person), ("token", &token)], &connect);
    page(&mut connect(), person, &token);
}

/// A page of a registered origin: it asks first, then writes, reads, fails and erases, and may read each answer.
pub(super) fn page(client: &mut impl Exchanges, person: &str, token: &str) {
    let read = format!("{WRITE}/external/{person}");
    for (method, path, fields) in [
        ("POST", WRITE, "authorization,content-type"),
        ("GET", &read, "authorization"),
        ("DELETE", &read, ""),
    ] {
        let asks = [
            ("Origin", ORIGIN),
            ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", fields),
        ];
        let preflight = client.exchange("OPTIONS", path, &asks, "");
        assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, Some(ORIGIN)));
        let allowed = |name: &str| preflight.header(name).unwrap().to_ascii_lowercase();
        assert!(allowed("access-control-allow-methods").contains(&method.to_ascii_lowercase()));
        let fields = fields.split(',').filter(|field| !field.is_empty());
        let allowed = allowed("access-control-allow-headers");
        assert!(fields.into_iter().all(|field| allowed.contains(field)), "{allowed}");
    }

    let bearer = format!("Bearer {token}");
    let mut ask = |bearer: &str, method: &str, path: &str, body: &str| {
        let mut fields = vec![("Origin", ORIGIN), ("Authorization", bearer)];
        if !body.is_empty() {
            fields.push(("Content-Type", "application/json"));
        }
        let answer = client.exchange(method, path, &fields, body);
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{method} {path}");
        assert!(answer.header("access-control-expose-headers").unwrap().contains("ETag"));
        (answer.status, answer.body)
    };
    let write = |id: &str| {
        format!(r#"{{"externalUserId":"{id}","data":{{"language":"fr","private.apiKey":"secret-api-key"}}}}"#)
    };
    assert_eq!(ask(&bearer, "POST", WRITE, &write(person)), (200, r#"{"success":true}"#.to_owned()));
    let (status, record) = ask(&bearer, "GET", &read, "");
    assert_eq!(status, 200);
    assert!(record.contains(r#""language":"fr""#) && !record.contains("private"), "{record}");
    let code = |(status, body): (u16, String)| {
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        (status, problem["code"].as_str().unwrap().to_owned())
    };
    let is = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(code(ask(&bearer, "POST", WRITE, &write("somebody-else"))), is(400, "not_owner"));
    assert_eq!(code(ask(&bearer, "GET", &format!("{read}-else"), "")), is(400, "not_owner"));
    assert_eq!(code(ask("Bearer none", "GET", &read, "")), is(401, "token_invalid"));
    assert_eq!(ask(&bearer, "DELETE", &read, "").0, 204);
    assert_eq!(ask(&bearer, "GET", &read, ""), (204, String::new()));
}
